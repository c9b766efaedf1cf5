"""Scores: of one indicator, of a domain, of the city.

Design of the project (assumed): 100 is ideal; a level begins at 85, 70, 55 and 30; a mean
alone would hide a disaster, so the worst weighs in and red caps what lies above it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ops_center.core.vitals.indicators import LEVELS, Indicator

SCORES = (100.0, 85.0, 70.0, 55.0, 30.0, 0.0)
"""Score at ideal, at the entry of each level, and at worst."""

RED_CAP = 59.0
"""Most that a domain with anything red, or a city with two such domains, can score."""

WORST_SHARE = 0.3
"""Share of the worst indicator in its domain's score; the mean has the rest."""

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One value or several, scored.

    Attributes
    ----------
    score
        0 to 100, None when nothing fresh supports it.
    level
        One of `LEVELS`, or ``"unknown"``.
    confidence
        Fresh share of what feeds it, 0 to 1.
    weight
        In what lies above it.
    """

    score: float | None
    level: str
    confidence: float
    weight: float = 1.0
    is_red: bool = False


def score_of(indicator: Indicator, value: float) -> float:
    """Return the score of a value: linear from point to point, flat beyond both ends."""
    points, scores = indicator.points, SCORES
    if not indicator.high_is_bad:
        points, scores = points[::-1], scores[::-1]
    return float(np.interp(value, points, scores))


def level_of(indicator: Indicator, value: float) -> str:
    """Return the level of a value: at or above an entry, or below it where low is bad."""
    entries = indicator.points[1:5]
    if indicator.high_is_bad:
        return LEVELS[sum(value >= entry for entry in entries)]
    return LEVELS[sum(value < entry for entry in entries)]


def level_of_score(score: float) -> str:
    """Return the level that a score stands for."""
    return LEVELS[sum(score < entry for entry in SCORES[1:5])]


def scored(indicator: Indicator, value: float | None, confidence: float) -> Scored:
    """Return one indicator's score; without a value nothing is known of it."""
    if value is None or not math.isfinite(value):
        return Scored(score=None, level=UNKNOWN, confidence=0.0, weight=indicator.weight)
    level = level_of(indicator, value)
    return Scored(
        score=score_of(indicator, value),
        level=level,
        confidence=confidence,
        weight=indicator.weight,
        is_red=level == LEVELS[-1],
    )


def domain_score(parts: Sequence[Scored]) -> Scored:
    """Return a domain's score: 0.7 of the weighted mean and 0.3 of the worst, capped by red."""
    confidence = _confidence(parts)
    known = [(part.score, part.weight) for part in parts if part.score is not None]
    if not known:
        return Scored(score=None, level=UNKNOWN, confidence=confidence)
    mean = sum(score * weight for score, weight in known) / sum(weight for _, weight in known)
    score = (1 - WORST_SHARE) * mean + WORST_SHARE * min(score for score, _ in known)
    is_red = any(part.is_red for part in parts)
    if is_red:
        score = min(score, RED_CAP)
    return Scored(score=score, level=level_of_score(score), confidence=confidence, is_red=is_red)


def city_score(domains: Sequence[Scored]) -> Scored:
    """Return the geometric mean of the domains that have data, capped by two red ones."""
    confidence = _confidence(domains)
    scores = [domain.score for domain in domains if domain.score is not None]
    if not scores:
        return Scored(score=None, level=UNKNOWN, confidence=confidence)
    score = math.prod(scores) ** (1 / len(scores))
    if sum(domain.is_red for domain in domains) >= 2:
        score = min(score, RED_CAP)
    return Scored(score=score, level=level_of_score(score), confidence=confidence)


def _confidence(parts: Sequence[Scored]) -> float:
    total = sum(part.weight for part in parts)
    return sum(part.weight * part.confidence for part in parts) / total if total else 0.0

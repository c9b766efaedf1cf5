"""What each type of incident looks like in the evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal


def log_odds(probability: float) -> float:
    """Return the natural log-odds of a probability strictly between 0 and 1."""
    return math.log(probability / (1 - probability))


def probability(odds: float) -> float:
    """Return the probability of natural log-odds."""
    return 1 / (1 + math.exp(-odds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How evidence speaks for one type of incident at the places where it happens.

    Attributes
    ----------
    type
        Incident type, such as ``"flood"``: the word that callers, crews and truth use.
    place_kinds
        Kinds of place it happens at; empty for any place of the map.
    severity_unit
        Unit of its severity.
    seen_by
        Who tells the severity: ``"gauges"`` go on telling when everybody has left; ``"crews"``
        tell while they are there, and callers let it be assumed until then.
    assumed_severity
        Severity on a caller's word alone.
    callers_count
        Whether it is instead the number of people that the caller names.
    prior
        Probability of the incident at a place before any evidence.
    weight
        Trust in each signal; a signal not named says nothing about this type.
    once
        Signals whose sources look at one common cause (the same rain, the same queue): all
        their sources together count as one.
    area_radius_m
        How far signals without a place (rain) reach.
    word_stands_s
        How long the word of a caller or a crew counts as evidence [s].
    suspect_at, confirm_at, drop_at
        Probability at which an incident opens, is confirmed, and, while only suspected, is
        dropped again.
    levels
        Response level by severity, rising: ``((0.10, "IV"), …)``.
    levels_are_shares
        Whether the thresholds are shares of the city's residents; see `for_city`.
    controlled_below, controlled_for_s
        Under control once the severity has stayed below for so long [s].
    closing_below, closing_for_s
        Over once the severity has stayed below for so long [s]; where crews tell it, once the
        incident has been under control for so long, for they leave then.
    relapse_at
        Severity at which an incident under control is so no more.
    unheard_for_s
        Taken as under control when nobody has told of it for so long [s]; None for never.
    """

    type: str
    place_kinds: tuple[str, ...] = ()
    severity_unit: str
    seen_by: Literal["gauges", "crews"] = "gauges"
    assumed_severity: float = 0.0
    callers_count: bool = False
    prior: float
    weight: Mapping[str, float]
    once: frozenset[str] = frozenset()
    area_radius_m: float = 0.0
    word_stands_s: float = 1800.0
    suspect_at: float
    confirm_at: float
    drop_at: float
    levels: tuple[tuple[float, str], ...]
    levels_are_shares: bool = False
    controlled_below: float
    controlled_for_s: float
    closing_below: float
    closing_for_s: float
    relapse_at: float
    unheard_for_s: float | None = None

    def for_city(self, residents: float) -> Signature:
        """Return the signature with shares of the residents turned into people."""
        if not self.levels_are_shares:
            return self
        levels = tuple((share * residents, level) for share, level in self.levels)
        return replace(self, levels=levels, levels_are_shares=False)

    def accepts(self, place_kind: str) -> bool:
        """Return whether it happens at a kind of place."""
        return not self.place_kinds or place_kind in self.place_kinds

    def level_of(self, severity: float) -> str:
        """Return the response level of a severity; the lowest below every threshold."""
        level = self.levels[0][1]
        for threshold, name in self.levels:
            if severity >= threshold:
                level = name
        return level


FLOOD = Signature(
    type="flood",
    place_kinds=("underpass",),
    severity_unit="m",
    prior=probability(-4.5),
    weight={
        "depth_high": 1.0,
        "depth_rising": 0.5,
        "rain_high": 0.8,
        "raining": 0.1,
        "speed_low": 0.5,
        "call:trapped": 1.0,
    },
    once=frozenset({"rain_high", "raining", "speed_low"}),
    area_radius_m=4000.0,
    suspect_at=probability(-2.0),
    confirm_at=probability(0.6),
    drop_at=probability(-3.2),
    # Ponding limit 0.15 m: GB 51222. 0.27 m: closure of Beijing's underpasses; 0.50 m: cars
    # float. 0.10 m: assumed, the first level at which drivers slow.
    levels=((0.10, "IV"), (0.15, "III"), (0.27, "II"), (0.50, "I")),
    controlled_below=0.10,
    controlled_for_s=300.0,
    closing_below=0.05,
    closing_for_s=600.0,
    relapse_at=0.15,
)
"""Water in an underpass.

One gauge above 0.15 m with heavy rain near, or two gauges without, confirm it; one gauge
alone is a suspicion, since a gauge may spike, and rain alone is none (weights assumed).
"""

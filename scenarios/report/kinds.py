"""How severities read on paper, and which event was graver."""

from __future__ import annotations

from scenarios.events import Event
from scenarios.report import text as words

_SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_SCALED = ("W", "Pa", "people")
"""Units in which large values are told by thousands."""


def severity(value: float, unit: str) -> str:
    """Return a severity with its unit, to three figures."""
    if unit in ("1", "/"):
        return words.figures(value)
    factor, letter = 1.0, ""
    if unit in _SCALED:
        factor, letter = next(((f, name) for f, name in _SCALES if abs(value) >= f), (1.0, ""))
    shown = words.figures(value / factor)
    if unit == "people" and letter:
        return f"{words.number(value)}{words.SPACE}people"
    return f"{shown}{words.SPACE}{letter}{unit}"


def gravity(event: Event) -> tuple[int, float, float]:
    """Return what orders events by how bad they were: level reached, people, share of limits."""
    limits = list(event.limits.values())
    reached = sum(event.peak >= limit for limit in limits)
    relative = event.peak / limits[0] if limits and limits[0] > 0 else 0.0
    people = float(sum(event.harm.values())) + event.exposure_person_min / 60
    return reached, people, relative

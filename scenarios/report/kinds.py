"""What hazards are called on paper, and how their severities read."""

from __future__ import annotations

from scenarios.events import Event
from scenarios.report import text as words
from sim.world.events import HazardKind
from sim.world.families import KINDS

_SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_SCALED = ("W", "Pa", "people")
"""Units in which large values are told by thousands."""


def kind_of(hazard: str) -> HazardKind | None:
    """Return what is known of a hazard's kind; None for one that this version does not know."""
    return KINDS.get(hazard)


def title_of(hazard: str) -> str:
    """Return a hazard's name for people."""
    kind = KINDS.get(hazard)
    return words.plain(hazard).capitalize() if kind is None else kind.title


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
    kind = kind_of(event.hazard)
    levels = kind.levels if kind is not None else ()
    reached = sum(event.peak >= limit for _, limit in levels)
    relative = event.peak / levels[0][1] if levels and levels[0][1] > 0 else 0.0
    people = float(sum(event.harm.values())) + event.exposure_person_min / 60
    return reached, people, relative

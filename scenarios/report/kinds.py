"""How severities read on paper, and which event was graver."""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.events import Event
from scenarios.report import text as words

_SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_UNITS = {
    "1/100000": "per 100\N{NARROW NO-BREAK SPACE}000",
    "1/km": "per km",
    "1/min": "a minute",
    "degC": "°C",
    "ug/m3": "µg/m³",
    "mg/m3": "mg/m³",
    "m3/s": "m³/s",
    "m2": "m²",
    "persons/m2": "persons/m²",
}
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
    return f"{shown}{words.SPACE}{letter}{unit_word(unit)}"


def unit_word(unit: str) -> str:
    """Return a unit as people write it; empty for none."""
    return "" if unit in ("1", "/") else _UNITS.get(unit, unit)


def harm(people: Mapping[str, int]) -> str:
    """Return who came to harm in words, such as ``3 injured, 1 dead``; empty for nobody."""
    return ", ".join(f"{words.number(n)} {words.plain(what)}" for what, n in people.items() if n)


def bounds(event: Event) -> list[float]:
    """Return the values that bound how far an event reached, rising."""
    return sorted(event.rings)


def names(title: str) -> tuple[str, str]:
    """Return a title's English and Chinese; the second is empty where there is none."""
    english, _, chinese = title.partition(" · ")
    return english, chinese


def gravity(event: Event) -> tuple[int, float, float]:
    """Return what orders events by how bad they were: level reached, people, share of limits."""
    limits = list(event.limits.values())
    reached = sum(event.peak >= limit for limit in limits)
    relative = event.peak / limits[0] if limits and limits[0] > 0 else 0.0
    people = float(sum(event.harm.values())) + event.exposure_person_min / 60
    return reached, people, relative

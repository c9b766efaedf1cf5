"""Quantities as people write them, turned into SI at the edge."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated

from sim.kernel.errors import InputError

_FACTORS: dict[str, dict[str, float]] = {
    "s": {"min": 60, "s": 1, "ms": 1e-3, "h": 3600, "d": 86400, "wk": 604800, "y": 31_557_600},
    "m": {"m": 1, "cm": 1e-2, "mm": 1e-3, "km": 1000},
    "m2": {"m2": 1, "ha": 10_000, "km2": 1e6},
    "m3/s": {"m3/s": 1, "m3/h": 1 / 3600, "L/s": 1e-3},
    "m/s": {"m/s": 1, "km/h": 1 / 3.6},
    "1/s": {"veh/h": 1 / 3600, "1/h": 1 / 3600, "1/min": 1 / 60, "1/s": 1},
    "1": {"": 1, "%": 0.01},
    "Wh": {"Wh": 1, "mWh": 1e-3, "kWh": 1000},
    "degC": {"degC": 1, "°C": 1},
    "W": {"W": 1, "kW": 1e3, "MW": 1e6},
    "Pa": {"Pa": 1, "kPa": 1e3, "MPa": 1e6},
    "kg": {"kg": 1, "g": 1e-3, "t": 1000},
    "kg/s": {"kg/s": 1, "g/s": 1e-3, "kg/min": 1 / 60, "t/h": 1 / 3.6},
    "ug/m3": {"ug/m3": 1, "µg/m3": 1, "mg/m3": 1000},
}
"""Accepted spellings by the unit they are turned into, with the factor."""

_PATTERN = re.compile(r"\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*(\S*)\s*")


def is_known(unit: str) -> bool:
    """Return whether quantities can be turned into `unit`."""
    return unit in _FACTORS


def parse(text: str | float, unit: str, *, thing: str, place: str | None = None) -> float:
    """Return `text` in `unit`: ``parse("5 min", "s", thing="interval")`` is 300.

    Raises
    ------
    InputError
        When there is no number, the unit is missing where one is needed, or it measures
        something else.
    """
    factors = _FACTORS[unit]
    spellings = ", ".join(name or "no unit" for name in factors)
    example = next(iter(factors))
    expected = f"a number with a unit ({spellings}), such as '5 {example}'".replace("5 '", "5'")
    if isinstance(text, bool) or text is None:
        raise InputError(thing, place=place, value=text, expected=expected)
    if isinstance(text, (int, float)):
        if "" in factors:
            return float(text)
        raise InputError(thing, place=place, value=text, expected=expected)
    match = _PATTERN.fullmatch(text)
    if match is None or match.group(2) not in factors:
        raise InputError(thing, place=place, value=text, expected=expected)
    return float(match.group(1)) * factors[match.group(2)]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Mark a number that people write with its unit: ``Annotated[float, Quantity("m")]``.

    Attributes
    ----------
    unit
        SI unit it is kept in, one of those that `parse` turns into.
    low, high
        Least and greatest allowed, in that unit.
    """

    unit: str
    low: float = -math.inf
    high: float = math.inf


Seconds = Annotated[float, Quantity("s", 0.0)]
Metres = Annotated[float, Quantity("m", 0.0)]
Watts = Annotated[float, Quantity("W", 0.0)]
Pascals = Annotated[float, Quantity("Pa", 0.0)]
Kilograms = Annotated[float, Quantity("kg", 0.0)]
KilogramsPerSecond = Annotated[float, Quantity("kg/s", 0.0)]
CubicMetresPerSecond = Annotated[float, Quantity("m3/s", 0.0)]
MetresPerSecond = Annotated[float, Quantity("m/s", 0.0)]
Celsius = Annotated[float, Quantity("degC", -60.0, 60.0)]
Share = Annotated[float, Quantity("1", 0.0, 1.0)]
Number = Annotated[float, Quantity("1", 0.0)]

"""City codes (城市码): one name for every area and object of a city, that rolls up by prefix.

An area's code has twelve digits, like the code of the statistical divisions: six for the
district (GB/T 2260, such as 110101), three for the street or town, three for the community.
Zeros at the end mean "all of it", so each code holds its parents'. An object's code is the
code of the area it stands in, a class of two letters and a serial: ``110101001002-RL-000123``.
Beijing's regulation asks for such a code (北京市数字经济促进条例, Art. 37) and does not give its
form; ours is assumed after the two public standards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.errors import InputError

CITY, DISTRICT, STREET, COMMUNITY = "city", "district", "street", "community"
LEVELS = (CITY, DISTRICT, STREET, COMMUNITY)
"""From the whole to the part: 市、区、街道乡镇、社区村."""

_DIGITS = {CITY: 2, DISTRICT: 6, STREET: 9, COMMUNITY: 12}
"""Leading digits that tell an area of each level."""
_LENGTH = 12
MAX_SERIAL = 999
"""Streets of a district and communities of a street have three digits."""

URN = "urn:citycode:"
_AREA = re.compile(r"\d{12}")
_CLASS = re.compile(r"[A-Z]{2}")
_SERIAL = re.compile(r"[0-9A-Z]{1,24}")
_EXPECTED = "12 digits, or 12 digits-CC-SERIAL such as 110101001002-RL-000123"


@dataclass(frozen=True, slots=True, kw_only=True)
class CityCode:
    """A parsed code: an area, or an object in an area.

    Attributes
    ----------
    area
        The twelve digits.
    object_class, serial
        Two letters and the number within the class; both empty for an area itself.
    """

    area: str
    object_class: str = ""
    serial: str = ""

    def __str__(self) -> str:
        return f"{self.area}-{self.object_class}-{self.serial}" if self.serial else self.area

    @property
    def urn(self) -> str:
        """The code as a URN."""
        return f"{URN}{self}"

    @property
    def level(self) -> str:
        """Level of the area."""
        return level_of(self.area)


def parse(text: str) -> CityCode:
    """Return the parts of a code, with or without ``urn:citycode:`` before it.

    Raises
    ------
    InputError
        When it is no city code.
    """
    bare = text[len(URN) :] if text.lower().startswith(URN) else text
    area, *rest = bare.split("-")
    found = CityCode(area=_checked(area, text))
    if not rest:
        return found
    if len(rest) != 2 or not _CLASS.fullmatch(rest[0]) or not _SERIAL.fullmatch(rest[1]):
        raise InputError("city code", value=text, expected=_EXPECTED)
    return CityCode(area=area, object_class=rest[0], serial=rest[1])


def area_code(district: str, street: int = 0, community: int = 0) -> str:
    """Return the code of a district (six digits), or of a street or community of it.

    Raises
    ------
    InputError
        When a number does not fit, or there is a community without a street.
    """
    for what, number in (("street", street), ("community", community)):
        if not 0 <= number <= MAX_SERIAL:
            raise InputError("city code", place=what, value=number, expected=f"0 to {MAX_SERIAL}")
    return _checked(f"{district}{street:03d}{community:03d}", district)


def object_code(area: str, object_class: str, serial: int | str) -> str:
    """Return the code of an object in an area; a number is written with six digits at least.

    Raises
    ------
    InputError
        When a part has not the form of its kind.
    """
    written = f"{serial:06d}" if isinstance(serial, int) else serial
    return str(parse(f"{area}-{object_class}-{written}"))


def level_of(area: str) -> str:
    """Return the level of a twelve-digit code: the last whose digits are not all zero."""
    kept = _checked(area, area).rstrip("0")
    return next(level for level in LEVELS if len(kept) <= _DIGITS[level])


def roll_up(code: str, level: str) -> str:
    """Return the area of a level that holds an area or object.

    Raises
    ------
    InputError
        When the level is unknown, or finer than the code.
    """
    area = parse(code).area
    if level not in LEVELS:
        raise InputError("level", value=level, expected=f"one of {', '.join(LEVELS)}")
    if LEVELS.index(level) > LEVELS.index(level_of(area)):
        raise InputError("city code", value=code, expected=f"a code that tells its {level}")
    return area[: _DIGITS[level]].ljust(_LENGTH, "0")


def parents(area: str) -> tuple[str, ...]:
    """Return the areas above an area, the nearest first; none for a city."""
    above = LEVELS[: LEVELS.index(level_of(area))]
    return tuple(roll_up(area, level) for level in reversed(above))


def is_within(code: str, area: str) -> bool:
    """Return whether an area or object lies in an area, or is it."""
    return parse(code).area.startswith(area[: _DIGITS[level_of(area)]])


def totals(
    codes: Sequence[str], values: Iterable[float] | NDArray[np.float64], level: str
) -> dict[str, float]:
    """Return the sum of values by the area of a level that holds each code, in order of code."""
    digits = _DIGITS[level]
    held: dict[str, float] = {}
    for code, value in zip(codes, values, strict=True):
        area = code[:digits].ljust(_LENGTH, "0")
        held[area] = held.get(area, 0.0) + float(value)
    return dict(sorted(held.items()))


def _checked(area: str, shown: str) -> str:
    """Return a well-formed area code; a part may not be all zeros above one that is not."""
    if not _AREA.fullmatch(area) or not area.isascii():
        raise InputError("city code", value=shown, expected=_EXPECTED)
    district, street, community = area[2:6], area[6:9], area[9:]
    gap = (not int(district) and int(street)) or (not int(street) and int(community))
    if gap:
        raise InputError("city code", value=shown, expected="no level left out above another")
    return area

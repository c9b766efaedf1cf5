"""Which indicators are vital signs, and where their warning levels begin: rows, dated.

Official limits change (air quality's did in 2026), so a row says from when it holds, and a
newer one is added beside it, never in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

LEVELS = ("normal", "blue", "yellow", "orange", "red")
"""By rising gravity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One vital sign: its warning levels, and how it is scored.

    Attributes
    ----------
    name, domain, unit
        What it is, and which of the city's domains it speaks for.
    ideal
        Best value there is; scores 100.
    blue, yellow, orange, red
        Entry values of the levels; they rise where high is bad, and fall where low is.
    worst
        Scores 0; assumed in every row.
    weight
        In its domain's score (assumed equal until districts rank them).
    valid_from
        First day on which these limits hold.
    official
        Whether an authority set the entries; else they are assumed.
    source
        Where they come from.
    """

    name: str
    domain: str
    unit: str
    ideal: float
    blue: float
    yellow: float
    orange: float
    red: float
    worst: float
    weight: float = 1.0
    valid_from: date
    official: bool
    source: str

    def __post_init__(self) -> None:
        points = self.points
        rising = all(a < b for a, b in pairwise(points))
        falling = all(a > b for a, b in pairwise(points))
        assert rising or falling, f"{self.name}: entries {points} must rise or fall"

    @property
    def points(self) -> tuple[float, ...]:
        """Ideal, the four entries, worst."""
        return (self.ideal, self.blue, self.yellow, self.orange, self.red, self.worst)

    @property
    def high_is_bad(self) -> bool:
        """Whether the entries rise."""
        return self.worst > self.ideal


TABLE_VERSION = "2026-11"
"""Edition of the table; rises whenever a row is added."""

_ASSUMED_FROM = date(2025, 1, 1)

INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        name="rain_1h",
        domain="environment",
        unit="mm",
        ideal=0.0,
        blue=30.0,
        yellow=50.0,
        orange=70.0,
        red=100.0,
        worst=150.0,
        valid_from=date(2024, 1, 1),
        official=True,
        source="Beijing rainstorm warning signals, rain in one hour",
    ),
    Indicator(
        name="water_depth",
        domain="traffic",
        unit="m",
        ideal=0.0,
        blue=0.10,
        yellow=0.15,
        orange=0.27,
        red=0.50,
        worst=1.0,
        valid_from=_ASSUMED_FROM,
        official=False,
        source="yellow: ponding limit of GB 51222; orange: closure of underpasses (25-27 cm); "
        "blue, red: assumed, drivers slow, cars float",
    ),
    Indicator(
        name="traffic_index",
        domain="traffic",
        unit="1",
        ideal=0.0,
        blue=4.0,
        yellow=6.0,
        orange=8.0,
        red=9.0,
        worst=10.0,
        valid_from=date(2011, 1, 1),
        official=True,
        source="Beijing road traffic performance index, DB11/T 785; red: assumed",
    ),
    Indicator(
        name="devices_online",
        domain="municipal",
        unit="%",
        ideal=100.0,
        blue=95.0,
        yellow=90.0,
        orange=80.0,
        red=60.0,
        worst=0.0,
        valid_from=_ASSUMED_FROM,
        official=False,
        source="assumed: share of sensors whose reports are fresh",
    ),
    Indicator(
        name="units_free",
        domain="emergency",
        unit="%",
        ideal=100.0,
        blue=60.0,
        yellow=45.0,
        orange=30.0,
        red=15.0,
        worst=0.0,
        valid_from=_ASSUMED_FROM,
        official=False,
        source="assumed: share of units that could take an order now",
    ),
    Indicator(
        name="incident_load",
        domain="emergency",
        unit="1",
        ideal=0.0,
        blue=5.0,
        yellow=10.0,
        orange=20.0,
        red=40.0,
        worst=80.0,
        valid_from=_ASSUMED_FROM,
        official=False,
        source="assumed: open incidents weighted IV 1, III 3, II 10, I 30",
    ),
)
"""All rows; of several of one name the newest that holds counts."""


def indicators_at(day: date, table: tuple[Indicator, ...] = INDICATORS) -> dict[str, Indicator]:
    """Return the row that holds on `day` for each name, in the table's order of names."""
    holding: dict[str, Indicator] = {}
    for row in table:
        known = holding.get(row.name)
        if row.valid_from <= day and (known is None or known.valid_from < row.valid_from):
            holding[row.name] = row
    return holding

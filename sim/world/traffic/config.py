"""What a scenario may choose about traffic: how many trips, when, and what drivers know."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.kernel.errors import InputError

WEEKDAY_PROFILE = (
    *(0.008, 0.005, 0.004, 0.004, 0.006, 0.015, 0.040, 0.078, 0.082, 0.062, 0.054, 0.052),
    *(0.048, 0.050, 0.053, 0.056, 0.062, 0.080, 0.076, 0.056, 0.040, 0.032, 0.022, 0.015),
)
"""Share of a weekday's trips that begin in each hour from midnight, summing to 1. Assumed: the
two peaks, from 7 to 9 and from 17 to 19, that detector counts of large Chinese cities show,
about 8 % of the day in each of their hours."""

KM_PER_PERSON_DAY, KM_PER_LANE_KM_DAY = 13.0, 3_900.0
"""Vehicle kilometres of a day: most for each resident, and most on each kilometre of lane. Assumed
from Beijing: some six million cars of 33 km a day, 200 million kilometres, over 21.8 million people
and some 75,000 km of lanes, 9 and 2,700; and nearly half as much again, for buses, parked cars,
cyclists and pedestrians take room that is not modelled, and without it an ordinary day's traffic
index would stay far below the published one. A part of a city, or one built smaller, has shorter
trips and so more of them on the same roads. Bologna's real peak hour has 11,079 trips on roads
that this gives 8,900."""
DETOUR = 1.35
"""Driven way over the straight line. Assumed: 1.3 to 1.4 in gridded cities."""
UNITS_PER_H = 20_000
"""Most units that begin in the busiest hour where the size of a platoon is left open. Assumed: what
keeps a day of a district within seconds."""
LONG_STEP_PLATOON = 5
"""Platoon from which steps are long: five vehicles at two seconds each. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficConfig:
    """Demand and drivers.

    Attributes
    ----------
    step_s
        Length of a step [s], 1 to 10; by default 5, or 10 where `LONG_STEP_PLATOON` vehicles or
        more drive as one, for then a lane passes about one such platoon in that time.
    peak_trips_per_h
        Trips that begin in the busiest hour [1/h]; by default what gives the zones' people and
        roads the smaller of `KM_PER_PERSON_DAY` and `KM_PER_LANE_KM_DAY`.
    platoon
        Vehicles that drive as one, 1 to 20; by default as few as keep the busiest hour within
        `UNITS_PER_H`.
    profile
        24 weights, an hour of the day each; the largest stands for the busiest hour.
    reroute_s
        Every destination's routes are found anew this often [s]. Assumed 600, UXsim's own
        default: how fast word of a jam spreads by map services.
    compliance
        Share of drivers who heed a message sign, at once. Assumed 0.8 for a sign that says
        flooded: stated compliance with specific danger signs runs from 0.6 to 0.9.
    careless
        Share of drivers who drive into deep water that no barrier or sign keeps them from.
        Assumed 0.1: most see it and turn round.

    Raises
    ------
    InputError
        When a value is outside its range.
    """

    step_s: float | None = None
    peak_trips_per_h: float | None = None
    platoon: int | None = None
    profile: tuple[float, ...] = WEEKDAY_PROFILE
    reroute_s: float = 600.0
    compliance: float = 0.8
    careless: float = 0.1

    def step_of(self, platoon: int) -> float:
        """Return the length of a step where so many vehicles drive as one [s]."""
        if self.step_s is not None:
            return self.step_s
        return 10.0 if platoon >= LONG_STEP_PLATOON else 5.0

    def platoon_of(self, peak_trips_per_h: float) -> int:
        """Return how many vehicles drive as one when so many trips begin in the busiest hour."""
        if self.platoon is not None:
            return self.platoon
        return min(20, max(1, math.ceil(peak_trips_per_h / UNITS_PER_H)))

    def __post_init__(self) -> None:
        trips = 0.0 if self.peak_trips_per_h is None else self.peak_trips_per_h
        for name, value, low, high in (
            ("step_s", 5.0 if self.step_s is None else self.step_s, 1.0, 10.0),
            ("peak_trips_per_h", trips, 0.0, 1e6),
            ("platoon", 1.0 if self.platoon is None else self.platoon, 1.0, 20.0),
            ("reroute_s", self.reroute_s, self.step_s or 5.0, 86_400.0),
            ("compliance", self.compliance, 0.0, 1.0),
            ("careless", self.careless, 0.0, 1.0),
        ):
            if not low <= value <= high:
                raise InputError(
                    "traffic", place=name, value=value, expected=f"from {low:g} to {high:g}"
                )
        whole = len(self.profile) == 24 and all(math.isfinite(v) and v >= 0 for v in self.profile)
        if not whole or not any(self.profile):
            raise InputError(
                "traffic",
                place="profile",
                value=self.profile,
                expected="24 weights of at least 0, one of them above 0",
            )

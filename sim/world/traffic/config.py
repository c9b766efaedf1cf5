"""What traffic is told at its start, and the constants of roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, Roads

F64 = NDArray[np.float64]

WEEKDAY = (
    0.10, 0.06, 0.05, 0.05, 0.09, 0.25, 0.62, 0.98, 0.95, 0.78, 0.70, 0.68,
    0.66, 0.68, 0.70, 0.74, 0.84, 1.00, 0.97, 0.76, 0.58, 0.48, 0.36, 0.20,
)  # fmt: skip
"""Trips that begin in each hour as a share of the busiest; assumed: two peaks, at 7-9 and
17-19 o'clock, as Beijing's traffic index shows on working days."""

SATURATION_VEH_H = {
    "motorway": 1900.0,
    "trunk": 1850.0,
    "primary": 1800.0,
    "secondary": 1700.0,
    "tertiary": 1500.0,
    "residential": 1200.0,
    "service": 800.0,
}
"""Flow of one lane that never stops [veh/h]; HCM 2010, 1,900 base, less by class (assumed)."""

GREEN_SHARE = {
    "motorway": 0.65,
    "trunk": 0.60,
    "primary": 0.55,
    "secondary": 0.45,
    "tertiary": 0.40,
    "residential": 0.35,
    "service": 0.35,
}
"""Share of time a signal is green for a road, by its class (assumed: rank decides)."""

JAM_VEH_M = 0.15
"""Vehicles per metre of lane at rest: one in 6.7 m (Treiber & Kesting 2013, ch. 8)."""
FELT_M = 6.0
"""Length of road over which a detector feels one vehicle (assumed: body and coil)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficConfig:
    """Demand and drivers.

    Attributes
    ----------
    step_s
        Time of one step [s].
    peak_trips_per_h
        Trips that begin in the busiest hour; None for `trips_per_person` times the people.
    trips_per_person
        Car trips a resident begins in the busiest hour; assumed: half a car trip a day, a
        tenth of them then.
    profile
        Trips that begin in each hour of the day as a share of the busiest.
    reroute_s
        Time between two looks at the way ahead [s].
    careful, bold
        Share of drivers who heed signs, and who drive into water whatever they see; the rest
        ignore signs but turn round before deep water (assumed).
    gravity_m
        Length over which the wish to travel falls to 1/e [m] (assumed).
    """

    step_s: float = 5.0
    peak_trips_per_h: float | None = None
    trips_per_person: float = 0.05
    profile: tuple[float, ...] = WEEKDAY
    reroute_s: float = 300.0
    careful: float = 0.8
    bold: float = 0.1
    gravity_m: float = 3000.0


def capacity_veh_s(roads: Roads) -> F64:
    """Return ``(n_links,)`` the greatest flow out of each link [veh/s]."""
    flow = np.array([SATURATION_VEH_H[name] for name in ROAD_CLASSES])[roads.road_class] / 3600
    green = np.array([GREEN_SHARE[name] for name in ROAD_CLASSES])[roads.road_class]
    capacity: F64 = flow * roads.lanes * np.where(roads.signal[roads.end], green, 1.0)
    return capacity


def storage_veh(roads: Roads) -> F64:
    """Return ``(n_links,)`` how many vehicles stand on a full link, at least 2."""
    return np.maximum(np.floor(roads.length_m * roads.lanes * JAM_VEH_M), 2.0)


def wet_speed_mps(depth_m: F64) -> F64:
    """Return the speed at which drivers pass water, at most 0.30 m deep [m/s].

    References
    ----------
    Pregnolato et al. 2017, doi:10.1016/j.trd.2017.06.020: v = 0.0009 w² - 0.5529 w + 86.9448
    km/h, w in mm, shut at 300 mm.
    """
    w = np.clip(depth_m, 0.0, 0.3) * 1000
    speed: F64 = (0.0009 * w * w - 0.5529 * w + 86.9448) / 3.6
    return speed

"""Bursts of water mains: what may be ordered, how much escapes, when the road above falls in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.units import Metres, Number, Share
from sim.world.events import HazardKind
from sim.world.hazards.order import Order

F64 = NDArray[np.float64]

GRAVITY_MPS2 = 9.81
DISCHARGE = 0.6
"""Coefficient of a sharp-edged hole: domain facts, main burst."""
WAVE_MPS = 1_000.0
"""Speed of the pressure drop: domain facts, main burst."""
SOIL_PER_WATER = 0.005
"""Soil washed away by water that escapes, volume by volume. Assumed: 0.5 %, so that a large
burst makes a cavity of a few cubic metres within the hour."""
CAVITY_M3, CAVITY_SPREAD = 5.0, 0.6
"""Cavity at which a road falls in, median and spread of its logarithm. Assumed: a hole of 2 m by
2 m under a metre of road and base; thick slabs bear more."""
FRAIL_Y = 25.0
"""Age that doubles the rate of breaks over that of a new pipe. Assumed."""
OPENING, OPENING_SPREAD = 0.03, 1.2
"""Open share of the section of breaks by age, median and spread of the logarithm. Assumed: most
are cracks and pinholes."""

MAIN_BURST = HazardKind(
    kind="main_burst",
    title="Water main burst · 水管爆裂",
    domain="municipal",
    quantity="escaping water",
    unit="m3/s",
    levels=(("IV", 0.02), ("III", 0.1), ("II", 0.3), ("I", 0.8)),
    source="assumed: a service pipe, a street's, a district's and a trunk main",
)
LOW_PRESSURE = HazardKind(
    kind="low_pressure",
    title="Water pressure failure · 供水压力不足",
    domain="municipal",
    quantity="people below 0.14 MPa",
    unit="people",
    levels=(("IV", 1_000.0), ("III", 10_000.0), ("II", 50_000.0), ("I", 200_000.0)),
    source="assumed: a community, a town, a district, a large part of a city",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MainBurst(Order):
    """A water main near a community bursts.

    Attributes
    ----------
    place
        The community.
    diameter_m
        Inner diameter of the main; the one near the community that is most like it bursts.
    opening
        Open share of the pipe's cross-section.
    """

    word: ClassVar[str] = "main_burst"
    diameter_m: Metres = 0.4
    opening: Share = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeBreaks(Order):
    """Mains break by age from then on, more often in frost.

    Attributes
    ----------
    place
        Means nothing here: any main of the city may break.
    per_km_year
        Breaks of each km in a year, in the mean. Assumed: 0.2, a network half of which is old
        iron.
    """

    word: ClassVar[str] = "pipe_breaks"
    per_km_year: Number = 0.2


def burst_flow_m3s(area_m2: F64, head_m: F64, resistance: F64 | float = 0.0) -> F64:
    """Return what escapes through holes, Q = 0.6 A sqrt(2 g h) [m3/s].

    Parameters
    ----------
    area_m2
        ``(n,)`` open area of each [m2].
    head_m
        ``(n,)`` head in the main where no water escaped, at least 0 [m].
    resistance
        ``(n,)`` head that the way to the hole takes from it, per flow squared [s2/m5].
    """
    c2 = 2 * GRAVITY_MPS2 * (DISCHARGE * area_m2) ** 2
    flow: F64 = np.sqrt(c2 * head_m / (1 + c2 * resistance))
    return flow


def section_m2(diameter_m: float) -> float:
    """Return the cross-section of a round pipe [m2]."""
    return math.pi / 4 * diameter_m**2


def cavity_bears_m3(draw: np.random.Generator) -> float:
    """Return how large a cavity the road above a burst bears, lognormal [m3]."""
    return CAVITY_M3 * math.exp(CAVITY_SPREAD * float(draw.standard_normal()))


def frailty(age_y: F64) -> F64:
    """Return how often mains of an age break, over their mean ``(m,)``."""
    weight = 1 + age_y / FRAIL_Y
    relative: F64 = weight * (len(weight) / max(float(weight.sum()), 1.0))
    return relative


def break_opening(draw: np.random.Generator) -> float:
    """Return the open share of a main's section when it breaks by age, lognormal, at most 1."""
    return min(1.0, OPENING * math.exp(OPENING_SPREAD * float(draw.standard_normal())))

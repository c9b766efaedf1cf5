"""How one fire grows, feeds, yields to water, fills rooms with smoke, and drives people out.

It knows no city: `sim.world.hazards.fire` puts fires into places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Growth = Literal["slow", "medium", "fast", "ultrafast"]

GROWTH_W_S2: dict[Growth, float] = {
    "slow": 2.93,
    "medium": 11.7,
    "fast": 46.9,
    "ultrafast": 187.6,
}
"""Growth of t-squared fires: 1 MW after 584, 292, 146 and 73 s; NFPA 92, annex B."""
DECAY_S = 300.0
"""Time constant of a fire that gets enough water, or has no fuel left; domain facts."""
WATER_J_M3 = 2.6e9 * 0.4
"""Heat that a cubic metre of water takes: 2.6 GJ to become steam at 100 °C, of which a hose
brings about 0.4 to bear (assumed, after Särdqvist 2002, Water and other extinguishing agents)."""
HYDRANT_PA, AMPLE_PA = 0.10e6, 0.28e6
"""Pressure that a hydrant must keep while it is drawn from (GB 50974-2014, 7.2.8), and the usual
one of the mains [Pa]."""
BURNS_S = 7_200.0
"""How long the fuel lasts at the greatest heat; assumed: 780 MJ/m2 in a dwelling (EN 1991-1-2,
table E.4) at its 0.25 MW/m2 is 52 min, and not all of it burns at once."""
OUT_W = 20e3
"""Below this it only smoulders; assumed: a waste-paper basket."""
UNTENABLE_W = 750e3 * 1.8 * math.sqrt(2.0)
"""Heat at which the room flashes over, 1.9 MW: Babrauskas 1980, Fire Technology 16(2):
750 A sqrt(H) kW, with a door of 0.9 m by 2 m. The time until then is what is available for
leaving (ASET, ISO/TR 16738); who needs more of it, from the alarm on (RSET), is cut off."""
SMOKE_PER_J = 0.2 / 16e3
"""Optical density times volume that a joule makes [m2/J]: 0.2 m2 for a gram of wood and
upholstery, 16 kJ each (assumed, of the order of the SFPE Handbook's tables)."""
ROOM_M3 = 300.0
"""Air between fire and smoke heads; assumed: a corridor with the rooms along it."""
AIRING_PER_S = 6 / 3600
"""Air changes, 6 an hour; assumed: doors and windows ajar."""
CEILING_M = 2.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """How a kind of place burns.

    Attributes
    ----------
    growth
        EN 1991-1-2, table E.5, where it names the use.
    cap_w
        Heat of one building fully alight [W]; assumed, within the 5 to 20 MW of the domain
        facts.
    people
        Mean number in the room and the rooms beyond it when it starts; assumed.
    leave_s
        Median time from the alarm until one of them is out [s]; assumed, of the order of
        PD 7974-6: about a minute awake and at work, several asleep.
    """

    growth: Growth
    cap_w: float
    people: float
    leave_s: float


LEAVE_SPREAD = 0.6
"""Standard deviation of the logarithm of the time to leave; assumed: the slowest in a hundred
takes four times the median."""
PREMISES: dict[str, Premises] = {
    # 2.6 people live in a household: census of 2020.
    "community": Premises(growth="medium", cap_w=5e6, people=2.6, leave_s=120.0),
    "school": Premises(growth="medium", cap_w=8e6, people=40.0, leave_s=60.0),
    "hospital": Premises(growth="medium", cap_w=8e6, people=8.0, leave_s=240.0),
    "clinic": Premises(growth="medium", cap_w=5e6, people=6.0, leave_s=90.0),
    "venue": Premises(growth="fast", cap_w=15e6, people=50.0, leave_s=90.0),
    "metro_station": Premises(growth="slow", cap_w=10e6, people=60.0, leave_s=90.0),
    "factory": Premises(growth="fast", cap_w=20e6, people=10.0, leave_s=60.0),
    "greenhouse": Premises(growth="fast", cap_w=10e6, people=2.0, leave_s=30.0),
    "heat_plant": Premises(growth="fast", cap_w=15e6, people=4.0, leave_s=60.0),
    "waterworks": Premises(growth="medium", cap_w=5e6, people=3.0, leave_s=60.0),
    "substation": Premises(growth="ultrafast", cap_w=20e6, people=0.5, leave_s=30.0),
}
"""Kinds of places that can burn."""


class Blaze:
    """The heat of one fire: Q = growth t2 up to its cap, then decay.

    Attributes
    ----------
    heat_w
        Heat release now [W].
    cap_w
        Most it reaches; rises when it spreads [W].
    fuel_j
        What is left to burn [J].
    held
        Whether it has enough water now.
    """

    def __init__(self, growth_w_s2: float, cap_w: float) -> None:
        self._growth_w_s2 = growth_w_s2
        self.heat_w = 0.0
        self.cap_w = cap_w
        self.fuel_j = cap_w * BURNS_S
        self.held = False

    @property
    def is_out(self) -> bool:
        """Whether it has died down after its peak."""
        return (self.held or self.fuel_j <= 0) and self.heat_w < OUT_W

    def wanted_m3s(self) -> float:
        """Return the water that masters it now [m3/s]."""
        return self.heat_w / WATER_J_M3

    def feed(self, cap_w: float) -> None:
        """Let it reach another building of `cap_w`."""
        self.cap_w += cap_w
        self.fuel_j += cap_w * BURNS_S

    def burn(self, dt_s: float, water_m3s: float) -> None:
        """Burn for `dt_s` under a jet of water; less than it needs only slows its growth."""
        wanted = self.wanted_m3s()
        share = min(1.0, water_m3s / wanted) if wanted > 0 else float(water_m3s > 0)
        self.held = share >= 1.0
        before_w = self.heat_w
        if self.held or self.fuel_j <= 0:
            self.heat_w *= math.exp(-dt_s / DECAY_S)
        else:
            age_s = math.sqrt(self.heat_w / self._growth_w_s2) + (1 - share) * dt_s
            self.heat_w = min(self._growth_w_s2 * age_s**2, self.cap_w)
        self.fuel_j -= (before_w + self.heat_w) / 2 * dt_s


def ample_pressure_pa(place: int) -> float:
    """Return the usual pressure of the mains, the same at every place [Pa]."""
    del place
    return AMPLE_PA


def hydrant_share(pressure_pa: float) -> float:
    """Return the share of its flow that a hydrant gives: as the root of a pressure too low."""
    return min(1.0, math.sqrt(max(pressure_pa, 0.0) / HYDRANT_PA))


def draw_leave_s(people: int, premises: Premises, draw: np.random.Generator) -> F64:
    """Return ``(people,)`` how long after the alarm each is out, rising [s]."""
    spread = np.exp(LEAVE_SPREAD * draw.standard_normal(people))
    return np.sort(premises.leave_s * spread)


def smoke_db_m(density_m2: F64) -> F64:
    """Return the light lost over a metre of smoke [dB/m], any shape.

    Parameters
    ----------
    density_m2
        Optical density times volume that hangs in the air [m2].
    """
    lost: F64 = np.minimum(10 * density_m2 / ROOM_M3, 20.0)
    return lost


def ceiling_rise_k(heat_w: F64) -> F64:
    """Return how much warmer the air under the ceiling above a fire is [K], any shape.

    References
    ----------
    Alpert 1972, Fire Technology 8(3): 16.9 Q^(2/3) / H^(5/3), kW and m, near the plume; cut
    at 900 K, a room fully alight.
    """
    rise: F64 = np.minimum(16.9 * (heat_w / 1e3) ** (2 / 3) / CEILING_M ** (5 / 3), 900.0)
    return rise

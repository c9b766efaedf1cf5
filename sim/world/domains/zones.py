"""Pressure zones: the head at which pumps, users and holes agree on the flow.

It knows neither places nor events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.world.hazards.main_burst import GRAVITY_MPS2, burst_flow_m3s

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

PA_PER_M = 9_810.0
"""Pressure of a metre of water [Pa]."""
ENOUGH_M = 0.14e6 / PA_PER_M
"""Head from which users get all they want: 0.14 MPa, the orange entry of the vital sign, least
for ordinary taps (GB 50013-2018, 3.0.9)."""
SHUTOFF = 1.05
"""Head of the pumps without flow over that at mean demand. Assumed: several pumps side by side,
which lose a twelfth of their head at a peak of 1.6 times the mean."""
BOOST = 1.15
"""Factor on the pumps' head when one more runs. Assumed."""
LEAST_M3S = 0.01
"""Smallest pumping station. Assumed."""
GRAVITY = 0.25
"""Share of the head that is left without power. Assumed: what ground tanks and neighbouring
zones give through open valves."""

FRICTION = 0.02
"""Darcy's factor of old iron pipe. Assumed: roughness of 1 mm at DN400."""
FEED_M, FEEDS = 100.0, 2
"""Water comes to a hole over so much pipe, from both ends of it. Assumed: a street's block."""

_HALVINGS = 44
"""Halvings until the head is known to far less than a micrometre."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holes:
    """What escapes from the mains.

    Attributes
    ----------
    zone, area_m2, resistance
        ``(b,)`` zone, open area [m2], and friction on the way there [s2/m5].
    """

    zone: I64
    area_m2: F64
    resistance: F64

    def flow_m3s(self, zone_head_m: F64) -> F64:
        """Return ``(b,)`` the flow at the heads ``(z,)`` of the zones [m3/s]."""
        return burst_flow_m3s(self.area_m2, zone_head_m[self.zone], self.resistance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Balance:
    """The zones in balance.

    Attributes
    ----------
    head_m, served_m3s, in_m3s
        ``(z,)`` head, what users get, and what the pumps give.
    escaping_m3s
        ``(b,)`` what each hole loses.
    """

    head_m: F64
    served_m3s: F64
    in_m3s: F64
    escaping_m3s: F64


def served_share(head_m: F64) -> F64:
    """Return the share of their demand that users get at a head, any shape.

    References
    ----------
    Wagner, Shamir & Marks 1988, doi:10.1061/(ASCE)0733-9496(1988)114:3(276), with no head
    needed for the first drop.
    """
    share: F64 = np.sqrt(np.clip(head_m / ENOUGH_M, 0.0, 1.0))
    return share


def feed_resistance(diameter_m: F64) -> F64:
    """Return the head lost on the way to a hole per flow squared, any shape [s2/m5].

    h = f L / D v2 / (2 g), the flow shared by the mains on both sides.

    References
    ----------
    Darcy & Weisbach, as in GB 50013-2018, 7.2.2.
    """
    feeding_m2 = FEEDS * np.pi / 4 * diameter_m**2
    loss: F64 = FRICTION * FEED_M / diameter_m / (2 * GRAVITY_MPS2 * feeding_m2**2)
    return loss


def pump_curve(head_m: F64, mean_m3s: F64) -> tuple[F64, F64]:
    """Return shut-off head [m] and loss per flow squared [s2/m5] of pumps, ``(z,)`` each.

    They give `head_m` at the mean flow, and at `LEAST_M3S` where that is less.
    """
    shutoff = SHUTOFF * head_m
    return shutoff, (shutoff - head_m) / np.maximum(mean_m3s, LEAST_M3S) ** 2


def balance(shutoff_m: F64, loss: F64, demand_m3s: F64, holes: Holes) -> Balance:
    """Return the heads at which the pumps give what users and holes take.

    Every flow out grows with the head and the pumps' falls, so there is one such head between
    0 and the shut-off head; it is found by halving.

    Parameters
    ----------
    shutoff_m, loss
        ``(z,)`` the pumps' curves.
    demand_m3s
        ``(z,)`` what users want [m3/s].
    """
    low, high = np.zeros_like(shutoff_m), shutoff_m.copy()

    def out_m3s(head_m: F64) -> F64:
        lost = np.bincount(holes.zone, weights=holes.flow_m3s(head_m), minlength=len(shutoff_m))
        out: F64 = demand_m3s * served_share(head_m) + lost
        return out

    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_low = shutoff_m - loss * out_m3s(middle) ** 2 > middle
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return Balance(
        head_m=low,
        served_m3s=demand_m3s * served_share(low),
        in_m3s=np.sqrt(np.maximum(shutoff_m - low, 0.0) / loss),
        escaping_m3s=holes.flow_m3s(low),
    )

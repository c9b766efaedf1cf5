"""Storm sewers as reservoirs: land, street and pipe of every reach, in one vector pass.

The kinematic wave in its simplest form: a pipe gives on what uniform flow at its filling
carries, at most what it carries when full; what it cannot take rises through shafts to the
street, stands there, runs on to the next street, and goes down again when there is room.
Backwater is left out, so that water comes up above a narrow reach and not further upstream. It
knows no places and no events.

References
----------
US EPA SWMM 5 Reference Manual Vol. II (EPA/600/R-17/111), 3.3.1 kinematic wave, 3.3.5 ponding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.world.city.networks import SewerNet
from sim.world.hazards.manhole_overflow import LIFT_M

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

MANNING_N = 0.013
"""Roughness of concrete: domain facts, manhole overflow; GB 50014-2021 table 5.2.3."""
LAND_S = 600.0
"""Time that water needs from roofs and yards: the inlet time of 5 to 15 min, GB 50014-2021,
4.1.11."""
SHAFT_M2_PER_M = 0.05
"""Surface of shafts, house drains and gullies a metre of sewer. Assumed: a shaft of 0.7 m and as
much besides, every 16 m."""
GULLY_M2_PER_M = 0.002
"""Opening of gullies a metre of street. Assumed: a pipe of 200 mm on either side every 30 m."""
GULLY_M3S_PER_M = 1.3e-3
"""What gullies take up. Assumed: 20 L/s for a single grate, on either side every 30 m."""
COVER_M2 = 0.385
"""Opening of a manhole of 0.7 m without its cover."""
ORIFICE = 0.6
"""Coefficient of flow through gullies and shafts: sharp-edged."""
KERB_M, SPREAD = 0.15, 3.0
"""Height of the kerb, and how many times the carriageway's area lies under water above it.
Assumed: pavements and forecourts."""
WEIR = 1.7
"""Coefficient of a broad-crested weir [m^0.5/s], over which water leaves a dip in the street when
it stands above the kerb."""
STREET_N = 0.016
"""Roughness of asphalt, by which water runs along a street without a dip: US FHWA HEC-22, 4.3."""
LANE_M = 3.5
_GRAVITY = 9.81
_LEAST_CROWN_M = 0.3
"""Soil over the crown of a pipe, at least. Assumed, where a large pipe lies too high."""


def full_flow_m3s(diameter_m: F64, slope: F64) -> F64:
    """Return what full round pipes carry by Manning's formula [m3/s]."""
    area = np.pi / 4 * diameter_m**2
    flow: F64 = area * (diameter_m / 4) ** (2 / 3) * np.sqrt(slope) / MANNING_N
    return flow


def _filling_table() -> tuple[F64, F64, F64]:
    """Return filling by area, flow over full flow, and depth over diameter, all rising."""
    angle = np.linspace(0.0, 2 * np.pi, 400)
    area = (angle - np.sin(angle)) / (2 * np.pi)
    wetted = angle / (2 * np.pi)
    with np.errstate(invalid="ignore"):
        flow = np.where(wetted > 0, area ** (5 / 3) / wetted ** (2 / 3), 0.0)
    # Nearly full pipes carry 7 % more than full ones, which is not counted on.
    return area, np.minimum(np.maximum.accumulate(flow), 1.0), (1 - np.cos(angle / 2)) / 2


_AREA, _FLOW, _DEPTH = _filling_table()


class Reaches:
    """State of every reach; a step must be short against what a pipe needs to fill.

    Parameters
    ----------
    net
        What lies under the streets.
    length_m, lanes
        ``(r,)`` of the street above each, lanes of both directions.
    dips, loose
        ``(r,)`` bool: the street has a dip from which water runs on only over the kerb; its
        covers are not locked.
    dt_s
        Longest step [s]. Reaches that water passes in less than two of them get the volume of
        such a length, so that the scheme stays stable.

    Attributes
    ----------
    land_m3, street_m3, pipe_m3
        ``(r,)`` water on its way from roofs and yards, on the street, and in pipe and shafts.
    lifted
        ``(r,)`` bool: a cover is off.
    open_share
        ``(r,)`` share of the capacity that is not blocked.
    in_m3, out_m3, pumped_m3
        Water that came, left by outfalls, and was pumped away.
    """

    def __init__(
        self, net: SewerNet, length_m: F64, lanes: F64, dips: Bools, loose: Bools, dt_s: float
    ) -> None:
        n = len(net.link)
        area = np.pi / 4 * net.diameter_m**2
        self.full_m3s = full_flow_m3s(net.diameter_m, net.slope)
        self._net = net
        self._full_m3 = area * np.maximum(length_m, 2 * dt_s * self.full_m3s / area)
        self._shaft_m2 = SHAFT_M2_PER_M * length_m
        self._brim_m = np.maximum(net.cover_m, net.diameter_m + _LEAST_CROWN_M)
        self._brim_m3 = self._full_m3 + self._shaft_m2 * (self._brim_m - net.diameter_m)
        self._gully_m2 = GULLY_M2_PER_M * length_m
        self._gully_m3s = GULLY_M3S_PER_M * length_m
        self._width_m = LANE_M * lanes
        self._street_m2 = self._width_m * length_m
        self._street_slope = np.sqrt(net.slope) / STREET_N
        self._dips = dips
        self._loose = loose
        self._sealed_m2 = net.catchment_m2 * net.runoff
        self._onward = net.downstream >= 0
        self._next = net.downstream[self._onward]
        self.land_m3 = np.zeros(n)
        self.street_m3 = np.zeros(n)
        self.pipe_m3 = np.zeros(n)
        self.lifted: Bools = np.zeros(n, dtype=bool)
        self.open_share = np.ones(n)
        self.in_m3 = self.out_m3 = self.pumped_m3 = 0.0

    @property
    def stored_m3(self) -> float:
        """Water anywhere in the system now [m3]."""
        return float(self.land_m3.sum() + self.street_m3.sum() + self.pipe_m3.sum())

    @property
    def street_depth_m(self) -> F64:
        """``(r,)`` depth on the street [m]."""
        kerb_m3 = KERB_M * self._street_m2
        below = np.minimum(self.street_m3, kerb_m3) / self._street_m2
        above = np.maximum(self.street_m3 - kerb_m3, 0.0) / (SPREAD * self._street_m2)
        depth: F64 = below + above
        return depth

    @property
    def head_m(self) -> F64:
        """``(r,)`` how far the water in the shafts would stand above the street [m]."""
        head: F64 = np.maximum(self.pipe_m3 - self._brim_m3, 0.0) / self._shaft_m2
        return head

    @property
    def level_m(self) -> F64:
        """``(r,)`` water level above the bed of the sewer, at most up to the street [m]."""
        filling = np.interp(self.pipe_m3 / self._full_m3, _AREA, _DEPTH) * self._net.diameter_m
        risen = np.maximum(self.pipe_m3 - self._full_m3, 0.0) / self._shaft_m2
        level: F64 = np.minimum(filling + risen, self._brim_m)
        return level

    @property
    def level_share(self) -> F64:
        """``(r,)`` water level over the depth of the manhole, 1 when it overflows."""
        share: F64 = self.level_m / self._brim_m
        return share

    def step(self, dt_s: float, rain_mm: F64, inflow_m3s: F64) -> None:
        """Advance every reach.

        Order: rain falls on the land; pipes give on; land, gullies and the pipes above fill
        pipes; what rises stands on the street; streets run on.

        Parameters
        ----------
        rain_mm, inflow_m3s
            ``(r,)`` rain during the step [mm], and other water that comes onto the street.
        """
        rain_m3 = rain_mm * self._sealed_m2 * 1e-3
        self.land_m3 += rain_m3
        self.street_m3 += inflow_m3s * dt_s
        self.in_m3 += float(rain_m3.sum() + inflow_m3s.sum() * dt_s)

        share = np.interp(self.pipe_m3 / self._full_m3, _AREA, _FLOW)
        gone = np.minimum(share * self.full_m3s * self.open_share * dt_s, self.pipe_m3)
        self.pipe_m3 += self._passed_on(gone) - gone

        drained = self.land_m3 * -np.expm1(-dt_s / LAND_S)
        self.land_m3 -= drained
        room = np.maximum(self._brim_m3 - self.pipe_m3, 0.0)
        taken = np.minimum(drained, room)
        sunk = np.minimum(np.minimum(self._gully_m3s * dt_s, self.street_m3), room - taken)
        self.pipe_m3 += taken + sunk
        self.street_m3 += drained - taken - sunk
        self._rise(dt_s)
        self._run_on(dt_s)

    def pump(self, reach: int, volume_m3: float) -> None:
        """Take up to so much water from a street."""
        taken = min(volume_m3, float(self.street_m3[reach]))
        self.street_m3[reach] -= taken
        self.pumped_m3 += taken

    def settle(self) -> None:
        """Let the last drops go, so that a dry network costs nothing."""
        self.out_m3 += self.stored_m3
        self.land_m3[:] = self.street_m3[:] = self.pipe_m3[:] = 0.0

    def _rise(self, dt_s: float) -> None:
        """Let water under pressure come up through gullies, and where a cover has lifted."""
        head = self.head_m
        if not head.any():
            return
        self.lifted |= self._loose & (head >= LIFT_M)
        over = np.maximum(head - self.street_depth_m, 0.0)
        opening = self._gully_m2 + COVER_M2 * self.lifted
        risen = ORIFICE * opening * np.sqrt(2 * _GRAVITY * over) * dt_s
        risen = np.minimum(risen, over * self._shaft_m2)
        self.pipe_m3 -= risen
        self.street_m3 += risen

    def _run_on(self, dt_s: float) -> None:
        """Let water run along streets, and out of dips over the kerb."""
        if not self.street_m3.any():
            return
        depth = self.street_depth_m
        above = np.maximum(depth - KERB_M, 0.0)
        along = self._width_m * (depth ** (5 / 3) + (SPREAD - 1) * above ** (5 / 3))
        over = WEIR * SPREAD * self._width_m * above**1.5
        held = np.where(self._dips, KERB_M * self._street_m2, 0.0)
        gone = np.minimum(
            np.where(self._dips, over, self._street_slope * along) * dt_s,
            np.maximum(self.street_m3 - held, 0.0) / 2,
        )
        self.street_m3 += self._passed_on(gone) - gone

    def _passed_on(self, gone: F64) -> F64:
        """Return ``(r,)`` what comes from the reaches above; outfalls take the rest."""
        self.out_m3 += float(gone[~self._onward].sum())
        return np.bincount(self._next, weights=gone[self._onward], minlength=len(gone)).astype(
            np.float64
        )

"""Medium-voltage feeders as arrays: what each carries, whom it feeds, when it trips.

Load flow is by sums: a feeder carries the load of all sections it feeds, as on a radial network
whose losses are left out. It knows no events, crews or orders.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.world.city.networks import PowerGrid

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
Bools = NDArray[np.bool_]

OVERLOAD = 1.10
"""Share of its capacity from which a feeder heats up: domain facts, cascade."""
TRIP_S = 600.0
"""Time to trip at just that load: domain facts, within 10 min."""
TRANSFER_MAX = 1.05
"""Load up to which a neighbour is given another section. Assumed: what it bears at that moment;
load that grows afterwards may overload it in turn."""
NOMINAL_V = 10_000.0
"""Line voltage of the feeders."""
POWER_FACTOR = 0.96
"""Assumed, as for the feeders' capacity in `sim.world.city.power_grid`."""
VOLTAGE_DROP = 0.05
"""Fall of voltage at the end of a fully loaded feeder. Assumed: the limit of 7 % of GB/T 12325
less what the substation regulates."""


def trip_time_s(ratio: F64) -> F64:
    """Return how long a feeder bears a share of its capacity, infinite below `OVERLOAD` [s].

    The curve t = T k / (r2 - 1) of the extremely inverse relay, scaled to `TRIP_S` at
    `OVERLOAD`.

    References
    ----------
    IEC 60255-151:2009, annex A, curve C.
    """
    k = TRIP_S * (OVERLOAD**2 - 1)
    # Half a millionth below the limit still counts: sums of loads round.
    hot = ratio >= OVERLOAD * (1 - 5e-7)
    time: F64 = np.where(hot, k / (np.where(hot, ratio, 2.0) ** 2 - 1), np.inf)
    return time


class Feeders:
    """The state of every feeder; section `f` is what feeder `f` serves in ordinary times.

    Attributes
    ----------
    sound
        ``(f,)`` bool: its section has no fault.
    closed
        ``(f,)`` bool: its breaker is closed.
    source
        ``(s,)`` bool: the substation works.
    fed_by
        ``(f,)`` feeder that carries each section.
    shed
        ``(s,)`` share of load that the substation's operators have taken off.
    extra_w
        ``(f,)`` load beyond the ordinary, set from outside [W].
    load_factor
        Load now over the load of an ordinary peak.
    heat
        ``(f,)`` overload so far as a share of what trips it.
    is_live
        ``(f,)`` bool: the section has power.
    """

    def __init__(self, grid: PowerGrid) -> None:
        n = len(grid.feeder_peak_w)
        self.grid = grid
        self.sound = np.ones(n, dtype=bool)
        self.closed = np.ones(n, dtype=bool)
        self.source = np.ones(len(grid.substation), dtype=bool)
        self.fed_by = np.arange(n)
        self.shed = np.zeros(len(grid.substation))
        self.extra_w = np.zeros(n)
        self.load_factor = 1.0
        self.heat = np.zeros(n)
        self.is_live: Bools = np.ones(n, dtype=bool)
        self._neighbours: list[list[int]] = [[] for _ in range(n)]
        for a, b in grid.tie.tolist():
            self._neighbours[a].append(b)
            self._neighbours[b].append(a)

    def __len__(self) -> int:
        return len(self.fed_by)

    @property
    def demand_w(self) -> F64:
        """``(f,)`` what each section would draw, with or without power [W]."""
        demand: F64 = self.grid.feeder_peak_w * self.load_factor + self.extra_w
        return demand

    @property
    def load_w(self) -> F64:
        """``(f,)`` what each section draws [W]."""
        load: F64 = self.demand_w * self.is_live * (1 - self.shed[self._station_now])
        return load

    @property
    def carried_w(self) -> F64:
        """``(f,)`` what each feeder carries [W]."""
        carried = np.bincount(self.fed_by, weights=self.load_w, minlength=len(self))
        return carried.astype(np.float64)

    @property
    def ratio(self) -> F64:
        """``(f,)`` what each carries over its capacity."""
        ratio: F64 = self.carried_w / self.grid.feeder_capacity_w
        return ratio

    @property
    def _station_now(self) -> I32:
        return self.grid.feeder_substation[self.fed_by]

    def switch(self) -> Bools:
        """Work out who has power after any change, and return ``(f,)`` who has lost it."""
        before = self.is_live
        feeding = self.closed & self.sound & self.source[self.grid.feeder_substation]
        self.is_live = feeding[self.fed_by] & self.sound
        return before & ~self.is_live

    def close(self, feeder: int) -> None:
        """Close a breaker and take the feeder's own section back."""
        self.closed[feeder] = True
        self.fed_by[feeder] = feeder
        self.heat[feeder] = 0.0

    def warm(self, dt_s: float) -> list[int]:
        """Let overloads last `dt_s` more and return which feeders they have tripped."""
        share = dt_s / trip_time_s(self.ratio)
        if not self.heat.any() and not share.any():
            return []
        # One that is no longer overloaded cools as slowly as the least overload heats it.
        self.heat = np.where(share > 0, self.heat + share, np.maximum(self.heat - dt_s / TRIP_S, 0))
        tripped: list[int] = np.flatnonzero(self.heat >= 1).tolist()
        self.heat[tripped] = 0.0
        return tripped

    def transfer(self) -> list[int]:
        """Join dark sound sections to live neighbours and return those that got power.

        One after another, each to the neighbour that it loads least, if that bears it for a
        while.
        """
        joined = []
        for section in np.flatnonzero(~self.is_live & self.sound).tolist():
            able = [
                other
                for other in self._neighbours[section]
                if self.fed_by[other] == other and self.is_live[other]
            ]
            if not able:
                continue
            loaded = (self.carried_w[able] + self.demand_w[section]) / self.grid.feeder_capacity_w[
                able
            ]
            best = int(np.argmin(loaded))
            if loaded[best] <= TRANSFER_MAX:
                self.fed_by[section] = able[best]
                self.switch()
                joined.append(section)
        return joined

    def terminals(self) -> F64:
        """Return ``(2, f)`` what a terminal at each section reads: voltage [V], current [A]."""
        drop = VOLTAGE_DROP * self.ratio[self.fed_by]
        voltage = NOMINAL_V * self.is_live * (1 - drop)
        current = self.load_w / (np.sqrt(3) * NOMINAL_V * POWER_FACTOR)
        return np.stack([voltage, current])

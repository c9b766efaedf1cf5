"""Water in underpasses: a reservoir each, all of them in one vector pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import BaseMap
from sim.world.city.model import Basins

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


def bowl_volume_m3(depth_m: F64, bottom_m2: F64, top_m2: F64, height_m: F64) -> F64:
    """Return the water in a bowl whose surface grows linearly with depth [m3]."""
    growth = (top_m2 - bottom_m2) / height_m
    volume: F64 = depth_m * (bottom_m2 + 0.5 * growth * depth_m)
    return volume


def bowl_depth_m(volume_m3: F64, bottom_m2: F64, top_m2: F64, height_m: F64) -> F64:
    """Return the depth that a volume stands at, the inverse of `bowl_volume_m3` [m].

    The quadratic's stable root, which also serves a bowl with upright walls.
    """
    growth = (top_m2 - bottom_m2) / height_m
    depth: F64 = 2 * volume_m3 / (bottom_m2 + np.sqrt(bottom_m2**2 + 2 * growth * volume_m3))
    return depth


class Underpasses:
    """Reservoirs: dV/dt = C A i - Q_duty - Q_standby - Q_units, one row a basin.

    Rain reaches the bowl at once: sunken catchments of a few hectares answer within minutes,
    which the storm formula's own smoothing hides. A bowl that is full to its rim spills the
    rest into the street, which counts as flown out. Valid for steps short against the time a
    pump needs to empty the bowl (5 s against minutes).

    References
    ----------
    Rational method with composite runoff coefficient, GB 50014-2021, 4.1; pumped underpass as
    a storage, as in US EPA SWMM 5 Reference Manual Vol. II (EPA/600/R-17/111), section 3.

    Attributes
    ----------
    depth_m, volume_m3
        ``(n,)`` state now.
    duty_ok, standby_on
        ``(n,)`` bool: the duty pump works; the standby pump really pumps.
    powered
        ``(n,)`` bool: there is power for both, set from outside.
    in_m3, out_m3
        Water that came in and went out since the start, over all basins.
    """

    def __init__(self, basins: Basins) -> None:
        n = len(basins.place)
        self._basins = basins
        self._drained_m2 = basins.catchment_m2 * basins.runoff
        self._brim_m3 = bowl_volume_m3(
            basins.height_m, basins.bottom_m2, basins.top_m2, basins.height_m
        )
        self._row = {int(place): row for row, place in enumerate(basins.place)}
        self._helpers: list[dict[str, float]] = [{} for _ in range(n)]
        self._helped_m3s = np.zeros(n)
        self.volume_m3 = np.zeros(n)
        self.depth_m = np.zeros(n)
        self.duty_ok = np.ones(n, dtype=bool)
        self.standby_on = np.zeros(n, dtype=bool)
        self.powered = np.ones(n, dtype=bool)
        self.in_m3 = 0.0
        self.out_m3 = 0.0

    def __len__(self) -> int:
        return len(self.volume_m3)

    @property
    def is_wet(self) -> bool:
        """Whether water stands in any bowl now."""
        # Asked every step; counting is several times quicker than `any` on a short array.
        return bool(np.count_nonzero(self.depth_m))

    @property
    def stored_m3(self) -> float:
        """Water standing in all bowls now [m3]."""
        return float(self.volume_m3.sum())

    @property
    def place(self) -> I32:
        """``(n,)`` index into the map's places of each row."""
        return self._basins.place

    def row_of(self, place: int) -> int | None:
        """Return the row of a place of the map, None when water does not gather there."""
        return self._row.get(place)

    def depth_at(self, place: int) -> float:
        """Return the depth at a place of the map, 0 when water does not gather there [m]."""
        row = self._row.get(place)
        return 0.0 if row is None else float(self.depth_m[row])

    def help(self, place: int, unit_id: str, capacity_m3s: float) -> None:
        """Let a pump unit draw from a bowl; capacity 0 takes it away."""
        row = self._row.get(place)
        if row is None:
            return
        helpers = self._helpers[row]
        helpers.pop(unit_id, None)
        if capacity_m3s > 0:
            helpers[unit_id] = capacity_m3s
        self._helped_m3s[row] = sum(helpers.values())

    def step(self, dt_s: float, rain_mm: F64) -> None:
        """Advance every reservoir.

        Parameters
        ----------
        dt_s
            Length of the step [s].
        rain_mm
            ``(n,)`` rain that fell on each catchment during it [mm].
        """
        if not self.is_wet and not np.count_nonzero(rain_mm):
            return
        basins = self._basins
        inflow = rain_mm * self._drained_m2 * 1e-3
        capacity = (
            self.powered * self.duty_ok * basins.duty_pump_m3s
            + self.powered * self.standby_on * basins.standby_pump_m3s
            + self._helped_m3s
        ) * dt_s
        wet = self.volume_m3 + inflow
        outflow = np.minimum(wet, capacity)
        left = wet - outflow
        spilled = np.maximum(left - self._brim_m3, 0.0)
        left -= spilled
        self.in_m3 += float(inflow.sum())
        self.out_m3 += float(outflow.sum() + spilled.sum())
        self.volume_m3 = left
        self.depth_m = bowl_depth_m(left, basins.bottom_m2, basins.top_m2, basins.height_m)


BOWL_LENGTH_M = 80.0
"""Length of road that dips into an underpass's bowl; assumed: a rail or ring-road crossing of
20 m with ramps of 30 m at 4 % under water at the depths that matter."""


class SunkenLinks:
    """Which road links dip through which bowl, and how deep the water stands on them.

    Attributes
    ----------
    link, row
        ``(m,)`` link index and reservoir row of each dip; a two-way road has two.
    share
        ``(m,)`` share of the link's length that lies in the bowl, at most 1.
    depth_m
        ``(n_links,)`` depth on every link of the city, one array changed in place [m].
    """

    def __init__(self, basemap: BaseMap, water: Underpasses) -> None:
        dips = [
            (link, row)
            for row, place in enumerate(water.place.tolist())
            for link in basemap.places[place].links
        ]
        self.link, self.row = np.array(dips, dtype=np.int64).reshape(-1, 2).T
        self.share = np.minimum(1.0, BOWL_LENGTH_M / basemap.roads.length_m[self.link])
        self.depth_m = np.zeros(len(basemap.roads))
        self._is_wet = True

    def flood(self, depth_m: F64, street_depth_m: F64 | None = None) -> bool:
        """Put the water of each bowl, ``(n,)``, on its links; of two waters the deeper counts.

        `street_depth_m` is ``(n_links,)`` water on the streets themselves. Returns False when
        all was dry and has stayed so.
        """
        was_wet = self._is_wet
        self._is_wet = bool(np.count_nonzero(depth_m)) or (
            street_depth_m is not None and bool(np.count_nonzero(street_depth_m))
        )
        if not (was_wet or self._is_wet):
            return False
        if street_depth_m is None:
            self.depth_m[self.link] = 0.0
        else:
            self.depth_m[:] = street_depth_m
        np.maximum.at(self.depth_m, self.link, depth_m[self.row])
        return True

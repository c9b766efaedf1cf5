"""The world as sensors meet it: true values at fixed points, in one gather a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.roads import Roads
from sim.world.city.spread import owners
from sim.world.water import Underpasses
from sim.world.weather import Weather

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

Reader = Callable[[], F64]


class Field(Protocol):
    """Something measurable everywhere; devices own the same protocol under their own name."""

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of the true values now.

        Parameters
        ----------
        xy_m
            ``(n, 2)`` where each sensor stands [m].
        link, place
            ``(n,)`` road link and place of the map it watches; -1 for none.

        Returns
        -------
        Reader
            Gives a fresh ``(channels, n)`` array at each call.
        """


class LinkTraffic(Protocol):
    """What detectors see of the links, ``(n_links,)`` each."""

    @property
    def passed(self) -> I64:
        """Vehicles that have left each link since the start."""

    @property
    def speed_mps(self) -> F64:
        """Mean speed now [m/s]."""

    @property
    def occupancy(self) -> F64:
        """Share of time a detector is covered, 0 to 1."""


class RainField:
    """One channel: rain since the start at the point [mm]."""

    def __init__(self, weather: Weather, now: Callable[[], Ns]) -> None:
        self._weather = weather
        self._now = now

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del link, place
        sites, now = self._weather.sites(xy_m), self._now
        return lambda: sites.total_mm(now())[None, :]


class DepthField:
    """One channel: water depth at the place, 0 where there is no place or bowl [m]."""

    def __init__(self, water: Underpasses, n_places: int) -> None:
        self._water = water
        # Row of each place; the last entry serves -1, and points at a row that is always dry.
        self._row_of_place = np.full(n_places + 1, len(water))
        self._row_of_place[water.place] = np.arange(len(water))

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del xy_m, link
        row, water = self._row_of_place[place], self._water
        dry = np.zeros(1)
        return lambda: np.concatenate((water.depth_m, dry))[row][None, :]


class VehicleField:
    """Three channels: vehicles since the start, speed [m/s], occupancy; 0 without a link."""

    def __init__(self, traffic: LinkTraffic) -> None:
        self._traffic = traffic

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(3, n)``."""
        del xy_m, place
        traffic = self._traffic
        nowhere = link < 0
        at = np.maximum(link, 0).astype(np.intp)

        def read() -> F64:
            values = np.empty((3, len(at)))
            # Clipping spares a second look at indices that are known to be right.
            np.take(traffic.passed.astype(np.float64), at, out=values[0], mode="clip")
            np.take(traffic.speed_mps, at, out=values[1], mode="clip")
            np.take(traffic.occupancy, at, out=values[2], mode="clip")
            if nowhere.any():
                values[:, nowhere] = 0.0
            return values

        return read


class LiveField:
    """One channel: 1 where the place has power, or the sensor watches none; else 0.

    Parameters
    ----------
    live
        ``(places,)`` bool, whether each place has power now; None where power is left out.
    """

    def __init__(self, live: Callable[[], NDArray[np.bool_]] | None) -> None:
        self._live = live

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del xy_m, link
        live = self._live
        if live is None:
            return lambda: np.ones((1, len(place)))
        return lambda: np.where(place < 0, 1.0, live()[place].astype(np.float64))[None, :]


class CountingField:
    """Two channels: vehicles since the start, which nobody sees without power; 1 with power."""

    def __init__(self, traffic: LinkTraffic, live: LiveField) -> None:
        self._vehicles = VehicleField(traffic)
        self._live = live

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(2, n)``; the first is missing while it is dark."""
        vehicles, live = (field.bind(xy_m, link, place) for field in (self._vehicles, self._live))

        def read() -> F64:
            passed, online = vehicles()[0], live()[0]
            return np.stack([np.where(online > 0, passed, np.nan), online])

        return read


class StandingWater:
    """One channel: water over the ground of the link watched, or of the nearest one [m].

    Parameters
    ----------
    roads
        The links.
    depth_m
        ``(n_links,)`` depth on each, changed in place [m].
    """

    def __init__(self, roads: Roads, depth_m: F64) -> None:
        self._roads = roads
        self._depth_m = depth_m

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del place
        roads = self._roads
        middle_m = (roads.node_xy_m[roads.start] + roads.node_xy_m[roads.end]) / 2
        at = np.where(link >= 0, link, owners(xy_m, middle_m))
        return lambda: self._depth_m[at][None, :]

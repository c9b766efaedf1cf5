"""Where foreign devices stand on the city's map, once it has come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import BaseMap
from sim.kernel.errors import PayloadError
from sim.messages import topics
from sim.transport.foreign.parts import WatchPart

OFF_THE_MAP_M = 10_000.0
"""So far outside the districts a device is taken to be elsewhere; assumed: wider than any
fringe of a map, narrower than longitude and latitude in each other's place."""

LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is known of where a device stands.

    Attributes
    ----------
    lonlat
        WGS 84 degrees; None for those of its place.
    place_id
        The place it watches, where the mapping names it.
    watches
        Which place to look for, where it names none.
    """

    lonlat: LonLat | None
    place_id: str | None = None
    watches: WatchPart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a device stands; in no district until the map has come."""

    lonlat: LonLat
    district: str
    place_id: str | None


class Places:
    """The map, asked for sites."""

    def __init__(self) -> None:
        self._map: BaseMap | None = None
        self._low_m = self._high_m = np.zeros(2)

    @property
    def known(self) -> bool:
        """Whether the map has come."""
        return self._map is not None

    def learn(self, basemap: BaseMap) -> None:
        """Take the map."""
        self._map = basemap
        outlines = np.concatenate([district.outline_m for district in basemap.districts])
        self._low_m = outlines.min(axis=0) - OFF_THE_MAP_M
        self._high_m = outlines.max(axis=0) + OFF_THE_MAP_M

    def site(self, wish: Wish) -> Site:
        """Return where a device stands.

        Raises
        ------
        PayloadError
            With reason ``"place"``: nothing says where it is, the map has no such place, or
            has not come.
        """
        if self._map is None:
            if wish.lonlat is None or wish.place_id is not None or wish.watches is not None:
                raise PayloadError("place", "the city's map has not come yet")
            return Site(lonlat=wish.lonlat, district=topics.WHOLE_CITY, place_id=None)
        basemap, lonlat, place_id = self._map, wish.lonlat, wish.place_id
        if place_id is not None:
            if place_id not in basemap.place_index:
                raise PayloadError("place", f"{place_id!r} is no place of {basemap.name}")
            place = basemap.get_place(place_id)
            lonlat = lonlat or basemap.projection.point_to_lonlat(place.x_m, place.y_m)
        if lonlat is None:
            raise PayloadError("place", "nothing tells where it is")
        xy_m = np.array([basemap.projection.point_to_xy(*lonlat)])
        if (xy_m[0] < self._low_m).any() or (xy_m[0] > self._high_m).any():
            raise PayloadError("place", f"{lonlat[0]:.6f}, {lonlat[1]:.6f} is off the map")
        if place_id is None and wish.watches is not None:
            place_id = _nearest(basemap, xy_m[0], wish.watches)
        return Site(lonlat=lonlat, district=basemap.district_of(xy_m)[0], place_id=place_id)


def _nearest(basemap: BaseMap, xy_m: NDArray[np.float64], watches: WatchPart) -> str:
    """Return the nearest place of a kind; raises `PayloadError` where none is near enough."""
    places = [place for place in basemap.places if place.kind == watches.kind]
    apart_m = np.hypot(
        np.array([place.x_m for place in places]) - xy_m[0],
        np.array([place.y_m for place in places]) - xy_m[1],
    )
    if not places or apart_m.min() > watches.within:
        raise PayloadError("place", f"no {watches.kind} within {watches.within:g} m of it")
    return places[int(apart_m.argmin())].place_id

"""Streets: the two directions of a road between two junctions as one, which pipes follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, Roads

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

_MOTORWAY = ROAD_CLASSES.index("motorway")
_ARTERIAL = ROAD_CLASSES.index("tertiary")
_STREET = ROAD_CLASSES.index("residential")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Streets:
    """Streets as arrays, in the order of their first link.

    Attributes
    ----------
    link
        ``(s,)`` lower of the indices of the links that a street consists of.
    ends
        ``(s, 2)`` its junctions, the link's start first.
    length_m, road_class
        ``(s,)`` those of the link.
    middle_m
        ``(s, 2)`` point half way along [m].
    """

    link: I64
    ends: I32
    length_m: F64
    road_class: I32
    middle_m: F64

    def __len__(self) -> int:
        return len(self.link)


def streets_of(roads: Roads) -> Streets:
    """Return one street for each pair of junctions that links join."""
    ends = np.stack([roads.start, roads.end], axis=1)
    low, high = ends.min(axis=1).astype(np.int64), ends.max(axis=1)
    _, first = np.unique(low * len(roads.node_xy_m) + high, return_index=True)
    link = np.sort(first)
    return Streets(
        link=link,
        ends=ends[link],
        length_m=roads.length_m[link],
        road_class=roads.road_class[link],
        middle_m=along_m(roads, link, np.full(len(link), 0.5)),
    )


def along_m(roads: Roads, link: I64, share: F64) -> F64:
    """Return ``(n, 2)`` the point of each link that lies this share of its length along [m]."""
    lines = lines_of(roads, link)
    points = shapely.line_interpolate_point(lines, share, normalized=True)
    return shapely.get_coordinates(points)


def lines_of(roads: Roads, link: I64) -> NDArray[np.object_]:
    """Return the line of each link."""
    if not len(link):
        return np.empty(0, dtype=object)
    shapes = [roads.shapes[i] for i in link.tolist()]
    owner = np.repeat(np.arange(len(shapes)), [len(shape) for shape in shapes])
    return np.asarray(shapely.linestrings(np.concatenate(shapes), indices=owner))


def with_main(streets: Streets, small_share: float, draw: np.random.Generator) -> I64:
    """Return the streets that a main lies under.

    Larger streets all have one but motorways, and so do this share of residential streets;
    where no street has one by that rule, all have.
    """
    luck = draw.random(len(streets))
    rank = streets.road_class
    under = (rank <= _ARTERIAL) | ((rank == _STREET) & (luck < small_share))
    under &= rank != _MOTORWAY
    return np.flatnonzero(under) if under.any() else np.arange(len(streets))

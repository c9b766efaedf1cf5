"""Roads as a directed graph in arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

ROAD_CLASSES = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "service",
)
"""OpenStreetMap highway classes that carry cars, by falling rank."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roads:
    """A directed road graph as arrays, one strongly connected component.

    Attributes
    ----------
    node_xy_m
        ``(n_nodes, 2)`` metres.
    start, end
        ``(n_links,)`` int32 node indices.
    length_m, speed_mps
        ``(n_links,)`` driven length, and speed on the empty road.
    lanes
        ``(n_links,)`` lanes of this direction, at least 1.
    road_class
        ``(n_links,)`` int32 index into `ROAD_CLASSES`.
    signal
        ``(n_nodes,)`` bool, whether a traffic light stands there.
    names
        Street name a link, empty where unknown.
    shapes
        Polyline a link in metres, from start to end, at least two points.
    source_ids
        The link's identifier in the source file.
    """

    node_xy_m: F64
    start: I32
    end: I32
    length_m: F64
    speed_mps: F64
    lanes: I32
    road_class: I32
    signal: NDArray[np.bool_]
    names: tuple[str, ...]
    shapes: tuple[F64, ...] = field(repr=False)
    source_ids: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def free_time_s(self) -> F64:
        """``(n_links,)`` driving time on the empty road [s]."""
        return self.length_m / self.speed_mps

    def midpoint(self, link: int) -> tuple[float, float]:
        """Return the point half way along a link [m]."""
        point = shapely.LineString(self.shapes[link]).interpolate(0.5, normalized=True)
        return float(point.x), float(point.y)

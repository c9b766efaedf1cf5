"""Districts: identifiers, membership, and outlines where the source has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel.basemap import District
from sim.kernel.ids import slug
from sim.world.city.spread import centres

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

MARGIN_M = 150.0
"""Land beside the outermost roads that still belongs to the city. Assumed: a block."""

_COMPASS = ("east", "northeast", "north", "northwest", "west", "southwest", "south", "southeast")
_CENTRAL_SHARE = 0.2
"""A district this near to the middle, as a share of the city's radius, is central. Assumed."""
_KM2_PER_DISTRICT = 8.0
_COUNT_RANGE = (4, 6)
"""Districts made where none are mapped. Assumed: enough to compare, few enough to read."""


def outline(node_xy_m: F64) -> shapely.Polygon:
    """Return the city's area: the hull of its roads and a block around it."""
    hull = shapely.convex_hull(shapely.multipoints(node_xy_m))
    area = shapely.buffer(hull, MARGIN_M, quad_segs=4)
    assert isinstance(area, shapely.Polygon)
    return area


def unique_ids(names: Sequence[str]) -> list[str]:
    """Return a topic level for each name, told apart by a number where two are alike."""
    seen: Counter[str] = Counter()
    ids = []
    for i, name in enumerate(names, start=1):
        base = slug(name, f"district-{i}")
        seen[base] += 1
        ids.append(base if seen[base] == 1 else f"{base}-{seen[base]}")
    return ids


def divide(node_xy_m: F64) -> tuple[District, ...]:
    """Return districts named by compass, of about as many junctions each."""
    area = outline(node_xy_m)
    low, high = _COUNT_RANGE
    count = int(np.clip(round(area.area / 1e6 / _KM2_PER_DISTRICT), low, high))
    at = centres(node_xy_m, np.ones(len(node_xy_m)), count)
    ids = unique_ids(_compass(at, area))
    names = [f"{district_id.replace('-', ' ').capitalize()} district" for district_id in ids]
    return around(at, area, ids, names)


def around(
    centre_m: F64, area: shapely.Polygon, ids: Sequence[str], names: Sequence[str]
) -> tuple[District, ...]:
    """Return the parts of an area that are nearest to each centre, as districts."""
    cells = shapely.voronoi_polygons(shapely.multipoints(centre_m), extend_to=area)
    parts = shapely.get_parts(cells)
    tree = shapely.STRtree(parts)
    found = []
    for centre, district_id, name in zip(centre_m, ids, names, strict=True):
        part = parts[int(tree.nearest(shapely.Point(centre)))]
        ring = shapely.get_exterior_ring(shapely.intersection(part, area))
        found.append(
            District(
                district_id=district_id,
                name=name,
                outline_m=shapely.get_coordinates(ring),
                population=0.0,
            )
        )
    return tuple(found)


def locate(districts: Sequence[District], xy_m: F64) -> I32:
    """Return the index of the district that holds each of ``(n, 2)`` points, or the nearest."""
    tree = shapely.STRtree([shapely.Polygon(d.outline_m) for d in districts])
    return np.asarray(tree.nearest(shapely.points(xy_m)), dtype=np.int32).reshape(-1)


def _compass(at: F64, area: shapely.Polygon) -> list[str]:
    """Name each centre by where it lies from the middle of the area."""
    offset = at - shapely.get_coordinates(area.centroid)[0]
    distance_m = np.hypot(*offset.T)
    eighth = np.rint(np.arctan2(offset[:, 1], offset[:, 0]) / (np.pi / 4)).astype(int) % 8
    central = distance_m < _CENTRAL_SHARE * np.sqrt(area.area / np.pi)
    return ["central" if c else _COMPASS[e] for c, e in zip(central, eighth, strict=True)]

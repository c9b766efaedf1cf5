"""Trip ends: junctions that stand for the people and jobs around them, and gateways."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.world.city.cells import Settlement
from sim.world.city.districts import MARGIN_M, outline
from sim.world.city.model import Zones
from sim.world.city.spread import centres, owners

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

_INNER_RANGE, _NODES_PER_ZONE = (20, 80), 8
"""Zones within the city: one for each so many junctions. Assumed: a neighbourhood of blocks."""
_LARGE_MAX, _NODES_PER_LARGE_ZONE = 280, 90
"""The same in a metropolis. Assumed: a town or street of it, of which Beijing has 343."""
_DOORS_TRIED = 5
"""Junctions near a zone's middle of which the widest stands for it. Assumed."""
_GATEWAYS_MAX = 12
_RIM_SHARE = 0.12
"""A gateway lies this near to the city's edge, as a share of its radius. Assumed."""
_GATEWAY_WEIGHT = 0.25
"""Share of all trip ends that lie outside the city. Assumed: half the traffic of a district
crosses its border at one end."""
JOBS_PER_PERSON = 0.5
"""Assumed: about half of all residents of a large city work, most of them away from home."""
_MAJOR = ROAD_CLASSES.index("tertiary")
_NO_DOOR = ROAD_CLASSES.index("trunk")


def make_zones(roads: Roads, settlement: Settlement) -> Zones:
    """Return 20 to 92 trip ends, up to 292 in a metropolis; never two at one node."""
    cells = settlement.cells
    rank = node_rank(roads)
    doors = np.flatnonzero(rank > _NO_DOOR)
    if not len(doors):
        doors = np.arange(len(rank))
    low, high = _INNER_RANGE
    blocks = int(np.clip(len(rank) // _NODES_PER_ZONE, low, high))
    count = min(max(blocks, min(len(rank) // _NODES_PER_LARGE_ZONE, _LARGE_MAX)), len(doors))
    at = centres(cells.xy_m, cells.people, count)
    inner = np.unique(_wide_doors(roads, doors, at))
    owner = owners(cells.xy_m, roads.node_xy_m[inner])
    people = np.bincount(owner, weights=cells.people, minlength=len(inner))
    jobs = np.bincount(owner, weights=settlement.jobs, minlength=len(inner))
    jobs *= JOBS_PER_PERSON * people.sum() / jobs.sum()

    gates = _gateways(roads, rank, inner)
    lanes = np.bincount(roads.start, weights=roads.lanes, minlength=len(rank))[gates]
    outside = lanes / max(lanes.sum(), 1.0) * _GATEWAY_WEIGHT / (1 - _GATEWAY_WEIGHT)
    return Zones(
        node=np.concatenate([inner, gates]).astype(np.int32),
        people=np.concatenate([people, outside * people.sum()]),
        jobs=np.concatenate([jobs, outside * jobs.sum()]),
    )


def _wide_doors(roads: Roads, doors: NDArray[np.int64], at_m: F64) -> NDArray[np.int64]:
    """Return for each centre the widest of the doors near it, the nearest of equals.

    A zone stands for many streets; one narrow one would hold all of them back.
    """
    lanes = np.bincount(roads.start, weights=roads.lanes, minlength=len(roads.node_xy_m))
    tree = KDTree(roads.node_xy_m[doors])
    near = np.asarray(tree.query(at_m, k=min(_DOORS_TRIED, len(doors)))[1]).reshape(len(at_m), -1)
    widest = np.argmax(lanes[doors][near], axis=1)
    found: NDArray[np.int64] = doors[near[np.arange(len(at_m)), widest]]
    return found


def node_rank(roads: Roads) -> I32:
    """Return ``(n_nodes,)`` the highest class of road at each node, as its index."""
    rank = np.full(len(roads.node_xy_m), len(ROAD_CLASSES), dtype=np.int32)
    np.minimum.at(rank, roads.start, roads.road_class)
    np.minimum.at(rank, roads.end, roads.road_class)
    return rank


def _gateways(roads: Roads, rank: I32, taken: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return junctions of major roads near the edge, well apart from each other."""
    area = outline(roads.node_xy_m)
    radius_m = math.sqrt(area.area / math.pi)
    rim = shapely.get_exterior_ring(area)
    depth_m = np.asarray(shapely.distance(rim, shapely.points(roads.node_xy_m))) - MARGIN_M
    near = np.flatnonzero((depth_m < _RIM_SHARE * radius_m) & (rank <= _MAJOR))
    near = near[~np.isin(near, taken)]
    # Nearer to the edge and of higher rank first; then none within half its fair share of the rim.
    order = near[np.lexsort((near, depth_m[near], rank[near]))]
    gap_m = rim.length / (2 * _GATEWAYS_MAX)
    kept: list[int] = []
    for node in order.tolist():
        offsets = roads.node_xy_m[kept] - roads.node_xy_m[node]
        if len(kept) < _GATEWAYS_MAX and (np.hypot(*offsets.T) >= gap_m).all():
            kept.append(node)
    return np.array(kept, dtype=np.int64)

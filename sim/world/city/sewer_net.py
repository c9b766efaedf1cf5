"""Storm sewers: one reach under each street, down to the nearest water by the rational method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.world.city.draft import RAISED
from sim.world.city.model import Cells
from sim.world.city.networks import SewerNet
from sim.world.city.spread import totals
from sim.world.city.streets import Streets
from sim.world.weather import FORMULAS

F64 = NDArray[np.float64]
I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

MANNING_N = 0.013
"""Roughness of a concrete pipe: GB 50014-2021."""
_OUTFALL_EVERY_M = 2_000.0
"""The lowest crossing of each square of this side lies beside water. Assumed: a river or canal
at every second main road, as in Beijing's plain."""
_UPHILL = 4.0
"""A metre of street against the ground counts so many times: the trench gets deep. Assumed."""
_LEAST_FALL = 0.002
"""Least fall of a reach, about that of small pipes in GB 50014-2021."""
_STEEPEST_FALL = 0.05
"""Steeper streets have drops in their manholes. Assumed."""
_SIZES_M = np.array([0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4, 3.0, 4.0, 5.0])
"""Inner diameters that are made (GB/T 11836), and boxes of as much flow beyond 3 m."""
_RETURN_PERIOD_Y = np.array([3.0, 3.0, 3.0, 3.0, 2.0, 1.0, 1.0])
"""Storm that a reach was built for by class of road, in the order of `ROAD_CLASSES`. Assumed:
1 to 3 years, as most of the drains of Beijing in 2012."""
_FORMULA = FORMULAS["beijing_zone_2"]
_INLET_MIN = 10.0
"""Time from the roofs to the inlet, 5 to 15 min by GB 50014-2021."""
_FLOW_MPS = 1.0
"""Speed by which the time in the pipe is reckoned. Assumed: between the least of 0.75 m/s and
the 1.5 m/s of a full main."""
_COVER_M, _DEEPEST_M = 1.8, 8.0
"""Depth of a bed where nothing forces it down, and where a lift pump raises the water again.
Assumed: below the frost and other pipes; sheet piles go no deeper cheaply."""
_RUNOFF_THIN, _RUNOFF_DENSE, _DENSE_PER_HA = 0.45, 0.70, 150.0
"""Share of rain that runs off, from thinly to densely built land: GB 50014-2021;
what is dense is assumed."""
_SHARED = 4
"""A cell drains to the nearest so many points of streets alike. Assumed: a block has a street
on each of its four sides."""
_DRAINED = ROAD_CLASSES.index("residential")

assert len(_RETURN_PERIOD_Y) == len(ROAD_CLASSES)


def make_sewers(roads: Roads, level: I8, streets: Streets, cells: Cells, ground_m: F64) -> SewerNet:
    """Return the sewers of the streets, sized for the storm their street was built for.

    Parameters
    ----------
    level
        ``(n_links,)`` level of each link; a raised road drains to the street below it.
    ground_m
        ``(n_nodes,)`` height of the ground [m].
    """
    outfall = _outfalls(roads, ground_m)
    way_m, onward = _ways(roads, streets, ground_m, outfall)
    drained = (streets.road_class <= _DRAINED) & (level[streets.link] != RAISED)
    # Whatever the water passes on its way has a sewer too.
    drained[onward[onward >= 0]] = True
    row = np.full(len(streets) + 1, -1, dtype=np.int64)
    row[np.flatnonzero(drained)] = np.arange(np.count_nonzero(drained))
    ends = streets.ends[drained]
    falls = way_m[ends[:, 0]] >= way_m[ends[:, 1]]
    top, foot = np.where(falls, *ends.T), np.where(falls, ends[:, 1], ends[:, 0])
    downstream = row[onward[foot]]
    length_m = streets.length_m[drained]
    catchment_m2, runoff = _catchments(roads, streets, drained, cells)
    fall = (ground_m[top] - ground_m[foot]) / length_m
    slope = np.clip(fall, _LEAST_FALL, _STEEPEST_FALL)
    order = _levels(downstream)
    cover_m = _covers(order, downstream, (slope - fall) * length_m)
    flow_m3s = _design_flow_m3s(
        order, downstream, catchment_m2 * runoff, length_m, streets.road_class[drained]
    )
    return SewerNet(
        link=streets.link[drained].astype(np.int32),
        diameter_m=_pipes_m(order, downstream, flow_m3s, slope),
        slope=slope,
        cover_m=cover_m,
        catchment_m2=catchment_m2,
        runoff=runoff,
        downstream=downstream.astype(np.int32),
        outfall=outfall.astype(np.int32),
        ground_m=ground_m,
    )


def full_flow_m3s(diameter_m: F64, slope: F64) -> F64:
    """Return what a full round pipe carries by Manning's formula [m3/s]."""
    # A = pi D2 / 4 and R = D / 4 give 0.3117 D^(8/3).
    flow: F64 = np.pi / 4 ** (5 / 3) / MANNING_N * diameter_m ** (8 / 3) * np.sqrt(slope)
    return flow


def _outfalls(roads: Roads, ground_m: F64) -> I64:
    """Return the lowest junction of each square of the map."""
    square = np.floor(roads.node_xy_m / _OUTFALL_EVERY_M).astype(np.int64)
    order = np.lexsort((ground_m, square[:, 1], square[:, 0]))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(square[order], axis=0) != 0).any(axis=1)
    return np.sort(order[first])


def _ways(roads: Roads, streets: Streets, ground_m: F64, outfall: I64) -> tuple[F64, I64]:
    """Return each junction's way to its outfall, and the street it begins with, -1 at outfalls.

    The way is the least over streets, uphill metres counted several times.
    """
    n = len(roads.node_xy_m)
    a, b = streets.ends.T
    rise = ground_m[b] - ground_m[a]
    # Water flows from the far end of a way, so that its cost is that of walking back.
    forth = streets.length_m * np.where(rise > 0, _UPHILL, 1.0)
    back = streets.length_m * np.where(rise < 0, _UPHILL, 1.0)
    graph = csr_array(
        (np.concatenate([back, forth]), (np.concatenate([a, b]), np.concatenate([b, a]))),
        shape=(n, n),
    )
    way_m, before, _ = dijkstra(graph, indices=outfall, min_only=True, return_predecessors=True)
    key = np.minimum(a, b).astype(np.int64) * n + np.maximum(a, b)
    node = np.arange(n)
    wanted = np.minimum(node, before).astype(np.int64) * n + np.maximum(node, before)
    order = np.argsort(key)
    at = order[np.minimum(np.searchsorted(key, wanted, sorter=order), len(key) - 1)]
    return way_m, np.where(before >= 0, at, -1)


def _levels(downstream: I64) -> list[I64]:
    """Return the reaches in groups, each group flowing into later ones only."""
    steps = np.zeros(len(downstream), dtype=np.int64)
    at = downstream.copy()
    while (at >= 0).any():
        steps += at >= 0
        at = np.where(at >= 0, downstream[at], -1)
    order = np.argsort(-steps, kind="stable")
    cuts = np.flatnonzero(np.diff(steps[order])) + 1
    return np.split(order, cuts)


def _covers(order: list[I64], downstream: I64, deeper_m: F64) -> F64:
    """Return the depth of each reach's bed at its lower end, deep enough for what flows in.

    `deeper_m` is how much a pipe falls more than the street over it.
    """
    top_m = np.full(len(downstream), _COVER_M)
    cover_m = np.empty(len(downstream))
    for reaches in order:
        foot_m = np.maximum(top_m[reaches] + deeper_m[reaches], _COVER_M)
        cover_m[reaches] = np.minimum(foot_m, _DEEPEST_M)
        lifted = np.where(foot_m > _DEEPEST_M, _COVER_M, foot_m)
        onward = downstream[reaches]
        np.maximum.at(top_m, onward[onward >= 0], lifted[onward >= 0])
    return cover_m


def _design_flow_m3s(
    order: list[I64], downstream: I64, sealed_m2: F64, length_m: F64, road_class: I32
) -> F64:
    """Return the flow each reach was built for: intensity times all sealed land above it."""
    above_m2 = sealed_m2.copy()
    path_m = length_m.copy()
    longest_m = np.zeros(len(downstream))
    for reaches in order:
        path_m[reaches] += longest_m[reaches]
        onward = downstream[reaches]
        on = onward >= 0
        np.add.at(above_m2, onward[on], above_m2[reaches[on]])
        np.maximum.at(longest_m, onward[on], path_m[reaches[on]])
    minutes = _INLET_MIN + path_m / _FLOW_MPS / 60
    numerator = np.array([_FORMULA.numerator_mm_h(float(p)) for p in _RETURN_PERIOD_Y])
    intensity_mm_h = numerator[road_class] / (minutes + _FORMULA.b_min) ** _FORMULA.n
    return intensity_mm_h / 3.6e6 * above_m2


def _pipes_m(order: list[I64], downstream: I64, flow_m3s: F64, slope: F64) -> F64:
    """Return the least pipe that carries each flow when full, never less than the one above."""
    least_m = (flow_m3s / full_flow_m3s(np.ones(len(slope)), slope)) ** (3 / 8)
    size = np.minimum(np.searchsorted(_SIZES_M, least_m), len(_SIZES_M) - 1)
    for reaches in order:
        onward = downstream[reaches]
        np.maximum.at(size, onward[onward >= 0], size[reaches[onward >= 0]])
    return _SIZES_M[size]


def _catchments(
    roads: Roads, streets: Streets, drained: NDArray[np.bool_], cells: Cells
) -> tuple[F64, F64]:
    """Return each reach's own land and its runoff; all cells together are drained once."""
    a, b = roads.node_xy_m[streets.ends[drained]].transpose(1, 0, 2)
    middle = streets.middle_m[drained]
    n = len(middle)
    points = np.concatenate([middle, (middle + a) / 2, (middle + b) / 2])
    _, near = KDTree(points).query(cells.xy_m, k=min(_SHARED, len(points)))
    reach = near % n
    per_ha = cells.people / (cells.size_m**2 / 1e4)
    dense = np.minimum(per_ha / _DENSE_PER_HA, 1.0)
    runoff = _RUNOFF_THIN + (_RUNOFF_DENSE - _RUNOFF_THIN) * dense
    part_m2 = np.full(reach.shape, cells.size_m**2 / reach.shape[1])
    land_m2 = totals(reach.ravel(), part_m2.ravel(), n)
    sealed_m2 = totals(reach.ravel(), (part_m2 * runoff[:, None]).ravel(), n)
    mean = sealed_m2.sum() / land_m2.sum()
    return land_m2, np.where(land_m2 > 0, sealed_m2 / np.where(land_m2 > 0, land_m2, 1.0), mean)

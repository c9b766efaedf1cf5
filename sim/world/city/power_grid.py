"""Electricity: what each cell draws, the feeders that carry it, the substations they leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.kernel.basemap import Place, Roads
from sim.world.city.cells import Settlement
from sim.world.city.curve import shares
from sim.world.city.facilities import load_share
from sim.world.city.model import Cells
from sim.world.city.networks import PowerGrid
from sim.world.city.spread import middles, owners, totals

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

PEAK_W_PER_PERSON = 1_300.0
"""Load at the peak, homes and work together. Assumed: Beijing's greatest load, about 28 GW,
over its 21.8 million people."""
FEEDER_CAPACITY_W = 8.0e6
"""What a 10 kV feeder carries for long: a cable of 400 mm2 copper, about 480 A, at a power
factor of 0.96. Assumed."""
FEEDER_PEAK_W = 5.0e6
"""Mean load of a feeder at the ordinary peak. Assumed: five eighths, so that a neighbour can
take part of it, between one half of a simple loop and three quarters of a triple tie
(DL/T 256)."""
_SLACK = 1.15
"""Feeders a substation has bays for, over the mean. Assumed."""
_NEXT_TO_NOTHING = 1e-12
_TIES = 2
"""Ties each feeder has at least, to the neighbours with the longest common border, where it has
so many. Assumed: loops with two or three ties."""


def make_power_grid(places: Sequence[Place], settlement: Settlement, roads: Roads) -> PowerGrid:
    """Return the grid: compact feeders of about equal load, each from a substation nearby."""
    cells = settlement.cells
    # Nobody lives in some cells; a feeder needs a load to have a middle.
    share = load_share(cells.people, settlement.jobs) + _NEXT_TO_NOTHING
    total_w = PEAK_W_PER_PERSON * float(cells.people.sum())
    count = max(2, round(total_w / FEEDER_PEAK_W))
    cell_feeder = _dense(shares(cells.xy_m, share, count))
    count = int(cell_feeder.max()) + 1
    load_w = total_w * share
    peak_w = totals(cell_feeder, load_w, count)
    xy_m = middles(cell_feeder, load_w, cells.xy_m, count)
    substation = np.array(
        [i for i, p in enumerate(places) if p.kind == "substation"], dtype=np.int32
    )
    stations_m = np.array([(places[i].x_m, places[i].y_m) for i in substation])
    places_m = np.array([(p.x_m, p.y_m) for p in places])
    return PowerGrid(
        substation=substation,
        feeder_substation=_assign(xy_m, stations_m),
        # A feeder of one great load is built for it.
        feeder_capacity_w=np.maximum(FEEDER_CAPACITY_W, peak_w * FEEDER_CAPACITY_W / FEEDER_PEAK_W),
        feeder_peak_w=peak_w,
        feeder_xy_m=xy_m,
        tie=_ties(cells, cell_feeder, xy_m),
        cell_feeder=cell_feeder,
        place_feeder=cell_feeder[owners(places_m, cells.xy_m)],
        node_feeder=cell_feeder[owners(roads.node_xy_m, cells.xy_m)],
    )


def _dense(part: I64) -> I32:
    """Return the parts numbered without gaps."""
    return np.unique(part, return_inverse=True)[1].astype(np.int32)


def _assign(feeder_m: F64, station_m: F64) -> I32:
    """Return the nearest substation with a free bay; feeders close to one choose first."""
    bays = np.full(len(station_m), int(np.ceil(_SLACK * len(feeder_m) / len(station_m))))
    # A list of ranks keeps both answers two-dimensional.
    ranks = np.arange(1, min(len(station_m), 24) + 1)
    gap_m, near = (np.asarray(found) for found in KDTree(station_m).query(feeder_m, k=ranks))
    chosen = np.full(len(feeder_m), -1, dtype=np.int32)
    for feeder in np.argsort(gap_m[:, 0], kind="stable").tolist():
        free = bays[near[feeder]] > 0
        # Where all of those are full, the nearest makes room for one more bay.
        station = int(near[feeder, int(free.argmax())])
        chosen[feeder] = station
        bays[station] -= 1
    return chosen


def _ties(cells: Cells, cell_feeder: I32, feeder_m: F64) -> I32:
    """Return pairs of neighbouring feeders, the lower first."""
    pairs = KDTree(cells.xy_m).query_pairs(1.1 * cells.size_m, output_type="ndarray")
    touching = np.sort(cell_feeder[pairs], axis=1)
    touching = touching[touching[:, 0] != touching[:, 1]]
    lone = np.setdiff1d(np.arange(len(feeder_m)), touching)
    if len(lone) and len(feeder_m) > 1:
        # An area of its own is tied to the nearest other.
        _, near = KDTree(feeder_m).query(feeder_m[lone], k=2)
        touching = np.concatenate([touching, np.sort(near, axis=1)])
    border, length = np.unique(touching, axis=0, return_counts=True)
    kept = np.zeros(len(border), dtype=bool)
    for side in (0, 1):
        kept |= _longest(border, length, side)
    return border[kept].astype(np.int32)


def _longest(border: NDArray[np.int64], length: NDArray[np.int64], side: int) -> NDArray[np.bool_]:
    """Return which borders are among the longest of the feeder on one side of them."""
    order = np.lexsort((border[:, 1 - side], -length, border[:, side]))
    feeder = border[order, side]
    first = np.searchsorted(feeder, feeder)
    kept = np.zeros(len(border), dtype=bool)
    kept[order] = np.arange(len(order)) - first < _TIES
    return kept

"""Stations: the ones a source tags, and as many more as the people need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.kernel.basemap import ROAD_CLASSES, Roads, Station
from sim.kernel.rng import Streams
from sim.world.city.draft import Mark
from sim.world.city.model import Cells
from sim.world.city.sites import apart
from sim.world.city.spread import centres, owners
from sim.world.city.station_kinds import KINDS, StationKind
from sim.world.city.zones import node_rank

F64 = NDArray[np.float64]
Site = tuple[str, float, float, bool]
"""Name, x and y [m], and whether it was made up."""

_SITES = 5
"""Junctions of larger streets that compete for a site near the best point. Assumed: land is
where it is."""
_STREET = ROAD_CLASSES.index("tertiary")


def make_stations(
    roads: Roads,
    cells: Cells,
    marks: tuple[Mark, ...],
    district_of: Callable[[F64], list[str]],
    streams: Streams,
) -> tuple[Station, ...]:
    """Return the stations of every kind, tagged ones first.

    What is missing goes where it is nearest to the people that the others leave farthest;
    units without a house of their own stand in every so manieth house of another kind.
    """
    people = float(cells.people.sum())
    sites: dict[str, list[Site]] = {}
    for row in KINDS:
        known = apart([mark for mark in marks if mark.kind == row.kind])
        sites[row.kind] = [(m.name, m.x_m, m.y_m, m.assumed) for m in known]
        missing = wanted(row, cells) - len(known)
        if missing > 0 and row.houses is None:
            sites[row.kind] += _houses(row, roads, cells, known, missing, streams)
        elif missing > 0 and row.houses is not None:
            sites[row.kind] += _lodgings(sites[row.houses], missing)
    xy_m = np.array([(x, y) for row in KINDS for _, x, y, _ in sites[row.kind]])
    nodes = iter(owners(xy_m, roads.node_xy_m).tolist())
    districts = iter(district_of(xy_m))
    return tuple(
        Station(
            station_id=f"{row.kind}-station-{i:02d}",
            kind=row.kind,
            name=name or f"{row.label} {i}",
            x_m=x_m,
            y_m=y_m,
            district_id=next(districts),
            node=next(nodes),
            units=max(
                row.units_at_least, round(people / row.people_per_unit / len(sites[row.kind]))
            ),
            assumed=assumed,
        )
        for row in KINDS
        for i, (name, x_m, y_m, assumed) in enumerate(sites[row.kind], start=1)
    )


def wanted(row: StationKind, cells: Cells) -> int:
    """Return how many stations of a kind the people and the land ask for."""
    count = round(float(cells.people.sum()) / row.people_per_station)
    if row.km2_per_station is not None:
        km2 = len(cells.people) * cells.size_m**2 / 1e6
        count = max(count, round(km2 / row.km2_per_station))
    return max(row.at_least, count)


def _houses(
    row: StationKind,
    roads: Roads,
    cells: Cells,
    known: list[Mark],
    missing: int,
    streams: Streams,
) -> list[Site]:
    """Return sites for the stations that the known ones leave wanting."""
    fixed = np.array([(m.x_m, m.y_m) for m in known]).reshape(-1, 2)
    best = centres(cells.xy_m, cells.people, missing, fixed)
    draw = streams.at(f"city.stations.{row.kind}", 0)
    return [("", *xy, True) for xy in _site(roads, best, draw)]


def _lodgings(hosts: list[Site], missing: int) -> list[Site]:
    """Return houses of another kind, evenly chosen; that these units stand there is assumed."""
    count = min(missing, len(hosts))
    chosen = [hosts[i * len(hosts) // count] for i in range(count)]
    return [(name, x_m, y_m, True) for name, x_m, y_m, _ in chosen]


def _site(roads: Roads, best_m: F64, draw: np.random.Generator) -> list[tuple[float, float]]:
    """Return a junction of a larger street near each point, by lot among the nearest."""
    rank = node_rank(roads)
    fit = np.flatnonzero(rank <= _STREET)
    if len(fit) < _SITES:
        fit = np.arange(len(rank))
    near = np.asarray(KDTree(roads.node_xy_m[fit]).query(best_m, k=min(_SITES, len(fit)))[1])
    lots = draw.integers(0, near.shape[1], len(best_m))
    chosen = fit[near[np.arange(len(best_m)), lots]]
    return [(float(x), float(y)) for x, y in roads.node_xy_m[chosen]]

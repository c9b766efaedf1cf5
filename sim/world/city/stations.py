"""Stations: the ones a source tags, and as many more as the people need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.kernel.basemap import ROAD_CLASSES, Roads, Station
from sim.kernel.rng import Streams
from sim.world.city.draft import Mark
from sim.world.city.model import Cells
from sim.world.city.spread import centres, owners
from sim.world.city.zones import node_rank

F64 = NDArray[np.float64]

_SITES = 5
"""Junctions of larger streets that compete for a site near the best point. Assumed: land is
where it is."""
_STREET = ROAD_CLASSES.index("tertiary")


@dataclass(frozen=True, slots=True, kw_only=True)
class StationKind:
    """A row of the catalogue of stations.

    Attributes
    ----------
    people_per_station
        Residents one station serves; `at_least` holds in small cities.
    people_per_unit
        Residents one unit serves; each station has two at least, one out and one in reserve.
    """

    kind: str
    label: str
    people_per_station: float
    at_least: int
    people_per_unit: float


KINDS = (
    # Assumed: a district's drainage company keeps two or three depots.
    StationKind(
        kind="pump_unit",
        label="Pump depot",
        people_per_station=100_000,
        at_least=2,
        people_per_unit=50_000,
    ),
    # Assumed: a traffic police team for each two or three subdistricts.
    StationKind(
        kind="traffic_police",
        label="Traffic police post",
        people_per_station=55_000,
        at_least=3,
        people_per_unit=25_000,
    ),
    # One ambulance for 30,000 people and 465 sites for 21.8 million: Beijing's siting plan for
    # emergency care, 2020-2022.
    StationKind(
        kind="ambulance",
        label="Ambulance station",
        people_per_station=60_000,
        at_least=2,
        people_per_unit=30_000,
    ),
)


def make_stations(
    roads: Roads,
    cells: Cells,
    marks: tuple[Mark, ...],
    district_of: Callable[[F64], list[str]],
    streams: Streams,
) -> tuple[Station, ...]:
    """Return the stations of every kind, tagged ones first.

    What is missing goes where it is nearest to the people that the others leave farthest.
    """
    people = float(cells.people.sum())
    stations: list[Station] = []
    for row in KINDS:
        known = _apart([mark for mark in marks if mark.kind == row.kind])
        count = max(row.at_least, round(people / row.people_per_station))
        sites = [(m.name, m.x_m, m.y_m, m.assumed) for m in known]
        if len(known) < count:
            fixed = np.array([(m.x_m, m.y_m) for m in known]).reshape(-1, 2)
            best = centres(cells.xy_m, cells.people, count - len(known), fixed)
            draw = streams.at(f"city.stations.{row.kind}", 0)
            sites += [("", *xy, True) for xy in _site(roads, best, draw)]
        units = max(2, round(people / row.people_per_unit / len(sites)))
        xy_m = np.array([(x, y) for _, x, y, _ in sites])
        nodes = owners(xy_m, roads.node_xy_m).tolist()
        for i, ((name, x_m, y_m, assumed), district, node) in enumerate(
            zip(sites, district_of(xy_m), nodes, strict=True), start=1
        ):
            stations.append(
                Station(
                    station_id=f"{row.kind}-station-{i:02d}",
                    kind=row.kind,
                    name=name or f"{row.label} {i}",
                    x_m=x_m,
                    y_m=y_m,
                    district_id=district,
                    node=node,
                    units=units,
                    assumed=assumed,
                )
            )
    return tuple(stations)


def _apart(marks: list[Mark]) -> list[Mark]:
    """Drop a mark within 100 m of one before: a site mapped both as point and as area."""
    kept: list[Mark] = []
    for mark in marks:
        if all(np.hypot(mark.x_m - k.x_m, mark.y_m - k.y_m) > 100.0 for k in kept):
            kept.append(mark)
    return kept


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

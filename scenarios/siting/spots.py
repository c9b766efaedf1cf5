"""Spots of a city where sensors may stand, with what is at stake at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from scenarios.site_rules import Rule
from sim.kernel.errors import InputError
from sim.kernel.roads import ROAD_CLASSES
from sim.messages.telemetry import F64, I32, I64
from sim.world.city.model import City

ROAD_RANK = ROAD_CLASSES.index("tertiary")
"""Roads of this class and greater are worth a sensor along them (assumed)."""
GRID_LEAST_M = 50.0
"""A grid is no finer than this (assumed): a mistyped unit would ask for millions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spots:
    """Spots in a fixed order.

    Attributes
    ----------
    names
        Unique, topic levels.
    xy_m
        ``(n, 2)`` where [m].
    link, place
        ``(n,)`` int32 what is watched from there, -1 for none.
    risk
        ``(n,)`` what is at stake, comparable within one call only.
    """

    names: tuple[str, ...]
    xy_m: F64
    link: I32
    place: I32
    risk: F64

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: I64) -> Spots:
        """Return the spots at `rows`."""
        return Spots(
            names=tuple(self.names[row] for row in rows.tolist()),
            xy_m=self.xy_m[rows],
            link=self.link[rows],
            place=self.place[rows],
            risk=self.risk[rows],
        )


def find_spots(city: City, rule: Rule, usual: Rule) -> Spots:
    """Return the spots of a rule, before shares and counts.

    Parameters
    ----------
    usual
        The kind's default rule: what watches places of a kind is set at those nearest to the
        spots of a network or grid, each once.
    """
    if rule.every:
        parts = [_every(city, kind) for kind in rule.every]
        return _joined([part for part in parts if len(part)])
    if rule.along is not None:
        found = _along(city, rule.along, _spacing(rule))
    else:
        found = _grid(city, _spacing(rule))
    if not usual.every or not len(found):
        return found
    there = find_spots(city, usual, usual)
    if not len(there):
        return there
    nearest = cKDTree(there.xy_m).query(found.xy_m)[1]
    return there.take(np.unique(nearest))


def _spacing(rule: Rule) -> float:
    if rule.spacing_m is None:
        raise InputError("sensing.kinds", value=rule.along, expected="a spacing, such as '500 m'")
    return max(rule.spacing_m, GRID_LEAST_M)


def _every(city: City, kind: str) -> Spots:
    if kind == "manhole":
        return _manholes(city)
    if kind == "feeder":
        return _feeders(city)
    basemap = city.basemap
    rows = np.array([i for i, p in enumerate(basemap.places) if p.kind == kind], dtype=np.int32)
    places = [basemap.places[row] for row in rows.tolist()]
    return Spots(
        names=tuple(place.place_id for place in places),
        xy_m=np.array([(p.x_m, p.y_m) for p in places], dtype=float).reshape(-1, 2),
        link=np.array([p.links[0] if p.links else -1 for p in places], dtype=np.int32),
        place=rows,
        risk=_risk(city, kind, rows),
    )


def _risk(city: City, kind: str, rows: I32) -> F64:
    """Return what is at stake at places: people there, or what stands for it."""
    roads, net = city.basemap.roads, city.networks
    if kind == "underpass":
        catchment = dict(zip(city.basins.place.tolist(), city.basins.catchment_m2, strict=True))
        return np.array([float(catchment.get(row, 0.0)) for row in rows.tolist()])
    if kind == "gas_chamber":
        pressure = net.gas.main_pressure_pa[net.gas.chamber_main]
        by_place = dict(zip(net.gas.chamber.tolist(), pressure, strict=True))
        return np.array([float(by_place.get(row, 0.0)) for row in rows.tolist()])
    if kind in ("bridge", "junction"):
        # Traffic that passes: lanes, greater roads first.
        links = [list(city.basemap.places[row].links) for row in rows.tolist()]
        carry = roads.lanes / (1.0 + roads.road_class)
        return np.array([float(carry[some].sum()) for some in links])
    held: F64 = city.sites.capacity[rows]
    if not held.any():
        # Nobody stays there: those who live nearest to it.
        places = [city.basemap.places[row] for row in rows.tolist()]
        at_m = np.array([(p.x_m, p.y_m) for p in places]).reshape(-1, 2)
        held = _people_nearest(city, at_m)
    return held


def _people_nearest(city: City, xy_m: F64) -> F64:
    if not len(xy_m):
        return np.zeros(0)
    nearest = cKDTree(xy_m).query(city.cells.xy_m)[1]
    return np.bincount(nearest, weights=city.cells.people, minlength=len(xy_m)).astype(float)


def _manholes(city: City) -> Spots:
    sewer = city.networks.sewer
    return Spots(
        names=tuple(f"manhole-{row + 1:05d}" for row in range(len(sewer.link))),
        xy_m=_midpoints(city, sewer.link),
        link=sewer.link.astype(np.int32),
        place=np.full(len(sewer.link), -1, dtype=np.int32),
        risk=sewer.catchment_m2 * sewer.runoff,
    )


def _feeders(city: City) -> Spots:
    grid = city.networks.power
    n = len(grid.feeder_peak_w)
    none = np.full(n, -1, dtype=np.int32)
    return Spots(
        names=tuple(f"feeder-{row + 1:04d}" for row in range(n)),
        xy_m=np.asarray(grid.feeder_xy_m, dtype=float),
        link=none,
        place=none,
        risk=np.asarray(grid.feeder_peak_w, dtype=float),
    )


def _along(city: City, network: str, spacing_m: float) -> Spots:
    """Return a spot for each `spacing_m` of a network, evenly, in the order of its links."""
    roads, net = city.basemap.roads, city.networks
    risk: F64
    if network == "water_main":
        links, risk = net.water.main_link, net.water.main_age_y * net.water.main_diameter_m
    elif network == "gas_main":
        links, risk = net.gas.main_link, net.gas.main_pressure_pa
    elif network == "sewer":
        links, risk = net.sewer.link, net.sewer.catchment_m2
    else:
        rank = ROAD_CLASSES.index(network) if network != "road" else ROAD_RANK
        is_wanted = roads.road_class <= rank if network == "road" else roads.road_class == rank
        links = np.flatnonzero(is_wanted).astype(np.int32)
        risk = roads.lanes[links].astype(float)
    length_m = roads.length_m[links]
    ends_m = np.cumsum(length_m)
    total_m = float(ends_m[-1]) if len(links) else 0.0
    n = max(1, round(total_m / spacing_m)) if len(links) else 0
    at_m = (np.arange(n) + 0.5) * total_m / max(n, 1)
    rows = np.searchsorted(ends_m, at_m)
    chosen = links[rows].astype(np.int32)
    lines = [shapely.LineString(roads.shapes[link]) for link in chosen.tolist()]
    share = 1.0 - (ends_m[rows] - at_m) / length_m[rows]
    points = shapely.line_interpolate_point(lines, share, normalized=True)
    return Spots(
        names=tuple(f"{network.replace('_', '-')}-{number:05d}" for number in range(1, n + 1)),
        xy_m=shapely.get_coordinates(points).reshape(-1, 2),
        link=chosen,
        place=np.full(n, -1, dtype=np.int32),
        risk=np.asarray(risk[rows], dtype=float),
    )


def _grid(city: City, spacing_m: float) -> Spots:
    xy_m = grid_m(city.basemap.roads.node_xy_m, spacing_m)
    none = np.full(len(xy_m), -1, dtype=np.int32)
    return Spots(
        names=tuple(f"grid-{number:04d}" for number in range(1, len(xy_m) + 1)),
        xy_m=xy_m,
        link=none,
        place=none,
        risk=_people_nearest(city, xy_m),
    )


def grid_m(within_m: F64, spacing_m: float) -> F64:
    """Return ``(n, 2)`` a square grid in the middle of points; one point for a small map [m]."""
    low, high = within_m.min(axis=0), within_m.max(axis=0)
    counts = np.maximum(np.round((high - low) / spacing_m), 1).astype(int)
    axes = [
        (low[i] + high[i]) / 2 + spacing_m * (np.arange(counts[i]) - (counts[i] - 1) / 2)
        for i in (0, 1)
    ]
    return np.array([(x, y) for x in axes[0] for y in axes[1]], dtype=float)


def _midpoints(city: City, links: I32) -> F64:
    roads = city.basemap.roads
    return np.array([roads.midpoint(link) for link in links.tolist()], dtype=float).reshape(-1, 2)


def _joined(parts: Sequence[Spots]) -> Spots:
    """Return the spots of all parts."""
    if not parts:
        none: I32 = np.zeros(0, dtype=np.int32)
        return Spots(names=(), xy_m=np.zeros((0, 2)), link=none, place=none, risk=np.zeros(0))
    if len(parts) == 1:
        return parts[0]
    return Spots(
        names=tuple(name for part in parts for name in part.names),
        xy_m=np.concatenate([part.xy_m for part in parts]),
        link=np.concatenate([part.link for part in parts]),
        place=np.concatenate([part.place for part in parts]),
        risk=np.concatenate([part.risk for part in parts]),
    )

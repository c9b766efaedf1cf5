"""Where the people of the synthetic Beijing live: built-up hectares, towns, and a dense core."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from sim.kernel.rng import Streams
from sim.world.city.beijing.land import PROJECTION
from sim.world.city.beijing.plan import DistrictPlan, Plan
from sim.world.city.cells import SIZE_M
from sim.world.city.model import Cells

F64 = NDArray[np.float64]
Generator = np.random.Generator

_BUILT_AT = 6_500.0
"""A district of this many people per km2 is built over by 1 - 1/e of its area. Assumed: it gives
2,460 km2 in all, within the 2,860 km2 that the city's master plan 2016-2035 allows, and leaves
nearly no open land in the two core districts and 3 to 10 % in the mountains."""
_CORE_PER_KM2, _CORE_REACH_M = 27_000.0, 11_000.0
"""Density at the middle, and the distance over which it falls to 1/e. Assumed after Clark 1951,
doi:10.2307/2981088: the two core districts hold 19,700 people per km2."""
_TOWN_PER_KM2 = 12_000.0
"""Density in the middle of a town. Assumed."""
_SEAT_SHARE, _TOWNS_SHARE = {"plain": 0.25, "mountain": 0.55}, {"plain": 0.40, "mountain": 0.45}
"""Shares of an outer district's people who gather at its seat and in its towns; the others
follow the city's own density. Assumed: in the mountains people live at the seat."""
_MOUNTAIN_PER_KM2 = 700.0
"""A district thinner than this is mountain: these are Mentougou, Fangshan, Huairou, Pinggu,
Miyun and Yanqing."""
_TEXTURE, _TEXTURE_M = 0.5, 250.0
"""Spread of the logarithm of attraction from block to block, and its grain. Assumed."""
_CONTRAST = 0.8
_TAIL = 0.02
"""People follow attraction to this power, its least and greatest hundredths cut: homes vary
less than land values. Assumed."""
_PLACES_TRIED = 12
_TOWN_DRAW_M = 15_000.0
"""Places that a new town chooses the loneliest of, and how far the seat's pull on towns
reaches. Assumed."""
_JOBS_CORE, _JOBS_REACH_M = 3.0, 7_000.0
"""Jobs by resident at the middle over the outskirts', and how far that reaches. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Peopled:
    """Built-up cells with their people, weights of jobs, and the middle of each town.

    Attributes
    ----------
    towns_m
        For each district ``(streets, 2)`` town middles [m]; none where the city fills it.
    """

    cells: Cells
    jobs: F64
    towns_m: tuple[F64, ...]


def settle_beijing(plan: Plan, shapes: tuple[shapely.Polygon, ...], streams: Streams) -> Peopled:
    """Return the cells of a plan; each district's people sum to the plan's.

    Parameters
    ----------
    shapes
        Outlines of the scaled city's districts [m].
    """
    parts, people, towns = [], [], []
    for number, (district, shape) in enumerate(zip(plan.districts, shapes, strict=True)):
        draw = streams.at("city.beijing.people", number)
        mine_m = _towns(district, shape, plan.shrink, draw)
        xy_m, raster = _cells_within(shape)
        pull = _pull(xy_m / plan.shrink, district, mine_m / plan.shrink)
        pull *= np.exp(_TEXTURE * _texture(raster, draw))
        count = max(1, min(len(xy_m), round(_built_share(district) * shape.area / SIZE_M**2)))
        chosen = np.sort(np.argpartition(-pull, count - 1)[:count])
        low, high = np.quantile(pull[chosen], (_TAIL, 1 - _TAIL))
        weight = np.clip(pull[chosen], low, high) ** _CONTRAST
        parts.append(xy_m[chosen])
        people.append(weight / weight.sum() * district.population)
        towns.append(mine_m)
    xy_m = np.concatenate(parts)
    residents = np.concatenate(people)
    core = np.exp(-np.hypot(*xy_m.T) / (_JOBS_REACH_M * plan.shrink))
    return Peopled(
        cells=Cells(
            size_m=SIZE_M,
            xy_m=xy_m,
            people=residents,
            district=np.repeat(np.arange(len(parts)), [len(p) for p in parts]).astype(np.int32),
        ),
        jobs=residents * (1 + (_JOBS_CORE - 1) * core),
        towns_m=tuple(towns),
    )


def _built_share(district: DistrictPlan) -> float:
    return 1 - math.exp(-_density(district) / _BUILT_AT)


def _density(district: DistrictPlan) -> float:
    return district.facts.population / district.facts.area_km2


def _towns(district: DistrictPlan, shape: shapely.Polygon, shrink: float, draw: Generator) -> F64:
    """Return the seat and the other towns: well apart, rather near the seat."""
    if district.facts.seat is None:
        return np.empty((0, 2))
    seat_m = PROJECTION.to_xy(np.array([district.facts.seat])) * shrink
    towns = [seat_m[0]]
    inner = shapely.buffer(shape, -0.02 * math.sqrt(shape.area))
    low, high = np.array(inner.bounds).reshape(2, 2)
    while len(towns) < district.streets:
        tried_m = draw.uniform(low, high, (8 * _PLACES_TRIED, 2))
        tried_m = tried_m[shapely.contains_xy(inner, tried_m)][:_PLACES_TRIED]
        if not len(tried_m):
            continue
        gap_m = np.hypot(*(tried_m[:, None] - np.array(towns)[None]).transpose(2, 0, 1)).min(axis=1)
        pull = np.exp(-np.hypot(*(tried_m - seat_m).T) / (_TOWN_DRAW_M * shrink))
        towns.append(tried_m[int(np.argmax(gap_m * (0.2 + pull)))])
    return np.array(towns)


def _pull(true_m: F64, district: DistrictPlan, towns_m: F64) -> F64:
    """Return how many people per km2 would like to live at each point of the true city."""
    core: F64 = _CORE_PER_KM2 * np.exp(-np.hypot(*true_m.T) / _CORE_REACH_M)
    if not len(towns_m):
        return core
    kind = "mountain" if _density(district) < _MOUNTAIN_PER_KM2 else "plain"
    people = district.facts.population
    ranks = 1 / np.arange(2, len(towns_m) + 1)
    shares = [_SEAT_SHARE[kind], *(_TOWNS_SHARE[kind] * ranks / max(ranks.sum(), 1e-9))]
    total = (1 - _SEAT_SHARE[kind] - _TOWNS_SHARE[kind]) * core
    for town_m, share in zip(towns_m, shares, strict=True):
        # An exponential town of this reach holds its share of the people.
        reach_m = 1_000 * math.sqrt(people * share / (2 * math.pi * _TOWN_PER_KM2))
        total += _TOWN_PER_KM2 * np.exp(-np.hypot(*(true_m - town_m).T) / reach_m)
    return total


def _cells_within(shape: shapely.Polygon) -> tuple[F64, tuple[NDArray[np.int64], tuple[int, int]]]:
    """Return the middles of the cells in a shape, and their places in its bounding raster."""
    low = np.floor(np.array(shape.bounds[:2]) / SIZE_M).astype(np.int64)
    size = (np.ceil(np.array(shape.bounds[2:]) / SIZE_M).astype(np.int64) - low).tolist()
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), axis=-1)
    index = grid.reshape(-1, 2)
    xy_m = (index + low + 0.5) * SIZE_M
    shapely.prepare(shape)
    inside = np.flatnonzero(shapely.contains_xy(shape, xy_m))
    if not len(inside):
        inside = np.array([int(np.argmin(shapely.distance(shape, shapely.points(xy_m))))])
    size_xy = (int(size[0]), int(size[1]))
    return np.asarray(xy_m[inside], dtype=float), (inside.astype(np.int64), size_xy)


def _texture(raster: tuple[NDArray[np.int64], tuple[int, int]], draw: Generator) -> F64:
    """Return smooth noise of mean 0 and spread 1 at the cells of a raster."""
    inside, size = raster
    noise: F64 = gaussian_filter(draw.standard_normal(size), _TEXTURE_M / SIZE_M).reshape(-1)
    return (noise / max(float(noise.std()), 1e-12))[inside]

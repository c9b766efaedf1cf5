"""Where people live and work: the built-up area in squares of a hectare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from sim.kernel.basemap import District, Roads
from sim.world.city.districts import locate
from sim.world.city.model import Cells
from sim.world.city.streets import lines_of

F64 = NDArray[np.float64]

SIZE_M = 100.0
"""Side of a cell: the hectare of China's urban grid management, in use since Dongcheng 2004."""

PEOPLE_PER_KM2 = 7_500.0
"""Residents of the built-up area where the source tells none. Chaoyang and Haidian, census of
2020: 3,452,460 people on 463 km2 and 3,133,469 on 430 km2."""

_HOMES = np.array([0.0, 0.1, 0.4, 0.6, 0.8, 1.0, 0.4])
_WORK = np.array([0.0, 0.3, 1.0, 1.0, 0.8, 0.3, 0.4])
"""Homes and work places along a metre of road, in the order of `ROAD_CLASSES`. Assumed: homes
stand on streets, work and shops on arterials, neither faces a motorway."""

_SAMPLE_M = 20.0
_MIN_BUILDINGS, _MIN_BUILT = 100, 0.8
"""Buildings tell where people live once they stand in this share of the cells that roads
serve; else the map is unfinished. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settlement:
    """Cells with their people, and what only the making of trips asks: jobs a cell."""

    cells: Cells
    jobs: F64
    districts: tuple[District, ...]
    population_given: bool


def settle(roads: Roads, floors_m2: F64, districts: Sequence[District]) -> Settlement:
    """Return the built-up cells with people and jobs, and districts with their population.

    A district's own population is kept and shared among its cells; where none is stated,
    people follow `PEOPLE_PER_KM2` over the built-up area as a whole.
    """
    raster = _Raster.over(roads.node_xy_m)
    points, metres, classes = _along(roads)
    homes = raster.spread(points, metres * _HOMES[classes])
    work = raster.spread(points, metres * _WORK[classes])
    built = homes > 0
    if len(floors_m2) >= _MIN_BUILDINGS:
        floors = raster.spread(floors_m2[:, :2], floors_m2[:, 2])
        if np.count_nonzero(floors[built]) >= _MIN_BUILT * np.count_nonzero(built):
            homes, built = floors, floors > 0
    xy_m = raster.centres_m()[built]
    weight, jobs = homes[built], work[built]
    district = locate(districts, xy_m)
    stated = np.array([d.population for d in districts])
    given = bool((stated > 0).all())
    if given:
        share = weight / np.bincount(district, weights=weight, minlength=len(districts))[district]
        people = share * stated[district]
    else:
        people = weight / weight.sum() * (len(weight) * SIZE_M**2 / 1e6 * PEOPLE_PER_KM2)
    population = np.bincount(district, weights=people, minlength=len(districts))
    return Settlement(
        cells=Cells(size_m=SIZE_M, xy_m=xy_m, people=people, district=district),
        jobs=jobs,
        districts=tuple(
            District(
                district_id=d.district_id,
                name=d.name,
                outline_m=d.outline_m,
                population=round(float(count), 1),
            )
            for d, count in zip(districts, population, strict=True)
        ),
        population_given=given,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Raster:
    """A grid of cells over the whole city."""

    corner_m: F64
    shape: tuple[int, int]

    @staticmethod
    def over(node_xy_m: F64) -> _Raster:
        low = np.floor(node_xy_m.min(axis=0) / SIZE_M) - 2
        high = np.ceil(node_xy_m.max(axis=0) / SIZE_M) + 2
        nx, ny = (high - low).astype(int).tolist()
        return _Raster(corner_m=low * SIZE_M, shape=(nx, ny))

    def spread(self, xy_m: F64, weight: F64) -> F64:
        """Return the weight that falls in each cell, shared with the eight around it."""
        index = np.floor((xy_m - self.corner_m) / SIZE_M).astype(np.int64)
        # A shape may bulge out of the junctions' box; its people live at the rim.
        index = np.clip(index, 0, np.array(self.shape) - 1)
        flat = np.ravel_multi_index((index[:, 0], index[:, 1]), self.shape)
        total = np.bincount(flat, weights=weight, minlength=self.shape[0] * self.shape[1])
        smooth = uniform_filter(total.astype(float).reshape(self.shape), size=3, mode="constant")
        # The filter's running sums leave traces of rounding where nothing stands.
        smooth[smooth < 1e-6 * smooth.max()] = 0.0
        return smooth

    def centres_m(self) -> F64:
        """Return ``(nx, ny, 2)`` the middle of each cell."""
        x, y = ((np.arange(n) + 0.5) * SIZE_M for n in self.shape)
        return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1) + self.corner_m


def _along(roads: Roads) -> tuple[F64, F64, NDArray[np.int32]]:
    """Return points along all links, the metres each stands for, and their road class."""
    count = np.maximum(1, np.ceil(roads.length_m / _SAMPLE_M)).astype(np.int64)
    link = np.repeat(np.arange(len(roads)), count)
    order = np.arange(len(link)) - np.repeat(np.cumsum(count) - count, count)
    lines = lines_of(roads, np.arange(len(roads)))
    share = (order + 0.5) / count[link]
    points = shapely.line_interpolate_point(lines[link], share, normalized=True)
    return (
        shapely.get_coordinates(points),
        (roads.length_m / count)[link],
        roads.road_class[link],
    )

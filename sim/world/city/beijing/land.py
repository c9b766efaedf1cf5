"""The districts' shapes: a power diagram fitted to their published areas and centroids."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel.geo import Projection
from sim.world.city.beijing.facts import CENTRE, DISTRICTS, OUTLINE

F64 = NDArray[np.float64]

PROJECTION = Projection(*CENTRE)

_ROUNDS = 8
_STEP = 0.3
"""Rounds that draw the cells' centroids to the published ones, and the share of the gap closed
in each: after eight the mean gap is 1.6 km and hardly moves. Measured."""
_AREA_ERROR = 1e-3
_NEWTON_MAX = 50
_FAR_M = 1e6


@lru_cache(maxsize=1)
def district_shapes() -> tuple[shapely.Polygon, ...]:
    """Return the outline of each district of the true city [m], in the order of the facts.

    They tile the city without gaps or overlaps, as the cells of a power diagram do; its
    weights give each the area published, its sites are moved until the centroids fit.

    References
    ----------
    Aurenhammer 1987, doi:10.1137/0216006 (power diagrams); Kitagawa, Mérigot and Thibert
    2019, doi:10.4171/JEMS/889 (damped Newton for the weights).
    """
    wanted_m = PROJECTION.to_xy(np.array([d.centroid for d in DISTRICTS]))
    target_m2 = np.array([d.area_km2 for d in DISTRICTS]) * 1e6
    area = _city_shape(wanted_m, target_m2)
    site_m = wanted_m.copy()
    weight = np.zeros(len(site_m))
    for _ in range(_ROUNDS):
        weight, cells = _fit(site_m, weight, area, target_m2)
        middle_m = shapely.get_coordinates(shapely.centroid(cells))
        site_m = site_m - _STEP * (middle_m - wanted_m)
    return tuple(_fit(site_m, weight, area, target_m2)[1])


def city_shape() -> shapely.Polygon:
    """Return the outline of the true city [m]: all districts in one."""
    whole = shapely.union_all(list(district_shapes()), grid_size=0.01)
    assert isinstance(whole, shapely.Polygon)
    return whole


def _city_shape(centroid_m: F64, area_m2: F64) -> shapely.Polygon:
    """Return the hand-drawn shape, moved and sized to the districts' centroid and area."""
    drawn = shapely.Polygon(PROJECTION.to_xy(np.array(OUTLINE)))
    middle = shapely.get_coordinates(drawn.centroid)[0]
    factor = np.sqrt(area_m2.sum() / drawn.area)
    corners = (shapely.get_coordinates(drawn) - middle) * factor
    return shapely.Polygon(corners + np.average(centroid_m, axis=0, weights=area_m2))


def _fit(
    site_m: F64, weight: F64, area: shapely.Polygon, target_m2: F64
) -> tuple[F64, list[shapely.Polygon]]:
    """Return weights and cells whose areas are the targets."""
    cells = _cells(site_m, weight, area)
    for _ in range(_NEWTON_MAX):
        error = np.array([cell.area for cell in cells]) - target_m2
        if np.abs(error / target_m2).max() < _AREA_ERROR:
            break
        step = np.linalg.solve(_slopes(site_m, cells), -error)
        share = 1.0
        # A step too long empties a cell, and an empty cell has no slope to come back by.
        while share > 1e-3:
            trial = _cells(site_m, weight + share * step, area)
            sizes = np.array([cell.area for cell in trial])
            better = np.abs(sizes - target_m2).sum() < np.abs(error).sum()
            if better and (sizes > 0.3 * target_m2.min()).all():
                break
            share /= 2
        weight = weight + share * step
        cells = trial
    return weight, cells


def _cells(site_m: F64, weight: F64, area: shapely.Polygon) -> list[shapely.Polygon]:
    """Return where squared distance less weight is least for each site."""
    cells: list[shapely.Polygon] = []
    for i, site in enumerate(site_m):
        cell: shapely.Geometry = area
        offset = site_m - site
        gap_m = np.hypot(*offset.T)
        for j in np.argsort(gap_m)[1:].tolist():
            ahead = offset[j] / gap_m[j]
            edge = site + ahead * (gap_m[j] ** 2 + weight[i] - weight[j]) / (2 * gap_m[j])
            aside = np.array([-ahead[1], ahead[0]]) * _FAR_M
            back = -2 * _FAR_M * ahead
            half = shapely.Polygon(
                [edge + aside, edge - aside, edge - aside + back, edge + aside + back]
            )
            cell = shapely.intersection(cell, half)
        parts = shapely.get_parts(cell)
        largest = max(parts, key=lambda part: float(part.area), default=shapely.Polygon())
        assert isinstance(largest, shapely.Polygon)
        cells.append(largest)
    return cells


def _slopes(site_m: F64, cells: list[shapely.Polygon]) -> F64:
    """Return how each cell's area changes with each weight: border by twice the sites' gap."""
    n = len(site_m)
    slopes = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            if shapely.dwithin(cells[i], cells[j], 1.0):
                overlap = shapely.intersection(cells[i].buffer(1.0), cells[j].buffer(1.0))
                # Both are widened by a metre, so their overlap is two metres wide.
                rate = overlap.area / 2 / (2 * np.hypot(*(site_m[i] - site_m[j])))
                slopes[i, j] = slopes[j, i] = -rate
    slopes -= np.diag(slopes.sum(axis=1))
    # Adding one number to all weights changes nothing; this picks one of those solutions.
    slopes += np.eye(n) * 1e-3 * slopes.max()
    return slopes

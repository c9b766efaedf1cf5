"""The default city: a district on the plain, drawn from the seed.

Two rings, an arterial grid, four radials and lesser streets, bent and thinned by draws. A
railway crosses from west to east; streets end at it, arterials dive under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.geo import Projection
from sim.kernel.rng import SeededStreams, Streams
from sim.world.city import synthetic_names as names
from sim.world.city.complete import complete
from sim.world.city.districts import around, outline
from sim.world.city.draft import RAILWAY_RANK, Draft, Overhead
from sim.world.city.graph import Street, build_roads, polyline_length_m
from sim.world.city.model import City
from sim.world.city.ways import CLASS_SPEED_KMH

F64 = NDArray[np.float64]
Generator = np.random.Generator
Node = tuple[int, int]

ORIGIN = Projection(116.70, 39.90)
"""The plain east of Beijing; the city is of no real place. Assumed."""

SIZE_M = 6_000.0
_LINES = 30
"""Streets each way: blocks of about 200 m, as Chinese cities plan their branch roads
(GB/T 51328-2018 asks for 300 m or less in built-up areas)."""
_ARTERIAL = frozenset(names.AVENUES_NORTH_SOUTH)
_RING = (5, 24)
_AXIS = 14
_TERTIARY = frozenset({2, 7, 12, 17, 22, 27})
_LANES = {"trunk": 3, "primary": 3, "secondary": 2, "tertiary": 1, "residential": 1}
_DROPPED = {"tertiary": 0.10, "residential": 0.46}
_ONE_WAY = 0.08
_PARKS, _PARK_RADIUS_M = 3, 330.0
"""Arterials about 1 km apart; lanes of one direction; shares of streets that were never built
through, or are one-way; parks. Assumed: the look of a district outside the old town."""
_ROUNDING = 0.35
"""How far the outer ring is from a square (0) towards a circle (1). Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """One side of a block: two nodes of the grid and the road between them."""

    ends: tuple[Node, Node]
    cls: str
    name: str


def synthetic_city(streams: Streams, *, size_m: float = SIZE_M) -> City:
    """Return the default city of a seed.

    Parameters
    ----------
    size_m
        Side of the square it is drawn in, about; streets keep their number.
    """
    draw = streams.at("city.synthetic", 0)
    xy_m = _grid(draw, size_m)
    railway = _railway(draw, size_m)
    blocks = _thin(list(_blocks()), xy_m, railway, draw, size_m)
    streets = list(_streets(blocks, xy_m, draw))
    lights = [xy_m[i, j] for i in range(_LINES) for j in range(_LINES) if _major(i) and _major(j)]
    roads, level = build_roads(streets, np.array(lights), source="synthetic city")
    middles = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)])
    ids, titles = zip(*names.DISTRICTS, strict=True)
    seed = f", seed {streams.seed}" if isinstance(streams, SeededStreams) else ""
    draft = Draft(
        name=names.CITY,
        source=f"synthetic{seed}",
        attribution="",
        projection=ORIGIN,
        roads=roads,
        level=level,
        overhead=(Overhead(line_m=railway, rank=RAILWAY_RANK),),
        districts=around(middles * size_m * 0.36, outline(roads.node_xy_m), ids, titles),
        assumed=("The whole city is made up: streets, railway, districts and people.",),
    )
    return complete(draft, streams)


def _major(line: int) -> bool:
    return line in _ARTERIAL or line in (0, _LINES - 1)


def _grid(draw: Generator, size_m: float) -> F64:
    """Return ``(lines, lines, 2)`` crossings [m], the first axis from west to east."""

    def line_positions() -> F64:
        gaps = draw.uniform(0.8, 1.2, _LINES - 1)
        line: F64 = np.concatenate([[0.0], np.cumsum(gaps)]) / gaps.sum() * 2 - 1
        return line

    u, v = np.meshgrid(line_positions(), line_positions(), indexing="ij")
    # Squeezing towards the corners bends the outer lines into rings.
    x = u * np.sqrt(1 - _ROUNDING * v**2)
    y = v * np.sqrt(1 - _ROUNDING * u**2)
    phase = draw.uniform(0, 2 * np.pi, (2, _LINES))
    x += 0.008 * np.sin(3 * v + phase[0][:, None])
    y += 0.008 * np.sin(3 * u + phase[1][None, :])
    xy_m = np.stack([x, y], axis=-1) * size_m / 2
    return xy_m + draw.normal(0.0, 8.0, xy_m.shape)


def _railway(draw: Generator, size_m: float) -> F64:
    """Return a gently curved line from west to east, south of the middle."""
    x = np.linspace(-0.6, 0.6, 25)
    y = -0.09 + draw.uniform(-0.03, 0.03) * x + 0.012 * np.sin(4 * x + draw.uniform(0, 2 * np.pi))
    return np.stack([x, y], axis=-1) * size_m


def _blocks() -> Iterator[_Block]:
    """Yield every side of every block, west to east and south to north, then the radials."""
    last = _LINES - 1
    for i in range(_LINES):
        for j in range(_LINES):
            if i < last:
                cls, name = _road(j, i, north_south=False)
                yield _Block(ends=((i, j), (i + 1, j)), cls=cls, name=name)
            if j < last:
                cls, name = _road(i, j, north_south=True)
                yield _Block(ends=((i, j), (i, j + 1)), cls=cls, name=name)
    low, high = _RING
    for (east, north), name in names.RADIALS.items():
        column = range(high, last) if east > 0 else range(low, 0, -1)
        row = range(high, last) if north > 0 else range(low, 0, -1)
        for i, j in zip(column, row, strict=True):
            ends = ((i, j), (i + east, j + north))
            yield _Block(ends=ends, cls="secondary", name=name)


def _road(line: int, along: int, *, north_south: bool) -> tuple[str, str]:
    """Return class and name of a line's road between crossings `along` and the next."""
    avenues = names.AVENUES_NORTH_SOUTH if north_south else names.AVENUES_EAST_WEST
    if line in (0, _LINES - 1):
        return "trunk", names.OUTER_RING
    if line in _RING and _RING[0] <= along < _RING[1]:
        return "primary", names.INNER_RING
    if line in avenues:
        return ("primary" if line == _AXIS else "secondary"), avenues[line]
    cls = "tertiary" if line in _TERTIARY else "residential"
    return cls, names.street(line, north_south=north_south)


def _thin(
    blocks: list[_Block], xy_m: F64, railway: F64, draw: Generator, size_m: float
) -> list[_Block]:
    """Return the roads that were built: not across the railway, nor through parks, nor all."""
    segments = np.array([[xy_m[end] for end in block.ends] for block in blocks])
    middle = segments.mean(axis=1)
    crosses = shapely.intersects(shapely.linestrings(segments), shapely.LineString(railway))
    parks = draw.uniform(-0.38, 0.38, (_PARKS, 2)) * size_m
    in_park = (np.hypot(*(middle[:, None] - parks).T) < _PARK_RADIUS_M).any(axis=0)
    luck = draw.random(len(blocks))
    kept = []
    for block, stopped, lot in zip(blocks, crosses | in_park, luck.tolist(), strict=True):
        share = _DROPPED.get(block.cls)
        if share is None or (not stopped and lot >= share):
            kept.append(block)
    return kept


def _streets(blocks: list[_Block], xy_m: F64, draw: Generator) -> Iterator[Street]:
    """Yield both directions of each road, gently bent; one of them for one-way streets."""
    bend = draw.normal(0.0, 0.02, len(blocks))
    luck = draw.random(len(blocks))
    for number, block in enumerate(blocks):
        a, b = (xy_m[end] for end in block.ends)
        across = np.array([a[1] - b[1], b[0] - a[0]])
        line_m = np.array([a, (a + b) / 2 + bend[number] * across, b])
        keys = [i * _LINES + j for i, j in block.ends]
        both = block.cls != "residential" or luck[number] >= _ONE_WAY
        for forward in (True, False) if both else (bool(luck[number] < _ONE_WAY / 2),):
            yield Street(
                start=keys[0] if forward else keys[1],
                end=keys[1] if forward else keys[0],
                shape_m=line_m if forward else line_m[::-1],
                length_m=polyline_length_m(line_m),
                lanes=_LANES[block.cls],
                speed_mps=CLASS_SPEED_KMH[block.cls] / 3.6,
                road_class=ROAD_CLASSES.index(block.cls),
                name=block.name,
                source_id=f"{number}{'+' if forward else '-'}",
            )

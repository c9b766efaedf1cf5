"""Streets: two directions of a road as one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import shapely

from sim.kernel.basemap import ROAD_CLASSES
from sim.world.city.graph import Street, build_roads
from sim.world.city.model import City
from sim.world.city.streets import along_m, streets_of, with_main


def test_every_link_belongs_to_one_street(any_city: City) -> None:
    roads = any_city.basemap.roads
    streets = streets_of(roads)
    pairs = {frozenset((a, b)) for a, b in zip(roads.start, roads.end, strict=True)}
    assert [frozenset(ends) for ends in streets.ends] == [
        frozenset((roads.start[link], roads.end[link])) for link in streets.link
    ]
    assert len(streets) == len(pairs)
    assert (np.diff(streets.link) > 0).all()


def test_points_along_are_those_of_the_shapes(any_city: City) -> None:
    roads = any_city.basemap.roads
    links = np.arange(len(roads))
    middles = np.array([roads.midpoint(link) for link in links.tolist()])
    np.testing.assert_array_equal(along_m(roads, links, np.full(len(links), 0.5)), middles)
    quarter = along_m(roads, links[:50], np.full(50, 0.25))
    for link, point in enumerate(quarter):
        line = shapely.LineString(roads.shapes[link])
        assert line.project(shapely.Point(point)) == pytest.approx(line.length / 4)


def test_mains_spare_motorways_and_some_small_streets(street: Callable[..., Street]) -> None:
    corners = [(0.0, 0.0), (900.0, 0.0), (900.0, 900.0), (0.0, 900.0)]
    names = ("motorway", "secondary", "residential", "residential")
    streets = []
    for lap in range(3):
        at = [(x + 5_000 * lap, y) for x, y in corners]
        for i, name in enumerate(names):
            a, b = 4 * lap + i, 4 * lap + (i + 1) % 4
            rank = ROAD_CLASSES.index(name)
            for start, end, p, q in ((a, b, i, (i + 1) % 4), (b, a, (i + 1) % 4, i)):
                streets.append(street(start, end, at[p], at[q], road_class=rank, name=name))
        if lap:
            before, here = 4 * (lap - 1) + 1, 4 * lap
            line = [(900.0 + 5_000 * (lap - 1), 0.0), (5_000.0 * lap, 0.0)]
            streets += [street(before, here, *line), street(here, before, *line[::-1])]
    roads, _ = build_roads(streets, np.empty((0, 2)), source="laps")
    found = streets_of(roads)
    none = with_main(found, 0.0, np.random.default_rng(1))
    assert set(found.road_class[none]) == {ROAD_CLASSES.index("secondary")}
    every = with_main(found, 1.0, np.random.default_rng(1))
    assert ROAD_CLASSES.index("motorway") not in found.road_class[every]
    assert len(every) == (found.road_class != ROAD_CLASSES.index("motorway")).sum()

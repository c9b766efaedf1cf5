"""A city of a million people is made in seconds, and grows by rule, not by accident."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
import shapely

from sim.kernel.basemap import ROAD_CLASSES, District
from sim.kernel.geo import Projection
from sim.kernel.rng import SeededStreams
from sim.world.city.complete import complete
from sim.world.city.draft import Draft
from sim.world.city.graph import Street, build_roads
from sim.world.city.model import City

SIDE, STEP_M = 70, 170.0
PEOPLE = 1_000_000.0


def draft_of_a_million() -> Draft:
    """Return 4,900 junctions on 12 km by 12 km, in nine districts."""
    rank = np.full(SIDE, ROAD_CLASSES.index("residential"))
    rank[::4], rank[::8] = ROAD_CLASSES.index("tertiary"), ROAD_CLASSES.index("secondary")
    streets = []
    for a in range(SIDE):
        for b in range(SIDE - 1):
            for (i, j), (k, m) in (((a, b), (a, b + 1)), ((b, a), (b + 1, a))):
                for start, end in (((i, j), (k, m)), ((k, m), (i, j))):
                    line_m = np.array([start, end]) * STEP_M
                    streets.append(
                        Street(
                            start=start[0] * SIDE + start[1],
                            end=end[0] * SIDE + end[1],
                            shape_m=line_m,
                            length_m=STEP_M,
                            lanes=2,
                            speed_mps=12.0,
                            road_class=int(rank[a]),
                            name=f"Street {a}",
                            source_id="",
                        )
                    )
    lights = [(i, j) for i in range(0, SIDE, 8) for j in range(0, SIDE, 8)]
    roads, level = build_roads(streets, np.array(lights) * STEP_M, source="test")
    third_m = SIDE * STEP_M / 3
    return Draft(
        name="Million",
        source="test",
        attribution="",
        projection=Projection(116.4, 39.9),
        roads=roads,
        level=level,
        districts=tuple(
            District(
                district_id=f"d-{i}-{j}",
                name="District",
                outline_m=shapely.get_coordinates(
                    shapely.box(i * third_m, j * third_m, (i + 1) * third_m, (j + 1) * third_m)
                ),
                population=PEOPLE / 9,
            )
            for i in range(3)
            for j in range(3)
        ),
    )


@pytest.fixture(scope="module")
def million() -> tuple[City, float]:
    """Return the city and the seconds of processor time it took."""
    draft = draft_of_a_million()
    began = time.process_time()
    city = complete(draft, SeededStreams(7))
    return city, time.process_time() - began


def test_a_million_people_take_a_few_seconds(million: tuple[City, float]) -> None:
    city, took_s = million
    assert city.cells.people.sum() == pytest.approx(PEOPLE)
    assert len(city.basemap.roads) > 19_000
    assert took_s < 8.0


def test_a_million_people_have_a_thousand_places_or_two(million: tuple[City, float]) -> None:
    city, _ = million
    count = Counter(place.kind for place in city.basemap.places)
    assert 1_000 < count.total() < 2_500
    assert (count["hospital"], count["school"], count["community"]) == (33, 167, 333)
    # A light at every crossing of secondary streets but in the city's corner.
    assert (count["substation"], count["junction"]) == (26, 80)
    assert len(city.networks.power.feeder_peak_w) == 260
    assert len(set(city.networks.metro.line.tolist())) == 2


def test_trip_ends_grow_with_the_streets_up_to_a_bound(million: tuple[City, float]) -> None:
    city, _ = million
    assert 48 <= len(city.zones.node) <= 300
    assert len(set(city.zones.node.tolist())) == len(city.zones.node)

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.rng import SeededStreams, Streams
from sim.world.city.model import City
from sim.world.city.synthetic import synthetic_city
from support.places import places_of


@pytest.mark.parametrize("seed", range(8))
def test_every_seed_makes_a_plausible_district(seed: int) -> None:
    city = synthetic_city(SeededStreams(seed))
    basemap = city.basemap
    extent_m = basemap.roads.node_xy_m.max(axis=0) - basemap.roads.node_xy_m.min(axis=0)
    assert 650 <= len(basemap.roads.node_xy_m) <= 900
    assert 1_900 <= len(basemap.roads) <= 2_400
    assert ((extent_m > 5_500) & (extent_m < 6_500)).all()
    assert len(basemap.districts) == 5
    underpasses = places_of(city, "underpass")
    assert 6 <= len(underpasses) <= 12
    assert not any(place.assumed for place in underpasses)
    assert all(len(place.links) == 2 for place in underpasses)
    assert 240_000 <= city.cells.people.sum() <= 270_000
    count = {
        kind: sum(s.kind == kind for s in basemap.stations)
        for kind in ("pump_unit", "traffic_police", "ambulance")
    }
    assert count == {"pump_unit": 3, "traffic_police": 5, "ambulance": 4}


def test_lights_stand_where_arterials_cross(synthetic: City) -> None:
    roads = synthetic.basemap.roads
    assert roads.signal.sum() == 49
    tertiary = ROAD_CLASSES.index("tertiary")
    for node in roads.signal.nonzero()[0]:
        classes = roads.road_class[roads.end == node]
        assert (classes < tertiary).sum() >= 2


def test_underpasses_are_arterials_named_in_both_scripts(synthetic: City) -> None:
    roads = synthetic.basemap.roads
    for place in places_of(synthetic, "underpass"):
        assert "underpass" in place.name
        assert "下凹桥" in place.name
        assert roads.road_class[place.links[0]] <= ROAD_CLASSES.index("secondary")


def test_every_street_has_a_name(synthetic: City) -> None:
    assert all(synthetic.basemap.roads.names)


def test_the_source_tells_the_seed_where_there_is_one(synthetic: City) -> None:
    class Unseeded:
        def at(self, name: str, tick: int) -> np.random.Generator:
            return SeededStreams(3).at(name, tick)

    streams: Streams = Unseeded()
    assert synthetic.basemap.source == "synthetic, seed 7"
    assert synthetic_city(streams).basemap.source == "synthetic"


def test_a_smaller_city_has_shorter_streets_and_fewer_people(synthetic: City) -> None:
    small = synthetic_city(SeededStreams(7), size_m=3_000)
    assert small.basemap.roads.length_m.mean() < 0.6 * synthetic.basemap.roads.length_m.mean()
    assert small.cells.people.sum() < 0.4 * synthetic.cells.people.sum()

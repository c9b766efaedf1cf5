"""Bridges and junctions, which the road network makes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.kernel.geo import Projection
from sim.kernel.rng import SeededStreams
from sim.world.city.draft import RAISED, Draft, Mark
from sim.world.city.graph import Street, build_roads
from sim.world.city.model import City
from sim.world.city.roadside import make_bridges, make_junctions
from sim.world.city.streets import streets_of
from support.places import places_of

Make = Callable[..., Street]


@pytest.fixture
def draft(street: Make) -> Draft:
    """Return a ladder of 12 junctions, its second rung a bridge of two spans each way."""
    at = {i: (300.0 * (i // 2), 300.0 * (i % 2)) for i in range(12)}
    pairs = [(i, i + 2) for i in range(10)] + [(i, i + 1) for i in range(0, 12, 2)]
    streets = []
    for a, b in pairs:
        for start, end in ((a, b), (b, a)):
            raised = RAISED if {a, b} == {4, 5} else 0
            name = "Rung" if raised else f"S{a}"
            streets.append(street(start, end, at[start], at[end], level=raised, name=name))
    roads, level = build_roads(streets, np.empty((0, 2)), source="ladder")
    return Draft(
        name="Ladder",
        source="test",
        attribution="",
        projection=Projection(16.0, 48.0),
        roads=roads,
        level=level,
    )


def test_both_directions_of_a_raised_road_are_one_bridge(draft: Draft) -> None:
    streets = streets_of(draft.roads)
    group = make_bridges(draft, streets, (), 1_000.0, SeededStreams(1))
    assert (group.known, len(group)) == (1, 2)
    assert group.names[0] == "Rung bridge"
    assert sorted(group.links[0]) == np.flatnonzero(draft.level == RAISED).tolist()
    np.testing.assert_allclose(group.xy_m[0], (600, 150))
    # Two directions of 300 m, a lane of 3.5 m each.
    assert group.area_m2[0] == pytest.approx(2 * 300 * 3.5)


def test_a_marked_bridge_gives_its_name(draft: Draft) -> None:
    mark = Mark(kind="bridge", name="Old Bridge", x_m=620.0, y_m=150.0)
    marked = Draft(
        name=draft.name,
        source="test",
        attribution="",
        projection=draft.projection,
        roads=draft.roads,
        level=draft.level,
        marks=(mark,),
    )
    group = make_bridges(marked, streets_of(draft.roads), (), 1_000.0, SeededStreams(1))
    assert group.names[0] == "Old Bridge"


def test_an_underpass_is_no_bridge(draft: Draft) -> None:
    raised = np.flatnonzero(draft.level == RAISED).tolist()
    group = make_bridges(draft, streets_of(draft.roads), raised, 1_000.0, SeededStreams(1))
    assert group.known == 0
    assert len(group) == 2
    assert not set(raised) & {link for span in group.links for link in span}


def test_without_lights_the_largest_crossings_are_junctions(draft: Draft) -> None:
    group = make_junctions(draft.roads)
    assert (group.known, len(group)) == (0, 4)
    # The four in the middle of the ladder's sides have three arms each, its corners two.
    assert min(len(links) for links in group.links) == 3


def test_every_light_is_a_junction_with_all_roads_that_lead_to_it(any_city: City) -> None:
    roads = any_city.basemap.roads
    junctions = places_of(any_city, "junction")
    assert len(junctions) == roads.signal.sum()
    for place in junctions:
        (node,) = set(roads.end[list(place.links)].tolist())
        assert roads.signal[node]
        assert list(place.links) == np.flatnonzero(roads.end == node).tolist()
        assert not place.assumed


def test_bridges_and_underpasses_share_no_link(any_city: City) -> None:
    bridges, low = (
        {link for place in places_of(any_city, kind) for link in place.links}
        for kind in ("bridge", "underpass")
    )
    assert len(places_of(any_city, "bridge")) >= 2
    assert not bridges & low


def test_only_roads_that_lead_through_are_named_by_a_place(any_city: City) -> None:
    for place in any_city.basemap.places:
        assert bool(place.links) == (place.kind in ("underpass", "bridge", "junction"))


def test_krems_has_real_bridges(krems: City) -> None:
    known = [place for place in places_of(krems, "bridge") if not place.assumed]
    assert len(known) >= 10

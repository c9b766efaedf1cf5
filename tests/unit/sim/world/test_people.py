from __future__ import annotations

import numpy as np
import pytest


def test_people_in_the_flooded_bowl_are_exposed_by_the_minute(town) -> None:
    inbound, outbound = town.city.basemap.places[0].links
    town.traffic.on_link[[inbound, outbound]] = 10, 5
    town.flood(0, 0.26)
    town.people.step(60.0)
    # 15 vehicles, of which 80 m in 500 m stand in the bowl, with 1.5 people each.
    assert town.people.exposed.tolist() == pytest.approx([15 * 0.16 * 1.5, 0])
    assert town.people.exposure_person_min.tolist() == pytest.approx([3.6, 0])
    town.flood(0, 0.24)
    town.people.step(60.0)
    assert town.people.exposed.tolist() == [0, 0]
    assert town.people.exposure_person_min.tolist() == pytest.approx([3.6, 0])


def test_stalled_vehicles_trap_their_people_who_call_for_help(town) -> None:
    link = town.city.basemap.places[0].links[0]
    town.flood(0, 0.35)
    town.traffic.on_link[link] = town.traffic.stalled[link] = 3
    town.people.step(5.0)
    people = int(town.people.trapped[0])
    assert people in (4, 5)
    assert town.people.exposed[0] == people
    town.run(59)
    assert town.calls == []
    town.run(122)
    (call,) = town.calls
    assert (call.line, call.topic, call.people) == ("119", "trapped", people)
    assert (call.place_id, call.district) == ("underpass-01", "old-town")
    assert town.records[0]["type"] == "trapped"
    assert town.records[0]["event"] == "flood-underpass-01"


def test_more_people_trapped_call_again_but_the_same_do_not(town) -> None:
    link = town.city.basemap.places[0].links[0]
    town.flood(0, 0.35)
    for stalled in (2, 2, 6, 6):
        town.traffic.stalled[link] = stalled
        town.people.step(5.0)
        town.run(200)
    assert [call.people for call in town.calls] == sorted({c.people for c in town.calls})
    assert len(town.calls) == 2
    assert town.calls[-1].people == town.people.trapped[0] == town.people.trapped_total


def test_people_rescued_before_the_call_do_not_call(town) -> None:
    link = town.city.basemap.places[0].links[0]
    town.flood(0, 0.35)
    town.traffic.stalled[link] = 2
    town.people.step(5.0)
    assert town.people.rescue(0, 99) == town.people.rescued_total == town.people.trapped_total
    town.run(200)
    assert town.calls == []


def test_falling_water_frees_everybody_and_clears_the_road(town) -> None:
    links = town.city.basemap.places[0].links
    town.flood(0, 0.35)
    town.traffic.on_link[list(links)] = town.traffic.stalled[list(links)] = 2, 1
    town.people.step(5.0)
    assert town.people.trapped[0] > 0
    town.flood(0, 0.09)
    town.people.step(5.0)
    assert town.people.trapped[0] == 0
    assert town.traffic.stalled.sum() == town.traffic.on_link.sum() == 0
    assert town.people.rescued_total == town.people.trapped_total
    town.flood(0, 0.35)
    town.traffic.stalled[links[0]] = 1
    town.people.step(5.0)
    assert town.people.trapped[0] in (1, 2)


def test_trapped_people_average_to_the_occupancy(town) -> None:
    link = town.city.basemap.places[0].links[0]
    town.flood(0, 0.35)
    for stalled in range(1, 401):
        town.traffic.stalled[link] = stalled
        town.people.step(5.0)
    assert town.people.trapped[0] == pytest.approx(600, abs=40)


def test_place_without_a_bowl_traps_nobody(town) -> None:
    assert town.people.trapped_at(17) == 0
    assert town.people.rescue(17, 1) == 0


def test_exposure_of_a_dry_town_stays_zero(town) -> None:
    town.traffic.on_link[:] = 50
    town.people.step(5.0)
    assert np.all(town.people.exposure_person_min == 0)

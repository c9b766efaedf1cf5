from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.crew import Task
from sim.world.domains.hospitals import GENERATOR_SHARE, SURGE, Hospitals


def make(town, beds: float = 200.0) -> Hospitals:
    """Return the town's hospitals, each with so many beds."""
    capacity = town.city.sites.capacity.copy()
    capacity[town.stage.places("hospital")] = beds
    city = replace(town.city, sites=replace(town.city.sites, capacity=capacity))
    return Hospitals(replace(town.stage, city=city))


def run(town, hospitals: Hospitals, hours: float) -> None:
    for _ in range(round(hours * 60)):
        town.run(60)
        hospitals.step(town.engine.now(), 60.0)


def test_an_ordinary_day_overloads_nobody(town) -> None:
    hospitals = make(town)
    run(town, hospitals, 24)
    assert [r for r in town.records if r["type"] == "hazard_onset"] == []
    assert hospitals.totals()["hospital_admitted"] == 0


def test_patients_go_to_the_nearest_with_room_then_to_the_next(town) -> None:
    hospitals = make(town)
    assert len(hospitals) >= 2
    near = int(hospitals.place[0])
    assert hospitals.admit(near, 1) == near
    room = int(np.ceil(hospitals._bays[0] * (1 - hospitals.occupancy[0])))
    hospitals.admit(near, room)
    assert hospitals.occupancy[0] >= 1
    assert hospitals.admit(near, 1) != near
    assert hospitals.in_emergency[1:].sum() >= 1


def test_an_ambulance_drives_to_the_nearest_with_room_and_hands_over_there(town) -> None:
    hospitals = make(town)
    near, far = int(hospitals.place[0]), int(hospitals.place[1])
    at = town.city.basemap.places[near]
    (node,) = town.city.basemap.nearest_node(np.array([[at.x_m, at.y_m]])).tolist()
    task = Task(name="treat", place=0)
    assert hospitals.hospital_for(task, node) == near
    hospitals.deliver(near, 400)
    assert hospitals.in_emergency.tolist() == [400, 0]
    assert hospitals.hospital_for(task, node) == far
    assert hospitals.admitted == 400


def test_when_all_are_full_the_least_overcrowded_takes_them(town) -> None:
    hospitals = make(town)
    hospitals.admit(int(hospitals.place[0]), 500)
    assert np.ptp(hospitals.occupancy) < 0.1
    assert hospitals.in_emergency.sum() == 500


def test_overload_rises_through_its_levels_and_ends(town) -> None:
    hospitals = make(town)
    hospitals.in_emergency[0] = 12
    hospitals.admitted = 12
    run(town, hospitals, 1 / 60)
    place_id = town.city.basemap.places[int(hospitals.place[0])].place_id
    (onset,) = [r for r in town.records if r["type"] == "hazard_onset"]
    assert (onset["hazard"], onset["place"]) == ("hospital_overload", place_id)
    levels = [r["level"] for r in town.records if r["type"] == "hazard_level"]
    assert levels[:1] == ["IV"]
    run(town, hospitals, 12)
    assert [r["event"] for r in town.records if r["type"] == "hazard_end"]


def test_surge_beds_and_lost_power_change_the_room_there_is(town) -> None:
    hospitals = make(town)
    place = int(hospitals.place[0])
    before = hospitals.occupancy[0]
    hospitals.effects["surge_beds"](place, "surge", True)
    assert hospitals.occupancy[0] == pytest.approx(before / (1 + SURGE))
    hospitals.effects["surge_beds"](place, "surge", False)
    live = np.ones(len(town.city.basemap.places), dtype=bool)
    live[place] = False
    hospitals.set_power(live)
    assert hospitals.occupancy[0] == pytest.approx(before / GENERATOR_SHARE)
    assert hospitals.occupancy[1] == pytest.approx(make(town).occupancy[1])


def test_the_emergency_room_empties_with_its_mean_stay(town) -> None:
    hospitals = make(town, beds=40_000)
    hospitals.admit(int(hospitals.place[0]), 1000)
    run(town, hospitals, 4)
    assert hospitals.in_emergency.sum() == pytest.approx(1000 / np.e, abs=60)
    assert hospitals.in_ward.sum() == pytest.approx(0.3 * 1000 * (1 - 1 / np.e), abs=50)


def test_full_wards_keep_patients_in_the_emergency_room(town) -> None:
    hospitals = make(town, beds=10)
    hospitals.admit(int(hospitals.place[0]), 100)
    run(town, hospitals, 60)
    assert (hospitals.in_ward <= hospitals._free_beds).all()


@given(seed=st.integers(0, 2**20), waves=st.lists(st.integers(0, 60), max_size=6))
def test_patients_are_conserved(town_class, seed, waves) -> None:
    town = town_class(seed)
    hospitals = make(town, beds=60)
    for people in waves:
        hospitals.admit(town.stage.places("community")[0], people)
        for _ in range(20):
            hospitals.step(town.engine.now(), 600.0)
        assert (hospitals.in_emergency >= 0).all()
        assert (hospitals.in_ward >= 0).all()
        inside = int(hospitals.in_emergency.sum() + hospitals.in_ward.sum())
        assert hospitals.admitted == inside + hospitals.discharged
    assert hospitals.admitted == sum(waves)


def test_load_is_read_at_hospitals_only(town) -> None:
    hospitals = make(town)
    community = town.stage.places("community")[0]
    at = np.array([community, int(hospitals.place[0]), -1], dtype=np.int32)
    read = hospitals.fields["hospital_load"].bind(np.zeros((3, 2)), at, at)
    values = read()
    assert values.shape == (2, 3)
    assert values[:, [0, 2]].tolist() == [[0, 0], [0, 0]]
    assert values[0, 1] == pytest.approx(hospitals.occupancy[0])
    assert values[1, 1] == pytest.approx(0.85)

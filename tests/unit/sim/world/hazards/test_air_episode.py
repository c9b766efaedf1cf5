"""The city's box of air: its balance, its episodes, and what cutting emission saves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.crew import Task
from sim.world.hazards.air_episode import (
    EMISSION_UGM2S,
    AirEpisodeOrder,
    AirEpisodes,
    Box,
    plan_level,
)
from support.nature import Hand, Nature

DAY_S = 86_400.0


class Scene:
    def __init__(self) -> None:
        self.town = Nature()
        self.air = AirEpisodes(self.town.stage)

    def episode(self, **fields: Any) -> None:
        self.air.plan("haze", AirEpisodeOrder(at_s=0.0, **fields))

    def run(self, days: float) -> None:
        self.town.run(self.air, days * DAY_S)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_ordinary_day_has_about_35_micrograms(scene: Scene) -> None:
    assert scene.air.box.level_ugm3 == pytest.approx(35, abs=2)
    scene.run(1)
    assert not scene.air.overlay(np.zeros((3, 2)), scene.town.stage.now).any()
    assert scene.town.records == []


def test_still_air_approaches_its_steady_level_with_the_airing_time() -> None:
    box = Box(300.0, 1.0, 60.0, 35.0)
    steady = box.steady_ugm3(EMISSION_UGM2S)
    assert 250 < steady < 400
    rate = 1.0 / 30_000 + 1e-3 / 300
    for _ in range(48):
        box.step(EMISSION_UGM2S, 900.0)
    want = steady + (35 - steady) * math.exp(-rate * 48 * 900)
    assert box.level_ugm3 == pytest.approx(want)


@given(
    st.lists(
        st.tuples(st.floats(100, 2000), st.floats(0.3, 8), st.floats(0, 150), st.floats(0, 6)),
        min_size=1,
        max_size=20,
    )
)
def test_dust_is_in_the_box_or_accounted_for(course: list[tuple[float, ...]]) -> None:
    box = Box(1500.0, 4.0, 20.0, 35.0)
    for lid_m, wind_mps, inflow, emission in course:
        box.raise_lid(lid_m)
        box.wind_mps, box.inflow_ugm3 = wind_mps, inflow
        box.step(emission, 3600.0)
    change = box.level_ugm3 * box.lid_m - 35.0 * 1500.0
    moved = box.emitted + box.blown + box.settled + box.lidded
    assert moved == pytest.approx(change, rel=1e-9, abs=1e-6)


def test_episode_goes_through_its_levels_and_the_wind_ends_it(scene: Scene) -> None:
    scene.episode()
    scene.run(2.9)
    (event,) = scene.town.stage.events.open_events("air_episode")
    assert event.extra["warning"] == "II"
    assert event.exposed == scene.town.stage.city.cells.people.sum()
    scene.run(1.1)
    assert event.extra["warning"] == "I"
    assert [r["level"] for r in scene.town.told("hazard_level")] == ["III", "II", "I"]
    (end,) = scene.town.told("hazard_end")
    assert end["event"] == "air_episode-air-station-01-1"
    assert DAY_S * 3 < end["duration_s"] < DAY_S * 3.5


def test_overlay_is_what_the_box_holds_more_than_usual(scene: Scene) -> None:
    scene.episode()
    scene.run(1)
    added = scene.air.overlay(np.zeros((2, 2)), scene.town.stage.now)
    assert added.shape == (6, 2)
    assert added[0] == pytest.approx(scene.air.box.level_ugm3 - 35.0, abs=2)
    assert (added[1] == 1.3 * added[0]).all()


def test_cutting_emission_lowers_the_peak() -> None:
    def peak(cut: bool) -> float:
        scene = Scene()
        scene.episode()
        if cut:
            scene.air.ban_lorries("plan", True)
            for name in ("factory-01", "factory-02"):
                scene.air.effects["site_stop"](scene.town.place(name), f"stop-{name}", True)
            place = scene.town.place("air-station-01")
            for i in range(5):
                scene.run(0.01)
                scene.air.works["clean"].begin(
                    Task(name="clean", place=place), Hand(unit_id=f"s-{i}")
                )
            assert scene.air.cut() == pytest.approx(0.12 + 0.45 * 0.35 + 0.16 * 0.6)
        scene.run(5)
        return float(scene.town.told("hazard_end")[0]["peak_severity"])

    assert 0.6 * peak(cut=False) < peak(cut=True) < 0.75 * peak(cut=False)


def test_stopping_one_of_two_plants_cuts_by_its_workers(scene: Scene) -> None:
    scene.air.effects["site_stop"](scene.town.place("factory-02"), "stop-1", True)
    assert scene.air.cut() == pytest.approx(0.12 * 600 / 800)


def test_sweepers_stay_until_it_is_over(scene: Scene) -> None:
    scene.episode(duration_s=7200.0)
    scene.run(0.05)
    scene.town.work(scene.air, "clean", scene.town.place("air-station-01"), DAY_S)
    assert len(scene.town.told("hazard_end")) == 1


@pytest.mark.parametrize(
    ("days", "level"),
    [
        ([100.0], None),
        ([120.0], None),
        ([120.0, 120.0], "III"),
        ([160.0], "III"),
        ([160.0, 40.0], None),
        ([120.0, 120.0, 120.0], "II"),
        ([160.0, 160.0], "II"),
        ([160.0, 160.0, 160.0], "II"),
        ([160.0, 260.0, 160.0], "I"),
    ],
)
def test_beijing_plan_counts_days(days: list[float], level: str | None) -> None:
    assert plan_level(days) == level

"""Convoys over a bridge: levels, limits, and when it falls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.kernel.clock import Ns
from sim.world.crew import Task
from sim.world.domains.bridges import Bridges
from sim.world.hazards.bridge import (
    QUIET_S,
    BridgeOrder,
    BridgeOverloads,
    failure_per_h,
    lorry_n,
)
from support.nature import CareBook, Hand, Nature


class Scene:
    def __init__(self, seed: int = 7) -> None:
        self.town = Nature(seed)
        density = np.full(len(self.town.stage.city.basemap.roads), 0.02)
        self.bridges = Bridges(self.town.stage, density_vpm=lambda: density, temp_c=lambda: 15.0)
        self.care = CareBook()
        self.overloads = BridgeOverloads(self.town.stage, self.bridges, care=self.care)
        self.fallen: list[int] = []
        self.overloads.on_fall.append(lambda event, place: self.fallen.append(place))
        self.step_s, self.works = 60.0, self.overloads.works
        self.place = self.town.place("bridge-01")

    def step(self, now: Ns, dt_s: float) -> None:
        self.bridges.step(now, dt_s)
        self.overloads.step(now, dt_s)

    def convoy(self, **fields: Any) -> None:
        self.overloads.plan("convoy", BridgeOrder(at_s=600.0, **fields))

    def run(self, span_s: float) -> None:
        self.town.run(self, span_s)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_lorry_of_75_tonnes() -> None:
    # Six axles of 122.6 kN at 1.4, 4.2 and 7 m from the middle of 30 m: influence 0.72 in mean.
    assert lorry_n(75_000) == pytest.approx(75_000 * 9.80665 * 0.72)


def test_convoy_raises_the_levels_and_passes(scene: Scene) -> None:
    scene.convoy(lorry_kg=75_000.0, duration_s=1800.0)
    scene.run(4 * 3600)
    assert [r["level"] for r in scene.town.told("hazard_level")] == ["IV", "III", "II"]
    (end,) = scene.town.told("hazard_end")
    assert end["duration_s"] == pytest.approx(1800, abs=61)
    assert end["exposure_person_min"] > 0
    assert [c.topic for c in scene.town.calls] == ["bridge_overload"]
    assert scene.fallen == []


def test_ordinary_lorry_is_no_event(scene: Scene) -> None:
    scene.convoy(lorry_kg=35_000.0)
    scene.run(3600)
    assert scene.town.records == []


def test_inspector_turns_the_convoy_back(scene: Scene) -> None:
    scene.convoy(duration_s=86_400.0)
    scene.run(1200)
    work, task, crew = scene.works["inspect"], Task(name="inspect", place=scene.place), Hand()
    work.begin(task, crew)
    assert work.tick(task, crew, 5.0) is False
    scene.run(QUIET_S + 120)
    assert work.tick(task, crew, 5.0) is True
    (end,) = scene.town.told("hazard_end")
    assert end["by"] == "inspect"


def test_barrier_ends_it(scene: Scene) -> None:
    scene.convoy(duration_s=86_400.0)
    scene.run(1200)
    scene.bridges.effects["barrier"](scene.place, "barrier-1", True)
    scene.run(QUIET_S + 120)
    (end,) = scene.town.told("hazard_end")
    assert end["by"] == "barrier"


def test_convoy_that_comes_again_when_the_barrier_lifts_is_the_same(scene: Scene) -> None:
    scene.convoy(duration_s=7200.0)
    scene.run(1200)
    for raised in (True, False, True, False):
        scene.bridges.effects["barrier"](scene.place, "barrier-1", raised)
        scene.run(300)
    assert len(scene.town.told("hazard_onset")) == 1
    assert scene.town.told("hazard_end") == []
    scene.run(7200)
    assert len(scene.town.told("hazard_end")) == 1


def test_overloaded_beyond_its_strength_it_falls() -> None:
    fallen, toll = 0, 0
    for seed in range(20):
        scene = Scene(seed)
        scene.convoy(lorry_kg=60_000.0, strength=0.5, duration_s=7200.0)
        scene.run(3 * 3600)
        fallen += len(scene.fallen)
        harm = sum(r["people"] for r in scene.town.told("harm"))
        toll += harm
        assert bool(scene.fallen) or harm == 0
        if scene.fallen:
            assert scene.overloads.totals() == {"bridges_fallen": 1}
            assert scene.town.told("hazard_end") == []
    # Ratio 1.8: a rate of 1 an hour over two hours, 86 %.
    assert 13 <= fallen <= 20
    assert toll > 0


def test_danger_is_logistic_in_the_strain() -> None:
    rates = failure_per_h(np.array([0.3, 0.8, 1.0, 1.4, 2.0]))
    assert (np.diff(rates) > 0).all()
    assert rates[0] < 1e-5
    assert rates[3] == pytest.approx(0.5)
    assert rates[4] == pytest.approx(1.0, abs=1e-3)

"""Gas in a workshop: a mixed room, its fan, and who gets out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.world.hazards.toxic_release import (
    FLOOR_M2,
    HEIGHT_M,
    ToxicReleaseOrder,
    ToxicReleases,
    room_mgm3,
)
from sim.world.hazards.toxics import GASES, ToxicGas
from support.nature import CareBook, Nature

VOLUME_M3 = FLOOR_M2 * HEIGHT_M


class Scene:
    def __init__(self, seed: int = 7) -> None:
        self.town = Nature(seed)
        self.gas, self.care = ToxicGas(), CareBook()
        self.releases = ToxicReleases(self.town.stage, self.gas, care=self.care)
        self.place = self.town.place("factory-02")

    def release(self, **fields: Any) -> None:
        self.releases.plan("leak", ToxicReleaseOrder(at_s=0.0, place="factory-02", **fields))

    def run(self, span_s: float) -> None:
        self.town.run(self.releases, span_s)

    def reads(self, name: str) -> float:
        read = self.gas.bind(np.zeros((1, 2)), np.array([-1]), np.array([self.place]))
        return float(read()[GASES.index(name), 0])

    def harm(self, what: str) -> int:
        return sum(r["people"] for r in self.town.told("harm", what=what))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_room_fills_to_source_over_airing(scene: Scene) -> None:
    scene.release(rate_kgs=1e-5, held_kg=1.0)
    scene.run(600)
    steady = 10 / VOLUME_M3 * 3600 / 3
    want = steady * (1 - math.exp(-3 * 600 / 3600))
    assert scene.reads("hydrogen_sulphide") == pytest.approx(want)
    scene.run(6 * 3600)
    assert scene.reads("hydrogen_sulphide") == pytest.approx(steady, rel=1e-6)
    assert steady == pytest.approx(4.0)


def test_what_came_in_is_inside_or_aired_away() -> None:
    mgm3, aired, dt_s, ach = 0.0, 0.0, 5.0, 3.0
    for i in range(720):
        source = 200.0 if i < 240 else 0.0
        before, mgm3 = mgm3, room_mgm3(mgm3, source, VOLUME_M3, ach, dt_s)
        aired += (before + mgm3) / 2 * VOLUME_M3 * ach / 3600 * dt_s
    assert mgm3 * VOLUME_M3 + aired == pytest.approx(240 * 5 * 200, rel=1e-3)


def test_fan_halves_the_steady_level(scene: Scene) -> None:
    scene.release(rate_kgs=1e-5, held_kg=10.0)
    scene.releases.effects["vent_fan"](scene.place, "fan-1", True)
    scene.run(6 * 3600)
    assert scene.reads("hydrogen_sulphide") == pytest.approx(2.0)


def test_workers_die_of_a_gas_that_gives_no_warning_unless_the_siren_does() -> None:
    def dead(siren: bool) -> int:
        total = 0
        for seed in range(6):
            scene = Scene(seed)
            scene.release(substance="carbon_monoxide", rate_kgs=0.05, held_kg=200.0)
            scene.releases.effects["siren"](scene.place, "siren-1", siren)
            scene.run(3600)
            total += scene.harm("dead")
            assert scene.care.waiting(scene.place) == scene.harm("injured")
            assert scene.harm("dead") + scene.harm("injured") <= 10
        return total

    assert dead(siren=False) > 10
    assert dead(siren=True) == 0


@pytest.mark.parametrize("how", ["site_stop", "contain", "itself"])
def test_event_ends_by_what_closed_it(scene: Scene, how: str) -> None:
    scene.release(held_kg=0.5 if how == "itself" else 50.0)
    scene.run(600)
    if how == "site_stop":
        scene.releases.effects["site_stop"](scene.place, "stop-1", True)
    elif how == "contain":
        scene.town.work(scene.releases, "contain", scene.place, 700)
    scene.run(3 * 3600)
    (end,) = scene.town.told("hazard_end")
    assert end["by"] == how
    assert scene.reads("hydrogen_sulphide") == 0.0


def test_levels_are_those_of_the_gas(scene: Scene) -> None:
    scene.release(substance="ammonia", rate_kgs=4e-5, held_kg=10.0)
    scene.run(3 * 3600)
    # 40 mg/s in 3,000 m3 at 3 changes an hour comes to 16 mg/m3.
    assert [r["level"] for r in scene.town.told("hazard_level")] == ["IV"]


def test_second_release_in_the_same_workshop_is_none(scene: Scene) -> None:
    assert scene.releases.release(scene.place, cause="machine_failure-factory-02-1") is not None
    assert scene.releases.release(scene.place) is None
    assert scene.town.told("hazard_onset")[0]["cause"] == "machine_failure-factory-02-1"

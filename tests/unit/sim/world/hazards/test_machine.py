"""Worn machines: levels, repair in time, and what comes of breaking."""

from __future__ import annotations

from typing import Any

import pytest

from sim.kernel.clock import Ns
from sim.world.domains.machines import Machines
from sim.world.hazards.machine import OUTCOMES, MachineFailures, MachineOrder
from support.nature import CareBook, Nature


class Scene:
    def __init__(self, seed: int = 7) -> None:
        self.town = Nature(seed)
        self.machines = Machines(self.town.stage)
        self.failures = MachineFailures(self.town.stage, self.machines, care=CareBook())
        self.broken: list[tuple[str, int, str]] = []
        self.failures.on_break.append(
            lambda event, place, outcome: self.broken.append((event.event_id, place, outcome))
        )
        self.step_s, self.works = 60.0, self.failures.works
        self.place = self.town.place("factory-01")

    def step(self, now: Ns, dt_s: float) -> None:
        self.machines.step(now, dt_s)
        self.failures.step(now, dt_s)

    def wear(self, **fields: Any) -> None:
        self.failures.plan("wear", MachineOrder(at_s=600.0, place="factory-01", **fields))

    def run(self, span_s: float) -> None:
        self.town.run(self, span_s)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_wear_goes_through_the_levels_and_breaks(scene: Scene) -> None:
    scene.wear(vibration=1.0, tau_s=3600.0, outcome="fire")
    scene.run(4 * 3600)
    levels = [(r["level"], r["t_s"]) for r in scene.town.told("hazard_level")]
    assert [level for level, _ in levels] == ["IV", "III", "II", "I"]
    # ln(7.1 / 1.4) hours from blue to red.
    assert levels[3][1] - levels[0][1] == pytest.approx(3600 * 1.624, abs=61)
    assert scene.broken == [("machine_failure-factory-01-1", scene.place, "fire")]
    assert scene.failures.totals() == {"machines_broken": 1}
    assert [(c.line, c.topic) for c in scene.town.calls] == [("12345", "machine_failure")]


def test_plant_crew_repairs_it_before_it_breaks(scene: Scene) -> None:
    scene.wear(vibration=3.0)
    scene.run(3600)
    assert scene.town.stage.events.at(scene.place)["machine_failure"] == pytest.approx(3, rel=0.01)
    scene.town.work(scene, "repair_machine", scene.place, 7300)
    (end,) = scene.town.told("hazard_end")
    assert end["by"] == "repair_machine"
    assert scene.machines.vibration_mms[0] < 1.4
    assert scene.broken == []


def test_what_has_broken_takes_longer(scene: Scene) -> None:
    scene.wear(vibration=11.0, tau_s=3600.0)
    scene.run(1800)
    assert len(scene.broken) == 1
    with pytest.raises(AssertionError, match="not done"):
        scene.town.work(scene, "repair_machine", scene.place, 7300)
    scene.town.work(scene, "repair_machine", scene.place, 29_000)
    assert scene.machines.runs().all()


def test_outcomes_are_drawn_by_their_shares() -> None:
    assert sum(share for _, share in OUTCOMES) == pytest.approx(1)
    seen = []
    for seed in range(120):
        scene = Scene(seed)
        scene.wear(vibration=11.2)
        scene.run(900)
        seen.append(scene.broken[0][2])
    assert 0.55 < seen.count("stop") / 120 < 0.85
    assert seen.count("fire") > 2
    assert seen.count("toxic") > 8


def test_crew_at_a_sound_plant_has_nothing_to_do(scene: Scene) -> None:
    scene.town.work(scene, "repair_machine", scene.place, 0.0)
    scene.town.work(scene, "repair_machine", scene.town.place("school-01"), 0.0)

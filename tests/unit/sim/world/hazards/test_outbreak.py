"""Outbreaks with and without what is done against them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.kernel.clock import Ns
from sim.world.domains.epidemic import Epidemic
from sim.world.hazards.outbreak import OutbreakOrder, Outbreaks
from support.nature import Nature

DAY_S = 86_400.0


class Scene:
    def __init__(self, seed: int = 7) -> None:
        self.town = Nature(seed)
        self.epidemic = Epidemic(self.town.stage, usual=lambda now: np.zeros(5))
        self.outbreaks = Outbreaks(self.town.stage, self.epidemic)
        self.admitted: list[tuple[int, int]] = []
        self.outbreaks.on_admit.append(lambda place, people: self.admitted.append((place, people)))
        self.step_s, self.works = 3600.0, self.outbreaks.works

    def step(self, now: Ns, dt_s: float) -> None:
        self.epidemic.step(now, dt_s)
        self.outbreaks.step(now, dt_s)

    def begin(self, place: str, **fields: Any) -> int:
        self.outbreaks.plan("index", OutbreakOrder(at_s=0.0, place=place, **fields))
        return self.town.place(place)

    def run(self, days: float) -> None:
        self.town.run(self, days * DAY_S)

    def cases(self) -> int:
        return int(self.outbreaks.totals().get("outbreak_cases", 0))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_unhindered_it_rises_through_the_levels_and_burns_out(scene: Scene) -> None:
    scene.begin("clinic-01", pathogen="norovirus", infected=20)
    scene.run(120)
    assert [r["level"] for r in scene.town.told("hazard_level")] == ["IV", "III", "II", "I"]
    (end,) = scene.town.told("hazard_end")
    assert end["by"] == "itself"
    people = scene.town.stage.city.cells.people.sum()
    # R0 of 3 reaches 94 %, of whom 70 % fall ill.
    assert scene.cases() == pytest.approx(0.94 * 0.7 * people, rel=0.05)
    assert sum(n for _, n in scene.admitted) == pytest.approx(0.003 * scene.cases(), abs=1)
    assert {p for p, _ in scene.admitted} == {scene.town.place("hospital-01")}


def test_tracing_early_means_fewer_ill() -> None:
    def cases(trace: bool) -> int:
        scene = Scene()
        place = scene.begin("clinic-01", pathogen="influenza", infected=200)
        scene.run(5)
        if trace:
            scene.town.work(scene, "trace", place, 13 * 3600)
        scene.run(120)
        return scene.cases()

    assert cases(trace=True) < 0.3 * cases(trace=False)


def test_tracing_goes_in_rounds_until_nobody_is_left_to_find(scene: Scene) -> None:
    place = scene.begin("clinic-01", infected=100)
    scene.town.work(scene, "trace", place, 13 * 3600)
    scene.town.work(scene, "trace", place, 0.0)
    scene.town.work(scene, "trace", scene.town.place("clinic-02"), 0.0)
    ((circulation, _, _),) = scene.epidemic.circulations.values()
    scene.run(0.1)
    assert circulation.damping == pytest.approx([0.6**3, 0.6**3])


def test_suspending_classes_stops_a_school_outbreak() -> None:
    def cases(notice: bool) -> int:
        scene = Scene()
        place = scene.begin("school-01", pathogen="influenza", infected=5)
        scene.run(3)
        scene.outbreaks.effects["school_notice"](place, "notice-1", notice)
        scene.run(60)
        assert [c.topic for c in scene.town.calls].count("outbreak") <= 1
        return scene.cases()

    # R 4.62 reaches 99 % of 800, of whom two thirds fall ill; 1.39 reaches about half.
    assert cases(notice=False) == pytest.approx(0.99 * 0.67 * 800, rel=0.08)
    assert cases(notice=True) < 0.8 * cases(notice=False)


def test_advice_at_homes_holds_contacts_back_a_little(scene: Scene) -> None:
    scene.begin("clinic-01", infected=100)
    for name in ("community-01", "community-02"):
        scene.outbreaks.effects["broadcast"](scene.town.place(name), f"b-{name}", True)
    scene.outbreaks.effects["school_notice"](scene.town.place("school-01"), "n-1", True)
    scene.run(0.1)
    ((circulation, _, _),) = scene.epidemic.circulations.values()
    # The school is in the west, a community in each district.
    assert circulation.damping == pytest.approx([0.75 * 0.9, 0.9])


def test_severity_is_cases_a_day_for_100000_of_the_district(scene: Scene) -> None:
    scene.begin("school-01", pathogen="influenza", infected=100)
    scene.run(2)
    (event,) = scene.town.stage.events.open_events("outbreak")
    assert event.severity == pytest.approx(event.exposed / 70_000 * 1e5, rel=1e-6)
    assert event.exposed > 10
    assert [(c.line, c.topic) for c in scene.town.calls] == [("12345", "outbreak")]


def test_same_seed_same_truth() -> None:
    def truth() -> list[dict[str, Any]]:
        scene = Scene(3)
        scene.begin("clinic-02", infected=50)
        scene.run(10)
        return scene.town.records

    assert truth() == truth()


def test_new_cases_are_told_by_district_and_add_up(scene: Scene) -> None:
    scene.begin("clinic-01", pathogen="norovirus", infected=40)
    scene.run(12)
    told = scene.town.told("new_cases")
    by_district = [sum(record["districts"].values()) for record in told]
    assert sum(by_district) == scene.cases() > 0
    assert min(by_district) > 0
    known = {d.district_id for d in scene.town.stage.city.basemap.districts}
    assert {name for record in told for name in record["districts"]} <= known


def test_everybody_is_still_somewhere_at_the_end(scene: Scene) -> None:
    assert scene.epidemic.totals() == {}
    scene.begin("clinic-01", pathogen="norovirus", infected=40)
    for days in (3, 120):
        scene.run(days)
        totals = dict(scene.epidemic.totals())
        people = totals.pop("epidemic_people")
        assert sum(totals.values()) == people == scene.epidemic.districts.sum()
    assert totals["epidemic_recovered"] > 0


def test_order_may_name_a_kind_of_place_instead_of_one(scene: Scene) -> None:
    scene.outbreaks.plan("index", OutbreakOrder(at_s=0.0, place="school", infected=5))
    (onset,) = scene.town.told("hazard_onset")
    assert onset["place"].startswith("school-")

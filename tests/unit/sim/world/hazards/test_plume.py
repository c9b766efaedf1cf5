"""Gas let out at a factory: who breathes it, and what stops it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.kernel.errors import InputError
from sim.world.crew import Task
from sim.world.hazards.dispersion import plume_kgm3
from sim.world.hazards.plume import HazmatOrder, Plumes, SteamOrder
from sim.world.hazards.toxics import GASES, ToxicGas
from support.nature import CareBook, Hand, Nature


class Scene:
    """The town under a west wind of 2 m/s and a closed sky: neutral air."""

    def __init__(self, seed: int = 7) -> None:
        self.town = Nature(seed)
        self.wind = (2.0, 0.0)
        self.gas = ToxicGas()
        self.care = CareBook()
        self.plumes = Plumes(
            self.town.stage,
            self.gas,
            care=self.care,
            wind=lambda: self.wind,
            sky=lambda: (0.5, 1.0),
        )
        self.factory = self.town.place("factory-01")

    def release(self, **fields: Any) -> None:
        order = HazmatOrder(at_s=0.0, place="factory-01", **fields)
        self.plumes.plan("leak", order)

    def run(self, span_s: float) -> None:
        self.town.run(self.plumes, span_s)

    def harm(self, what: str) -> int:
        return sum(r["people"] for r in self.town.told("harm", what=what))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_detectors_downwind_read_the_golden_plume(scene: Scene) -> None:
    scene.release(held_kg=1e5)
    xy_m = np.array([(100.0, 0), (300, 0), (1000, 0), (-300, 0)])
    read = scene.gas.bind(xy_m, np.full(4, -1), np.full(4, -1))
    scene.run(1800)
    values = read()[GASES.index("chlorine")]
    want = plume_kgm3(1.0, 2.0, "D", xy_m[:3, 0], np.zeros(3)) * 1e6
    np.testing.assert_allclose(values[:3], want, rtol=0.015)
    assert values[3] < 0.01


def test_detector_of_the_plant_reads_its_worst_side(scene: Scene) -> None:
    read = scene.gas.bind(np.array([(0.0, 0.0)]), np.array([-1]), np.array([scene.factory]))
    assert not read().any()
    scene.release(held_kg=1e5, substance="ammonia")
    scene.run(300)
    assert read()[GASES.index("ammonia"), 0] > 1000
    assert not read()[GASES.index("chlorine")].any()


def test_tank_that_nobody_closes_runs_empty_and_the_event_ends(scene: Scene) -> None:
    scene.release(held_kg=600.0)
    scene.run(3 * 3600)
    (end,) = scene.town.told("hazard_end")
    assert end["by"] == "itself"
    assert 600 < end["duration_s"] < 2.5 * 3600
    levels = [r["level"] for r in scene.town.told("hazard_level")]
    assert levels == ["IV", "III", "II", "I"]
    totals = scene.plumes.totals()
    assert totals["toxic_released_kg"] == pytest.approx(600)
    assert totals["toxic_airborne_kg"] + totals["toxic_gone_kg"] == pytest.approx(600)


def test_crew_plugs_a_tank(scene: Scene) -> None:
    scene.release(held_kg=1e5)
    scene.run(300)
    scene.town.work(scene.plumes, "contain", scene.factory, 1800)
    scene.run(2 * 3600)
    (end,) = scene.town.told("hazard_end")
    assert end["by"] == "contain"
    assert scene.plumes.totals()["toxic_released_kg"] == pytest.approx(1500, abs=31)


@pytest.mark.parametrize(("source", "released_kg"), [("line", 300.0), ("tank", 900.0)])
def test_emergency_stop_shuts_a_line_but_no_tank(
    scene: Scene, source: str, released_kg: float
) -> None:
    scene.release(held_kg=1e5, source=source)
    scene.run(300)
    scene.plumes.effects["site_stop"](scene.factory, "stop-1", True)
    scene.run(600)
    assert scene.plumes.totals()["toxic_released_kg"] == pytest.approx(released_kg)


def test_people_indoors_are_spared_and_the_warned_more_so() -> None:
    def injured(warn: bool) -> int:
        scene = Scene()
        scene.release(held_kg=4000.0, rate_kgs=3.0)
        if warn:
            scene.plumes.effects["siren"](scene.factory, "siren-1", True)
        scene.run(3600)
        assert scene.harm("injured") == scene.care.waiting(scene.factory)
        return scene.harm("injured")

    assert 0 < injured(warn=True) < 0.6 * injured(warn=False)


def test_broadcast_reaches_the_homes_of_its_community(scene: Scene) -> None:
    scene.release(held_kg=4000.0, rate_kgs=3.0)
    scene.plumes.effects["broadcast"](scene.town.place("community-01"), "b-1", True)
    told = scene.plumes._shelter.told()
    xy_m = scene.town.stage.city.cells.xy_m
    assert told.any()
    assert (np.hypot(*(xy_m[told] - (400, 0)).T) <= np.hypot(*(xy_m[told] - (1600, 0)).T)).all()
    scene.plumes.effects["broadcast"](scene.town.place("community-01"), "b-1", False)
    assert not scene.plumes._shelter.told().any()


def test_exposure_falls_while_police_keep_people_away() -> None:
    def exposed(cordon: bool) -> float:
        scene = Scene()
        scene.release(held_kg=1e5)
        task, crew = Task(name="cordon", place=scene.factory), Hand()
        if cordon:
            scene.plumes.works["cordon"].begin(task, crew)
        scene.run(300)
        assert scene.plumes.works["cordon"].tick(task, crew, 5.0) is False
        (event,) = scene.town.stage.events.open_events()
        return event.exposed

    assert exposed(cordon=True) < exposed(cordon=False)


def test_wind_decides_who_breathes_it() -> None:
    def exposed(wind: tuple[float, float]) -> float:
        scene = Scene()
        scene.wind = wind
        scene.release(held_kg=1e5, rate_kgs=6.0)
        scene.run(1200)
        (event,) = scene.town.stage.events.open_events()
        return event.exposed

    # To the south the built-up blocks end after a kilometre.
    assert 0 < exposed((0.0, -2.0)) < 0.8 * exposed((2.0, 0.0))


def test_people_call_for_what_smells_only(scene: Scene) -> None:
    scene.release(substance="carbon_monoxide", held_kg=10.0)
    scene.run(600)
    assert scene.town.calls == []
    scene.release(substance="ammonia", held_kg=10.0)
    scene.run(600)
    assert [(c.line, c.topic) for c in scene.town.calls] == [("119", "hazmat")] * 2


def test_footprints_are_closed_rings_around_what_is_downwind(scene: Scene) -> None:
    scene.release(held_kg=1e5)
    scene.run(1230)
    rings = scene.town.told("hazard_footprint")
    assert [round(r["value"], 1) for r in rings] == [8.7, 58.0] * 3
    wide = scene.town.stage.city.basemap.projection.to_xy(np.array(rings[0]["ring"]))
    assert rings[0]["ring"][0] == rings[0]["ring"][-1]
    assert wide[:, 0].min() > -1
    assert 800 < wide[:, 0].max() < 1400


def test_steam_looks_the_same_to_those_who_call_and_harms_nobody(scene: Scene) -> None:
    scene.plumes.plan("steam", SteamOrder(at_s=60.0, place="factory-02"))
    scene.run(1200)
    (onset,) = scene.town.told("hazard_onset")
    assert onset["decoy"] is True
    assert onset["hazard"] == "steam_cloud"
    assert [c.topic for c in scene.town.calls] == ["hazmat"]
    assert scene.town.told("harm") == []
    assert len(scene.town.told("hazard_end")) == 1


def test_same_seed_same_truth() -> None:
    def truth(seed: int) -> list[dict[str, Any]]:
        scene = Scene(seed)
        scene.release(held_kg=2000.0)
        scene.run(1800)
        return scene.town.records

    assert truth(3) == truth(3)


def test_order_for_a_school_is_refused(scene: Scene) -> None:
    with pytest.raises(InputError, match="kind factory, not school"):
        scene.plumes.plan("leak", HazmatOrder(place="school-01"))

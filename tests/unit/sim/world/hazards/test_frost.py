"""Cold nights and failed burners: alarms, crop, and who makes it warm again."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.clock import Ns, seconds
from sim.world.domains.greenhouses import Greenhouses
from sim.world.hazards.frost import FrostOrder, Frosts, HeaterFailureOrder, loss_per_h
from support.nature import Nature


class Scene:
    """A closed night of 0 °C, and what the orders make of it."""

    def __init__(self) -> None:
        self.town = Nature()
        self.outside_c = 0.0
        self.houses = Greenhouses(
            self.town.stage,
            outdoor_c=lambda xy_m: np.full(len(xy_m), self.air_c()),
            sky=lambda: (0.0, 1.0),
        )
        self.frosts = Frosts(self.town.stage, self.houses)
        self.step_s = 60.0
        self.works = self.frosts.works
        self.place = self.town.place("greenhouse-01")

    def air_c(self) -> float:
        frosts = getattr(self, "frosts", None)
        return self.outside_c + (frosts.anomaly_c(self.town.stage.now) if frosts else 0.0)

    def step(self, now: Ns, dt_s: float) -> None:
        self.houses.step(now, dt_s)
        self.frosts.step(now, dt_s)

    def run(self, span_s: float) -> None:
        self.town.run(self, span_s)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_broken_burner_goes_through_the_alarms_and_costs_the_crop(scene: Scene) -> None:
    scene.outside_c = -5.0
    scene.frosts.plan("fault", HeaterFailureOrder(at_s=600.0, place="greenhouse-01"))
    scene.run(8 * 3600)
    (onset,) = scene.town.told("hazard_onset")
    assert onset["place"] == "greenhouse-01"
    assert onset["cause"] == "fault"
    assert [r["level"] for r in scene.town.told("hazard_level")] == ["IV", "III", "II", "I"]
    # 12 to 10 over -5 °C: tau ln(17 / 15) is 451 s; the alarms of 5 and 2 °C follow.
    assert onset["t_s"] == pytest.approx(600 + 451, abs=61)
    assert 0.9 < scene.frosts.lost_share[0] < 1
    assert scene.frosts.lost_share[1] == 0
    assert [(c.line, c.topic) for c in scene.town.calls] == [("12345", "frost")]


def test_technician_warms_the_house_mends_the_burner_and_leaves(scene: Scene) -> None:
    scene.frosts.plan("fault", HeaterFailureOrder(at_s=0.0, place="greenhouse-01"))
    scene.run(3 * 3600)
    lost = scene.frosts.lost_share[0]
    scene.town.work(scene, "warm", scene.place, 6 * 3600)
    (end,) = scene.town.told("hazard_end")
    assert end["by"] == "warm"
    assert scene.houses.heater_ok.all()
    assert not scene.houses.portable_w.any()
    scene.run(12 * 3600)
    assert scene.frosts.lost_share[0] < lost + 0.2
    assert len(scene.town.told("hazard_onset")) == 1


def test_cold_night_comes_and_goes(scene: Scene) -> None:
    scene.frosts.plan("night", FrostOrder(at_s=3600.0, drop_c=30.0, duration_s=6 * 3600.0))
    start = scene.town.stage.start
    course = [scene.frosts.anomaly_c(Ns(start + seconds(h * 3600))) for h in (0, 1, 1.5, 4, 7, 8)]
    assert course == [0, 0, -15, -30, 0, 0]
    scene.run(12 * 3600)
    ends = scene.town.told("hazard_end")
    assert [e["by"] for e in ends] == ["itself", "itself"]
    assert scene.frosts.totals()["crop_lost_share"] > 0


def test_nothing_is_told_of_a_mild_night(scene: Scene) -> None:
    scene.run(12 * 3600)
    assert scene.town.records == []
    assert scene.frosts.totals() == {}


def test_technician_at_a_school_has_nothing_to_do(scene: Scene) -> None:
    scene.town.work(scene, "warm", scene.town.place("school-01"), 0.0)


def test_crop_is_lost_faster_the_colder_it_is() -> None:
    rates = loss_per_h(np.array([10.0, 5.0, 2.0, -1.0, -5.0]))
    assert (np.diff(rates) > 0).all()
    assert rates[0] < 1e-4
    assert rates[2] == pytest.approx(0.023, abs=0.001)
    assert rates[3] == 0.5

"""A quake as the town meets it: warned, shaken, hurt, dug out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.world.hazards.quake import QuakeOrder, Quakes, Shake
from support.nature import CareBook, Nature


class Scene:
    def __init__(self, seed: int = 7) -> None:
        self.town = Nature(seed)
        self.care = CareBook()
        self.quakes = Quakes(self.town.stage, care=self.care)
        self.shakes: list[tuple[float, Shake]] = []
        self.alerts: list[tuple[float, Shake, Any]] = []
        self.quakes.on_shake.append(lambda s: self.shakes.append((self.t_s(), s)))
        self.quakes.on_alert.append(lambda s, ahead: self.alerts.append((self.t_s(), s, ahead)))

    def t_s(self) -> float:
        return (self.town.stage.now - self.town.stage.start) / 1e9

    def quake(self, span_s: float = 300.0, **fields: Any) -> None:
        order = QuakeOrder(at_s=60.0, **({"aftershocks": False} | fields))
        self.quakes.plan("shock", order)
        self.town.run(self.quakes, span_s)

    def harm(self, what: str) -> int:
        return sum(r["people"] for r in self.town.told("harm", what=what))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_warning_comes_before_the_shaking_of_a_far_quake(scene: Scene) -> None:
    scene.quake(distance_m=80_000.0, magnitude=7.0)
    ((alert_s, expected, ahead_s),) = scene.alerts
    ((shake_s, shake),) = scene.shakes
    # 81.4 km at 3.5 km/s.
    assert shake_s == pytest.approx(60 + 23.3, abs=0.1)
    assert alert_s == pytest.approx(60 + 7.2, abs=0.1)
    assert ahead_s.mean() == pytest.approx(shake_s - alert_s, abs=1.0)
    assert expected.event is None
    assert shake.event is not None


def test_quake_is_told_with_level_rings_and_people(scene: Scene) -> None:
    scene.quake(magnitude=7.0)
    (onset,) = scene.town.told("hazard_onset", hazard="quake")
    assert onset["magnitude"] == 7.0
    assert 6 < onset["severity"] < 10
    (event,) = {r["event"] for r in scene.town.told("hazard_level", event=onset["event"])}
    rings = scene.town.told("hazard_footprint", event=event)
    assert [r["value"] for r in rings] == [5.0, 6.0, 7.0, 8.0, 9.0][: len(rings)]
    assert len(rings) >= 4
    (end,) = scene.town.told("hazard_end", event=event)
    assert 60 <= end["duration_s"] <= 120
    assert end["exposure_person_min"] > 0
    assert [c.topic for c in scene.town.calls].count("quake") == 3


def test_median_of_many_quakes_is_the_attenuation() -> None:
    peaks = []
    for seed in range(60):
        scene = Scene(seed)
        scene.quake(120.0, magnitude=7.0, strike=60.0, azimuth=60.0)
        ((_, shake),) = scene.shakes
        ((_, expected, _),) = scene.alerts
        peaks.append(np.log(shake.pga_at_cell_ms2 / expected.pga_at_cell_ms2))
    # sigma / sqrt(60) is 0.07.
    assert abs(np.mean(peaks)) < 0.2
    assert np.std([p[0] for p in peaks]) == pytest.approx(0.543, abs=0.12)
    # Neighbours share most of their luck, the whole city some of it.
    rows = np.array(peaks)
    assert np.corrcoef(rows[:, 0], rows[:, 1])[0, 1] > 0.95
    assert 0.1 < np.corrcoef(rows[:, 0], rows[:, 69])[0, 1] < 0.8


def test_seismometer_feels_first_p_then_s_then_nothing(scene: Scene) -> None:
    xy_m = np.array([(1500.0, 0.0)])
    read = scene.quakes.fields["seismic"].bind(xy_m, np.array([-1]), np.array([-1]))
    course = []
    scene.quakes.step_s = 1.0
    scene.quakes.plan("s", QuakeOrder(at_s=1.0, distance_m=60_000.0, aftershocks=False))
    scene.town.run(scene.quakes, 120.0, each=lambda: course.append(read()[0, 0]))
    p, s = (np.hypot(60, 15) / v for v in (6.0, 3.5))
    assert max(course[: int(p)]) == 0
    early, late = course[int(p) + 2 : int(s)], course[int(s) + 2 : int(s) + 50]
    assert max(early) == min(early) == pytest.approx(0.15 * max(late))
    assert course[-1] == 0


def test_weak_quake_harms_nobody(scene: Scene) -> None:
    scene.quake(magnitude=5.0, distance_m=60_000.0)
    assert scene.town.told("harm") == []
    assert scene.town.told("hazard_onset", hazard="collapse") == []
    assert scene.town.calls == []


def test_everybody_under_rubble_is_counted_once(scene: Scene) -> None:
    scene.quake(span_s=6 * 3600.0, magnitude=7.5, distance_m=3_000.0)
    place = scene.town.place("community-01")
    before = scene.quakes.trapped_at(place)
    assert before > 5
    assert scene.care.waiting(place) > before
    task = scene.town.work(scene.quakes, "rescue", place, 90_000 * 10)
    totals = scene.quakes.totals()
    assert task.helped == totals["quake_rescued"] > 0
    still = sum(scene.quakes.trapped_at(p) for p in scene.town.stage.places("community"))
    assert totals["quake_trapped"] == (
        totals["quake_rescued"] + totals["quake_trapped_dead"] + still
    )
    assert scene.harm("trapped") == totals["quake_trapped"]
    assert scene.harm("dead") >= totals["quake_trapped_dead"] > 0
    (end,) = [r for r in scene.town.told("hazard_end") if r["event"] == "collapse-community-01-1"]
    assert end["by"] in ("rescue", "itself")
    assert scene.town.stage.events.at(place)["collapse"] == 0.0


def test_aftershocks_come_later_and_weaker() -> None:
    scene = Scene(1)
    scene.quake(span_s=86_400.0, magnitude=7.5, distance_m=40_000.0, aftershocks=True)
    first, *others = scene.shakes
    assert others
    assert all(t > first[0] and s.magnitude <= 6.3 for t, s in others)
    onsets = scene.town.told("hazard_onset", hazard="quake")
    assert {r["cause"] for r in onsets} == {"shock"}


def test_same_seed_same_truth() -> None:
    def truth() -> list[dict[str, Any]]:
        scene = Scene(5)
        scene.quake(3600.0, magnitude=7.0, aftershocks=True)
        return scene.town.records

    assert truth() == truth()

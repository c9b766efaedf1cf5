"""Machines that run, wear, break and stand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.world.domains.machines import BROKEN_MMS, Machines
from support.nature import Nature


class Scene:
    def __init__(self, seed: int = 7) -> None:
        self.town = Nature(seed)
        self.powered = np.ones(len(self.town.stage.city.basemap.places), dtype=bool)
        self.machines = Machines(self.town.stage, powered=lambda: self.powered)

    def run(self, span_s: float) -> None:
        self.town.run(self.machines, span_s)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_sound_machines_run_in_zone_a_for_ever(scene: Scene) -> None:
    before = scene.machines.vibration_mms.copy()
    scene.run(86_400)
    assert (before < 1.4).all()
    assert (scene.machines.vibration_mms == before).all()
    assert scene.machines.totals() == {}


def test_wear_grows_by_e_in_tau_until_it_breaks_and_stands(scene: Scene) -> None:
    scene.machines.wear(0, 2.0, 3600.0)
    scene.run(3600)
    assert scene.machines.vibration_mms[0] == pytest.approx(2 * math.e)
    scene.run(3600)
    assert scene.machines.broken.tolist() == [True, False]
    assert scene.machines.vibration_mms[0] == BROKEN_MMS
    # It broke after tau ln(11.2 / 2).
    broke_s = 3600 * math.log(BROKEN_MMS / 2)
    assert scene.machines.down_s[0] == pytest.approx(7200 - broke_s, abs=61)
    scene.machines.mend(0)
    assert scene.machines.runs().all()


def test_stopped_machine_does_not_wear(scene: Scene) -> None:
    scene.machines.wear(0, 2.0, 3600.0)
    stop, place = scene.machines.effects["site_stop"], scene.town.place("factory-01")
    stop(place, "stop-1", True)
    scene.run(3600)
    assert scene.machines.vibration_mms[0] == 2.0
    assert scene.machines.totals()["machine_down_h"] == 1.0
    stop(place, "stop-1", False)
    scene.powered[place] = False
    assert scene.machines.runs().tolist() == [False, True]


def test_sensor_reads_what_turns(scene: Scene) -> None:
    places = np.array([scene.town.place("factory-01"), scene.town.place("school-01"), -1])
    read = scene.machines.fields["vibration"].bind(np.zeros((3, 2)), np.full(3, -1), places)
    assert read()[0].tolist() == [scene.machines.vibration_mms[0], 0.0, 0.0]
    scene.powered[:] = False
    assert not read().any()

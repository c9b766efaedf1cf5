"""Strain of a bridge by what stands on it and how warm it is."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.domains.bridges import DESIGN_MICROSTRAIN, DESIGN_N, SPAN_M, Bridges
from support.nature import Nature


class Scene:
    def __init__(self) -> None:
        self.town = Nature()
        self.density_vpm = np.zeros(len(self.town.stage.city.basemap.roads))
        self.temp_c = 15.0
        self.bridges = Bridges(
            self.town.stage,
            density_vpm=lambda: self.density_vpm,
            temp_c=lambda: self.temp_c,
        )
        self.place = self.town.place("bridge-01")

    def run(self, span_s: float) -> None:
        self.town.run(self.bridges, span_s)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_design_load_of_a_lane_of_30_metres() -> None:
    # 10.5 kN/m over 30 m bends it as 157.5 kN in the middle; 2 x 160 = 320 kN more.
    assert pytest.approx(477.5e3) == DESIGN_N


def test_empty_bridge_at_the_set_temperature_is_unstrained(scene: Scene) -> None:
    scene.run(60)
    assert scene.bridges.microstrain().tolist() == [0.0]
    scene.temp_c = 35.0
    assert scene.bridges.microstrain() == pytest.approx([20.0])


def test_jam_strains_it_less_than_design(scene: Scene) -> None:
    scene.density_vpm[[2, 6]] = 0.14
    scene.run(60)
    assert 0.1 < scene.bridges.ratio[0] < 0.4
    assert scene.bridges.on_span[0] == pytest.approx(2 * 0.14 * SPAN_M)
    assert scene.bridges.crack_mm[0] == Scene().bridges.crack_mm[0]


def test_design_load_gives_design_strain_and_lost_strength_more(scene: Scene) -> None:
    scene.bridges.load(0, DESIGN_N)
    scene.run(60)
    assert scene.bridges.microstrain() == pytest.approx([DESIGN_MICROSTRAIN])
    scene.bridges.weaken(0, 0.5)
    scene.run(60)
    assert scene.bridges.ratio == pytest.approx([2.0])


def test_cracks_grow_only_in_overload(scene: Scene) -> None:
    scene.bridges.load(0, 0.8 * DESIGN_N)
    before = float(scene.bridges.crack_mm[0])
    scene.run(3600)
    assert scene.bridges.crack_mm[0] == before
    scene.bridges.load(0, 0.2 * DESIGN_N)
    scene.run(3600)
    assert scene.bridges.crack_mm[0] == pytest.approx(before + 0.02)


def test_sign_turns_most_back_and_the_barrier_all(scene: Scene) -> None:
    scene.bridges.load(0, DESIGN_N)
    scene.bridges.effects["message_sign"](scene.place, "sign-1", True)
    scene.run(60)
    assert scene.bridges.ratio == pytest.approx([0.3])
    scene.bridges.effects["barrier"](scene.place, "barrier-1", True)
    scene.run(60)
    assert scene.bridges.ratio == pytest.approx([0.0])
    scene.bridges.effects["barrier"](scene.place, "barrier-1", False)
    scene.bridges.effects["message_sign"](scene.place, "sign-1", False)
    scene.run(60)
    assert scene.bridges.ratio == pytest.approx([1.0])


def test_sensors_read_their_bridge(scene: Scene) -> None:
    scene.bridges.load(0, DESIGN_N)
    scene.run(60)
    at = (np.zeros((2, 2)), np.full(2, -1), np.array([scene.place, -1]))
    strain, crack, shake = (
        scene.bridges.fields[kind].bind(*at)()[0]
        for kind in ("strain", "crack", "bridge_vibration")
    )
    assert strain.tolist() == [DESIGN_MICROSTRAIN, 0.0]
    assert 0.03 < crack[0] < 0.2
    assert shake[0] == pytest.approx(0.155)

"""Epidemics against what theory says of them, and the counts they leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from sim.kernel.rng import SeededStreams
from sim.world.domains.epidemic import (
    DAY_S,
    PATHOGENS,
    SCHOOL_R,
    SIGNALS,
    Circulation,
    Epidemic,
    mixing,
)
from support.nature import Nature

FLU = replace(PATHOGENS["influenza"], silent=1.0)
"""With silent cases as infectious as the others the classic SEIR remains."""


def one_group(people: int, seed: int = 1, r0: float | None = None) -> Circulation:
    return Circulation(
        FLU, np.array([people]), np.ones((1, 1)), SeededStreams(seed), "test.flu", r0=r0
    )


@given(
    st.integers(0, 2**31), st.floats(0.5, 8), st.integers(1, 500), st.sampled_from([900, 43_200])
)
def test_everybody_is_in_one_compartment(seed: int, r0: float, infected: int, dt_s: int) -> None:
    people = np.array([900, 300, 5000])
    shares = mixing(people.astype(float), np.array([(0.0, 0), (4e3, 0), (0, 9e3)]))
    flu = Circulation(FLU, people, shares, SeededStreams(seed), "test", r0=r0)
    flu.seed(1, infected)
    for _ in range(60):
        flu.step(dt_s)
        assert flu.counts.sum(axis=0).tolist() == people.tolist()
        assert flu.counts.min() >= 0


@pytest.mark.parametrize("r0", [1.3, 2.0, 4.62])
def test_final_size_solves_its_equation(r0: float) -> None:
    people = 400_000
    flu = one_group(people, r0=r0)
    flu.seed(0, 400)
    while not flu.is_over:
        flu.step(7200.0)
    hit = 1 - flu.counts[0, 0] / people
    want = brentq(lambda z: 1 - np.exp(-r0 * z) * (1 - 400 / people) - z, 1e-3, 1.0)
    assert hit == pytest.approx(want, abs=0.015)


def test_early_growth_solves_its_equation() -> None:
    # (r + 1/latent) (r + 1/infectious) = R0 / latent / infectious, in days.
    flu = one_group(50_000_000, r0=2.0)
    flu.seed(0, 20_000)
    counts = []
    for _ in range(24 * 14):
        flu.step(3600.0)
        counts.append(flu.counts[1:4].sum())
    rate = np.log(counts[-1] / counts[24 * 7]) / (len(counts) - 1 - 24 * 7) * 24
    latent, infectious = FLU.latent_s / DAY_S, FLU.infectious_s / DAY_S
    want = brentq(
        lambda r: (r + 1 / latent) * (r + 1 / infectious) - 2.0 / latent / infectious, 0, 5
    )
    assert rate == pytest.approx(want, rel=0.03)


def test_damping_below_one_over_r0_lets_it_die_out() -> None:
    flu = one_group(100_000, r0=2.0)
    flu.seed(0, 50)
    flu.damping[:] = 0.3
    for _ in range(24 * 200):
        flu.step(3600.0)
    assert flu.is_over
    assert flu.counts[4, 0] < 300
    assert flu.reproduction == pytest.approx(0.6, abs=0.01)


def test_gravity_mixes_most_at_home_and_more_nearby() -> None:
    shares = mixing(np.full(3, 1e5), np.array([(0.0, 0), (4e3, 0), (20e3, 0)]))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares[0, 0] > 0.7
    assert shares[0, 1] > 3 * shares[0, 2]
    # R0 is that of the whole: rows adding up to 1 have the largest eigenvalue 1.
    assert np.abs(np.linalg.eigvals(shares)).max() == pytest.approx(1.0)


class Scene:
    def __init__(self, seed: int = 7) -> None:
        self.town = Nature(seed)
        usual = np.array([7.5, 0.2, 0.5, 0.15, 0.5])
        self.epidemic = Epidemic(self.town.stage, usual=lambda now: usual)

    def run(self, days: float) -> None:
        self.town.run(self.epidemic, days * DAY_S)

    def counts(self, place_id: str) -> dict[str, float]:
        at = np.array([self.town.place(place_id)])
        read = self.epidemic.fields["clinic_counts"].bind(np.zeros((1, 2)), np.array([-1]), at)
        return dict(zip(SIGNALS, read()[:, 0].tolist(), strict=True))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_quiet_days_count_what_is_usual(scene: Scene) -> None:
    seen = []
    for _ in range(20):
        scene.run(1)
        seen.append([scene.counts(p) for p in ("clinic-01", "clinic-02", "hospital-01")])
    people = scene.town.stage.city.cells.people.sum()
    total = np.mean([sum(c["outpatients"] for c in day) for day in seen])
    assert total == pytest.approx(7.5 * people / 1000, rel=0.03)
    assert all(c["influenza_like"] <= c["outpatients"] for day in seen for c in day)
    assert scene.counts("school-01") == dict.fromkeys(SIGNALS, 0.0) | {"absent": 16.0}
    assert scene.counts("factory-01") == dict.fromkeys(SIGNALS, 0.0)


def test_sensor_at_no_place_counts_nobody(scene: Scene) -> None:
    read = scene.epidemic.fields["clinic_counts"].bind(
        np.zeros((1, 2)), np.array([-1]), np.array([-1])
    )
    assert not read().any()


def test_norovirus_shows_as_diarrhoea_not_as_influenza(scene: Scene) -> None:
    before = scene.counts("clinic-01")
    scene.epidemic.start("noro", "norovirus", scene.town.place("clinic-01"), 500)
    scene.run(4)
    after = scene.counts("clinic-01")
    assert after["diarrhoea"] > 4 * max(before["diarrhoea"], 5)
    assert after["influenza_like"] < before["influenza_like"] + 30


def test_school_outbreak_empties_its_classes_only(scene: Scene) -> None:
    school = scene.town.place("school-01")
    circulation = scene.epidemic.start("flu", "influenza", school, 5)
    assert circulation.r0 == SCHOOL_R
    scene.run(8)
    assert scene.counts("school-01")["absent"] > 60
    assert circulation.counts.sum() == 800
    scene.run(60)
    assert scene.epidemic.circulations == {}
    assert scene.counts("school-01")["absent"] == 16.0


def test_neighbouring_district_is_reached_later(scene: Scene) -> None:
    circulation = scene.epidemic.start("noro", "norovirus", scene.town.place("clinic-01"), 50)
    scene.run(12)
    west, east = circulation.counts[1:].sum(axis=0) / scene.epidemic.districts
    assert west > east > 0

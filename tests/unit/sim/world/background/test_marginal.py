from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.background.calendar import hours
from sim.world.background.fitted import POLLUTANTS, WEATHER, skies
from sim.world.background.waves import Waves

MARGINALS = skies().weather | skies().air


@pytest.mark.parametrize("name", [*WEATHER, *POLLUTANTS])
def test_greater_scores_are_greater_values_in_every_hour_of_the_year(name):
    when = hours(400_000, 8_760)
    low, high = (MARGINALS[name].values(np.full(8_760, z), when) for z in (-1.0, 1.0))
    assert (high > low).all()


@given(score=st.floats(-3.0, 3.0), first=st.integers(300_000, 600_000))
def test_scores_come_back_from_values(score, first):
    when = hours(first, 24)
    marginal = MARGINALS["pm25"]
    value = marginal.values(np.full(24, score), when)
    assert marginal.scores(value, when) == pytest.approx(np.full(24, score), abs=1e-6)


def test_what_was_not_measured_has_no_score():
    assert np.isnan(MARGINALS["o3"].scores(np.array([np.nan]), hours(0, 1))).all()


@pytest.mark.parametrize("distance_m", [0.0, 1_000.0, 8_000.0, 30_000.0])
def test_waves_have_the_exponential_correlation(distance_m):
    waves = Waves(15_000.0, 48)
    rng = np.random.default_rng(2)
    here = rng.uniform(-20_000, 20_000, (500, 2))
    turn = rng.uniform(0, 2 * np.pi, 500)
    there = here + distance_m * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    found = (waves.at(here) * waves.at(there)).sum(axis=1)
    assert found.mean() == pytest.approx(np.exp(-distance_m / 15_000), abs=0.02)
    assert found.std() < 0.07
    assert (waves.at(here) ** 2).sum(axis=1) == pytest.approx(np.ones(500))

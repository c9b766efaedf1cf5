"""Whole people out of expected numbers."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.hazards.toll import Toll


def test_toll_keeps_the_mean_and_takes_nobody_back() -> None:
    offsets = (np.arange(1000) + 0.5) / 1000
    tolls = [Toll(offset) for offset in offsets]
    for expected in (0.2, 0.7, 0.6, 3.3):
        assert all(toll.rise_to(expected) >= 0 for toll in tolls)
    assert np.mean([toll.people for toll in tolls]) == pytest.approx(3.3)

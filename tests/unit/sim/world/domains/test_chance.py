from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.rng import SeededStreams
from sim.world.domains.chance import Arrivals


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(0, 20))
def test_arrivals_do_not_depend_on_how_time_is_cut(steps, seed) -> None:
    cut, whole = (Arrivals(SeededStreams(seed), "a") for _ in range(2))
    numbers = [number for step in steps for number in cut.pass_by(step)]
    assert numbers == list(range(cut.count))
    # Sums round: an arrival just at the end may fall on either side of it.
    assert abs(len(whole.pass_by(sum(steps))) - cut.count) <= 1


def test_arrivals_come_as_often_as_expected() -> None:
    arrivals = Arrivals(SeededStreams(1), "a")
    for _ in range(1000):
        arrivals.pass_by(2.5)
    assert arrivals.count == pytest.approx(2500, abs=4 * 50)


def test_no_rate_draws_nothing() -> None:
    class NoStreams:
        def at(self, name: str, tick: int) -> None:
            raise AssertionError("drew")

    assert list(Arrivals(NoStreams(), "a").pass_by(0.0)) == []

"""Time that its owner moves, and chance that knows what it is for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel import units
from sim.kernel.clock import SECOND, Ns, SteppedClock, iso, next_multiple, seconds
from sim.kernel.errors import InputError
from sim.kernel.ids import Counter, slug
from sim.kernel.rng import SeededStreams

START = Ns(1_784_624_400 * SECOND)


def test_timers_before_the_stamp_run_each_at_its_own_time_and_those_at_it_wait():
    clock = SteppedClock(START)
    seen: list[tuple[str, int]] = []
    for name, second in (("late", 3), ("early", 1), ("at", 2)):
        clock.call_at(
            Ns(START + second * SECOND),
            lambda name=name: seen.append((name, (clock.now() - START) // SECOND)),
            name=name,
        )
    clock.advance_to(Ns(START + 2 * SECOND))
    assert seen == [("early", 1)]
    clock.advance_to(Ns(START + 4 * SECOND))
    assert seen == [("early", 1), ("at", 2), ("late", 3)]
    assert clock.now() == START + 4 * SECOND


def test_repeated_call_runs_at_whole_multiples_until_cancelled():
    clock = SteppedClock(Ns(START + 1))
    ticks: list[int] = []
    timer = clock.call_every(seconds(5), lambda: ticks.append(clock.now()), name="tick")
    clock.advance_to(Ns(START + 16 * SECOND))
    assert ticks == [START + 5 * SECOND, START + 10 * SECOND, START + 15 * SECOND]
    timer.cancel()
    clock.advance_to(Ns(START + 60 * SECOND))
    assert len(ticks) == 3


@given(moves=st.lists(st.integers(0, 20), min_size=1, max_size=20))
def test_many_small_moves_run_the_same_timers_as_one_large_one(moves):
    def run(stamps: list[int]) -> list[tuple[int, int]]:
        clock = SteppedClock(START)
        seen: list[tuple[int, int]] = []
        for period in (2, 3, 7):
            clock.call_every(
                Ns(period * SECOND),
                lambda period=period: seen.append((period, clock.now())),
                name="t",
            )
        for stamp in stamps:
            clock.advance_to(Ns(START + stamp * SECOND))
        clock.advance_to(Ns(START + 500 * SECOND))
        return seen

    stamps = np.cumsum(moves).tolist()
    assert run(stamps) == run([])


def test_time_is_written_in_beijing_to_the_millisecond():
    assert iso(START + 1_234_000_000) == "2026-07-21T17:00:01.234+08:00"
    assert next_multiple(10, 5) == 15


def test_streams_depend_on_seed_name_and_tick_alone():
    one, two = SeededStreams(7), SeededStreams(7)
    two.at("something.else", 3).random(100)
    assert np.array_equal(one.at("a.b", 5).random(9), two.at("a.b", 5).random(9))
    draws = [
        one.at("a.b", 5).random(),
        one.at("a.b", 6).random(),
        one.at("a.c", 5).random(),
        SeededStreams(8).at("a.b", 5).random(),
    ]
    assert len(set(draws)) == 4


def test_first_devices_draw_alike_in_cohorts_of_any_size():
    streams = SeededStreams(1)
    small = streams.at("noise", 1).standard_normal(100)
    assert np.array_equal(small, streams.at("noise", 1).standard_normal(250)[:100])


def test_counter_goes_on_after_what_it_has_seen():
    counter = Counter("inc")
    assert counter.take() == "inc-000001"
    counter.seen("inc-000041")
    counter.seen("cmd-000099")
    assert counter.take() == "inc-000042"
    assert slug("Café – 北京", "none") == "caf"
    assert slug("北京", "none") == "none"


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("5 min", "s", 300), ("1.5 h", "s", 5400), ("3 ha", "m2", 30_000), ("1 %", "1", 0.01)],
)
def test_quantities_become_si(text, unit, value):
    assert units.parse(text, unit, thing="x") == pytest.approx(value)


@pytest.mark.parametrize("text", ["5", "min", "5 kg", "", True, None, 5])
def test_quantity_without_number_or_unit_is_refused_by_name(text):
    with pytest.raises(InputError, match="interval"):
        units.parse(text, "s", thing="interval")

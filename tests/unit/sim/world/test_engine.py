from __future__ import annotations

from itertools import pairwise

import pytest

from sim.kernel.clock import MILLISECOND, MINUTE, SECOND, Ns, SteppedClock, monotonic_s, seconds
from sim.kernel.errors import InputError
from sim.world.engine import CENTRE, CITY, PHYSICS, Brake, Flow, SimEngine

START = Ns(1_784_624_400_123_000_000)


def after(span_s: float) -> Ns:
    return Ns(START + seconds(span_s))


def test_at_one_instant_physics_city_and_centre_run_in_that_order() -> None:
    engine = SimEngine(START)
    seen: list[str] = []
    for name, priority in (("centre", CENTRE), ("city", CITY), ("physics", PHYSICS)):
        engine.clock(priority).call_at(after(1), lambda name=name: seen.append(name), name="test")

    def process() -> Flow:
        yield engine.wait(seconds(1))
        seen.append("process")

    engine.process(process())
    engine.run(after(1))
    assert seen == ["physics", "city", "process", "centre"]


def test_what_the_city_adds_at_an_instant_still_precedes_the_centre() -> None:
    engine = SimEngine(START)
    city, centre = engine.clock(CITY), engine.clock(CENTRE)
    seen: list[str] = []

    def first() -> None:
        seen.append("first")
        city.call_at(engine.now(), lambda: seen.append("follows"), name="test")

    centre.call_at(after(1), lambda: seen.append("centre"), name="test")
    city.call_at(after(1), first, name="test")
    engine.run(after(1))
    assert seen == ["first", "follows", "centre"]


def test_calls_of_one_priority_run_by_time_then_sequence() -> None:
    engine = SimEngine(START)
    clock = engine.clock(CITY)
    seen: list[int] = []
    for number, at_s in enumerate((3, 1, 2, 1)):
        clock.call_at(after(at_s), lambda number=number: seen.append(number), name="test")
    engine.run(after(5))
    assert seen == [1, 3, 2, 0]


def test_repeated_calls_come_at_multiples_of_the_period_since_the_epoch() -> None:
    engine = SimEngine(START)
    seen: list[int] = []
    engine.clock(CITY).call_every(seconds(5), lambda: seen.append(engine.now()), name="test")
    engine.run(after(20))
    assert len(seen) == 4
    assert all(at % (5 * SECOND) == 0 for at in seen)
    assert seen[0] - START < 5 * SECOND


def test_engine_and_stepped_clock_order_the_same_calls_alike() -> None:
    engine = SimEngine(START)
    stepped = SteppedClock(START)

    def plan(clock: object) -> list[tuple[str, int]]:
        seen: list[tuple[str, int]] = []

        def often() -> None:
            seen.append(("often", clock.now()))
            clock.call_at(
                Ns(clock.now() + 2 * SECOND), lambda: seen.append(("late", clock.now())), name=""
            )

        clock.call_every(seconds(2), often, name="")
        clock.call_every(seconds(4), lambda: seen.append(("rarely", clock.now())), name="")
        clock.call_at(START, lambda: seen.append(("past", clock.now())), name="")
        return seen

    by_engine, by_steps = plan(engine.clock(CENTRE)), plan(stepped)
    engine.run(after(30))
    stepped.advance_to(after(30), inclusive=True)
    assert by_engine == by_steps


def test_cancelled_calls_do_not_run() -> None:
    engine = SimEngine(START)
    clock = engine.clock(CITY)
    seen: list[str] = []
    once = clock.call_at(after(1), lambda: seen.append("once"), name="test")
    often = clock.call_every(seconds(1), lambda: seen.append("often"), name="test")
    clock.call_at(after(2.5), often.cancel, name="test")
    once.cancel()
    engine.run(after(10))
    assert seen == ["often", "often"]


def test_run_includes_its_last_instant_and_stands_there() -> None:
    engine = SimEngine(START)
    seen: list[int] = []
    engine.clock(CENTRE).call_at(after(3), lambda: seen.append(3), name="test")
    engine.clock(CITY).call_at(after(3.001), lambda: seen.append(4), name="test")
    assert engine.run(after(3))
    assert (seen, engine.now()) == ([3], after(3))
    assert engine.run(after(4))
    assert (seen, engine.now()) == ([3, 4], after(4))


def test_time_stays_a_python_int() -> None:
    engine = SimEngine(START)
    engine.run(Ns(after(1) + 1))
    assert type(engine.now()) is int
    assert engine.now() == after(1) + 1


def test_progress_is_told_by_the_minute_and_a_stop_is_obeyed() -> None:
    engine = SimEngine(START)
    engine.clock(CITY).call_every(seconds(5), lambda: None, name="test")
    told: list[int] = []
    reached = engine.run(
        after(3600), on_progress=told.append, should_stop=lambda: engine.now() >= after(600)
    )
    assert not reached
    assert after(600) <= engine.now() <= after(605)
    assert 9 <= len(told) <= 10
    assert all(b - a >= MINUTE for a, b in pairwise(told))


def test_an_error_in_a_call_or_a_process_ends_the_run() -> None:
    engine = SimEngine(START)

    def fail() -> Flow:
        yield engine.wait(seconds(1))
        raise ValueError("boom")

    engine.process(fail())
    with pytest.raises(ValueError, match="boom"):
        engine.run(after(2))


def test_brake_keeps_city_time_to_the_wall() -> None:
    engine = SimEngine(START)
    engine.clock(CITY).call_every(seconds(20), lambda: None, name="test")
    began_s = monotonic_s()
    engine.run(after(200), brake=Brake(1000))
    assert 0.2 <= monotonic_s() - began_s < 5.0


def test_braked_city_polls_often_and_handles_what_comes_at_its_present() -> None:
    engine = SimEngine(START)
    clock = engine.clock(CITY)
    polled: list[int] = []
    handled: list[int] = []

    def between(now: Ns) -> None:
        assert now == engine.now()
        polled.append(now)
        if len(polled) == 2:
            clock.call_at(now, lambda: handled.append(engine.now()), name="inbound")

    engine.run(after(9000), brake=Brake(1000, between), should_stop=lambda: len(polled) >= 4)
    assert polled == sorted(polled)
    assert handled == [polled[1]]
    assert START < handled[0] < engine.now()
    assert all(at % MILLISECOND == 0 for at in polled)


def test_a_city_that_falls_behind_still_polls_between_its_events() -> None:
    engine = SimEngine(START)
    polled: list[int] = []

    def slow() -> None:
        until = monotonic_s() + 0.02
        while monotonic_s() < until:
            pass

    engine.clock(CITY).call_every(seconds(1), slow, name="slow")
    engine.run(after(15), brake=Brake(1e6, polled.append))
    assert 3 <= len(polled) <= 15


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_brake_refuses_a_speed_that_is_not_positive(speed: float) -> None:
    with pytest.raises(InputError, match="speed"):
        Brake(speed)

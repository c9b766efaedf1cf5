from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.clock import SteppedClock, seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.messages.envelope import WireMessage
from sim.transport.faults import FaultyWire, NetworkFaults
from support.town import START


def run(faults: NetworkFaults, count: int = 400, *, seed: int = 1, qos: int = 0):
    clock, out = SteppedClock(START), []
    wire = FaultyWire(faults, SeededStreams(seed), clock, lambda m: out.append((clock.now(), m)))
    for number in range(count):
        clock.advance_to(START + seconds(number))
        wire(WireMessage(str(number), b"", qos=qos))
    wire.release()
    clock.advance_to(START + seconds(count + 1000))
    return wire.counts, [(at - START, int(m.topic)) for at, m in out]


def test_a_sound_network_changes_nothing():
    counts, out = run(NetworkFaults())
    assert [number for _, number in out] == list(range(400))
    assert counts.lost == counts.duplicated == counts.reordered == counts.delayed == 0


def test_the_same_seed_makes_the_same_trouble_and_another_seed_other_trouble():
    faults = NetworkFaults(loss=0.1, duplicate=0.1, reorder=0.1, delay_s_mean=2.0)
    assert run(faults) == run(faults)
    assert run(faults) != run(faults, seed=2)


def test_losses_come_at_the_rate_asked_for():
    counts, out = run(NetworkFaults(loss=0.25), count=2000)
    assert counts.lost == 2000 - len(out)
    # Four standard deviations of a binomial count.
    assert abs(counts.lost - 500) < 4 * (2000 * 0.25 * 0.75) ** 0.5


def test_what_is_sent_at_least_once_is_never_lost():
    _, out = run(NetworkFaults(loss=1.0), qos=1)
    assert len(out) == 400


def test_raising_one_chance_leaves_the_other_victims_as_they_were():
    lost_alone = {n for _, n in run(NetworkFaults(loss=0.2))[1]}
    lost_and_more = {n for _, n in run(NetworkFaults(loss=0.2, duplicate=0.5, reorder=0.5))[1]}
    assert lost_alone == lost_and_more


def test_a_message_overtaken_comes_right_after_its_successor():
    _, out = run(NetworkFaults(reorder=0.3))
    order = [number for _, number in out]
    assert sorted(order) == list(range(400))
    assert order != sorted(order)
    assert all(abs(place - number) <= 1 for place, number in enumerate(order))


def test_delays_have_the_mean_asked_for_and_stay_below_their_limit():
    _, out = run(NetworkFaults(delay_s_mean=5.0, delay_s_max=30.0), count=3000)
    delays_s = [(at - seconds(number)) / 1e9 for at, number in out]
    assert min(delays_s) >= 0
    assert max(delays_s) <= 30.0
    # An exponential's mean is its deviation; the cut at six means takes 0.25 % of it.
    assert abs(sum(delays_s) / len(delays_s) - 5.0) < 4 * 5.0 / 3000**0.5 + 0.02


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 3))
def test_every_message_is_either_lost_or_comes_once_or_twice(loss, duplicate, reorder, delay):
    counts, out = run(
        NetworkFaults(loss=loss, duplicate=duplicate, reorder=reorder, delay_s_mean=delay), 40
    )
    came = Counter(number for _, number in out)
    assert len(came) == 40 - counts.lost
    assert set(came.values()) <= {1, 2}
    assert sum(came.values()) == len(came) + counts.duplicated


@pytest.mark.parametrize("wrong", [{"loss": -0.1}, {"loss": 1.1}, {"delay_s_mean": float("nan")}])
def test_a_chance_outside_zero_to_one_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        NetworkFaults(**wrong)

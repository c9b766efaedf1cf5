import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.clocks import DeviceClocks
from devices.link import FIBRE, FOUR_G, LORAWAN, NB_IOT, Radio, sparse_hits
from sim.kernel.clock import HOUR, MILLISECOND, SECOND, Ns
from sim.kernel.rng import SeededStreams

STREAMS = SeededStreams(11)
T0 = Ns(600 * SECOND)


def radio(network, n=1000, delivery_s=5.0, loss=0.0, duplicate_share=0.0):
    return Radio(
        network,
        name="devices.x",
        n=n,
        delivery_s=delivery_s,
        loss=loss,
        duplicate_share=duplicate_share,
    )


def arrived(fate, m):
    """Return how many copies of each of `m` rows come in."""
    copies = np.zeros(m, dtype=int)
    for _, rows in fate.arrivals:
        copies[slice(None) if rows is None else rows] += 1
    return copies


def test_a_perfect_radio_brings_all_with_the_next_delivery():
    fate = radio(FOUR_G).send(T0, 1, None, STREAMS)
    assert [(when - T0, rows) for when, rows in fate.arrivals] == [(5 * SECOND, None)]
    assert (fate.lost, fate.duplicated) == (0, 0)


def test_unconfirmed_reports_are_lost_at_the_network_s_share():
    lost = [radio(LORAWAN, n=20_000, loss=0.01).send(T0, k, None, STREAMS).lost for k in range(50)]
    expected = 20_000 * 50 * 0.01
    assert abs(sum(lost) - expected) < 4 * math.sqrt(expected)
    assert np.var(lost) == pytest.approx(200 * 0.99, rel=4 * math.sqrt(2 / 50))


def test_each_device_loses_at_its_own_share():
    loss = np.where(np.arange(10_000) % 2, 0.1, 0.01)
    lossy = radio(LORAWAN, n=10_000, loss=loss)
    copies = sum(arrived(lossy.send(T0, k, None, STREAMS), 10_000) for k in range(40))
    lost = 40 - copies
    assert lost[0::2].mean() / 40 == pytest.approx(0.01, abs=4 * math.sqrt(0.01 / 200_000))
    assert lost[1::2].mean() / 40 == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / 200_000))


def test_repetitions_are_geometric_and_the_last_failure_loses_the_report():
    fate = radio(NB_IOT, n=50_000, loss=0.5).send(T0, 1, None, STREAMS)
    assert fate.lost == pytest.approx(50_000 / 32, abs=4 * math.sqrt(50_000 / 32))
    repeats = np.bincount(fate.repeats, minlength=5)[1:]
    expected = [50_000 / 4, 50_000 / 8, 50_000 / 16, 50_000 / 16]
    np.testing.assert_allclose(repeats, expected, rtol=0.1)
    assert arrived(fate, 50_000).sum() == 50_000 - fate.lost


def test_a_repeated_report_comes_in_after_its_timeouts():
    fate = radio(FOUR_G, n=50_000, loss=0.5).send(T0, 1, None, STREAMS)
    by_delivery = {(when - T0) // SECOND: len(rows) for when, rows in fate.arrivals}
    # Timeouts add up to 0, 1, 3, 7, 15, 31 s: the first three still meet the first delivery.
    assert sorted(by_delivery) == [5, 10, 20, 35]
    assert by_delivery[5] == pytest.approx(50_000 * 0.875, rel=0.01)


def test_total_loss_brings_nothing():
    fate = radio(LORAWAN, n=100, loss=1.0).send(T0, 1, None, STREAMS)
    assert fate.arrivals == []
    assert fate.lost == 100


@pytest.mark.parametrize("network", [NB_IOT, LORAWAN, FOUR_G, FIBRE], ids=lambda n: n.name)
def test_delays_are_log_normal_between_the_network_s_bounds(network):
    fate = radio(network, n=20_000, delivery_s=0.001).send(T0, 1, None, STREAMS)
    delay_s = np.concatenate(
        [np.full(len(rows), (when - T0) / SECOND) for when, rows in fate.arrivals]
    )
    assert len(delay_s) == 20_000
    assert delay_s.max() <= network.longest_s
    median_s = math.sqrt(network.low_s * network.high_s)
    assert np.median(delay_s) == pytest.approx(median_s, rel=0.03, abs=0.001)
    assert np.mean(delay_s <= network.low_s) == pytest.approx(0.0228, abs=0.006)


def test_slow_reports_spread_over_deliveries_and_none_is_before_its_delay():
    fate = radio(NB_IOT, n=5_000).send(T0, 1, None, STREAMS)
    when_s = [(when - T0) / SECOND for when, _ in fate.arrivals]
    assert when_s == sorted(when_s)
    assert when_s[:2] == [5.0, 10.0]
    assert all(when % 5.0 == 0 for when in when_s)


def test_duplicates_come_one_delivery_later_at_their_share():
    many = radio(FOUR_G, n=100_000, duplicate_share=0.01).send(T0, 1, None, STREAMS)
    (first, everyone), (second, twice) = many.arrivals
    assert everyone is None
    assert second - first == 5 * SECOND
    assert len(twice) == many.duplicated == pytest.approx(1000, abs=4 * math.sqrt(1000))


def test_a_lost_report_has_no_duplicate():
    fate = radio(LORAWAN, n=5_000, loss=0.5, duplicate_share=0.5).send(T0, 1, None, STREAMS)
    copies = arrived(fate, 5_000)
    assert np.count_nonzero(copies == 0) == fate.lost
    assert np.count_nonzero(copies == 2) == fate.duplicated


def test_only_what_is_due_is_sent_and_its_luck_does_not_depend_on_who_else_is():
    lossy = radio(LORAWAN, n=1000, loss=0.2)
    due = np.arange(0, 1000, 3)
    everyone = arrived(lossy.send(T0, 1, None, STREAMS), 1000)
    some = arrived(lossy.send(T0, 1, due, STREAMS), len(due))
    np.testing.assert_array_equal(some, everyone[due])


@pytest.mark.parametrize("network", [NB_IOT, LORAWAN])
def test_first_hundred_devices_fare_alike_in_cohorts_of_100_and_250(network):
    def fortunes(n):
        fate = radio(network, n=n, loss=0.3, duplicate_share=0.1).send(T0, 4, None, STREAMS)
        return [
            (when, row)
            for when, rows in fate.arrivals
            for row in (np.arange(n) if rows is None else rows).tolist()
            if row < 100
        ]

    assert fortunes(100) == fortunes(250)


@given(
    st.integers(0, 300),
    st.integers(0, 300),
    st.one_of(st.sampled_from([0.0, 1e-12, 0.5, 1.0]), st.floats(0.001, 1.0)),
    st.integers(0, 1000),
)
def test_hits_of_fewer_are_the_first_hits_of_more(n, more, share, tick):
    few = sparse_hits(STREAMS.at("hits", tick), share, n)
    many = sparse_hits(STREAMS.at("hits", tick), share, n + more)
    np.testing.assert_array_equal(few, many[many < n])
    assert (np.diff(many) > 0).all()
    assert len(many) == 0 or (many[0] >= 0 and many[-1] < n + more)


def test_hits_are_independent_draws():
    hits = np.concatenate([sparse_hits(STREAMS.at("hits", t), 0.1, 1000) for t in range(400)])
    per_position = np.bincount(hits, minlength=1000)
    assert per_position.mean() == pytest.approx(40, abs=4 * math.sqrt(36 / 1000))
    assert per_position.var() == pytest.approx(36, rel=4 * math.sqrt(2 / 1000))


def test_clocks_are_wrong_by_up_to_five_seconds_in_whole_milliseconds():
    clocks = DeviceClocks("devices.x", 10_000, STREAMS)
    skew_ns = clocks.skew_ns(Ns(0))
    assert (skew_ns % MILLISECOND == 0).all()
    assert np.abs(skew_ns).max() <= 5 * SECOND
    assert skew_ns.std() / SECOND == pytest.approx(10 / math.sqrt(12), rel=0.03)


def test_clocks_run_off_by_some_ppm_until_set_at_midnight():
    clocks = DeviceClocks("devices.x", 10_000, STREAMS)
    off_ns = clocks.skew_ns(Ns(20 * HOUR)) - clocks.skew_ns(Ns(0))
    assert off_ns.std() / (20 * HOUR) == pytest.approx(10e-6, rel=0.03)
    np.testing.assert_array_equal(clocks.skew_ns(Ns(24 * HOUR)), clocks.skew_ns(Ns(0)))

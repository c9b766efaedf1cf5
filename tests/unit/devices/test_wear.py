"""Sensors that are in service long enough fail, as often as their row says."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from devices.catalogue import KINDS, ROAD_WATER_GAUGE
from devices.energy import YEAR_S
from devices.wear import MIX, REPAIR_S, wear_orders
from sim.kernel.clock import Ns, seconds, to_seconds
from sim.kernel.rng import SeededStreams

N = 20_000


def orders_of(n=N, *, faster=1.0, years=0.1, kind=ROAD_WATER_GAUGE, seed=3):
    return wear_orders(
        kind,
        [f"d{i}" for i in range(n)],
        start=Ns(0),
        end=seconds(years * YEAR_S),
        faster=faster,
        streams=SeededStreams(seed),
    )


@pytest.mark.parametrize("kind", [KINDS["pm_station"], KINDS["water_flow"]], ids=lambda k: k.kind)
def test_devices_fail_about_as_often_as_one_in_their_mean_life(kind):
    share = len(orders_of(kind=kind)) / N
    # Those in service for half their mean life on average fail a little less often than one
    # in a mean life, as wear adds to chance.
    assert 0.8 < share / (0.1 / kind.mtbf_y) < 1.2


def test_faster_wear_is_the_same_as_a_longer_time():
    slow, fast = orders_of(years=1.0), orders_of(years=0.1, faster=10.0)
    assert [order.device_id for order in slow] == [order.device_id for order in fast]
    assert to_seconds(slow[0].start) == pytest.approx(10 * to_seconds(fast[0].start), rel=1e-6)


def test_faults_are_of_the_mix_and_end_when_somebody_has_come():
    found = orders_of(years=2.0)
    shares = Counter(order.fault for order in found)
    for fault, share in MIX:
        expected = share * len(found)
        assert abs(shares[fault] - expected) < 5 * math.sqrt(expected), fault
    repair_s = [to_seconds(Ns(order.end - order.start)) for order in found]
    mean_s = sum(repair_s) / len(repair_s)
    assert mean_s == pytest.approx(REPAIR_S, rel=5 / math.sqrt(len(found)))


def test_nothing_wears_out_unless_it_is_asked_for():
    assert orders_of(faster=0.0) == []
    assert orders_of(n=0) == []


def test_first_devices_wear_alike_in_cohorts_of_any_size():
    few, many = orders_of(n=500, years=1.0), orders_of(n=900, years=1.0)
    assert few == [order for order in many if int(order.device_id[1:]) < 500]

import math

import numpy as np
import pytest

from devices.catalogue import RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR
from devices.faults import (
    DRIFT_PER_H,
    SILENT_AFTER_S,
    SPIKE_LEAST,
    SPIKE_SHARE,
    TILT,
    FaultOrder,
    FaultPlan,
    Faults,
)
from sim.kernel.clock import HOUR, MINUTE, Ns, SteppedClock
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.messages.telemetry import Roster


def faults_of(*orders, kind=ROAD_WATER_GAUGE, n=4, told=None):
    """Return the faults of devices d0, d1, … and the clock that brings them about."""
    clock = SteppedClock(Ns(0))
    plan = FaultPlan(
        orders=[
            FaultOrder(
                device_id=device,
                fault=fault,
                start=Ns(start * MINUTE),
                end=None if end is None else Ns(end * MINUTE),
            )
            for device, fault, start, end in orders
        ],
        on_fault=None if told is None else lambda *record: told.append(record),
    )
    roster = Roster(f"d{i}" for i in range(n))
    faults = Faults(plan, kind=kind, roster=roster, streams=SeededStreams(5))
    faults.start(clock)
    return faults, clock


def go(clock, minute):
    clock.advance_to(Ns(minute * MINUTE), inclusive=True)


def test_every_beginning_and_end_is_told_with_its_time():
    told = []
    _, clock = faults_of(("d1", "stuck", 10, 20), ("d0", "dead", 5, None), told=told)
    go(clock, 60)
    assert told == [
        ("d0", "dead", True, 5 * MINUTE),
        ("d1", "stuck", True, 10 * MINUTE),
        ("d1", "stuck", False, 20 * MINUTE),
    ]


def test_dead_devices_are_marked_until_the_end():
    faults, clock = faults_of(("d1", "dead", 10, 20), ("d3", "dead", 0, None))
    go(clock, 10)
    assert faults.is_dead.tolist() == [False, True, False, True]
    go(clock, 20)
    assert faults.is_dead.tolist() == [False, False, False, True]


def test_overlapping_faults_of_a_device_last_until_the_later_end():
    faults, clock = faults_of(("d1", "dead", 10, 30), ("d1", "dead", 20, 40))
    for minute, is_dead in [(15, True), (30, True), (39, True), (40, False)]:
        go(clock, minute)
        assert faults.is_dead[1] == is_dead


def test_a_stuck_device_repeats_what_it_last_put_out_and_recovers():
    faults, clock = faults_of(("d1", "stuck", 10, 20), ("d1", "stuck", 30, 40))
    shown = []
    for minute in (5, 10, 15, 20, 30, 35, 40):
        go(clock, minute)
        values = np.full((1, 4), float(minute))
        faults.hold(values)
        assert values[0, [0, 2, 3]].tolist() == [minute] * 3
        shown.append(values[0, 1])
    assert shown == [5, 10, 10, 20, 30, 30, 40]


def test_a_drifting_device_runs_off_by_a_share_of_full_scale_an_hour():
    faults, clock = faults_of(("d2", "drifting", 60, 180))
    for minute, hours in [(30, 0), (60, 0), (120, 1), (150, 1.5), (180, 0)]:
        go(clock, minute)
        signal = np.zeros((1, 4))
        faults.disturb(signal, clock.now(), 1)
        assert signal[0].tolist() == pytest.approx([0, 0, DRIFT_PER_H * 2.0 * hours, 0])


def test_a_spiking_device_spikes_both_ways_at_its_share():
    n = 2000
    faults, clock = faults_of(*((f"d{i}", "spiking", 0, None) for i in range(1000)), n=n)
    go(clock, 0)
    spikes = 0
    for tick in range(40):
        signal = np.zeros((1, n))
        faults.disturb(signal, clock.now(), tick)
        assert not signal[0, 1000:].any()
        height = np.abs(signal[0, signal[0] != 0]) / ROAD_WATER_GAUGE.channels[0].span
        assert ((height >= SPIKE_LEAST) & (height <= 1.0)).all()
        spikes += len(height)
        assert 0 < np.count_nonzero(signal > 0) < len(height)
    expected = 40_000 * SPIKE_SHARE
    assert abs(spikes - expected) < 4 * math.sqrt(expected)


def test_spikes_of_a_device_do_not_depend_on_who_else_spikes():
    alone, clock = faults_of(("d1", "spiking", 0, None), n=4)
    go(clock, 0)
    among, clock = faults_of(*((f"d{i}", "spiking", 0, None) for i in range(9)), n=9)
    go(clock, 0)
    for tick in range(100):
        few, many = np.zeros((1, 4)), np.zeros((1, 9))
        alone.disturb(few, Ns(0), tick)
        among.disturb(many, Ns(0), tick)
        assert few[0, 1] == many[0, 1]


@pytest.mark.parametrize("kind", [RAIN_GAUGE, VEHICLE_DETECTOR])
def test_faults_touch_every_channel_in_its_own_scale(kind):
    faults, clock = faults_of(("d0", "drifting", 0, None), kind=kind)
    go(clock, 0)
    signal = np.zeros((len(kind.channels), 4))
    faults.disturb(signal, Ns(HOUR), 1)
    assert signal[:, 0].tolist() == pytest.approx([DRIFT_PER_H * c.span for c in kind.channels])


def test_a_fault_of_an_unknown_device_is_refused():
    with pytest.raises(InputError, match="'d9', expected a device of this cohort"):
        faults_of(("d9", "dead", 0, None))


def test_a_tampered_device_reads_askew_for_a_minute_and_falls_silent():
    told = []
    faults, clock = faults_of(("d1", "tampered", 10, 30), told=told)
    go(clock, 10)
    signal = np.zeros((1, 4))
    faults.disturb(signal, clock.now(), 1)
    assert signal[0].tolist() == [0, TILT * ROAD_WATER_GAUGE.channels[0].span, 0, 0]
    assert not faults.is_dead.any()
    go(clock, 11)
    assert faults.is_dead.tolist() == [False, True, False, False]
    go(clock, 30)
    assert not faults.is_dead.any()
    assert [(fault, started) for _, fault, started, _ in told] == [
        ("tampered", True),
        ("tampered", False),
    ]


def test_a_flooded_device_sees_nothing_and_falls_silent_until_it_dries():
    told = []
    faults, clock = faults_of(("d1", "flooded", 10, 30), told=told)
    go(clock, 10)
    values = np.full((1, 4), 0.7)
    faults.hold(values)
    assert values[0].tolist() == [0.7, 0.0, 0.7, 0.7]
    assert not faults.is_dead.any()
    go(clock, 10 + SILENT_AFTER_S["flooded"] / 60)
    assert faults.is_dead.tolist() == [False, True, False, False]
    go(clock, 30)
    assert not faults.is_dead.any()
    assert [(fault, started) for _, fault, started, _ in told] == [
        ("flooded", True),
        ("flooded", False),
    ]


def test_a_device_put_right_within_the_minute_does_not_fall_silent():
    faults, clock = faults_of()
    order = FaultOrder(device_id="d1", fault="tampered", start=Ns(0))
    faults.inflict(order)
    faults.relieve(order)
    go(clock, 5)
    assert not faults.is_dead.any()


def test_a_covered_lens_sees_nothing_and_counts_nothing():
    faults, clock = faults_of(("d1", "covered", 10, 20), kind=VEHICLE_DETECTOR)
    shown = []
    for minute in (5, 10, 15, 20):
        go(clock, minute)
        values = np.array([[100.0 + minute], [10.0], [0.2]]) * np.ones((3, 4))
        faults.hold(values)
        assert values[:, 0].tolist() == [100.0 + minute, 10.0, 0.2]
        shown.append(values[:, 1].tolist())
    assert shown == [[105, 10, 0.2], [110, 0, 0], [110, 0, 0], [120, 10, 0.2]]


def test_a_biased_device_runs_off_at_the_rate_that_was_asked_for():
    faults, clock = faults_of()
    go(clock, 60)
    order = FaultOrder(device_id="d2", fault="biased", start=Ns(0), per_h=0.005)
    faults.inflict(order)
    go(clock, 180)
    signal = np.zeros((1, 4))
    faults.disturb(signal, clock.now(), 1)
    assert signal[0].tolist() == pytest.approx([0, 0, 0.005 * 2 * 2.0, 0])
    faults.relieve(order)
    faults.relieve(order)
    signal[:] = 0
    faults.disturb(signal, clock.now(), 2)
    assert not signal.any()

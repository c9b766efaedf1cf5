import math
from collections import Counter

import numpy as np
import pytest

from devices.catalogue import KINDS, RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR
from devices.faults import LATE_S, FaultOrder, FaultPlan
from devices.surroundings import Surroundings
from devices.uplink import Uplink
from sim.kernel.clock import MILLISECOND, MINUTE, SECOND, Ns
from sim.messages.decode import Decoder
from sim.messages.encode import Encoder
from sim.messages.telemetry import DeviceBirth, TelemetryBatch

NOISY = Uplink(loss=0.2, duplicate_share=0.1)


def plan(start, *orders):
    return FaultPlan(
        orders=[
            FaultOrder(
                device_id=f"road_water_gauge-{device:04d}",
                fault=fault,
                start=Ns(start + a * SECOND),
                end=None if b is None else Ns(start + b * SECOND),
            )
            for device, fault, a, b in orders
        ]
    )


def test_start_publishes_one_birth_of_all_devices(street):
    made = street(3)
    made.cohort.start()
    (birth,) = made.bus.messages
    assert [device.device_id[-4:] for device in birth.devices] == ["0000", "0001", "0002"]


def test_republish_says_every_birth_again(street):
    made = street(3)
    made.cohort.start()
    made.cohort.republish()
    first, second = made.bus.of(DeviceBirth)
    assert first.devices == second.devices


def test_a_cohort_without_devices_says_nothing(street):
    made = street(0)
    made.cohort.start()
    made.cohort.republish()
    made.at(3600)
    assert made.bus.messages == []


def test_a_flooded_gauge_reports_within_a_tick_and_then_each_minute(street):
    made = street(1)
    made.cohort.start()
    made.at(145)
    made.truth.values = [0.30]
    made.at(280)
    made.truth.values = [0.0]
    made.at(1000)
    # (delivered, taken): the first looks at 10 s; phase 0 has its next report one tick later.
    assert [(row[0], row[2]) for row in made.readings()] == [
        (15.0, 10.0),
        (25.0, 20.0),
        (155.0, 150.0),
        (215.0, 210.0),
        (275.0, 270.0),
        (335.0, 330.0),
        (935.0, 930.0),
    ]
    assert [row[3] for row in made.readings()] == [1, 2, 3, 4, 5, 6, 7]
    assert made.readings()[2][5][0] == pytest.approx(0.30, abs=0.03)


def test_a_rain_gauge_reports_its_first_tip_at_once(street):
    made = street(1, RAIN_GAUGE)
    made.cohort.start()
    made.at(95)
    made.truth.values = [0.25]
    made.at(400)
    assert [(row[2], row[5]) for row in made.readings()] == [
        (10.0, (0.0,)),
        (20.0, (0.0,)),
        (100.0, (0.2,)),
        (160.0, (0.2,)),
    ]


def test_times_are_whole_milliseconds_and_wrong_by_the_device_s_clock(street):
    made = street(200, tick_s=60.0)
    made.cohort.start()
    made.at(70)
    (batch,) = made.bus.of(TelemetryBatch)
    assert (batch.time_ns % MILLISECOND == 0).all()
    skew_s = (batch.time_ns - batch.sim_time_ns) / SECOND
    assert 4.0 < np.abs(skew_s).max() <= 6.5
    assert batch.ts_event % MILLISECOND == 0


def test_everything_due_shares_no_writable_memory_with_the_cohort(street):
    made = street(100, ROAD_WATER_GAUGE, truth=[0.2], tick_s=600.0)
    made.cohort.start()
    made.at(610)
    (first,) = made.bus.of(TelemetryBatch)
    before = first.values.copy(), first.seq.copy(), first.time_ns.copy()
    made.at(1210)
    for kept, now in zip(before, (first.values, first.seq, first.time_ns), strict=True):
        np.testing.assert_array_equal(kept, now)
    assert len(made.bus.of(TelemetryBatch)) == 2


def test_lost_reports_leave_a_gap_in_the_sequence_and_are_counted(street):
    made = street(50, VEHICLE_DETECTOR, uplink=Uplink(loss=0.2, duplicate_share=0.0), tick_s=60.0)
    made.cohort.start()
    made.at(100 * 60 + 30)
    rows = made.readings()
    assert len({(row[1], row[3]) for row in rows}) == len(rows)
    counts = made.cohort.counts
    assert counts.sent == 50 * 100
    assert counts.sent - counts.lost == counts.delivered == len(rows)
    assert counts.lost == pytest.approx(1000, abs=4 * math.sqrt(800))


def test_a_duplicate_bears_the_sequence_number_of_its_first(street):
    made = street(50, uplink=Uplink(loss=0.0, duplicate_share=0.1), tick_s=600.0)
    made.cohort.start()
    made.at(10 * 600 + 60)
    first = {}
    twice = 0
    for row in made.readings():
        key = (row[1], row[3])
        if key in first:
            twice += 1
            assert row[2:] == first[key][2:]
            assert row[0] == first[key][0] + 5.0
        else:
            first[key] = row
    assert twice == made.cohort.counts.duplicated > 20
    assert len(first) == 50 * 10


def test_a_delivery_is_one_batch_in_the_order_of_sending_and_device(street):
    made = street(30, uplink=Uplink(loss=0.0, duplicate_share=0.0, delivery_s=60.0))
    made.cohort.start()
    made.at(300)
    times = [(at - made.bus.times[0]) // SECOND for at in made.bus.times]
    assert times == [0, 60, 120, 180, 240, 300]
    for batch in made.bus.of(TelemetryBatch):
        order = list(zip(batch.sim_time_ns.tolist(), batch.device.tolist(), strict=True))
        assert order == sorted(order)


def test_an_idle_cohort_sets_no_timer_but_its_own(street):
    made = street(1)
    made.cohort.start()
    made.at(100)
    due = made.clock.next_due()
    assert due == made.clock.now() + 10 * SECOND


def test_a_dead_device_falls_silent_and_reports_when_it_is_back(street, start):
    made = street(2, tick_s=600.0, faults=plan(start, (1, "dead", 1000, 3500)))
    made.cohort.start()
    made.at(6000 + 30)
    taken = [row[2] for row in made.readings() if row[1] == 1]
    assert taken == [600.0, 3600.0, 4200.0, 4800.0, 5400.0, 6000.0]
    assert [row[3] for row in made.readings() if row[1] == 1] == [1, 2, 3, 4, 5, 6]
    assert len([row for row in made.readings() if row[1] == 0]) == 10


def test_a_stuck_device_shows_no_noise_until_it_recovers(street, start):
    made = street(2, truth=[0.5], tick_s=600.0, faults=plan(start, (1, "stuck", 1000, 6500)))
    made.cohort.start()
    made.at(12_000 + 30)
    stuck = {row[5] for row in made.readings() if row[1] == 1 and 1000 < row[2] < 6500}
    free = {row[5] for row in made.readings() if row[1] == 0 and 1000 < row[2] < 6500}
    after = {row[5] for row in made.readings() if row[1] == 1 and row[2] > 6500}
    assert len(stuck) == 1
    assert len(free) > 1
    assert len(after) > 1


def test_a_drifting_gauge_stays_within_its_range(street, start):
    made = street(1, truth=[1.9], tick_s=600.0, faults=plan(start, (0, "drifting", 0, None)))
    made.cohort.start()
    made.at(5 * 3600)
    assert made.readings()[-1][5] == (2.0,)


def test_a_battery_device_tells_what_is_left_in_whole_percent(street):
    made = street(20, VEHICLE_DETECTOR, tick_s=60.0)
    made.cohort.start()
    made.at(65)
    (batch,) = made.bus.of(TelemetryBatch)
    assert ((batch.battery >= 50) & (batch.battery <= 100)).all()
    np.testing.assert_array_equal(batch.battery, np.rint(batch.battery))


def test_a_device_with_an_empty_battery_falls_silent(street):
    made = street(2, VEHICLE_DETECTOR, tick_s=60.0)
    made.cohort.start()
    made.at(60 * 10)
    made.cohort._seq[1] = 10_000_000
    made.at(2 * 3600 + 5)
    assert max(row[2] for row in made.readings() if row[1] == 1) <= 3600.0
    assert max(row[2] for row in made.readings() if row[1] == 0) == 7200.0


def test_a_mains_device_says_nothing_of_a_battery(street):
    made = street(2, tick_s=600.0)
    made.cohort.start()
    made.at(610)
    assert made.bus.of(TelemetryBatch)[0].battery is None


def test_a_missing_true_value_is_a_missing_reading(street):
    made = street(2, VEHICLE_DETECTOR, truth=[3.0, math.nan, 0.0], tick_s=60.0)
    made.cohort.start()
    made.at(65)
    (batch,) = made.bus.of(TelemetryBatch)
    assert np.isnan(batch.values).tolist() == [[False] * 2, [True] * 2, [False] * 2]


@pytest.mark.parametrize("kind", [RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR])
def test_readings_come_through_the_wire_as_they_were(street, kind):
    made = street(40, kind, truth=[0.413, 11.37, 0.237][: len(kind.channels)], uplink=NOISY)
    made.cohort.start()
    made.at(900)
    encoder, decoder = Encoder(), Decoder()
    for message in made.bus.messages:
        wire = encoder.encode(message)
        read = decoder.decode([(packet.topic, packet.payload) for packet in wire])
        if not isinstance(message, TelemetryBatch):
            assert [birth.devices[0] for birth in read] == list(message.devices)
            continue
        (batch,) = read
        assert (batch.kind, batch.channels) == (message.kind, message.channels)
        assert batch.ts_event == message.ts_event
        names = [[b.roster.ids[i] for i in b.device] for b in (batch, message)]
        assert names[0] == names[1]
        for column in ("time_ns", "values", "quality", "seq", "sim_time_ns", "battery"):
            np.testing.assert_array_equal(getattr(batch, column), getattr(message, column))


def columns(made, first=None):
    """Return all that was read, without those devices of position `first` and later."""
    return [row for row in made.readings() if first is None or row[1] < first]


def test_same_seed_says_the_same_and_another_seed_does_not(street):
    def run(seed):
        made = street(40, truth=[0.4], seed=seed, uplink=NOISY)
        made.cohort.start()
        made.at(3600)
        return columns(made)

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_first_hundred_devices_say_the_same_in_cohorts_of_100_and_250(street):
    def run(n):
        made = street(n, truth=[0.4], uplink=NOISY)
        made.cohort.start()
        made.at(1800)
        return columns(made, 100)

    assert run(100) == run(250)


def test_adding_a_cohort_leaves_another_s_readings_alone(street):
    def run(*, with_other):
        made = street(30, truth=[0.4], uplink=NOISY)
        if with_other:
            street(30, RAIN_GAUGE, bus=made.bus, uplink=NOISY).cohort.start()
        made.cohort.start()
        made.at(1800)
        return columns(made)

    assert run(with_other=True) == run(with_other=False)


def test_truth_is_read_once_a_tick(street):
    made = street(5)
    made.cohort.start()
    made.at(10 * 60)
    assert made.truth.reads == 60


def test_ticks_stand_on_whole_multiples_whatever_the_start(street, start):
    made = street(1, tick_s=60.0)
    made.clock.advance_to(Ns(start + 17 * SECOND))
    made.cohort.start()
    made.at(200)
    taken = {int(t) for batch in made.bus.of(TelemetryBatch) for t in batch.sim_time_ns}
    assert taken
    assert all(t % MINUTE == 0 for t in taken)


def test_a_late_device_s_reports_come_late_and_the_others_in_time(street, births, start):
    devices = births(ROAD_WATER_GAUGE, 2, interval_s=10.0, alarm_interval_s=10.0)
    scene = street(devices=devices, faults=plan(start, (0, "late", 0, None)))
    scene.cohort.start()
    scene.at(400)
    waits = {0: [], 1: []}
    for delivered, device, taken, *_ in scene.readings():
        waits[device].append(delivered - taken)
    assert min(waits[0]) >= LATE_S
    assert max(waits[1]) <= 10.0


def test_a_doubling_device_s_reports_come_twice_and_are_counted(street, births, start):
    devices = births(ROAD_WATER_GAUGE, 2, interval_s=10.0, alarm_interval_s=10.0)
    scene = street(devices=devices, faults=plan(start, (0, "duplicate", 0, None)))
    scene.cohort.start()
    scene.at(105)
    seen = Counter((device, seq) for _, device, _, seq, *_ in scene.readings())
    assert {times for (device, _), times in seen.items() if device == 1} == {1}
    first = [times for (device, seq), times in seen.items() if device == 0 and seq < 10]
    assert set(first) == {2}
    assert scene.cohort.counts.duplicated == 10


class Puddle:
    """Water over the ground, as deep as the test says."""

    def __init__(self):
        self.depth_m = 0.0

    def bind(self, xy_m, link, place):
        return lambda: np.full((1, len(xy_m)), self.depth_m)


def test_a_detector_under_water_is_flooded_and_comes_back_when_it_has_run_off(street):
    told, water = [], Puddle()
    scene = street(
        2,
        KINDS["gas_detector"],
        faults=FaultPlan(on_fault=lambda *record: told.append(record)),
        around=Surroundings(water=water),
    )
    scene.cohort.start()
    scene.at(300)
    water.depth_m = 0.1
    scene.at(900)
    water.depth_m = 0.04
    scene.at(1_200)
    assert all(started for *_, started, _ in told)
    water.depth_m = 0.0
    scene.at(1_500)
    assert [(device, fault, started) for device, fault, started, _ in told] == [
        ("gas_detector-0000", "flooded", True),
        ("gas_detector-0001", "flooded", True),
        ("gas_detector-0000", "flooded", False),
        ("gas_detector-0001", "flooded", False),
    ]


def test_what_water_does_no_harm_never_asks_for_it(street):
    class Nowhere:
        def bind(self, xy_m, link, place):
            raise AssertionError("nobody asked")

    scene = street(2, ROAD_WATER_GAUGE, around=Surroundings(air=Nowhere(), water=Nowhere()))
    scene.cohort.start()
    scene.at(60)
    assert scene.readings()


def test_a_sensor_feels_the_air_that_is_around_it_now(street, births):
    class Air:
        humidity = 0.0

        def bind(self, xy_m, link, place):
            return lambda: np.stack([np.full(len(xy_m), 20.0), np.full(len(xy_m), self.humidity)])

    kind, air = KINDS["pm_station"], Air()
    devices = births(kind, 400, interval_s=30.0, alarm_interval_s=30.0)
    scene = street(kind=kind, truth=[80.0, 80.0], devices=devices, around=Surroundings(air=air))
    scene.cohort.start()
    scene.at(600)
    dry = np.mean([values[0] for _, _, taken, _, _, values in scene.readings()])
    air.humidity = 0.9
    scene.at(1_200)
    damp = np.mean([values[0] for _, _, taken, _, _, values in scene.readings() if taken > 700])
    assert dry == pytest.approx(80.0, abs=2.0)
    assert damp == pytest.approx(80.0 * (1 + 0.13 / 1.65 * 9), rel=0.03)


def test_a_visit_calibrates_the_devices_it_names(street):
    scene = street(3, around=Surroundings(calibrated_y=0.9))
    scene.cohort.start()
    scene.at(60)
    before = scene.cohort._errors._drift.copy()
    scene.cohort.calibrate(["road_water_gauge-0001"])
    after = scene.cohort._errors._drift
    assert before.all()
    assert after[0, 1] == 0.0
    np.testing.assert_array_equal(after[0, [0, 2]], before[0, [0, 2]])

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalogue import ROAD_WATER_GAUGE, Alarm
from devices.schedule import Reporting, Schedule
from sim.kernel.clock import SECOND, Ns

TICK_S = 10


def timetable(
    levels, *, alarm, interval_s=600, alarm_interval_s=60, n=1, off=None, reporting=None, gap_s=None
):
    """Return the times [s] at which device 0 reports, given its level at each tick."""
    schedule = Schedule(
        np.full(n, interval_s * SECOND),
        np.full(n, alarm_interval_s * SECOND),
        alarm=alarm,
        tick_ns=TICK_S * SECOND,
        reporting=reporting,
        gap_ns=None if gap_s is None else np.full(n, gap_s * SECOND),
    )
    out = []
    for k, level in enumerate(levels, start=1):
        is_off = np.full(n, True) if off is not None and off(k * TICK_S) else None
        due = schedule.due(Ns(k * TICK_S * SECOND), np.full(n, float(level)), is_off)
        if due is None or 0 in due:
            out.append(k * TICK_S)
    return out


def levels(until_s, level_at):
    return [level_at(t) for t in range(TICK_S, until_s + 1, TICK_S)]


def test_idle_device_reports_at_switch_on_and_then_at_its_interval():
    assert timetable(levels(2000, lambda t: 0.0), alarm=Alarm(level=0.05, of="value")) == [
        10,
        20,
        620,
        1220,
        1820,
    ]


def test_idle_devices_share_out_the_ticks_of_an_interval():
    schedule = Schedule(
        np.full(120, 600 * SECOND), np.full(120, 60 * SECOND), alarm=None, tick_ns=10 * SECOND
    )
    counts = [
        len(schedule.due(Ns(k * 10 * SECOND), np.zeros(120), None)) for k in range(1, 2 * 60 + 2)
    ]
    assert counts == [120] + [2] * 120


def test_crossing_the_alarm_level_reports_at_once_then_each_minute_until_below():
    wet = levels(500, lambda t: 0.2 if 150 <= t < 290 else 0.0)
    assert timetable(wet, alarm=Alarm(level=0.05, of="value")) == [10, 20, 150, 210, 270, 330]


def test_after_an_alarm_the_idle_interval_begins_anew():
    wet = levels(1000, lambda t: 0.2 if t == 150 else 0.0)
    assert timetable(wet, alarm=Alarm(level=0.05, of="value")) == [10, 20, 150, 210, 810]


def test_first_tip_reports_at_once_then_each_minute_in_which_it_tips():
    tips = {100: 0.2, 130: 0.4, 170: 0.6}

    def rain(t):
        return max((mm for at, mm in tips.items() if at <= t), default=0.0)

    alarm = Alarm(level=0.2, of="rise")
    reported = timetable(levels(700, rain), alarm=alarm, interval_s=300)
    # 100 the first tip; 160 a minute with the second; 220 one with the third; 280 without.
    assert reported == [10, 20, 100, 160, 220, 280, 580]


def test_a_device_that_was_off_reports_as_soon_as_it_is_back():
    off = timetable(levels(900, lambda t: 0.0), alarm=None, off=lambda t: 600 <= t < 750)
    assert off == [10, 20, 750]


def test_intervals_equal_to_the_tick_make_everything_due_without_an_index():
    schedule = Schedule(
        np.full(5, 10 * SECOND),
        np.full(5, 10 * SECOND),
        alarm=Alarm(level=1.0, of="value"),
        tick_ns=10 * SECOND,
    )
    assert schedule.due(Ns(10 * SECOND), np.zeros(5), None) is None
    off = np.array([False, True, False, False, True])
    assert schedule.due(Ns(20 * SECOND), np.zeros(5), off).tolist() == [0, 2, 3]


@pytest.mark.parametrize(
    ("interval_s", "expected"), [(25, [10, 20, 50, 80]), (5, [10, 20, 30, 40])]
)
def test_an_interval_that_is_no_whole_number_of_ticks_is_rounded_up(interval_s, expected):
    times = timetable(
        levels(100, lambda t: 0.0), alarm=None, interval_s=interval_s, alarm_interval_s=5
    )
    assert times[:4] == expected


def test_alarm_below_a_level_wakes_a_device_when_the_value_falls_to_it():
    falling = levels(300, lambda t: 10.0 if 100 <= t < 200 else 15.0)
    assert timetable(falling, alarm=Alarm(level=10.0, of="below")) == [10, 20, 100, 160, 220]


BY_EXCEPTION = Reporting(mode="exception", deadband=0.05, heartbeat_s=900.0)


def test_a_sampler_reports_at_its_interval_whatever_it_reads(births):
    sampler = Reporting(mode="interval")
    (born,) = (sampler.born(info) for info in births(ROAD_WATER_GAUGE, 1))
    wet = levels(2000, lambda t: 0.2 if 150 <= t < 700 else 0.0)
    alarm = Alarm(level=0.05, of="value")
    seen = timetable(wet, alarm=alarm, alarm_interval_s=born.alarm_interval_s, reporting=sampler)
    assert seen == [10, 20, 620, 1220, 1820]


def test_by_exception_it_reports_what_has_moved_and_otherwise_its_heartbeat():
    steps = levels(2500, lambda t: 0.04 if t < 150 else 0.1 if t < 600 else 0.06)
    seen = timetable(steps, alarm=None, interval_s=900, reporting=BY_EXCEPTION)
    # 0.06 above what it told at 150; 0.04 below that at 600 is within the dead-band.
    assert seen == [10, 20, 150, 1050, 1950]


def test_by_exception_the_beginning_and_the_end_of_an_alarm_are_told_at_once():
    wet = levels(600, lambda t: 0.051 if 200 <= t < 300 else 0.049)
    alarm = Alarm(level=0.05, of="value")
    seen = timetable(wet, alarm=alarm, interval_s=900, alarm_interval_s=900, reporting=BY_EXCEPTION)
    assert seen == [10, 20, 200, 300]


def test_by_exception_a_device_tells_its_heartbeat_at_its_birth(births):
    (info,) = births(ROAD_WATER_GAUGE, 1)
    born = BY_EXCEPTION.born(info)
    assert (born.interval_s, born.alarm_interval_s) == (900.0, 900.0)
    assert Reporting().born(info) is info
    assert Reporting().born(info, least_s=148.0).alarm_interval_s == 148.0


def test_a_duty_cycle_holds_back_even_an_alarm():
    wet = levels(700, lambda t: 0.2 if t >= 50 else 0.0)
    seen = timetable(wet, alarm=Alarm(level=0.05, of="value"), gap_s=148)
    # Switched on at 10; what was due at 20 and the alarm of 50 go out together at 160.
    assert seen == [10, 160, 310, 460, 610]


@given(st.lists(st.floats(0, 1), min_size=5, max_size=60), st.floats(0.01, 0.5))
def test_by_exception_the_last_report_is_never_further_off_than_the_dead_band(values, band):
    reporting = Reporting(mode="exception", deadband=band, heartbeat_s=1e6)
    told = timetable(values, alarm=None, interval_s=1_000_000, reporting=reporting)
    latest = None
    for k, value in enumerate(values, start=1):
        latest = value if k * TICK_S in told else latest
        assert abs(value - latest) < band

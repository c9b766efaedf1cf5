from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from sim.kernel.clock import BEIJING, HOUR
from sim.world.background.calendar import days, hour_of, hours


def at(*date: int) -> int:
    return int(datetime(*date, tzinfo=BEIJING).timestamp()) * 1_000_000_000


def one(*date: int):
    return hours(hour_of(at(*date)), 1)


def test_beijing_is_eight_hours_ahead():
    assert one(2026, 7, 21, 0).hour[0] == 0
    assert one(2026, 7, 21, 23).hour[0] == 23


@pytest.mark.parametrize("date", [(2026, 7, 21), (2024, 2, 29), (2027, 12, 31), (1999, 1, 1)])
def test_weekday_day_and_date_agree_with_the_standard_library(date):
    theirs = datetime(*date, 13, tzinfo=UTC)
    ours = one(*date, 13)
    assert ours.weekday[0] == theirs.weekday()
    assert ours.day_of_year[0] == theirs.timetuple().tm_yday - 1
    assert ours.date_key[0] == 100 * theirs.month + theirs.day


@pytest.mark.parametrize(
    ("date", "kind"),
    [
        ((2026, 7, 21), 0),  # a Tuesday
        ((2026, 7, 25), 1),  # a Saturday
        ((2026, 7, 26), 2),  # a Sunday
        ((2026, 10, 1), 1),  # National Day, a Thursday
        ((2026, 10, 7), 2),  # the last of its days
        ((2026, 2, 16), 1),  # eve of the Chinese New Year, a Monday
        ((2027, 2, 8), 1),  # its third day in 2027, a Monday
        ((2026, 1, 1), 2),  # a Thursday before a workday
    ],
)
def test_kind_of_day(date, kind):
    assert one(*date, 12).day_kind[0] == kind


def test_spring_holiday_is_the_eve_and_a_week():
    year = days((datetime(2026, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days, 365)
    assert year.spring.sum() == 8
    assert (year.date_key[year.spring] == [216, 217, 218, 219, 220, 221, 222, 223]).all()


def test_a_table_of_months_is_met_in_the_middles_and_blends_between():
    table = np.zeros((12, 24))
    table[3] = 1.0
    when = hours(hour_of(at(2026, 3, 1)), 24 * 61)
    course = when.of_day(table)
    assert course[np.argmax(when.date_key == 316) + 12] < 0.04
    middle = (when.date_key == 416) & (when.hour == 0)
    assert course[middle] > 0.97
    assert 0.4 < course[np.argmax(when.date_key == 401)] < 0.6
    assert np.abs(np.diff(course)).max() < 0.06


def test_hours_before_the_epoch_are_hours_too():
    assert hours(-HOURS_OF_A_YEAR, 1).weekday[0] == datetime(1969, 1, 1, tzinfo=UTC).weekday()
    assert hour_of(-1) == -1
    assert hour_of(HOUR) == 1


HOURS_OF_A_YEAR = 8_760

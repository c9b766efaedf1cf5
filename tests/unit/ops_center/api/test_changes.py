"""Columns told in lots add up to the table, however they change meanwhile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ops_center.api.changes import DeviceColumns, TrafficColumns, changes, is_another_run
from support.centre import fake_devices, fake_snapshot, next_snapshot
from support.centre_map import fake_map

TABLE = fake_devices(fake_map(), 12)
VALUES = st.one_of(st.none(), st.integers(0, 3).map(float))


@given(st.lists(st.lists(VALUES, min_size=12, max_size=12), max_size=5), st.integers(1, 13))
def test_reader_who_applies_every_lot_has_the_newest_values(tables, rows_max):
    columns = DeviceColumns(TABLE, rows_max)
    held = np.round(TABLE.value, 3)
    newest = TABLE
    for values in tables:
        newest = replace(TABLE, value=np.array([np.nan if v is None else v for v in values]))
        told = columns.take(newest)
        if told is not None:
            assert len(told["row"]) <= rows_max
            held[told["row"]] = told["value"]
    while (told := columns.take(newest)) is not None:
        held[told["row"]] = told["value"]
    np.testing.assert_array_equal(held, np.round(newest.value, 3))


def test_no_row_starves_while_others_change_all_the_time():
    columns = DeviceColumns(TABLE, 5)
    told: list[int] = []
    for tick in range(3):
        lot = columns.take(replace(TABLE, value=np.full(12, float(tick))))
        assert lot is not None
        told += lot["row"]
    assert set(told) == set(range(12))


def test_roads_reopened_are_told_though_no_speed_changed():
    snapshot = fake_snapshot()
    columns = TrafficColumns(snapshot, 100)
    assert columns.take(next_snapshot(snapshot)) is None
    told = columns.take(next_snapshot(snapshot, closed_links=frozenset()))
    assert told == {"link": [], "speed_mps": [], "closed": []}


def test_nothing_is_told_when_nothing_changed():
    snapshot = fake_snapshot()
    assert list(changes(snapshot, next_snapshot(snapshot))) == []


def test_depth_that_stays_unknown_is_no_change():
    snapshot = fake_snapshot()
    unknown = next_snapshot(snapshot, depth_m={"underpass-01": float("nan")})
    assert len(list(changes(snapshot, unknown))) == 1
    assert list(changes(unknown, next_snapshot(unknown, depth_m={"underpass-01": np.nan}))) == []


def test_run_that_starts_anew_is_another_one_and_a_repeated_snapshot_is_not():
    snapshot = fake_snapshot(version=7)
    assert not is_another_run(snapshot, snapshot)
    assert not is_another_run(snapshot, next_snapshot(snapshot))
    assert is_another_run(snapshot, fake_snapshot(version=7))
    assert is_another_run(snapshot, fake_snapshot(version=8, minutes=3))

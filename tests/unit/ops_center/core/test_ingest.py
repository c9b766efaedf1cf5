from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.core.ingest import Ingest, Released
from ops_center.core.inventory import Inventory
from sim.messages.telemetry import Channel, Roster
from support.telemetry import T0, Reading, after, batch, birth, device

LATENESS_S = 20.0
IDS = ("wg-0", "wg-1", "wg-2", "wg-3")


def senses(ids=IDS, kind="road_water_gauge"):
    inventory = Inventory(LATENESS_S)
    inventory.birth(birth([device(i, kind) for i in ids]), T0)
    return inventory, Ingest(inventory, LATENESS_S)


def rows(inventory: Inventory, released: list[Released]):
    return [
        (part.kind, inventory.ids[slot], int(at), int(seq), value)
        for part in released
        for slot, at, seq, value in zip(
            part.slot, part.time_ns, part.seq, part.values[0], strict=True
        )
    ]


@st.composite
def deliveries(draw):
    """Readings of 20 s intervals, each with one or more arrival times within the lateness."""
    arrivals = []
    for device_id in IDS:
        for seq in range(1, draw(st.integers(0, 8)) + 1):
            at_s = seq * 20.0 + draw(st.sampled_from([0.0, 0.5, 3.0]))
            reading = Reading(device_id, seq, at_s, (seq / 100,))
            delays = draw(st.lists(st.floats(0, LATENESS_S - 1), min_size=1, max_size=3))
            arrivals += [(round(at_s + delay, 3), reading) for delay in delays]
    order = draw(st.permutations(range(len(arrivals))))
    return [arrivals[i] for i in order]


def run(arrivals, tick_s=5.0):
    """Deliver in arrival order, all of one instant as one batch; release every tick."""
    inventory, ingest = senses()
    roster = Roster(sorted(IDS, reverse=True))
    out = []
    waiting = sorted(arrivals, key=lambda a: a[0])
    for tick in range(1, 60):
        now_s = tick * tick_s
        while waiting and waiting[0][0] <= now_s:
            instant = waiting[0][0]
            packed = [r for at, r in waiting if at == instant]
            waiting = [a for a in waiting if a[0] != instant]
            ingest.push(batch(packed, roster=roster), after(instant))
        released = ingest.release(after(now_s))
        out.append((tick, rows(inventory, released)))
    assert ingest.pending == 0
    return out, ingest


@given(deliveries())
def test_shuffled_doubled_and_delayed_input_is_released_as_if_prompt(arrivals):
    once = {}
    for _, reading in arrivals:
        once[(reading.device_id, reading.seq)] = (reading.at_s, reading)
    want, _ = run(list(once.values()))
    got, ingest = run(arrivals)
    assert got == want
    assert ingest.counts["duplicates"] == len(arrivals) - len(once)
    assert ingest.counts["late"] == 0


@given(deliveries())
def test_release_is_ordered_by_device_and_time_and_waits_for_the_lateness(arrivals):
    released, _ = run(arrivals)
    for tick, readings in released:
        assert readings == sorted(readings, key=lambda r: (r[1], r[2], r[3]))
        for _, _, at, _, _ in readings:
            assert tick * 5.0 - LATENESS_S - 5.0 < (at - T0) / 1e9 <= tick * 5.0 - LATENESS_S


def test_reading_later_than_the_lateness_is_released_unless_a_newer_one_was():
    inventory, ingest = senses()
    ingest.push(batch([Reading("wg-0", 1, 10, (0.1,))]), after(100))
    assert len(rows(inventory, ingest.release(after(100)))) == 1
    ingest.push(batch([Reading("wg-0", 3, 130, (0.3,))]), after(130))
    ingest.release(after(160))
    ingest.push(batch([Reading("wg-0", 2, 60, (0.2,))]), after(161))
    assert ingest.release(after(200)) == []
    assert ingest.counts["late"] == 1


def test_backlog_of_an_outage_comes_out_in_order_once():
    inventory, ingest = senses()
    stored = [Reading("wg-1", seq, seq * 60, (seq / 1000,), quality=2) for seq in range(1, 121)]
    ingest.push(batch(reversed(stored)), after(7300))
    ingest.push(batch(stored), after(7301))
    got = rows(inventory, ingest.release(after(7330)))
    assert [r[3] for r in got] == list(range(1, 121))
    assert ingest.counts["duplicates"] == 120
    assert inventory.latest[0, inventory.find("wg-1")] == 0.120


def test_device_that_starts_anew_is_heard_again():
    inventory, ingest = senses()
    for seq in (1, 2, 3):
        ingest.push(batch([Reading("wg-0", seq, seq * 60, (0.0,))]), after(seq * 60))
    for seq in (1, 2, 3):
        ingest.push(batch([Reading("wg-0", seq, 180 + seq * 60, (0.0,))]), after(180 + seq * 60))
    assert len(rows(inventory, ingest.release(after(500)))) == 6
    assert ingest.counts["duplicates"] == 0


def test_device_without_sequence_numbers_is_judged_by_its_times():
    inventory, ingest = senses()
    for at_s in (60, 60, 120, 180):
        ingest.push(batch([Reading("wg-0", 0, at_s, (0.0,))]), after(at_s))
    assert len(rows(inventory, ingest.release(after(300)))) == 3
    assert ingest.counts["duplicates"] == 1


@given(st.lists(st.integers(1, 60), min_size=1, max_size=80))
def test_window_of_sequence_numbers_agrees_with_a_set(seqs):
    inventory, ingest = senses()
    for seq in seqs:
        ingest.push(batch([Reading("wg-0", seq, seq, (0.0,))]), after(60))
    got = [r[3] for r in rows(inventory, ingest.release(after(100)))]
    assert got == sorted(set(seqs))


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (Reading("wg-0", 1, -8 * 86_400, (0.1,)), "time"),
        (Reading("wg-0", 1, 161, (0.1,)), "time"),
        (Reading("wg-0", 1, 100, (math.inf,)), "not_finite"),
        (Reading("wg-0", 1, 100, (math.nan,)), "not_finite"),
        (Reading("wg-0", 1, 100, (51.0,)), "range"),
        (Reading("nobody", 1, 100, (0.1,)), "unknown_device"),
    ],
)
def test_nonsense_is_refused_and_counted_beside_sound_readings(reading, reason):
    inventory, ingest = senses()
    ingest.push(batch([Reading("wg-1", 1, 100, (0.1,)), reading]), after(100))
    assert [r[1] for r in rows(inventory, ingest.release(after(200)))] == ["wg-1"]
    assert ingest.counts == {"readings": 2, "accepted": 1, reason: 1}


def test_unknown_kind_is_counted_and_heard_once_it_is_born():
    inventory, ingest = senses()
    roster = Roster()
    ingest.push(batch([Reading("r-0", 1, 10, (0.2,))], "rain_gauge", roster=roster), after(10))
    assert ingest.counts["unknown_kind"] == 1
    inventory.birth(birth([device("r-0", "rain_gauge")]), after(11))
    ingest.push(batch([Reading("r-0", 2, 20, (0.4,))], "rain_gauge", roster=roster), after(20))
    inventory.birth(birth([device("r-1", "rain_gauge")]), after(21))
    ingest.push(batch([Reading("r-1", 1, 22, (0.6,))], "rain_gauge", roster=roster), after(22))
    assert len(rows(inventory, ingest.release(after(60)))) == 2


def test_device_is_not_known_under_another_kind():
    _, ingest = senses()
    _.birth(birth([device("r-0", "rain_gauge")]), T0)
    ingest.push(batch([Reading("wg-0", 1, 10, (0.2,))], "rain_gauge"), after(10))
    assert ingest.counts["unknown_device"] == 1


def test_channels_are_told_by_name_and_unit_whatever_their_order():
    _, ingest = senses(kind="vehicle_detector")
    channels = (Channel("speed", "m/s"), Channel("colour", "/"), Channel("vehicles", "count"))
    reading = Reading("wg-0", 1, 10, (12.5, 1.0, 7.0))
    ingest.push(batch([reading], "vehicle_detector", channels=channels), after(10))
    (part,) = ingest.release(after(40))
    assert [c.name for c in part.channels] == ["vehicles", "speed", "occupancy"]
    np.testing.assert_array_equal(part.values[:, 0], [7.0, 12.5, math.nan])
    assert ingest.counts["unknown_channel"] == 1


def test_doubted_reading_is_released_but_is_not_the_latest_value():
    inventory, ingest = senses()
    doubted = [Reading("wg-0", 1, 10, (0.1,)), Reading("wg-0", 2, 11, (1.9,), quality=1)]
    ingest.push(batch(doubted), after(12))
    assert len(rows(inventory, ingest.release(after(40)))) == 2
    assert inventory.latest[0, 0] == 0.1


def test_many_small_parts_are_released_like_one():
    inventory, ingest = senses()
    for seq in range(1, 40):
        ingest.push(batch([Reading("wg-2", seq, seq, (0.0,))]), after(seq))
    assert [r[3] for r in rows(inventory, ingest.release(after(50)))] == list(range(1, 31))
    assert [r[3] for r in rows(inventory, ingest.release(after(70)))] == list(range(31, 40))
    assert ingest.pending == 0


def test_kind_that_gains_a_channel_while_readings_wait_releases_both():
    inventory, ingest = senses(kind="rain_gauge")
    ingest.push(batch([Reading("wg-0", 1, 10, (0.2,))], "rain_gauge"), after(10))
    richer = device("wg-9", "rain_gauge")
    more = (*richer.channels, Channel("snow", "mm"))
    inventory.birth(birth([type(richer)(**{**_fields(richer), "channels": more})]), after(11))
    ingest.push(batch([Reading("wg-9", 1, 12, (0.4, 3.0))], "rain_gauge", channels=more), after(12))
    (part,) = ingest.release(after(40))
    np.testing.assert_array_equal(part.values, [[0.2, 0.4], [math.nan, 3.0]])


def _fields(info):
    return {name: getattr(info, name) for name in info.__slots__}


def test_overflow_is_refused_and_counted(monkeypatch):
    monkeypatch.setattr("ops_center.core.ingest.PENDING_LIMIT", 2)
    _, ingest = senses()
    ingest.push(batch([Reading(i, 9, 900, (0.0,)) for i in IDS[:2]]), after(900))
    ingest.push(batch([Reading(IDS[2], 9, 900, (0.0,))]), after(900))
    assert ingest.counts["overflow"] == 1
    ingest.release(after(1000))
    ingest.push(batch([Reading(i, 8, 800, (0.0,)) for i in IDS[:2]]), after(1000))
    assert ingest.counts["late"] == 2

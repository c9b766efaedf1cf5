"""What follows from foreign messages one after another."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.clock import MILLISECOND, SECOND, Ns, SteppedClock
from sim.kernel.ids import is_level
from sim.messages.city import CityClock, MapPublished
from sim.messages.field import UnitStatus
from sim.messages.telemetry import QUALITY_SELF_TEST, DeviceBirth
from sim.transport.foreign.feeds import ForeignFeeds, as_level
from support.foreign import (
    GAUGES,
    TOPIC,
    batches,
    births,
    feeds,
    later,
    mapping,
    payload,
    reasons,
    time_of,
)
from support.messages import device as their_device
from support.town import PROJECTION, START, town, unit

VEHICLES = """\
prefix: fleet
positions:
  vehicles:
    topic: gps/+plate
    kind: pump_unit
    unit: +plate
    time: {at: /ts, format: ms}
    position: {lon: /lon, lat: /lat}
    state: {at: /task, means: {0: idle, busy: en_route}}
    order: /order
"""
LON, LAT = PROJECTION.point_to_lonlat(1250.0, 0.0)


def test_new_device_is_born_once_before_its_first_reading():
    foreign = feeds()
    first = foreign.translate(TOPIC, payload(batt=80))
    (birth,), (batch,) = births(first), batches(first)
    (info,) = birth.devices
    assert (info.device_id, info.kind, info.domain) == (
        "pilot-wl-1",
        "road_water_gauge",
        "municipal",
    )
    assert (info.district, info.place_id) == ("east", "underpass-01")
    assert batch.values.tolist() == [[pytest.approx(0.03)]]
    assert batch.battery.tolist() == [pytest.approx(80.0)]
    assert time_of(batch) == START
    second = foreign.translate(TOPIC, payload(ts=later(60)))
    assert not births(second)
    assert batches(second)[0].seq[0] == 2


def test_neighbouring_readings_of_a_kind_make_one_batch():
    foreign = feeds()
    read = foreign.decode([(TOPIC, payload(ts=later(s))) for s in range(5)])
    (batch,) = batches(read)
    assert batch.seq.tolist() == [1, 2, 3, 4, 5]
    assert isinstance(read[0], DeviceBirth)


def test_reading_that_comes_twice_keeps_its_number():
    foreign = feeds()
    read = foreign.decode([(TOPIC, payload()), (TOPIC, payload(ts=later(9))), (TOPIC, payload())])
    assert batches(read)[0].seq.tolist() == [1, 2, 1]


def test_device_that_doubts_itself_is_marked():
    (batch,) = batches(feeds().translate(TOPIC, payload(status="fault")))
    assert batch.quality.tolist() == [QUALITY_SELF_TEST]


def test_impossible_battery_costs_no_reading():
    (batch,) = batches(feeds().translate(TOPIC, payload(batt=255)))
    assert batch.battery is None


@pytest.mark.parametrize(
    ("topic", "body", "reason"),
    [
        ("pilot/south/up", payload(), "topic"),
        ("elsewhere", payload(), "topic"),
        (TOPIC, b"level=3", "json"),
        (TOPIC, b"\xff\xfe", "json"),
        (TOPIC, b"[" * 100_000, "json"),
        (TOPIC, b" " * 1_000_001, "size"),
        (TOPIC, b"[]", "pointer"),
        (TOPIC, b"17", "pointer"),
        (TOPIC, payload(level=None), "pointer"),
        (TOPIC, payload(sn=None), "pointer"),
        (TOPIC, payload(ts=None), "pointer"),
        (TOPIC, payload(level="high"), "type"),
        (TOPIC, payload(level=True), "type"),
        (TOPIC, payload(level={}), "type"),
        (TOPIC, payload(sn=1.5), "type"),
        (TOPIC, payload(ts=[]), "type"),
        (TOPIC, payload(ts="noon"), "time"),
        (TOPIC, payload(ts=0), "time"),
        (TOPIC, payload(ts=later(3600)), "time"),
        (TOPIC, payload(ts=later(-8 * 86_400)), "time"),
        (TOPIC, payload(level=9999), "range"),
        (TOPIC, payload(level="1e999"), "range"),
        (TOPIC, payload(sn="x" * 101), "range"),
        (TOPIC, payload(sn="WL-9"), "place"),
        (TOPIC, payload(sn="WL-9", lon=0, lat=0), "place"),
        (TOPIC, payload(sn="WL-9", lon=LON), "pointer"),
        (TOPIC, payload(sn="WL-9", lon=LON, lat=91), "range"),
    ],
)
def test_what_does_not_fit_is_counted_by_reason(topic, body, reason):
    foreign = feeds()
    read = foreign.translate(topic, body)
    assert reasons(read) == [f"foreign.{reason}"]
    assert read[0].topic == topic
    assert read[0].payload == body
    feed = "" if reason == "topic" else "gauges."
    assert foreign.counters()[f"foreign.{feed}refused.{reason}"] == 1
    assert batches(foreign.translate(TOPIC, payload()))


def test_unit_that_is_told_must_measure_the_same():
    foreign = feeds(GAUGES.replace("unit: cm, range: [-5, 500]", "unit_at: /unit"))
    (batch,) = batches(foreign.translate(TOPIC, payload(unit="mm")))
    assert batch.values[0, 0] == pytest.approx(0.003)
    for wrong in ("Cel", None, 3):
        assert reasons(foreign.translate(TOPIC, payload(unit=wrong))) == ["foreign.unit"]


def test_two_identities_of_one_name_are_not_mixed_up():
    foreign = feeds(GAUGES.replace("WL-1:", "WL.1: {place: underpass-01}\n      WL-1:"))
    assert batches(foreign.translate(TOPIC, payload(sn="WL-1")))
    assert reasons(foreign.translate(TOPIC, payload(sn="WL.1"))) == ["foreign.device"]


def test_name_of_a_city_device_is_the_citys():
    theirs = dataclasses.replace(their_device(1), device_id="pilot-wl-1")
    foreign = feeds()
    assert batches(foreign.translate(TOPIC, payload()))
    foreign.note(DeviceBirth(ts_event=START, devices=(theirs,)))
    assert reasons(foreign.translate(TOPIC, payload(ts=later(60)))) == ["foreign.device"]
    # Its other devices are none of the feed's business.
    foreign.note(DeviceBirth(ts_event=START, devices=(their_device(2),)))
    assert batches(foreign.translate(TOPIC, payload(sn="WL-2", lon=LON, lat=LAT)))


def test_one_device_of_two_kinds_is_told_to_take_a_prefix():
    rain = GAUGES.split("feeds:\n")[1].replace("gauges", "rain").replace("road_water", "rain")
    rain = rain.replace(
        "depth: {at: /level, unit: cm, range: [-5, 500]}", "rain: {at: /r, unit: mm}"
    )
    read = feeds(GAUGES + rain).translate(TOPIC, payload(r=1))
    assert len(batches(read)) == 1
    assert reasons(read) == ["foreign.device"]
    apart = feeds(GAUGES + rain.replace("    device:", "    prefix: pilot-rain\n    device:"))
    read = apart.translate(TOPIC, payload(r=1))
    assert [b.kind for b in batches(read)] == ["road_water_gauge", "rain_gauge"]


def test_reporting_period_is_learnt_as_the_longest_of_the_first():
    foreign = feeds()
    learnt = []
    for second in (0, 10, 20, 30, 75, 85, 95, 105, 115, 125):
        learnt += births(foreign.translate(TOPIC, payload(ts=later(second - 200))))
    assert [birth.devices[0].interval_s for birth in learnt] == [600.0, 45.0]


def test_given_period_is_not_learnt():
    foreign = feeds(GAUGES.replace("    device: /sn", "    interval: 5 min\n    device: /sn"))
    read = [foreign.translate(TOPIC, payload(ts=later(s - 200))) for s in range(0, 200, 10)]
    assert [b.devices[0].interval_s for one in read for b in births(one)] == [300.0]


def test_device_moves_when_it_moves_and_not_by_its_scatter():
    foreign = feeds()

    def send(metres: float, second: float) -> list[DeviceBirth]:
        lon, lat = PROJECTION.point_to_lonlat(1250.0 + metres, 0.0)
        return births(foreign.translate(TOPIC, payload(sn="M", lon=lon, lat=lat, ts=later(second))))

    assert len(send(0, 0)) == 1
    assert not send(20, 1)
    (birth,) = send(300, 2)
    assert PROJECTION.point_to_xy(birth.devices[0].lon, 0)[0] == pytest.approx(1550, abs=1)


def test_map_gives_devices_born_before_it_their_district():
    foreign = feeds(with_map=False)
    placed = foreign.translate(TOPIC, payload(sn="P", lon=LON, lat=LAT))
    far = foreign.translate(TOPIC, payload(sn="F", lon=LON + 3, lat=LAT))
    assert [births(r)[0].devices[0].district for r in (placed, far)] == ["all", "all"]
    # A place can only be known from the map.
    assert reasons(foreign.translate(TOPIC, payload())) == ["foreign.place"]
    (born,) = foreign.note(MapPublished(ts_event=START, basemap=town()))
    assert [(info.device_id, info.district) for info in born.devices] == [("pilot-p", "east")]
    assert foreign.note(MapPublished(ts_event=START, basemap=town())) == []
    again = foreign.translate(TOPIC, payload(sn="F", lon=LON + 3, lat=LAT, ts=later(5)))
    assert reasons(again) == ["foreign.place"]
    assert batches(foreign.translate(TOPIC, payload()))


def test_device_watches_the_nearest_place_or_none_at_all():
    text = GAUGES.replace("    devices:\n      WL-1: {place: underpass-01}\n", "")
    text += "    watches: {kind: underpass, within: 100 m}\n"
    near, far = PROJECTION.point_to_lonlat(1300.0, 30.0), PROJECTION.point_to_lonlat(1400.0, 0.0)
    foreign = feeds(text)
    read = foreign.translate(TOPIC, payload(lon=near[0], lat=near[1]))
    assert births(read)[0].devices[0].place_id == "underpass-01"
    assert reasons(foreign.translate(TOPIC, payload(sn="B", lon=far[0], lat=far[1]))) == [
        "foreign.place"
    ]


def test_wall_time_is_put_on_the_citys_clock():
    wall_ns = START + 1_000_000 * SECOND
    foreign = feeds()
    foreign.note(CityClock(ts_event=START, speed=60.0, ends_at=None, wall_ns=wall_ns, run_id="r"))
    read = foreign.translate(TOPIC, payload(ts=wall_ns // MILLISECOND - 500))
    assert time_of(batches(read)[0]) == START - 30 * SECOND
    city = feeds(GAUGES.replace("format: ms", "format: ms, clock: city"))
    city.note(CityClock(ts_event=START, speed=60.0, ends_at=None, wall_ns=wall_ns, run_id="r"))
    assert time_of(batches(city.translate(TOPIC, payload()))[0]) == START


def test_city_slower_than_its_word_dates_readings_by_their_arrival():
    foreign = feeds()
    foreign.note(CityClock(ts_event=START, speed=100.0, ends_at=None, wall_ns=START, run_id="r"))
    read = foreign.decode([(TOPIC, payload(ts=later(s))) for s in (2, 3, 61)])
    assert batches(read)[0].time_ns.tolist() == [START + MILLISECOND * i for i in (0, 1)]
    assert reasons(read) == ["foreign.time"]


def test_readings_dated_by_arrival_follow_each_other():
    foreign = feeds(GAUGES.replace("time: {at: /ts, format: ms}", "time: arrival"))
    (batch,) = batches(foreign.decode([(TOPIC, payload(level=1)), (TOPIC, payload(level=2))]))
    assert batch.time_ns.tolist() == [START, START + MILLISECOND]
    assert batch.seq.tolist() == [1, 2]


def position(**fields: object) -> bytes:
    whole = {"ts": START // MILLISECOND, "lon": LON, "lat": LAT, "task": 0} | fields
    return json.dumps(whole).encode()


def test_vehicle_is_a_unit_that_is_where_it_says():
    foreign = feeds(VEHICLES)
    (status,) = foreign.translate("gps/A1", position(task="busy", order="cmd-000001"))
    assert isinstance(status, UnitStatus)
    assert (status.unit_id, status.kind, status.state) == ("fleet-a1", "pump_unit", "en_route")
    assert (status.lon, status.lat, status.district) == (LON, LAT, "east")
    assert (status.order_id, status.skills) == ("cmd-000001", ())
    assert foreign.counters()["foreign.vehicles.positions"] == 1


def test_older_position_and_unknown_state_are_refused():
    foreign = feeds(VEHICLES)
    assert not reasons(foreign.translate("gps/A1", position(ts=later(10))))
    assert reasons(foreign.translate("gps/A1", position(ts=later(9)))) == ["foreign.time"]
    assert reasons(foreign.translate("gps/A1", position(ts=later(11), task=7))) == ["foreign.type"]
    assert reasons(foreign.translate("gps/A1", position(ts=later(11), lat=None))) == [
        "foreign.pointer"
    ]


def test_name_of_a_city_unit_is_the_citys():
    foreign = feeds(VEHICLES)
    foreign.note(unit("fleet-a1", "pump", 0))
    assert reasons(foreign.translate("gps/A1", position())) == ["foreign.device"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_identity_becomes_part_of_a_topic_level(own_id):
    assert is_level(f"pilot-{as_level(own_id)}")


def test_chinese_plates_of_two_provinces_stay_apart():
    assert as_level("京A12345") == "4eaca12345"
    assert as_level("沪A12345") != as_level("京A12345")


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["WL-1", 3, later(1), LON, LAT, "fault", "1e999"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["sn", "ts", "level", "lon", "lat", "batt"]), inner)
    ),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sound payload with fields changed or lost, or bytes changed, cut or doubled."""
    body: dict[str, Any] = json.loads(payload(lon=LON, lat=LAT, batt=50, status="ok"))
    for key in draw(st.lists(st.sampled_from(sorted(body)), max_size=3)):
        if draw(st.booleans()):
            body.pop(key, None)
        else:
            body[key] = draw(anything)
    raw = json.dumps(body).encode()
    if draw(st.booleans()):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, len(raw)))
        raw = raw[:start] + draw(st.binary(max_size=4)) + raw[end:]
    return raw


@given(st.lists(mutated() | anything.map(lambda v: json.dumps(v).encode()), max_size=6))
def test_whatever_comes_is_a_message_or_a_counted_refusal(payloads):
    foreign = feeds(GAUGES)
    read = foreign.decode([(TOPIC, body) for body in payloads])
    readings = sum(len(batch) for batch in batches(read))
    counters = foreign.counters()
    assert readings == counters.get("foreign.gauges.readings", 0)
    assert readings + len(reasons(read)) == len(payloads)
    refused = {k: n for k, n in counters.items() if ".refused." in k}
    assert sum(refused.values()) == len(reasons(read))
    for batch in batches(read):
        assert (abs(batch.values) < 1e15).all()
    assert batches(foreign.translate(TOPIC, payload(ts=later(-1))))


@given(st.lists(mutated(), max_size=6), st.integers(1, 6))
def test_grouping_does_not_change_what_is_read(payloads, size):
    messages = [(TOPIC, body) for body in payloads]
    at_once, in_parts = feeds(GAUGES), feeds(GAUGES)
    whole = at_once.decode(messages)
    parts = [
        r for i in range(0, len(messages), size) for r in in_parts.decode(messages[i : i + size])
    ]
    assert at_once.counters() == in_parts.counters()
    assert reasons(whole) == reasons(parts)

    def rows(read: list[Any]) -> list[Any]:
        return [
            (b.roster.ids[d], t, s, v)
            for b in batches(read)
            for d, t, s, v in zip(
                b.device.tolist(), b.time_ns.tolist(), b.seq.tolist(), b.values[0].tolist(),
                strict=True,
            )
        ]  # fmt: skip

    assert rows(whole) == rows(parts)


def test_clock_of_the_feeds_is_the_listeners():
    clock = SteppedClock(START)
    foreign = ForeignFeeds(mapping(GAUGES.replace("{at: /ts, format: ms}", "arrival")), clock)
    foreign.note(MapPublished(ts_event=START, basemap=town()))
    clock.advance_to(Ns(START + 5 * SECOND + 123))
    assert time_of(batches(foreign.translate(TOPIC, payload()))[0]) == START + 5 * SECOND

"""Packs of devices and of gateways, in JSON and in CBOR, are the same readings."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.bus import Message
from sim.kernel.errors import PayloadError
from sim.messages import senml, topics
from sim.messages.decode import Decoder
from sim.messages.encode import Encoder
from sim.messages.envelope import WireMessage
from sim.messages.packing import MAX_REPORTS, TelemetryForm
from sim.messages.telemetry import Channel, DeviceBirth, DeviceInfo, TelemetryBatch
from support.messages import batch, birth, births_and_batches, device, says
from support.town import START

FORMS = [
    TelemetryForm(payload=payload, packs=packs)
    for payload in ("json", "cbor")
    for packs in ("device", "gateway")
]
GATEWAY_TOPIC = "city/v1/haidian/network/gateway/gw-0/telemetry"


def gateway(gateway_id: str) -> DeviceInfo:
    return dataclasses.replace(
        device(0), device_id=gateway_id, kind="gateway", domain="network", gateway_id=None
    )


def packed(form: TelemetryForm, *messages: Message) -> list[WireMessage]:
    encoder = Encoder(form)
    wired = [wire for message in messages for wire in encoder.encode(message)]
    return [wire for wire in wired if wire.topic.endswith(topics.TELEMETRY)]


def in_order(entries: Iterable[tuple[object, ...]]) -> list[object]:
    """Entries sorted by what they say, in whatever order channels were heard."""

    def key(entry: tuple[object, ...]) -> str:
        return repr([sorted(it.items(), key=repr) if isinstance(it, dict) else it for it in entry])

    return sorted(entries, key=key)


def readings(wired: list[WireMessage]) -> list[object]:
    read = Decoder().decode((wire.topic, wire.payload) for wire in wired)
    assert all(isinstance(message, TelemetryBatch) for message in read), read
    return in_order(entry for message in read for entry in says(message))


@given(births_and_batches(), st.lists(st.sampled_from(["gw-0", "gw-1", "gw-9", None])))
def test_every_form_of_a_batch_says_the_same(cohort, gateway_ids):
    """Devices behind two known gateways, behind one that was never heard of, and behind none."""
    announced, message = cohort
    served = [
        dataclasses.replace(info, gateway_id=(gateway_ids or [None])[i % (len(gateway_ids) or 1)])
        for i, info in enumerate(announced.devices)
    ]
    births = DeviceBirth(ts_event=START, devices=[gateway("gw-0"), gateway("gw-1"), *served])
    wanted = in_order(says(message))
    for form in FORMS:
        assert readings(packed(form, births, message)) == wanted


def test_a_gateway_sends_one_pack_on_its_own_topic_and_connection():
    births = DeviceBirth(ts_event=START, devices=[gateway("gw-0"), *birth(3, "gw-0").devices])
    (sent,) = packed(TelemetryForm(packs="gateway"), births, batch(3))
    assert sent.topic == GATEWAY_TOPIC
    assert sent.via == "gw-0"
    pack = json.loads(sent.payload)
    assert [r["bn"] for r in pack if "bn" in r] == [
        f"urn:dev:ops:chengmai-water_gauge-wg-{i}:" for i in range(3)
    ]
    assert all("bt" in r for r in pack if "bn" in r)
    (read,) = Decoder().decode([(sent.topic, sent.payload)])
    assert read.kind == "water_gauge"
    assert len(read) == 3


def test_a_gateways_own_report_stays_its_own():
    births = DeviceBirth(ts_event=START, devices=[gateway("gw-0")])
    own = dataclasses.replace(batch(1), kind="gateway", roster=type(batch().roster)(["gw-0"]))
    for form in FORMS:
        (sent,) = packed(form, births, own)
        assert sent.topic == GATEWAY_TOPIC
        (read,) = Decoder().decode([(sent.topic, sent.payload)])
        assert (read.kind, read.roster.ids) == ("gateway", ["gw-0"])


def test_no_pack_of_a_gateway_grows_beyond_what_a_broker_takes():
    n = MAX_REPORTS * 2 + 1
    births = DeviceBirth(ts_event=START, devices=[gateway("gw-0"), *birth(n, "gw-0").devices])
    sent = packed(TelemetryForm(packs="gateway"), births, batch(n))
    assert len(sent) == 3
    assert max(len(wire.payload) for wire in sent) < 128_000
    assert len(readings(sent)) == n


def test_a_device_whose_kind_could_be_misread_sends_its_own_pack():
    odd = dataclasses.replace(device(0, "gw-0"), kind="water-gauge")
    births = DeviceBirth(ts_event=START, devices=[gateway("gw-0"), odd])
    message = dataclasses.replace(batch(1), kind="water-gauge")
    (sent,) = packed(TelemetryForm(packs="gateway"), births, message)
    assert sent.topic == topics.topic("haidian", "water", "water-gauge", "wg-0", topics.TELEMETRY)


def test_readings_say_what_they_are_on_the_outside():
    births = DeviceBirth(ts_event=START, devices=[gateway("gw-0"), *birth(1, "gw-0").devices])
    for form in FORMS:
        (sent,) = packed(form, births, batch(1))
        assert sent.about.content_type == senml.MEDIA_TYPES[form.payload]
        many = form.packs == "gateway"
        assert sent.about.schema == ("gateway-telemetry" if many else "telemetry")


def read(topic: str, *records: dict[str, object]) -> Message | PayloadError:
    (only,) = Decoder().decode([(topic, json.dumps(records).encode())])
    return only


OWN = topics.topic("haidian", "water", "water_gauge", "wg-0", topics.TELEMETRY)
NAME = "urn:dev:ops:chengmai-water_gauge-wg-{}:"


def test_bases_hold_across_the_devices_of_a_pack_until_they_are_replaced():
    found = read(
        GATEWAY_TOPIC,
        {"bn": NAME.format(0), "bt": 1000, "bu": "m", "n": "depth", "v": 1},
        {"bn": NAME.format(1), "n": "depth", "v": 2, "t": 0.5},
        {"n": "seq", "v": 7, "u": "/"},
        {"bn": NAME.format(2), "bt": 2000, "bv": 10, "n": "depth", "v": 3},
    )
    assert isinstance(found, TelemetryBatch)
    assert found.roster.ids == ["wg-0", "wg-1", "wg-2"]
    assert found.channels == (Channel("depth", "m"),)
    assert (found.time_ns // 10**6).tolist() == [1_000_000, 1_000_500, 2_000_000]
    assert found.values.tolist() == [[1.0, 2.0, 13.0]]
    assert found.seq.tolist() == [0, 7, 0]


def test_a_course_of_readings_in_one_pack_is_kept_whole():
    found = read(
        OWN,
        {"bn": NAME.format(0), "bt": 1000, "n": "depth", "u": "m", "v": 1, "t": -20},
        {"n": "depth", "u": "m", "v": 2, "t": -10},
        {"n": "depth", "u": "m", "v": 3},
        {"n": "seq", "v": 4},
    )
    assert isinstance(found, TelemetryBatch)
    assert found.values.tolist() == [[1.0, 2.0, 3.0]]
    assert (found.time_ns // 10**9).tolist() == [980, 990, 1000]
    assert found.seq.tolist() == [4, 4, 4]


def test_kinds_in_one_pack_make_batches_of_their_own():
    pack = [
        {"bn": "urn:dev:ops:chengmai-water_gauge-wg-0:", "bt": 1, "n": "depth", "u": "m", "v": 1},
        {"bn": "urn:dev:ops:chengmai-rain_gauge-rg-0:", "n": "rain", "u": "mm", "v": 2},
        {"bn": "urn:dev:ops:chengmai-rain_gauge-rg-1:", "n": "rain", "u": "mm", "v": 3},
    ]
    found = Decoder().decode([(GATEWAY_TOPIC, json.dumps(pack).encode())])
    assert [(m.kind, len(m)) for m in found] == [("water_gauge", 1), ("rain_gauge", 2)]


def test_records_of_a_foreign_gateway_without_a_name_of_ours_are_its_own():
    found = read(GATEWAY_TOPIC, {"bn": "urn:dev:mac:00:", "bt": 1, "n": "held", "u": "/", "v": 1})
    assert (found.kind, found.roster.ids) == ("gateway", ["gw-0"])


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        (OWN, NAME.format(1)),
        (OWN, "urn:dev:ops:chengmai-rain_gauge-wg-0:"),
        (GATEWAY_TOPIC, "urn:dev:ops:chengmai-garbled:"),
    ],
)
def test_nobody_speaks_under_anothers_name(topic, name):
    found = read(topic, {"bn": name, "bt": 1, "n": "depth", "v": 1})
    assert isinstance(found, PayloadError)
    assert found.reason == "name"


def test_a_gateways_pack_with_one_bad_reading_is_refused_whole():
    found = read(
        GATEWAY_TOPIC,
        {"bn": NAME.format(0), "bt": 1, "n": "depth", "v": 1},
        {"bn": NAME.format(1), "n": "seq", "v": 1},
    )
    assert isinstance(found, PayloadError)
    assert found.reason == "schema"


def test_a_pack_of_too_many_reports_is_refused():
    record = [{"n": "depth", "v": 1.0, "t": float(i)} for i in range(20_001)]
    found = read(OWN, *record)
    assert isinstance(found, PayloadError)
    assert found.reason == "size"

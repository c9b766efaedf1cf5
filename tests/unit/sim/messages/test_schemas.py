from __future__ import annotations

import copy
import gzip
import json
import zlib
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given

from sim.kernel.errors import PayloadError
from sim.messages import topics
from sim.messages.decode import Decoder
from sim.messages.encode import Encoder
from sim.messages.envelope import WireMessage
from sim.messages.schemas import DIALECT, STATES, schema_for, schemas
from support.messages import births_and_batches, one_of_each, plain_messages
from support.wired import damaged

NAMES = {
    "telemetry", "gateway-telemetry", "device-state", "unit-state", "actuator-state",
    "clock-state", "map-state", "call-event", "command", "ack",
}  # fmt: skip


def plain(payload: bytes) -> Any:
    packed = payload.startswith(b"\x1f\x8b")
    return json.loads(gzip.decompress(payload) if packed else payload)


def faults(topic: str, document: Any) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(schema_for(topic))
    return [error.message for error in validator.iter_errors(document)]


def wired() -> list[WireMessage]:
    encoder = Encoder()
    return [wire for message in one_of_each() for wire in encoder.encode(message)]


def test_there_is_a_sound_schema_of_every_name_and_each_says_what_it_is():
    found = schemas()
    assert set(found) == NAMES
    for name, schema in found.items():
        jsonschema_rs.meta.validate(schema)
        assert schema["$schema"] == DIALECT
        assert schema["$id"] == f"urn:chengmai:v1:{name}"
        assert schema["description"]
        assert "$ref" not in json.dumps(schema)


def test_what_the_caller_does_to_a_schema_stays_with_the_caller():
    mine = schemas()
    mine["command"]["properties"].clear()
    schema_for(wired()[0].topic)["oneOf"].clear()
    assert schemas()["command"]["properties"]
    assert schema_for(wired()[0].topic)["oneOf"]


def test_a_state_topic_tells_its_kinds_apart_by_type():
    schema = schema_for("city/v1/haidian/water/water_gauge/wg-0/state")
    assert [one["title"] for one in schema["oneOf"]] == list(STATES)
    assert schema["discriminator"] == {"propertyName": "type"}
    types = [one["properties"]["type"]["enum"] for one in schema["oneOf"]]
    assert types == [["device"], ["unit"], ["actuator"], ["clock"], ["map"]]


def test_only_a_gateway_may_tell_of_many_devices():
    own = schema_for("city/v1/haidian/water/water_gauge/wg-0/telemetry")
    gateway = schema_for("city/v1/haidian/network/gateway/gw-0/telemetry")
    assert own["title"] == "telemetry"
    assert gateway["title"] == "gateway-telemetry"
    assert "maxItems" in own
    assert "maxItems" not in gateway


@pytest.mark.parametrize("topic", ["", "city/v1/x", topics.ORDER, "city/v2/a/b/c/d/state"])
def test_a_topic_outside_the_feed_has_no_schema(topic):
    with pytest.raises(PayloadError, match="topic"):
        schema_for(topic)


def test_one_message_of_each_type_is_as_published():
    for wire in wired():
        assert faults(wire.topic, plain(wire.payload)) == []


@given(plain_messages)
def test_any_message_is_as_published(message):
    for wire in Encoder().encode(message):
        if wire.topic != topics.ORDER:
            assert faults(wire.topic, plain(wire.payload)) == []


@given(births_and_batches())
def test_any_telemetry_is_as_published(cohort):
    encoder = Encoder()
    for message in cohort:
        for wire in encoder.encode(message):
            assert faults(wire.topic, plain(wire.payload)) == []


@given(damaged())
def test_what_the_schema_accepts_the_decoder_reads(message):
    topic, payload = message
    if topic == topics.ORDER:
        return
    try:
        document = plain(payload)
        is_sound = not faults(topic, document)
    except (ValueError, EOFError, OSError, zlib.error):
        return
    (read,) = Decoder().decode([message])
    if is_sound and isinstance(read, PayloadError):
        assert _no_schema_can_say(read, document)


def _no_schema_can_say(error: PayloadError, document: Any) -> bool:
    """Whether it is an index of the map, a sum of times, another's name, or 3.0 for a 3.

    JSON Schema takes 3.0 for an integer.
    """
    return (
        error.reason == "name"
        or (isinstance(document, dict) and document.get("type") == "map")
        or "time was" in error.detail
        or "Expected `int" in error.detail
    )


READING = {"bn": "urn:dev:ops:chengmai-water_gauge-wg-0:", "bt": 1.0, "n": "depth", "v": 0.5}
BIRTH = {
    "type": "device", "status": "online", "lon": 1.0, "lat": 2.0, "interval_s": 60.0,
    "channels": [{"n": "depth", "u": "m"}],
}  # fmt: skip


@pytest.mark.parametrize(
    "pack",
    [
        {},
        [],
        [READING, 3],
        [{"n": "depth"}],
        [{"v": 1}],
        [READING | {"v": None}],
        [READING | {"v": "deep"}],
        [READING | {"n": "tief ja"}],
        [READING | {"bn": "-urn"}],
        [READING | {"bver": 11}],
        [READING | {"bt": -1}],
        [READING | {"new_": 1}],
        [READING, {"n": "seq", "v": 0.5}],
        [READING, {"n": "quality", "v": -1}],
        [READING, {"n": "sim_time", "v": 1e18}],
        [{"n": "seq", "v": 1}],
        [READING] * 1000,
    ],
)
def test_a_pack_that_is_not_as_published_is_refused(pack):
    assert faults("city/v1/haidian/water/water_gauge/wg-0/telemetry", pack)


@pytest.mark.parametrize("missing", ["type", "status", "lon", "lat", "interval_s", "channels"])
def test_a_birth_without_a_field_it_needs_is_refused_by_schema_and_decoder(missing):
    topic = "city/v1/haidian/water/water_gauge/wg-0/state"
    assert not faults(topic, BIRTH)
    document = copy.copy(BIRTH)
    del document[missing]
    assert faults(topic, document)
    (read,) = Decoder().decode([(topic, json.dumps(document).encode())])
    assert isinstance(read, PayloadError)


def test_every_field_of_the_map_that_is_asked_for_is_needed():
    (sent,) = Encoder().encode(one_of_each()[1])
    document = plain(sent.payload)
    rows = {"links", "districts", "places", "stations", "areas"}
    inside = schemas()["map-state"]["properties"]["map"]
    for field in inside["required"]:
        less = {k: v for k, v in document["map"].items() if k != field}
        assert faults(sent.topic, document | {"map": less}), field
    for row in rows:
        needed = set(inside["properties"][row]["items"]["required"])
        for entry in document["map"][row][:1]:
            assert needed <= set(entry)

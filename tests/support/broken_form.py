"""Good traffic with one message, identity or reading wrong: each breaks one rule."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sim.messages import senml
from sim.probe.arrival import Arrival
from support.breaking import (
    BOTH,
    at,
    birth,
    breaks,
    edited,
    first_birth,
    packs,
    put,
    raw,
    renamed,
    victim,
    without,
)
from support.feed import Feed, small, whole

# --- topics and payloads ------------------------------------------------------------------


@breaks("topic.form")
def upper_case_level() -> Feed:
    return renamed(5, victim().upper())


@breaks("topic.form")
def level_too_many() -> Feed:
    return renamed(6, "telemetry/v2")


@breaks("topic.form")
def unknown_channel() -> Feed:
    return renamed(6, "data")


@breaks("topic.domain")
def foreign_domain() -> Feed:
    return renamed(3, "ecology", BOTH)


@breaks("topic.district")
def district_off_the_map() -> Feed:
    the_map = next(a for a in whole().arrivals if "/map/" in a.topic)
    return renamed(2, "atlantis", BOTH).plus(the_map)


@breaks("payload.utf8")
def latin_1() -> Feed:
    return raw(lambda payload: payload.replace(b'"m/s"', b'"m\xb2"'))


@breaks("payload.json")
def torn() -> Feed:
    return raw(lambda payload: payload[: len(payload) // 2])


@breaks("payload.json")
def empty() -> Feed:
    return raw(lambda _: b"")


@breaks("payload.json")
def trailing_comma() -> Feed:
    return raw(lambda payload: payload[:-1] + b",]")


@breaks("payload.cbor")
def torn_cbor() -> Feed:
    def as_cbor(arrival: Arrival, number: int) -> Arrival:
        whole_pack = senml.write(senml.read(arrival.payload), "cbor")
        payload = whole_pack[:-9] if number % 7 == 3 else whole_pack
        return replace(arrival, payload=payload)

    return small().each(victim(), "telemetry", as_cbor)


@breaks("payload.number")
def not_a_number() -> Feed:
    return raw(lambda payload: payload.replace(b'"v":', b'"v":NaN,"x":', 1))


@breaks("payload.number")
def infinity() -> Feed:
    return raw(lambda payload: payload.replace(b'"v":', b'"v":-Infinity,"x":', 1))


@breaks("payload.number")
def beyond_double() -> Feed:
    return raw(lambda payload: payload.replace(b'"v":', b'"v":1e999,"x":', 1))


@breaks("payload.schema")
def number_as_text() -> Feed:
    return packs(lambda pack, _: put(pack, "speed", "8.3"))


@breaks("payload.schema")
def object_for_a_pack() -> Feed:
    return packs(lambda pack, n: {"e": pack} if n % 7 == 3 else pack)


@breaks("payload.schema")
def field_that_must_be_understood() -> Feed:
    return packs(lambda pack, _: put(pack, "speed", 1, key="secret_"))


@breaks("payload.schema")
def state_of_no_type() -> Feed:
    state = replace(first_birth(), at=at(small(), 0.5), payload=b'{"status":"online"}')
    return small().plus(state)


@breaks("payload.size")
def padded() -> Feed:
    return raw(lambda payload: payload + b" " * 30_000)


# --- retained, quality of service ---------------------------------------------------------


@breaks("retain.unwanted")
def retained_telemetry() -> Feed:
    last = small().of(victim(), "telemetry")[-1]
    return replace(small(), keeps=(replace(last, retained=True),))


@breaks("retain.unwanted")
def retained_command() -> Feed:
    sign = next(a for a in small().arrivals if a.topic.endswith("/command"))
    return small().plus(replace(sign, at=small().start, retained=True))


@breaks("retain.missing")
def birth_not_retained() -> Feed:
    return replace(small(), forgets=frozenset({first_birth().topic}))


@breaks("qos.low")
def birth_at_most_once() -> Feed:
    return small().each(victim(), "state", lambda arrival, _: replace(arrival, qos=0))


# --- who it is ----------------------------------------------------------------------------


@breaks("pack.sequence")
def no_sequence() -> Feed:
    return packs(lambda pack, _: without(pack, "seq"))


@breaks("pack.sequence")
def sequence_of_fractions() -> Feed:
    return packs(lambda pack, n: put(pack, "seq", n + 0.5))


@breaks("pack.base_name")
def no_base_name() -> Feed:
    def nameless(pack: Any, _: int) -> Any:
        del pack[0]["bn"]
        return pack

    return packs(nameless)


@breaks("pack.base_name")
def name_of_another() -> Feed:
    def stolen(pack: Any, _: int) -> Any:
        pack[0]["bn"] = "urn:dev:ops:chengmai-vehicle_detector-another:"
        return pack

    return packs(stolen)


@breaks("pack.base_name")
def name_that_changes() -> Feed:
    def new(pack: Any, n: int) -> Any:
        pack[0]["bn"] = f"urn:dev:mac:0024befffe80{n // 20:04x}:"
        return pack

    return packs(new)


@breaks("birth.missing")
def never_born() -> Feed:
    return edited("state", lambda *_: None)


@breaks("birth.position")
def nowhere() -> Feed:
    return birth(lon=None, lat=None)


@breaks("birth.position")
def null_island() -> Feed:
    return birth(lon=0.0, lat=0.0)


@breaks("birth.position")
def lat_and_lon_in_metres() -> Feed:
    return birth(lon=441_234.0, lat=4_417_000.0)


@breaks("birth.incomplete")
def no_channels() -> Feed:
    return birth(channels=[])


@breaks("birth.incomplete")
def no_interval() -> Feed:
    return birth(interval_s=None, alarm_interval_s=None)


@breaks("identity.topic")
def telemetry_under_another_district() -> Feed:
    return renamed(2, "elsewhere")


@breaks("identity.topic")
def telemetry_under_another_kind() -> Feed:
    return renamed(4, "loop_detector")


def reborn(**fields: Any) -> Feed:
    again = json.loads(first_birth().payload) | fields
    arrival = replace(first_birth(), at=at(small(), 0.5), payload=json.dumps(again).encode())
    return small().plus(arrival)


@breaks("identity.changed")
def another_place() -> Feed:
    return reborn(lon=116.9, lat=40.4)


@breaks("identity.changed")
def another_unit() -> Feed:
    # The birth comes after every report, so that these are held to it in vain as well.
    channels = json.loads(first_birth().payload)["channels"]
    extra = [*channels, {"n": "axles", "u": "count"}]
    last = json.loads(first_birth().payload) | {"channels": channels}
    first = replace(first_birth(), payload=json.dumps(last | {"channels": extra}).encode())
    return (
        small()
        .each(victim(), "state", lambda *_: first)
        .plus(replace(first_birth(), at=at(small(), 0.5)))
    )


# --- what it reads ------------------------------------------------------------------------


@breaks("channel.unknown")
def channel_of_no_birth() -> Feed:
    return packs(lambda pack, _: [*pack, {"n": "axles", "u": "count", "v": 2}])


@breaks("channel.unit")
def km_an_hour() -> Feed:
    return packs(lambda pack, _: put(pack, "speed", "km/h", key="u"))


@breaks("channel.mixed_units")
def now_this_now_that() -> Feed:
    return packs(lambda pack, n: put(pack, "speed", "km/h", key="u") if n % 2 else pack)


@breaks("channel.silent")
def channel_that_never_comes() -> Feed:
    return packs(lambda pack, _: without(pack, "speed"))


@breaks("value.range")
def more_than_all() -> Feed:
    return packs(lambda pack, n: put(pack, "occupancy", 1.7) if n == 9 else pack)


@breaks("value.range")
def below_nothing() -> Feed:
    return packs(lambda pack, n: put(pack, "vehicles", -1) if n == 9 else pack)


@breaks("value.battery")
def fuller_than_full() -> Feed:
    return packs(lambda pack, _: put(pack, "battery", 3_600))


@breaks("value.stuck")
def stuck() -> Feed:
    def same(pack: Any, _: int) -> Any:
        for name, value in (("vehicles", 7), ("speed", 8.3), ("occupancy", 0.2)):
            put(pack, name, value)
        return pack

    return packs(same)

"""JSON Schemas of everything on the feed, made from the shapes in `sim.messages.wire`.

The shapes say which fields there are and of what type; here stands what the decoder asks for
besides. Whatever a schema accepts, the decoder reads, but for what no schema can say: a sum of
base and offset out of range, an index of the map that points nowhere. The dialect is JSON
Schema 2020-12.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import msgspec

from sim.messages import topics, wire
from sim.messages.decode import MAX_COUNT, MAX_INTERVAL_S, MAX_SPEED
from sim.messages.gather import MAX_CHANNELS
from sim.messages.map_shape import MapShape
from sim.messages.senml import ASIDE, QUALITY, SEQ, SIM_TIME

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
STATES = ("device-state", "unit-state", "actuator-state", "clock-state", "map-state")
"""What a state topic may carry, told apart by the field ``type``."""

SENML_NAME = "^[A-Za-z0-9:./_-]+$"
SENML_BASE_NAME = "^[A-Za-z0-9][A-Za-z0-9:./_-]*$"
"""Characters of names (RFC 8428, section 4.5.1)."""

_TIME: Schema = {"minimum": 0, "exclusiveMaximum": wire.MAX_TIME_S}
_LON: Schema = {"minimum": -180, "maximum": 180}
_LAT: Schema = {"minimum": -90, "maximum": 90}
_COUNT: Schema = {"minimum": 0, "maximum": MAX_COUNT}
_WHOLE: Schema = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_INTERVAL: Schema = {"exclusiveMinimum": 0, "exclusiveMaximum": MAX_INTERVAL_S}
_AT: dict[str, Schema] = {"time": _TIME, "lon": _LON, "lat": _LAT}

_SHAPES: dict[str, tuple[type[msgspec.Struct], dict[str, Schema]]] = {
    "device-state": (
        wire.DeviceState,
        _AT | {"link": _COUNT, "interval_s": _INTERVAL, "alarm_interval_s": _INTERVAL},
    ),
    "unit-state": (wire.UnitStateWire, _AT),
    "actuator-state": (wire.ActuatorState, _AT),
    "clock-state": (
        wire.ClockState,
        {
            "time": _TIME,
            "speed": {"exclusiveMinimum": 0, "maximum": MAX_SPEED},
            "ends": _TIME,
            "wall": _TIME,
        },
    ),
    "map-state": (wire.MapState, {"time": _TIME}),
    "call-event": (wire.CallEvent, _AT | {"people": _COUNT}),
    "command": (wire.CommandWire, {"time": _TIME, "expires": _TIME}),
    "ack": (wire.AckWire, {"time": _TIME}),
}
"""Each shape, and the ranges that the decoder holds its fields to."""


def schemas() -> dict[str, Schema]:
    """Return the schema of every payload by its short name; the caller may change what it gets.

    ``telemetry`` is one device's SenML pack, ``gateway-telemetry`` a gateway's for many; both
    describe the JSON names, for which CBOR has integers (RFC 8428, section 6).
    ``map-state`` describes what the gzip payload unpacks to.
    """
    return copy.deepcopy(_all())


def schema_for(topic: str) -> Schema:
    """Return the schema of what is published on `topic`.

    A state topic's is one of several, told apart by the field ``type``.

    Raises
    ------
    PayloadError
        When the topic is not of the feed.
    """
    name = name_for(topics.parse(topic))
    if name != topics.STATE:
        return copy.deepcopy(_all()[name])
    return _named(topics.STATE, {"oneOf": [_bare(_all()[one]) for one in STATES]}) | {
        "discriminator": {"propertyName": "type"}
    }


def name_for(address: topics.Address) -> str:
    """Return the short name of the schema for an address, or ``"state"`` where it is several."""
    if address.channel == topics.TELEMETRY:
        is_gateway = address.kind == topics.GATEWAY
        return "gateway-telemetry" if is_gateway else "telemetry"
    return {
        topics.STATE: topics.STATE,
        topics.EVENT: "call-event",
        topics.COMMAND: "command",
        topics.ACK: "ack",
    }[address.channel]


@cache
def _all() -> dict[str, Schema]:
    found = {
        "telemetry": _pack("One device's report.") | {"maxItems": MAX_CHANNELS + len(ASIDE)},
        "gateway-telemetry": _pack(
            "Reports of a gateway and of devices that speak through it: each begins with a base"
            " name urn:dev:ops:chengmai-{kind}-{device}: that tells whose it is."
        ),
    }
    for name, (shape, ranges) in _SHAPES.items():
        found[name] = _tightened(_of(shape), ranges)
    found["device-state"] |= _birth()
    found["map-state"]["properties"]["map"] = _of(MapShape)
    return {name: _named(name, schema) for name, schema in found.items()}


def _pack(description: str) -> Schema:
    """Return the schema of a SenML pack whose every record has a name and a number."""
    record = _of(wire.Record)
    record["properties"] = {
        name: _without_null(field) for name, field in record["properties"].items()
    }
    record = _tightened(
        record,
        {
            "bn": {"pattern": SENML_BASE_NAME},
            "bt": _TIME,
            "bver": {"minimum": 1, "maximum": wire.SENML_VERSION},
            "n": {"pattern": SENML_NAME},
        },
    )
    # A field whose name ends in "_" must be understood (RFC 8428, section 4.4): none is.
    record |= {"required": ["n", "v"], "patternProperties": {"_$": False}}
    record["allOf"] = [
        {
            "if": {"properties": {"n": {"const": name}}},
            "then": {"properties": {"v": limits}},
        }
        for name, limits in ((SEQ, _WHOLE), (QUALITY, _WHOLE), (SIM_TIME, _TIME))
    ]
    return {
        "type": "array",
        "description": f"{description} SenML (RFC 8428), with {', '.join(ASIDE)} beside readings.",
        "items": record,
        "minItems": 1,
        "contains": {"properties": {"n": {"not": {"enum": list(ASIDE)}}}},
    }


def _birth() -> Schema:
    """Return what a device that says it is there must tell."""
    return {
        "if": {"properties": {"status": {"const": "online"}}},
        "then": {
            "required": ["lon", "lat", "channels", "interval_s"],
            "properties": {
                "lon": {"type": "number"},
                "lat": {"type": "number"},
                "channels": {"minItems": 1},
                "interval_s": {"type": "number"},
            },
        },
    }


def _of(shape: type[msgspec.Struct]) -> Schema:
    """Return a shape's schema with every reference written out."""
    (schema,), parts = msgspec.json.schema_components([shape])

    def written_out(value: Any) -> Any:
        if isinstance(value, list):
            return [written_out(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return written_out(parts[value["$ref"].rpartition("/")[2]])
        return {key: written_out(one) for key, one in value.items() if key != "title"}

    out: Schema = written_out(schema)
    return out


def _tightened(schema: Schema, ranges: dict[str, Schema]) -> Schema:
    """Return `schema` with each field of `ranges` held to it; null stays what it was."""
    fields = schema["properties"]
    tighter = {
        name: {
            "anyOf": [one if one == {"type": "null"} else one | limits for one in field["anyOf"]]
        }
        | {key: value for key, value in field.items() if key != "anyOf"}
        if "anyOf" in (field := fields[name])
        else field | limits
        for name, limits in ranges.items()
    }
    return schema | {"properties": fields | tighter}


def _without_null(field: Schema) -> Schema:
    """Return an optional field that may be left out but not be null, as SenML has it."""
    (kept,) = [one for one in field["anyOf"] if one != {"type": "null"}]
    return dict(kept)


def _named(name: str, schema: Schema) -> Schema:
    head = {"$schema": DIALECT, "$id": f"urn:chengmai:{topics.VERSION}:{name}", "title": name}
    return head | schema


def _bare(schema: Schema) -> Schema:
    return copy.deepcopy({k: v for k, v in schema.items() if not k.startswith("$")})

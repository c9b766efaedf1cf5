"""W3C Thing Descriptions 1.1, one a sensor kind, with forms on the feed's topics.

District and device are variables of the forms, so that one description serves every device of
a kind. Forms use the vocabulary of the W3C's MQTT binding.
"""

from __future__ import annotations

from typing import Any

from devices.catalogue import ChannelSpec, SensorKind
from sim.kernel.ids import LEVEL
from sim.messages import topics
from sim.messages.envelope import JSON
from sim.messages.schemas import Schema, schemas
from sim.messages.senml import ASIDE, MEDIA_TYPES

Thing = dict[str, Any]

CONTEXT = "https://www.w3.org/2022/wot/td/v1.1"
MQTT_VOCABULARY = "https://www.w3.org/2019/wot/mqtt#"
DEFAULT_BASE = "mqtt://127.0.0.1:1883/"

_POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0, "unit": "s"}
ACTIONS: dict[str, tuple[str, dict[str, Schema], tuple[str, ...]]] = {
    "set_interval": (
        "Report at another interval.",
        {"interval_s": _POSITIVE, "alarm_interval_s": _POSITIVE},
        ("interval_s",),
    ),
    "calibrate": ("Compare with a reference, and take out bias and drift.", {}, ()),
    "reboot": ("Start anew; its sequence numbers begin at 1.", {}, ()),
    "update_firmware": (
        "Load and start another firmware.",
        {"version": {"type": "string", "pattern": "^[0-9]{1,5}(\\.[0-9]{1,5}){1,3}$"}},
        ("version",),
    ),
    "self_test": ("Test itself; the reason of its answer says what was found.", {}, ()),
}
"""What a device may be told: what it does, its arguments, those that it needs."""


def describe(row: SensorKind, base: str = DEFAULT_BASE) -> Thing:
    """Return the Thing Description of a sensor kind.

    Parameters
    ----------
    base
        The broker, as a URI.
    """
    name = row.kind.replace("_", " ")
    return {
        "@context": [CONTEXT, {"mqv": MQTT_VOCABULARY, "@language": "en"}],
        "@type": "Thing",
        "id": f"urn:chengmai:{topics.VERSION}:kind:{row.kind}",
        "title": name.capitalize(),
        "description": row.source,
        "version": {"instance": "1.0.0"},
        "base": base,
        "securityDefinitions": {
            "open": {"scheme": "nosec", "description": "The embedded broker, on loopback."},
            "password": {"scheme": "basic", "in": "auto", "description": "MQTT CONNECT."},
        },
        "security": "open",
        "uriVariables": {
            "district": _level("District in which it stands."),
            "device": _level("Its identifier."),
        },
        "properties": {
            "telemetry": _telemetry(row),
            "state": _bare(schemas()["device-state"])
            | {
                "title": "Birth, death or will",
                "readOnly": True,
                "observable": True,
                "forms": [_reads(row, topics.STATE, JSON, retain=True)],
            },
        },
        "actions": {word: _action(row, word) for word in ACTIONS},
        "events": {
            "ack": {
                "title": "Answer to a command",
                "data": _bare(schemas()["ack"]),
                "forms": [
                    _form(row, topics.ACK, JSON, "subscribe", qos=1)
                    | {"op": ["subscribeevent", "unsubscribeevent"]}
                ],
            }
        },
    }


def _level(description: str) -> Schema:
    return {"type": "string", "pattern": f"^{LEVEL.pattern}$", "description": description}


def _telemetry(row: SensorKind) -> Thing:
    pack = _bare(schemas()["telemetry"])
    record = pack["items"] | {
        "oneOf": [*map(_reading, row.channels), {"properties": {"n": {"enum": list(ASIDE)}}}]
    }
    return pack | {
        "title": "Readings as a SenML pack",
        "items": record,
        "readOnly": True,
        "observable": True,
        "forms": [
            _reads(row, topics.TELEMETRY, media, retain=False) for media in MEDIA_TYPES.values()
        ],
    }


def _reading(channel: ChannelSpec) -> Schema:
    """Return the schema of one channel's record: its name, its unit, its range."""
    value: Schema = {"type": "number", "unit": channel.unit, "minimum": channel.low}
    if channel.high is not None:
        value["maximum"] = channel.high
    value["description"] = f"In steps of {float(channel.resolution):g} {channel.unit}."
    if channel.is_counter:
        value["description"] += " Counts up."
    return {"properties": {"n": {"const": channel.name}, "u": {"const": channel.unit}, "v": value}}


def _action(row: SensorKind, word: str) -> Thing:
    """Return an action: the command that asks for it, and the answer."""
    about, arguments, needed = ACTIONS[word]
    command = _bare(schemas()["command"])
    args: Schema = {"type": "object", "properties": arguments}
    command["properties"] |= {
        "action": {"type": "string", "const": word},
        "args": args | ({"required": list(needed)} if needed else {}),
    }
    if needed:
        command["required"].append("args")
    return {
        "title": word.replace("_", " ").capitalize(),
        "description": about,
        "synchronous": False,
        "input": command,
        "output": _bare(schemas()["ack"]),
        "forms": [
            _form(row, topics.COMMAND, JSON, "publish", qos=1)
            | {"op": "invokeaction", "mqv:retain": False}
        ],
    }


def _reads(row: SensorKind, channel: str, media: str, *, retain: bool) -> Thing:
    qos = 0 if channel == topics.TELEMETRY else 1
    form = _form(row, channel, media, "subscribe", qos=qos)
    return form | {"op": ["observeproperty", "unobserveproperty"], "mqv:retain": retain}


def _form(row: SensorKind, channel: str, media: str, packet: str, *, qos: int) -> Thing:
    """Return a form on one of the device's topics."""
    topic = topics.topic("{district}", row.domain, row.kind, "{device}", channel)
    key = "mqv:filter" if packet == "subscribe" else "mqv:topic"
    return {
        "href": topic,
        "contentType": media,
        "mqv:controlPacket": packet,
        key: topic,
        "mqv:qos": str(qos),
    }


def _bare(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if not key.startswith("$")}

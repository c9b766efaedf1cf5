"""The feed as an AsyncAPI 3.0.0 document with MQTT bindings 0.2.0, told from the city's side.

What the city sends, a centre receives, and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.kernel.ids import LEVEL
from sim.messages import topics
from sim.messages.envelope import GZIP, JSON
from sim.messages.examples import EXAMPLES
from sim.messages.packing import EXPIRES_S
from sim.messages.schemas import schemas
from sim.messages.senml import MEDIA_TYPES

Document = dict[str, Any]

FEED_VERSION = "1.0.0"
"""Version of topics and payloads; its first number is that in every topic."""
BINDING_VERSION = "0.2.0"

_LEVELS = ("{district}", "{domain}", "{kind}", "{device}")
_ABOUT = {
    "district": ("Identifier of a district, or all for what belongs to none.", "daxing"),
    "domain": ("Domain of the city, such as municipal, traffic, emergency.", "municipal"),
    "kind": ("Kind of sensor, gateway, actuator or unit.", "road_water_gauge"),
    "device": ("Identifier of the device, unique in the city.", "water-underpass-05-1"),
    "call": ("Identifier of the call.", "call-000001"),
}


@dataclass(frozen=True, slots=True)
class _Channel:
    """A kind of topic: its address with parameters, its messages, how they are published."""

    address: str
    messages: tuple[str, ...]
    qos: int
    retain: bool
    about: str


_CHANNELS: dict[str, _Channel] = {
    "telemetry": _Channel(
        topics.topic(*_LEVELS, topics.TELEMETRY),
        ("telemetry", "telemetry-cbor"),
        0,
        False,
        "A device's readings, one SenML pack a report.",
    ),
    "gatewayTelemetry": _Channel(
        topics.topic("{district}", "network", topics.GATEWAY, "{device}", topics.TELEMETRY),
        ("gateway-telemetry", "gateway-telemetry-cbor"),
        0,
        False,
        "A gateway's readings and those of devices that speak through it.",
    ),
    "state": _Channel(
        topics.topic(*_LEVELS, topics.STATE),
        ("device-state", "unit-state", "actuator-state"),
        1,
        True,
        "Who is there and how it is: births, deaths and wills, units, actuators.",
    ),
    "clock": _Channel(
        topics.topic(*topics.CLOCK, topics.STATE),
        ("clock-state",),
        1,
        True,
        "City time and its speed, every few seconds.",
    ),
    "map": _Channel(
        topics.topic(*topics.MAP, topics.STATE),
        ("map-state",),
        1,
        True,
        "The public base map, packed with gzip.",
    ),
    "event": _Channel(
        topics.topic("{district}", topics.EMERGENCY, "call", "{call}", topics.EVENT),
        ("call-event",),
        1,
        False,
        "Calls to emergency and service lines.",
    ),
    "command": _Channel(
        topics.topic(*_LEVELS, topics.COMMAND),
        ("command",),
        1,
        False,
        "Orders to a device, unit or actuator; the identifier makes each one act once.",
    ),
    "ack": _Channel(
        topics.topic(*_LEVELS, topics.ACK),
        ("ack",),
        1,
        False,
        "Answers to commands: accepted or refused at once, done or failed when it is over.",
    ),
}


def document() -> Document:
    """Return the AsyncAPI document."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:chengmai:feed",
        "info": {
            "title": "Chengmai sensor feed",
            "version": FEED_VERSION,
            "description": (
                "A simulated city over MQTT: readings as SenML (RFC 8428), retained births and"
                " wills, units, actuators, calls, and commands with their answers. Levels of"
                f" topics are {LEVEL.pattern}. Times are seconds since 1970 in city time."
            ),
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
            "tags": [{"name": "mqtt"}, {"name": "senml"}],
        },
        "defaultContentType": JSON,
        "servers": _servers(),
        "channels": {name: _channel(name) for name in _CHANNELS},
        "operations": _operations(),
        "components": {
            "schemas": {name: _plain(schema) for name, schema in schemas().items()},
            "messages": _messages(),
            "securitySchemes": {
                "password": {
                    "type": "userPassword",
                    "description": "User name and password of the MQTT CONNECT packet.",
                },
                "certificate": {
                    "type": "X509",
                    "description": "A client certificate that the broker knows.",
                },
            },
        },
    }


def _servers() -> Document:
    will = {
        "topic": "city/v1/daxing/network/gateway/gw-daxing-1/state",
        "qos": 1,
        "retain": True,
        "message": '{"type":"device","status":"offline","reason":"connection lost"}',
    }
    binding = {
        "mqtt": {
            "cleanSession": True,
            "lastWill": will,
            "keepAlive": 30,
            "bindingVersion": BINDING_VERSION,
        }
    }
    return {
        "embedded": {
            "host": "127.0.0.1:{port}",
            "protocol": "mqtt",
            "protocolVersion": "3.1.1",
            "description": "The broker that chengmai feed and live start on a free port.",
            "variables": {"port": {"default": "1883"}},
            "bindings": binding,
        },
        "yours": {
            "host": "{host}:{port}",
            "protocol": "mqtts",
            "protocolVersion": "5.0",
            "description": "Any broker, given as mqtts://user:password@host:port?version=5.",
            "variables": {"host": {"default": "localhost"}, "port": {"default": "8883"}},
            "security": [
                {"$ref": "#/components/securitySchemes/password"},
                {"$ref": "#/components/securitySchemes/certificate"},
            ],
            "bindings": binding,
        },
    }


def _channel(name: str) -> Document:
    channel = _CHANNELS[name]
    parameters = {
        parameter: {"description": f"{about} {LEVEL.pattern}", "examples": [example]}
        for parameter, (about, example) in _ABOUT.items()
        if "{" + parameter + "}" in channel.address
    }
    return {
        "address": channel.address,
        "description": channel.about,
        "messages": {one: {"$ref": f"#/components/messages/{one}"} for one in channel.messages},
    } | ({"parameters": parameters} if parameters else {})


def _operations() -> Document:
    operations = {}
    for name, channel in _CHANNELS.items():
        action = "receive" if name == "command" else "send"
        binding: Document = {
            "qos": channel.qos,
            "retain": channel.retain,
            "bindingVersion": BINDING_VERSION,
        }
        if channel.qos == 0:
            binding["messageExpiryInterval"] = int(EXPIRES_S)
        operation = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": channel.about,
            "messages": [{"$ref": f"#/channels/{name}/messages/{one}"} for one in channel.messages],
            "bindings": {"mqtt": binding},
        }
        if name == "command":
            operation["reply"] = {
                "channel": {"$ref": "#/channels/ack"},
                "messages": [{"$ref": "#/channels/ack/messages/ack"}],
            }
        operations[action + name[0].upper() + name[1:]] = operation
    return operations


def _messages() -> Document:
    found = {}
    for name in schemas():
        media = JSON
        if name.endswith("telemetry"):
            media = MEDIA_TYPES["json"]
            found[f"{name}-cbor"] = _message(name, MEDIA_TYPES["cbor"])
        found[name] = _message(name, GZIP if name == "map-state" else media)
    return found


def _message(name: str, media: str) -> Document:
    is_cbor = media == MEDIA_TYPES["cbor"]
    message: Document = {
        "name": f"{name}-cbor" if is_cbor else name,
        "title": name.replace("-", " ") + (" in CBOR" if is_cbor else ""),
        "contentType": media,
        "headers": {
            "type": "object",
            "description": "User properties of MQTT 5; payload and topic say as much.",
            "properties": {
                "schema": {"type": "string", "const": name},
                "version": {"type": "string", "const": topics.VERSION},
            },
        },
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {"mqtt": _message_binding(name, media)},
    }
    if is_cbor:
        message["summary"] = "The same records with the integer labels of RFC 8428, section 6."
    elif name == "map-state":
        message["summary"] = "The schema is of what the gzip payload unpacks to."
    elif name in EXAMPLES:
        message["examples"] = [{"name": name, "payload": EXAMPLES[name][1]}]
    if name in {"command", "ack"}:
        message["correlationId"] = {"location": "$message.payload#/id"}
    return message


def _message_binding(name: str, media: str) -> Document:
    is_text = media not in {GZIP, MEDIA_TYPES["cbor"]}
    binding: Document = {
        "payloadFormatIndicator": int(is_text),
        "contentType": media,
        "bindingVersion": BINDING_VERSION,
    }
    if name in {"command", "ack"}:
        binding["correlationData"] = {"type": "string", "description": "The command's id."}
    if name == "command":
        binding["responseTopic"] = {
            "type": "string",
            "description": "The receiver's topic for answers.",
            "pattern": f"/{topics.ACK}$",
        }
    return binding


def _plain(schema: Document) -> Document:
    """Return a schema in AsyncAPI's own dialect, draft 7: ours use nothing beyond it."""
    return {key: value for key, value in schema.items() if key not in {"$schema", "$id"}}

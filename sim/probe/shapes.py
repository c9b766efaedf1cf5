"""Payloads against the published JSON Schemas."""

from __future__ import annotations

from functools import cache

import jsonschema_rs
import msgspec

from sim.messages import senml, topics, wire
from sim.messages.schemas import name_for, schemas
from sim.messages.senml import SEQ
from sim.probe.reader import Body, Heard, is_cbor

STATE_NAMES = {
    wire.DeviceState: "device-state",
    wire.UnitStateWire: "unit-state",
    wire.ActuatorState: "actuator-state",
    wire.ClockState: "clock-state",
}

APART = ("lon", "lat", "interval_s")
"""Fields of a birth that have rules of their own, which tell more than a schema does; and so has
a pack's sequence number."""

TOLD = 120
"""Characters of a validator's complaint that are told."""


def complaint(heard: Heard) -> str | None:
    """Return what the schema of a message's channel has against its payload, or None."""
    name = _name(heard)
    if name is None:
        return None
    payload = heard.arrival.payload
    if heard.address is not None and heard.address.channel == topics.TELEMETRY and is_cbor(payload):
        document = msgspec.to_builtins(senml.read(payload))
    else:
        document = msgspec.json.decode(payload)
    validator = _validator(name)
    if validator.is_valid(document):
        return None
    error = next(validator.iter_errors(document))
    where = "/".join(str(step) for step in error.instance_path)
    text = error.message if len(error.message) <= TOLD else error.message[: TOLD - 1] + "…"
    return f"{where}: {text}" if where else text


def _name(heard: Heard) -> str | None:
    body: Body | None = heard.body
    if heard.address is None or body is None:
        return None
    if heard.address.channel != topics.STATE:
        return name_for(heard.address)
    return STATE_NAMES.get(type(body))  # type: ignore[arg-type]


@cache
def _validator(name: str) -> jsonschema_rs.Validator:
    schema = schemas()[name]
    if name == "device-state":
        for key in ("if", "then"):
            del schema[key]
        for field in APART:
            schema["properties"][field] = True
    elif schema["type"] == "array":
        special = schema["items"]["allOf"]
        special[:] = [one for one in special if one["if"]["properties"]["n"]["const"] != SEQ]
    return jsonschema_rs.validator_for(schema)

from __future__ import annotations

import copy
import dataclasses
import json
import re

import pytest

from sim.messages import topics
from sim.messages.asyncapi import document
from sim.messages.decode import Decoder
from sim.messages.encode import Encoder
from sim.messages.envelope import WireMessage
from sim.messages.examples import EXAMPLES
from sim.messages.packing import TelemetryForm
from sim.messages.schemas import schemas
from sim.messages.telemetry import DeviceBirth, DeviceInfo
from support.messages import batch, birth, device, one_of_each
from support.published import Inspector
from support.standards import standard
from support.town import START


def test_the_document_is_an_asyncapi_document():
    assert [error.message for error in standard("asyncapi-3.0.0").iter_errors(document())] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("operations", "sendState", "action"), "shout"),
        (("operations", "sendState", "bindings", "mqtt", "qos"), 7),
        (("channels", "state", "address"), 3),
        (("servers", "yours", "bindings", "mqtt", "keepAlive"), "long"),
        (("components", "messages", "ack", "bindings", "mqtt", "contentType"), 1),
        (("asyncapi",), "2.6.0"),
    ],
)
def test_a_document_with_one_thing_wrong_is_none(path, value):
    wrong = copy.deepcopy(document())
    spot = wrong
    for key in path[:-1]:
        spot = spot[key]
    assert path[-1] in spot
    spot[path[-1]] = value
    assert not standard("asyncapi-3.0.0").is_valid(wrong)


def test_every_reference_leads_somewhere():
    whole = document()
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole)):
        spot = whole
        for key in reference.split("/"):
            spot = spot[key]
        assert spot


def gateway() -> DeviceInfo:
    return dataclasses.replace(device(0), device_id="gw-0", kind="gateway", domain="network")


def everything_sent() -> list[WireMessage]:
    births = DeviceBirth(ts_event=START, devices=[gateway(), *birth(2, "gw-0").devices])
    wired: list[WireMessage] = []
    for form in (TelemetryForm(), TelemetryForm(payload="cbor", packs="gateway")):
        encoder = Encoder(form)
        for message in (births, batch(), *one_of_each()):
            wired += encoder.encode(message)
    return wired


def matching(topic: str) -> list[str]:
    """Return the names of the channels whose address `topic` fits, the closest first."""
    found = {}
    for name, channel in document()["channels"].items():
        pattern = re.sub(r"\{[a-z]+\}", "[a-z0-9_-]+", channel["address"])
        if re.fullmatch(pattern, topic):
            found[name] = channel["address"].count("{")
    return sorted(found, key=found.__getitem__)


def test_everything_sent_is_on_a_channel_as_the_document_says():
    whole = document()
    used = set()
    for wire in everything_sent():
        name = matching(wire.topic)[0]
        (operation,) = [
            o for o in whole["operations"].values() if o["channel"]["$ref"] == f"#/channels/{name}"
        ]
        assert operation["bindings"]["mqtt"]["qos"] == wire.qos
        assert operation["bindings"]["mqtt"]["retain"] == wire.retain
        media = {
            (key.removesuffix("-cbor"), whole["components"]["messages"][key]["contentType"])
            for key in whole["channels"][name]["messages"]
        }
        assert (wire.about.schema, wire.about.content_type) in media
        used.add(name)
    assert used == set(whole["channels"])


def test_the_schemas_are_those_that_are_published():
    inside = document()["components"]["schemas"]
    published = schemas()
    assert set(inside) == set(published)
    assert all(inside[name].items() <= published[name].items() for name in inside)


def test_every_example_is_as_published_and_is_read():
    assert set(EXAMPLES) == set(schemas()) - {"map-state"}
    inspector = Inspector()
    for name, (topic, payload) in EXAMPLES.items():
        raw = json.dumps(payload).encode()
        inspector(WireMessage(topic, raw))
        (read,) = Decoder().decode([(topic, raw)])
        assert type(read).__name__ != "PayloadError", name
    assert inspector.faults == []
    assert inspector.seen[topics.STATE] == 4

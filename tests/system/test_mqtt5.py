"""MQTT 5 as a plain client sees it: properties on the outside, the same payloads inside."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from conftest import find_program
from sim.messages import topics
from sim.messages.city import CityClock
from sim.messages.encode import death
from sim.messages.packing import EXPIRES_S, TelemetryForm
from sim.messages.schemas import schema_for
from sim.messages.telemetry import DeviceBirth, DeviceDeath
from sim.transport.broker_url import BrokerUrl
from sim.transport.mqtt import MqttBus
from support.brokers import Mosquitto
from support.messages import batch, birth, clock, command, device, one_of_each
from support.town import START
from support.waiting import until

pytestmark = pytest.mark.system


class Plain:
    """Somebody else's client: plain paho, every city topic."""

    def __init__(self, url: BrokerUrl, protocol: Any) -> None:
        self.heard: list[paho.MQTTMessage] = []
        self._ready = False
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        self._client.on_message = lambda _c, _d, message: self.heard.append(message)
        self._client.on_subscribe = self._when_subscribed
        self._client.on_connect = lambda client, *_: client.subscribe("city/v1/#", qos=1)
        self._client.connect(url.host, url.port)
        self._client.loop_start()
        until(lambda: self._ready)

    def _when_subscribed(self, *_: object) -> None:
        self._ready = True

    def on(self, ending: str) -> list[paho.MQTTMessage]:
        return [message for message in self.heard if message.topic.endswith(ending)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[BrokerUrl]:
    program = find_program("mosquitto")
    if program is None:
        pytest.skip("mosquitto is not installed")
    broker = Mosquitto(program, tmp_path)
    broker.start()
    yield dataclasses.replace(broker.url, version=5)
    broker.stop()


@pytest.fixture
def plain(url: BrokerUrl) -> Iterator[Plain]:
    client = Plain(url, paho.MQTTv5)
    yield client
    client.close()


def user_properties(message: paho.MQTTMessage) -> dict[str, str]:
    return dict(message.properties.UserProperty)


def wait_for(client: Plain, count: int) -> None:
    until(lambda: len(client.heard) >= count)


def test_every_message_says_its_schema_version_and_media_type(url, plain):
    with MqttBus(url, "city") as bus:
        sent = one_of_each()
        for message in sent:
            bus.publish(message)
        wait_for(plain, len(sent) + 2)  # Two births, two packs.
    for message in plain.heard:
        told = user_properties(message)
        assert told["version"] == "v1"
        schema = schema_for(message.topic)
        assert told["schema"] in [schema["title"], *(s["title"] for s in schema.get("oneOf", []))]
    media = {user_properties(m)["schema"]: m.properties.ContentType for m in plain.heard}
    assert media["telemetry"] == "application/senml+json"
    assert media["map-state"] == "application/gzip"
    assert media["device-state"] == "application/json"
    text = {user_properties(m)["schema"]: m.properties.PayloadFormatIndicator for m in plain.heard}
    assert (text["telemetry"], text["map-state"]) == (1, 0)


def test_a_command_says_where_its_answer_goes_and_when_it_is_void(url, plain):
    with MqttBus(url, "city") as bus:
        bus.publish(command(1))
        wait_for(plain, 1)
    (heard,) = plain.heard
    assert heard.properties.ResponseTopic == heard.topic.replace("/command", "/ack")
    assert heard.properties.CorrelationData == b"cmd-000001"
    assert 0 < heard.properties.MessageExpiryInterval <= 60
    inside = json.loads(heard.payload)
    assert inside["id"] == "cmd-000001"
    assert inside["expires"] - inside["time"] == 60


@pytest.mark.parametrize(("speed", "wall_s"), [(1.0, 3600), (60.0, 60), (0.5, 7200), (1e5, 1)])
def test_a_broker_counts_expiry_by_the_wall(url, plain, speed, wall_s):
    with MqttBus(url, "city") as bus:
        bus.publish(clock(speed))
        bus.publish(birth(1))
        bus.publish(batch(1))
        until(lambda: plain.on(topics.TELEMETRY))
    (heard,) = plain.on(topics.TELEMETRY)
    assert EXPIRES_S == 3600
    assert 0 <= wall_s - heard.properties.MessageExpiryInterval <= 1


def test_a_centre_learns_the_pace_from_the_citys_clock(url, plain):
    with MqttBus(url, "city") as city, MqttBus(url, "centre") as centre:
        heard: list[CityClock] = []
        centre.subscribe(CityClock, heard.append)
        city.publish(clock(10.0))
        until(lambda: heard, lambda: centre.drain(timeout_s=0.02))
        centre.publish(command(1))
        until(lambda: plain.on(topics.COMMAND))
    (ordered,) = plain.on(topics.COMMAND)
    assert ordered.properties.MessageExpiryInterval in {5, 6}


def test_a_gateways_packs_and_its_will_say_what_they_are(url, plain):
    gateway = dataclasses.replace(
        device(0), device_id="gw-0", kind="gateway", domain="network", gateway_id=None
    )
    gone = DeviceDeath(
        ts_event=START, device_id="gw-0", kind="gateway", domain="network", district="haidian",
        reason="connection lost",
    )  # fmt: skip
    form = TelemetryForm(payload="cbor", packs="gateway")
    with MqttBus(url, "city", form=form) as bus:
        bus.add_gateway("gw-0", death(gone))
        bus.publish(DeviceBirth(ts_event=START, devices=[gateway, *birth(3, "gw-0").devices]))
        bus.publish(batch(3))
        until(lambda: plain.on(topics.TELEMETRY))
        bus.cut_gateway("gw-0")
        until(lambda: len(plain.on("gateway/gw-0/state")) == 2)
    (pack,) = plain.on(topics.TELEMETRY)
    assert pack.topic == "city/v1/haidian/network/gateway/gw-0/telemetry"
    assert pack.properties.ContentType == "application/senml+cbor"
    assert user_properties(pack)["schema"] == "gateway-telemetry"
    will = plain.on("gateway/gw-0/state")[1]
    assert json.loads(will.payload)["status"] == "offline"
    assert user_properties(will) == {"schema": "device-state", "version": "v1"}
    assert will.properties.ContentType == "application/json"


def test_a_client_of_the_older_version_reads_the_same_payloads(url, plain):
    older = Plain(url, paho.MQTTv311)
    with MqttBus(url, "city") as bus:
        for message in one_of_each():
            bus.publish(message)
        until(lambda: len(older.heard) >= 12 and len(plain.heard) >= 12)
    older.close()
    told = [sorted((m.topic, m.payload, m.qos) for m in client.heard) for client in (older, plain)]
    assert told[0] == told[1]

"""What every bus promises, kept by each of them: in memory, and over real brokers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from conftest import find_program
from sim.kernel.bus import Bus, Message
from sim.messages.field import Ack, Command
from sim.messages.operator import OperatorOrder
from sim.messages.telemetry import DeviceBirth, TelemetryBatch
from sim.transport.broker_url import BrokerUrl
from sim.transport.brokers.nats import NatsBroker
from sim.transport.memory import MemoryBus
from sim.transport.mqtt import CHANNELS, MqttBus
from support.brokers import Mosquitto
from support.messages import ack, batch, birth, command, one_of_each, says
from support.waiting import until


@dataclass
class Pair:
    """A way in, a way out, and what has to be done for messages to pass."""

    sender: Bus
    receiver: Bus
    pump: Callable[[], object]


def over(url: BrokerUrl) -> Iterator[Pair]:
    with MqttBus(url, "sender") as sender, MqttBus(url, "receiver") as receiver:

        def pump() -> None:
            sender.drain()
            receiver.drain(timeout_s=0.02)

        yield Pair(sender, receiver, pump)


def in_memory(codec: bool) -> Iterator[Pair]:
    bus = MemoryBus(codec=codec)
    yield Pair(bus, bus, lambda: None)


def mosquitto(request: pytest.FixtureRequest) -> Iterator[BrokerUrl]:
    program = find_program("mosquitto")
    if program is None:
        pytest.skip("mosquitto is not installed")
    broker = Mosquitto(program, request.getfixturevalue("tmp_path"))
    broker.start()
    yield broker.url
    broker.stop()


BUSES = [
    "memory",
    "memory, codec",
    "nats",
    pytest.param("mosquitto", marks=pytest.mark.system),
    pytest.param("mosquitto, MQTT 5", marks=pytest.mark.system),
]


@pytest.fixture(params=BUSES)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    if request.param.startswith("memory"):
        yield from in_memory(codec=request.param.endswith("codec"))
    elif request.param == "nats":
        with NatsBroker() as broker:
            yield from over(broker.url)
    else:
        for url in mosquitto(request):
            version: Any = 5 if request.param.endswith("5") else 3
            yield from over(BrokerUrl(host=url.host, port=url.port, version=version))


def hear(pair: Pair, *kinds: type[Message]) -> list[Message]:
    heard: list[Message] = []
    for kind in kinds:
        pair.receiver.subscribe(kind, heard.append)
    return heard


def entries(messages: list[Message]) -> list[Any]:
    return [entry for message in messages for entry in says(message)]


def test_every_type_of_message_arrives_saying_the_same(pair):
    sent = one_of_each()
    heard = hear(pair, *CHANNELS)
    for message in sent:
        pair.sender.publish(message)
    wanted = entries(sent)
    until(lambda: len(entries(heard)) >= len(wanted), pair.pump)
    arrived = entries(heard)
    assert len(arrived) == len(wanted)
    # Telemetry and the rest travel at different qualities of service: their order is free.
    assert all(entry in wanted for entry in arrived)


@pytest.mark.parametrize("make", [ack, command])
def test_messages_of_a_type_arrive_in_the_order_in_which_they_were_published(pair, make):
    heard = hear(pair, type(make(0)))
    for number in range(300):
        pair.sender.publish(make(number))
    until(lambda: len(heard) >= 300, pair.pump)
    assert [message.command_id for message in heard] == [f"cmd-{n:06d}" for n in range(300)]


def test_readings_arrive_in_the_order_in_which_they_were_published(pair):
    heard = hear(pair, TelemetryBatch)
    pair.sender.publish(birth(3))
    for seq in range(100):
        pair.sender.publish(batch(3, seq=seq))
    until(lambda: sum(len(m) for m in heard) >= 300, pair.pump)
    assert [seq for m in heard for seq in m.seq.tolist()] == [n // 3 for n in range(300)]


def test_nobody_hears_what_he_did_not_ask_for(pair):
    heard = hear(pair, Ack)
    for message in one_of_each():
        pair.sender.publish(message)
    pair.sender.publish(ack(2))
    until(lambda: len(heard) >= 2, pair.pump)
    assert [type(message) for message in heard] == [Ack, Ack]


def test_every_subscriber_of_a_type_is_called_in_turn(pair):
    calls: list[str] = []
    pair.receiver.subscribe(Ack, lambda _: calls.append("first"))
    pair.receiver.subscribe(Ack, lambda _: calls.append("second"))
    pair.sender.publish(ack(1))
    until(lambda: len(calls) >= 2, pair.pump)
    assert calls == ["first", "second"]


def test_a_handler_that_publishes_is_done_before_its_message_is_heard(pair):
    calls: list[str] = []

    def answer(message: Command) -> None:
        calls.append("in")
        pair.receiver.publish(ack(1))
        calls.append("out")

    pair.receiver.subscribe(Command, answer)
    pair.receiver.subscribe(Ack, lambda _: calls.append("ack"))
    pair.sender.publish(command(1))
    until(lambda: len(calls) >= 3, pair.pump)
    assert calls == ["in", "out", "ack"]


def test_births_and_the_map_stay_whole_however_large(pair):
    heard = hear(pair, DeviceBirth)
    pair.sender.publish(birth(1500))
    until(lambda: len(entries(heard)) >= 1500, pair.pump)
    assert entries(heard) == entries([birth(1500)])


def test_an_order_is_never_taken_from_a_broker():
    assert CHANNELS[OperatorOrder] is None

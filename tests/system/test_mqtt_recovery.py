"""Brokers, gateways and centres that die, and what must be left when they are back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from conftest import find_program
from sim.kernel.clock import SteppedClock
from sim.kernel.errors import PayloadError, TransportError
from sim.kernel.rng import SeededStreams
from sim.messages.city import CityClock
from sim.messages.encode import death
from sim.messages.envelope import WireMessage
from sim.messages.field import Ack, Command
from sim.messages.telemetry import DeviceBirth, DeviceDeath, TelemetryBatch
from sim.transport.broker_url import BrokerUrl
from sim.transport.brokers.nats import NatsBroker
from sim.transport.client import LinkOptions
from sim.transport.faults import FaultyWire, NetworkFaults
from sim.transport.link import MqttLink
from sim.transport.mqtt import MqttBus
from support.brokers import Mosquitto
from support.messages import ack, batch, birth, clock, command
from support.town import START
from support.waiting import until

QUICK = LinkOptions(reconnect_min_s=0.05, reconnect_max_s=0.2)


def the_will(gateway_id: str = "gw-1") -> WireMessage:
    return death(
        DeviceDeath(
            ts_event=START,
            device_id=gateway_id,
            kind="gateway",
            domain="water",
            district="haidian",
            reason="connection lost",
        )
    )


def installed_mosquitto(directory: Path, extra: str = "", **more: bool) -> Mosquitto:
    program = find_program("mosquitto")
    if program is None:
        pytest.skip("mosquitto is not installed")
    return Mosquitto(program, directory, extra, **more)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = installed_mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(params=["nats", pytest.param("mosquitto", marks=pytest.mark.system)])
def url(request: pytest.FixtureRequest) -> Iterator[BrokerUrl]:
    if request.param == "mosquitto":
        yield request.getfixturevalue("mosquitto").url
        return
    with NatsBroker(ack_wait_s=1.5) as broker:
        yield broker.url


def test_who_comes_late_hears_every_birth_and_the_citys_clock(url):
    with MqttBus(url, "city") as city:
        city.publish(birth(1200))
        city.publish(clock())
        assert city.flush()
        births: list[DeviceBirth] = []
        clocks: list[CityClock] = []
        late = MqttBus(url, "late")
        late.subscribe(DeviceBirth, births.append)
        late.subscribe(CityClock, clocks.append)
        with late:
            until(lambda: len(births) >= 1200 and clocks, lambda: late.drain(timeout_s=0.05))
    assert len({message.devices[0].device_id for message in births}) == 1200


def test_a_retained_map_of_several_megabytes_arrives(url):
    document = np.random.default_rng(1).bytes(6_000_000)
    got: list[bytes] = []
    with MqttBus(url, "city"):
        sender = MqttLink(url, "mapper")
        sender.open()
        sender.publish(WireMessage("city/v1/all/city/map/main/state", document, 1, retain=True))
        assert sender.flush(10)
        sender.close()
        reader = MqttLink(url, "reader", on_message=lambda item: got.append(item.payload))
        reader.open()
        reader.subscribe(["city/v1/all/city/map/main/state"])
        until(lambda: got)
        reader.close()
    assert got == [document]


GATEWAY = """
import sys
from sim.messages.envelope import WireMessage
from sim.transport.broker_url import parse_broker_url
from sim.transport.link import MqttLink
will = WireMessage(sys.argv[2], sys.argv[3].encode(), qos=1, retain=True)
link = MqttLink(parse_broker_url(sys.argv[1]), "gw-1", will=will)
link.open()
print("up", flush=True)
sys.stdin.read()
"""


def test_a_gateway_killed_outright_is_reported_by_its_will(url):
    heard: list[DeviceDeath] = []
    centre = MqttBus(url, "centre")
    centre.subscribe(DeviceDeath, heard.append)
    will = the_will()
    with centre:
        process = subprocess.Popen(
            [sys.executable, "-c", GATEWAY, str(url), will.topic, will.payload.decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with process:
            assert process.stdout.readline() == b"up\n"
            os.kill(process.pid, signal.SIGKILL)
        until(lambda: heard, lambda: centre.drain(timeout_s=0.05))
    assert (heard[0].device_id, heard[0].reason) == ("gw-1", "connection lost")


def test_telemetry_travels_by_its_gateway_and_ends_with_it(url):
    readings: list[TelemetryBatch] = []
    deaths: list[DeviceDeath] = []
    centre = MqttBus(url, "centre")
    centre.subscribe(TelemetryBatch, readings.append)
    centre.subscribe(DeviceDeath, deaths.append)
    with centre, MqttBus(url, "city") as city:
        city.add_gateway("gw-1", the_will())
        city.publish(birth(2, gateway_id="gw-1"))
        city.publish(batch(2))
        until(lambda: sum(map(len, readings)) == 2, lambda: centre.drain(timeout_s=0.05))
        city.cut_gateway("gw-1")
        until(lambda: deaths, lambda: centre.drain(timeout_s=0.05))
        city.add_gateway("gw-1", the_will())
        city.publish(batch(2, seq=2))
        until(lambda: sum(map(len, readings)) == 4, lambda: centre.drain(timeout_s=0.05))
    assert {message.device_id for message in deaths} == {"gw-1"}


def test_what_was_said_to_an_absent_centre_reaches_it_when_it_is_back(url):
    heard: list[Ack] = []
    centre = MqttBus(url, "centre", session="resume")
    centre.subscribe(Ack, heard.append)
    with centre:
        pass
    with MqttBus(url, "city") as city:
        for number in range(100):
            city.publish(ack(number))
        assert city.flush()
    back = MqttBus(url, "centre", session="resume")
    back.subscribe(Ack, heard.append)
    with back:
        until(
            lambda: len({m.command_id for m in heard}) == 100,
            lambda: back.drain(timeout_s=0.05),
        )
    first_heard = list(dict.fromkeys(message.command_id for message in heard))
    assert first_heard == [f"cmd-{n:06d}" for n in range(100)]


def test_what_a_centre_took_and_did_not_handle_before_it_died_comes_again(url):
    with MqttBus(url, "city") as city:
        centre = MqttBus(url, "centre", session="resume")
        centre.subscribe(Ack, lambda _: None)
        centre.open()
        city.publish(ack(1))
        taken: list[object] = []
        until(lambda: taken, lambda: taken.extend(centre.take(10, 0.05)))
        centre.close()
        heard: list[Ack] = []
        back = MqttBus(url, "centre", session="resume")
        back.subscribe(Ack, heard.append)
        with back:
            until(lambda: heard, lambda: back.drain(timeout_s=0.05))
    assert heard[0].command_id == "cmd-000001"


def test_unreadable_messages_are_counted_and_their_neighbours_handled(url):
    heard: list[Ack] = []
    told: list[PayloadError] = []
    centre = MqttBus(url, "centre", on_payload_error=lambda t, p, error: told.append(error))
    centre.subscribe(Ack, heard.append)
    with centre, MqttBus(url, "city") as city:
        vandal = MqttLink(url, "vandal")
        vandal.open()
        vandal.publish(WireMessage("city/v1/a/b/c/d/ack", b"\xff\x00{", qos=1))
        assert vandal.flush(5)
        vandal.close()
        city.publish(ack(1))
        until(lambda: heard, lambda: centre.drain(timeout_s=0.05))
    # At least once: a broker that waited in vain for our word sends it again.
    assert centre.unreadable == len(told) >= 1
    assert told[0].reason == "json"


def test_a_lost_network_loses_telemetry_at_its_rate_and_no_command(url):
    stepped = SteppedClock(START)
    wires: list[FaultyWire] = []

    def bad(send):
        faults = NetworkFaults(loss=0.5, duplicate=0.2)
        wires.append(FaultyWire(faults, SeededStreams(1), stepped, send))
        return wires[0]

    heard: list[Command] = []
    readings: list[TelemetryBatch] = []
    centre = MqttBus(url, "centre")
    centre.subscribe(Command, heard.append)
    centre.subscribe(TelemetryBatch, readings.append)
    with centre, MqttBus(url, "city") as city:
        city.disturb(bad)
        city.publish(birth(1))
        for number in range(100):
            city.publish(batch(1, seq=number))
            city.publish(command(number))
        assert city.flush()
        counts = wires[0].counts
        until(
            lambda: len({m.command_id for m in heard}) == 100, lambda: centre.drain(timeout_s=0.05)
        )
        until(
            lambda: sum(map(len, readings)) >= 100 - counts.lost,
            lambda: centre.drain(timeout_s=0.05),
        )
    assert 25 < counts.lost < 75


@pytest.mark.system
@pytest.mark.parametrize("durable", [True, False])
def test_a_broker_killed_and_restarted_loses_nothing_that_is_sent_at_least_once(tmp_path, durable):
    mosquitto = installed_mosquitto(tmp_path, durable=durable)
    mosquitto.start()
    heard: list[Ack] = []
    acted: list[Command] = []
    centre = MqttBus(mosquitto.url, "centre", session="resume", options=QUICK)
    centre.subscribe(Ack, heard.append)
    city = MqttBus(mosquitto.url, "city", session="fresh", options=QUICK)
    city.subscribe(Command, acted.append)

    def both() -> None:
        city.drain()
        centre.drain(timeout_s=0.02)

    with centre, city:
        for number in range(400):
            city.publish(ack(number))
            centre.publish(command(number))
            if number == 150:
                mosquitto.kill()
            if number == 300:
                mosquitto.start()
            both() if number % 10 == 0 else None
        until(lambda: len({m.command_id for m in heard}) == 400, both)
        until(lambda: len({m.command_id for m in acted}) == 400, both)
    mosquitto.stop()


def check_recovery(start_again, kill, url: BrokerUrl) -> None:
    births: list[DeviceBirth] = []
    readings: list[TelemetryBatch] = []
    deaths: list[DeviceDeath] = []
    back: list[str | None] = []
    centre = MqttBus(url, "centre", session="resume", options=QUICK)
    centre.subscribe(DeviceBirth, births.append)
    centre.subscribe(TelemetryBatch, readings.append)
    centre.subscribe(DeviceDeath, deaths.append)
    city = MqttBus(url, "city", session="fresh", options=QUICK, on_back=back.append)

    def both() -> None:
        city.drain()
        centre.drain(timeout_s=0.02)

    with centre, city:
        city.add_gateway("gw-1", the_will())
        city.publish(birth(5, gateway_id="gw-1"))
        city.publish(clock())
        until(lambda: len(births) == 5, both)
        kill()
        until(lambda: not (city.connected or centre.connected))
        start_again()
        until(lambda: set(back) == {None, "gw-1"}, both)
        late: list[CityClock] = []
        born: list[DeviceBirth] = []
        newcomer = MqttBus(url, "newcomer")
        newcomer.subscribe(CityClock, late.append)
        newcomer.subscribe(DeviceBirth, born.append)
        with newcomer:
            until(
                lambda: late and len({m.devices[0].device_id for m in born}) == 5,
                lambda: newcomer.drain(timeout_s=0.02),
            )
        until(lambda: centre.connected)
        city.publish(batch(5))
        until(lambda: sum(map(len, readings)) >= 5, both)


@pytest.mark.system
def test_a_mosquitto_without_memory_is_told_the_citys_state_again(tmp_path):
    broker = installed_mosquitto(tmp_path)
    broker.start()
    check_recovery(broker.start, broker.kill, broker.url)
    broker.stop()


def test_an_embedded_broker_started_anew_is_told_the_citys_state_again():
    first = NatsBroker()
    first.start()
    second = NatsBroker(port=first.url.port)
    try:
        check_recovery(second.start, first.stop, first.url)
    finally:
        second.stop()


@pytest.mark.system
def test_a_wrong_password_is_refused_in_one_line_without_it(tmp_path):
    writer = find_program("mosquitto_passwd")
    if writer is None:
        pytest.skip("mosquitto_passwd is not installed")
    passwords = tmp_path / "passwords"
    subprocess.run([writer, "-c", "-b", str(passwords), "anna", "right"], check=True)
    broker = installed_mosquitto(tmp_path, f"password_file {passwords}")
    broker._config.write_text(
        broker._config.read_text().replace("anonymous true", "anonymous false")
    )
    broker.start()
    for version in (3, 5):
        host, port = broker.url.host, broker.url.port
        good = BrokerUrl(host=host, port=port, user="anna", password="right", version=version)
        with MqttBus(good, "centre") as bus:
            assert bus.connected
        bad = BrokerUrl(host=host, port=port, user="anna", password="wrong1", version=version)
        with pytest.raises(TransportError) as error:
            MqttBus(bad, "centre").open()
        assert "Not authorized" in str(error.value)
        assert "wrong1" not in str(error.value)
    broker.stop()


@pytest.mark.system
def test_an_encrypted_connection_checks_the_brokers_certificate(tmp_path):
    openssl = find_program("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    broker = installed_mosquitto(tmp_path, f"certfile {certificate}\nkeyfile {key}")
    broker.start()
    port = broker.url.port
    heard: list[Ack] = []
    trusted = BrokerUrl(host="localhost", port=port, tls=True, ca_file=certificate)
    bus = MqttBus(trusted, "centre")
    bus.subscribe(Ack, heard.append)
    with bus:
        bus.publish(ack(1))
        until(lambda: heard, lambda: bus.drain(timeout_s=0.05))
        bus.add_gateway("gw-1", the_will())
        bus.cut_gateway("gw-1")
    broker.stop()


@pytest.mark.system
# Paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    openssl = find_program("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2",
         "-subj", "/CN=localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    broker = installed_mosquitto(tmp_path, f"certfile {certificate}\nkeyfile {key}")
    broker.start()
    url = BrokerUrl(host="localhost", port=broker.url.port, tls=True)
    with pytest.raises(TransportError, match="TLS: CERTIFICATE_VERIFY_FAILED"):
        MqttBus(url, "centre").open()
    broker.stop()

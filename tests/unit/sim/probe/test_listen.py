"""The prober on a real broker: somebody's device, good and bad, its commands and its will."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

import pytest

from sim.kernel.clock import WallClock
from sim.kernel.errors import InputError
from sim.probe.expect import Expect
from sim.probe.listen import Listener, Watch
from sim.probe.verdict import BLIND, FAILED, PASSED
from sim.transport.brokers.nats import NatsBroker
from support.scripted import DEVICE, TOPIC, ScriptedDevice, obedient, offline

REPORTS = 8
PATIENT = Expect(will_s=10.0)
HASTY = Expect(ack_s=0.5, finish_s=1.0, listening_s=0.1, will_s=1.0)
PATTERNS = ["city/v1/#"]


@pytest.fixture
def broker():
    with NatsBroker() as running:
        yield running


@pytest.fixture
def start(broker):
    started = []

    def make(**options):
        device = ScriptedDevice(broker.url, **{"will": offline()} | options)
        started.append(device)
        return device

    yield make
    for device in started:
        device.close()


def look(broker, device, work=lambda listener: None, *, expect=PATIENT, **birth):
    """Return the verdict on a device that is born and reports while we listen."""
    listener = Listener(broker.url, PATTERNS, pace=WallClock(), expect=expect, watch=Watch())
    with listener:
        device.open(**birth)
        device.report(REPORTS)
        examination = listener.examination
        assert listener.listen(10.0, lambda: examination.messages > REPORTS)
        work(listener)
        kept = listener.look_again()
    return listener.examination.conclude(WallClock().now(), kept=kept, cut=listener.cut)


def failed(verdict):
    return {finding.check for finding in verdict.findings if finding.severity == "fail"}


def command(listener):
    listener.command(listener.find(DEVICE), lambda title: None)


def test_good_device_passes_with_commands_answered(broker, start):
    device = start()
    verdict = look(broker, device, command)
    assert verdict.devices == 1
    assert failed(verdict) == set()
    assert verdict.exit_status == PASSED
    for rule in ("command.no_ack", "command.copy", "command.unknown", "command.expired"):
        assert verdict.standing(rule) == "pass", rule
    assert verdict.standing("retain.missing") == "pass"
    assert verdict.standing("pack.sim_time") == "info"


def test_good_device_that_loses_its_power_passes(broker, start):
    device = start()

    def pull(listener):
        plug = Thread(target=device.cut)
        known = listener.find(DEVICE)
        plug.start()
        assert listener.wait_for_will(known)
        plug.join()

    verdict = look(broker, device, pull)
    assert failed(verdict) == set()
    assert verdict.standing("will.missing") == "pass"


@pytest.mark.parametrize(
    ("rule", "will"),
    [
        ("will.missing", None),
        ("will.wrong", offline(TOPIC.replace("air_monitor", "monitor") + "/state")),
        ("will.not_retained", offline(retain=False)),
    ],
)
def test_wrong_will_is_found(broker, start, rule, will):
    device = start(will=will)

    def pull(listener):
        plug = Thread(target=device.cut)
        known = listener.find(DEVICE)
        plug.start()
        listener.wait_for_will(known)
        plug.join()

    verdict = look(broker, device, pull, expect=replace(PATIENT, will_s=1.5))
    assert failed(verdict) == {rule}


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ("command.no_ack", lambda command, seen: []),
        ("command.unknown", lambda command, seen: ["accepted", "done"]
            if command["action"] not in ("self_test", "set_interval")
            else obedient(command, seen)),
        ("command.expired", lambda command, seen: ["done"] if seen
            else obedient(command | {"expires": 2**32}, seen)),
        ("command.copy", lambda command, seen: obedient(command, seen=False)),
    ],
)  # fmt: skip
def test_wrong_answer_to_a_command_is_found(broker, start, rule, answer):
    # A sleeper may take an interval longer, which is short here.
    verdict = look(broker, start(answer=answer), command, expect=HASTY)
    assert failed(verdict) == {rule}
    assert verdict.exit_status == FAILED


def test_birth_that_is_not_retained_is_found(broker, start):
    verdict = look(broker, start(), retain=False)
    assert failed(verdict) == {"retain.missing"}


def test_retained_telemetry_is_found(broker, start):
    device = start()

    def report(listener):
        before = listener.examination.messages
        device.report(1, retain=True)
        assert listener.listen(5.0, lambda: listener.examination.messages > before)

    assert failed(look(broker, device, report)) == {"retain.unwanted"}


def test_birth_at_most_once_is_found(broker, start):
    device = start()
    birth = {
        "type": "device",
        "status": "online",
        "lon": 116.3,
        "lat": 39.9,
        "channels": [{"n": "pm25", "u": "ug/m3"}],
        "interval_s": 5.0,
    }

    def say(listener):
        before = listener.examination.messages
        device.say("state", birth, qos=0, retain=True)
        assert listener.listen(5.0, lambda: listener.examination.messages > before)

    assert failed(look(broker, device, say)) == {"qos.low"}


def test_nothing_heard_is_no_pass():
    with NatsBroker() as empty:
        listener = Listener(empty.url, PATTERNS, pace=WallClock(), expect=PATIENT, watch=Watch())
        with listener:
            listener.listen(0.1)
            with pytest.raises(InputError, match="nothing of it was heard"):
                listener.find(DEVICE)
        verdict = listener.examination.conclude(WallClock().now())
    assert verdict.exit_status == BLIND

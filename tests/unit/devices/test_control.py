"""Orders to devices: answered by the rules of actuators, carried by the device's network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.catalogue import ROAD_WATER_GAUGE, VEHICLE_DETECTOR
from devices.cohort import Uplink
from devices.control import ACTIONS, REMEMBERED, DeviceDesk
from devices.faults import FaultOrder, FaultPlan
from devices.gateway import GatewayOutage, Gateways
from devices.link import LORAWAN, NB_IOT
from devices.upkeep import QUEUE, REBOOT_S, TRANSFER_ELSE_S
from sim.kernel.clock import HOUR, SECOND, Ns, SteppedClock
from sim.kernel.rng import SeededStreams
from sim.messages.field import Ack, Command
from sim.messages.telemetry import DeviceBirth

GAUGE = "road_water_gauge-0000"


START = Ns(1_784_000_000 * SECOND // HOUR * HOUR)


class TalkBus:
    """Keeps what is published, with its time, and hands it to who subscribed."""

    def __init__(self, clock):
        self.clock = clock
        self.messages = []
        self.times = []
        self.handlers = {}

    def subscribe(self, kind, handler):
        self.handlers.setdefault(kind, []).append(handler)

    def publish(self, message):
        self.messages.append(message)
        self.times.append(self.clock.now())
        for handler in self.handlers.get(type(message), ()):
            handler(message)

    def of(self, kind):
        return [m for m in self.messages if type(m) is kind]


@pytest.fixture
def desk(street):
    """Return a maker of a street whose devices take commands; it has begun."""

    def make(n=1, kind=ROAD_WATER_GAUGE, **options):
        bus = TalkBus(SteppedClock(START))
        made = street(n, kind, bus=bus, **options)
        DeviceDesk([made.cohort], clock=bus.clock, bus=bus, streams=SeededStreams(7))
        made.cohort.start()
        return made

    return make


def at_s(street) -> float:
    return (street.clock.now() - START) / SECOND


def order(street, action, args=None, *, target=GAUGE, command_id="c-1", expires_s=3600.0):
    kind = street.cohort.kind
    street.bus.publish(
        Command(
            ts_event=street.clock.now(),
            command_id=command_id,
            target_id=target,
            target_kind=kind.kind,
            target_domain=kind.domain,
            target_district="haidian",
            action=action,
            args=args or {},
            expires_at=Ns(START + round(expires_s * SECOND)),
        )
    )


def answers(street, command_id="c-1"):
    return [(a.status, a.reason) for a in street.bus.of(Ack) if a.command_id == command_id]


def births(street):
    return [device for birth in street.bus.of(DeviceBirth) for device in birth.devices]


def test_an_interval_is_answered_and_kept(desk):
    street = desk()
    street.at(1)
    order(street, "set_interval", {"interval_s": 120, "alarm_interval_s": 20})
    street.at(2)
    assert answers(street) == [("accepted", ""), ("done", "")]
    assert births(street)[-1].interval_s == 120
    assert births(street)[-1].alarm_interval_s == 20
    street.at(1300)
    taken = [row[2] for row in street.readings()][2:]
    assert set(np.diff(taken)) == {120.0}


@pytest.mark.parametrize(
    ("action", "args", "reason"),
    [
        ("dance", {}, "unknown action dance, expected " + ", ".join(ACTIONS)),
        ("reboot", {"hard": True}, "unknown argument hard of reboot, expected none"),
        ("set_interval", {}, "interval_s was None, expected 10 to 86400 s"),
        ("set_interval", {"interval_s": "60"}, "interval_s was '60', expected 10 to 86400 s"),
        ("set_interval", {"interval_s": True}, "interval_s was True, expected 10 to 86400 s"),
        ("set_interval", {"interval_s": 5}, "interval_s was 5, expected 10 to 86400 s"),
        (
            "set_interval",
            {"interval_s": 60, "alarm_interval_s": 61},
            "alarm_interval_s was 61, expected 10 to 60 s",
        ),
        ("update_firmware", {}, "version was None, expected digits and points, such as '1.2.0'"),
        (
            "update_firmware",
            {"version": "new"},
            "version was 'new', expected digits and points, such as '1.2.0'",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(desk, action, args, reason):
    street = desk()
    street.at(1)
    order(street, action, args)
    street.at(2)
    assert answers(street) == [("refused", reason)]
    assert len(births(street)) == 1


def test_an_unknown_device_is_refused_and_other_kinds_are_left_alone(desk):
    street = desk()
    street.at(1)
    order(street, "reboot", target="nobody")
    assert answers(street) == [("refused", "unknown target nobody")]
    stranger = Command(
        ts_event=street.clock.now(),
        command_id="c-2",
        target_id="pump-1",
        target_kind="standby_pump",
        target_domain="municipal",
        target_district="haidian",
        action="start",
        expires_at=Ns(START + HOUR),
    )
    street.bus.publish(stranger)
    street.at(60)
    assert not answers(street, "c-2")


def test_a_copy_is_answered_like_the_first_and_not_followed_twice(desk):
    street = desk()
    street.at(1)
    order(street, "set_interval", {"interval_s": 120})
    street.at(2)
    before = len(births(street))
    order(street, "set_interval", {"interval_s": 120})
    street.at(3)
    assert answers(street) == [("accepted", ""), ("done", ""), ("done", "")]
    assert len(births(street)) == before
    assert REMEMBERED > 1


def test_a_restart_is_silence_then_a_birth_and_the_sequence_goes_on(desk):
    street = desk(devices=None)
    order(street, "set_interval", {"interval_s": 10}, command_id="c-0")
    street.at(100.5)
    order(street, "reboot")
    street.at(300)
    taken = {row[2]: row[3] for row in street.readings()}
    silent = [t for t in taken if 101 <= t <= 100.5 + REBOOT_S]
    assert not silent
    sent = [taken[t] for t in sorted(taken)]
    assert sent == list(range(1, len(sent) + 1))
    assert answers(street) == [("accepted", ""), ("done", "")]
    done = next(a for a in street.bus.of(Ack) if a.command_id == "c-1" and a.status == "done")
    assert (done.ts_event - START) / SECOND == pytest.approx(100.5 + REBOOT_S, abs=0.3)
    assert street.bus.of(DeviceBirth)[-1].ts_event == done.ts_event


def test_firmware_takes_its_time_and_the_birth_tells_it(desk):
    street = desk()
    assert births(street)[0].firmware == "1.0.0"
    street.at(1)
    order(street, "update_firmware", {"version": "1.2.0"})
    street.at(30)
    assert answers(street) == [("accepted", "")]
    order(street, "reboot", command_id="c-2")
    street.at(31)
    assert answers(street, "c-2") == [("refused", "an update of the firmware is under way")]
    street.at(2 + TRANSFER_ELSE_S + REBOOT_S)
    assert answers(street) == [("accepted", ""), ("done", "")]
    assert births(street)[-1].firmware == "1.2.0"
    order(street, "update_firmware", {"version": "1.2.0"}, command_id="c-3")
    street.at(at_s(street) + 1)
    assert answers(street, "c-3") == [("accepted", ""), ("done", "already so")]


@pytest.mark.parametrize(
    ("fault", "result"),
    [(None, "ok"), ("spiking", "spiking"), ("tampered", "tampered"), ("stuck", "ok")],
)
def test_a_self_test_finds_what_a_device_can_know_of_itself(desk, fault, result):
    plan = FaultPlan()
    if fault is not None:
        plan = FaultPlan(orders=[FaultOrder(device_id=GAUGE, fault=fault, start=START)])
    street = desk(faults=plan)
    street.at(1)
    order(street, "self_test")
    street.at(2)
    assert answers(street) == [("accepted", ""), ("done", result)]


def test_calibration_takes_the_drift_out_within_the_accuracy_of_the_row(desk):
    plan = FaultPlan(orders=[FaultOrder(device_id=GAUGE, fault="drifting", start=START)])
    street = desk(truth=[0.5], faults=plan)
    street.at(4 * 3600)
    assert abs(street.readings()[-1][5][0] - 0.5) > 0.3
    order(street, "calibrate", expires_s=20_000)
    street.at(4 * 3600 + 130)
    (spec,) = ROAD_WATER_GAUGE.channels
    accuracy_m = 2 * (spec.bias_sigma**2 + spec.noise_sigma**2) ** 0.5 + 0.005
    assert abs(street.readings()[-1][5][0] - 0.5) <= accuracy_m


def test_calibrated_devices_are_nearer_to_the_truth_than_new_ones(desk):
    n = 400
    street = desk(n, truth=[1.0])
    street.at(1300)
    before = np.std([row[5][0] for row in street.readings() if row[2] > 600])
    for i in range(n):
        order(street, "calibrate", target=f"road_water_gauge-{i:04d}", command_id=f"c-{i}")
    street.at(2000)
    after = np.std([row[5][0] for row in street.readings() if row[2] > 1300])
    (spec,) = ROAD_WATER_GAUGE.channels
    assert before == pytest.approx(np.hypot(spec.bias_sigma, spec.noise_sigma), rel=0.15)
    assert after == pytest.approx(np.hypot(spec.bias_sigma / 4, spec.noise_sigma), rel=0.15)


@pytest.mark.parametrize("network", [LORAWAN, NB_IOT])
def test_a_sleeping_battery_device_hears_only_after_its_report(desk, network):
    kind = replace(VEHICLE_DETECTOR, network=network)
    street = desk(kind=kind, uplink=Uplink(loss=0.0, duplicate_share=0.0))
    street.at(125)
    reported = max(row[2] for row in street.readings())
    order(street, "self_test", target="vehicle_detector-0000")
    street.at(reported + kind.interval_s - 1)
    assert not answers(street)
    street.at(reported + kind.interval_s + network.longest_s)
    assert answers(street) == [("accepted", ""), ("done", "ok")]


def test_what_a_dead_device_hears_too_late_is_refused_as_expired(desk):
    dead = FaultOrder(device_id=GAUGE, fault="dead", start=START, end=Ns(START + 2 * HOUR // 10))
    street = desk(faults=FaultPlan(orders=[dead]))
    street.at(1)
    order(street, "reboot", expires_s=60)
    street.at(600)
    assert not answers(street)
    street.at(1500)
    assert answers(street) == [("refused", "expired")]


def test_a_gateway_that_is_cut_off_brings_no_command(street, gateway_births, births):
    bus = TalkBus(SteppedClock(START))
    outage = GatewayOutage(gateway_id="gateway-0000", start=START, end=Ns(START + 700 * SECOND))
    gateways = Gateways(
        gateway_births,
        np.zeros((2, 2)),
        clock=bus.clock,
        bus=bus,
        outages=[outage],
    )
    made = street(
        devices=births(ROAD_WATER_GAUGE, 1, gateway_id="gateway-0000"),
        bus=bus,
        uplink=Uplink(gateways=gateways, loss=0.0, duplicate_share=0.0),
    )
    DeviceDesk([made.cohort], clock=bus.clock, bus=bus, streams=SeededStreams(7))
    gateways.start()
    made.cohort.start()
    made.at(20)
    order(made, "self_test")
    made.at(690)
    assert not answers(made)
    made.at(1500)
    assert answers(made) == [("accepted", ""), ("done", "ok")]


def test_of_many_commands_to_a_dead_device_only_the_latest_wait(desk):
    dead = FaultOrder(device_id=GAUGE, fault="dead", start=START, end=Ns(START + 100 * SECOND))
    street = desk(faults=FaultPlan(orders=[dead]))
    street.at(1)
    for i in range(3 * QUEUE):
        order(street, "self_test", command_id=f"c-{i}")
    street.at(1500)
    answered = {a.command_id for a in street.bus.of(Ack)}
    assert len(answered) == QUEUE


def test_a_replaced_device_is_silent_and_answers_nothing(desk, street):
    bus = TalkBus(SteppedClock(START))
    made = street(2, bus=bus)
    DeviceDesk([made.cohort], clock=bus.clock, bus=bus, streams=SeededStreams(7))
    made.cohort.upkeep.give_way(0)
    made.cohort.start()
    order(made, "self_test")
    made.at(2000)
    made.cohort.republish()
    assert {device.device_id for device in births(made)} == {"road_water_gauge-0001"}
    assert {row[1] for row in made.readings()} == {1}
    assert not answers(made)


# The fixture makes a new street for each example.
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    orders=st.lists(
        st.tuples(
            st.sampled_from([*ACTIONS, "dance"]),
            st.dictionaries(
                st.sampled_from(["interval_s", "alarm_interval_s", "version", "x"]),
                st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
                max_size=2,
            ),
            st.floats(0, 400),
        ),
        max_size=12,
    )
)
def test_every_command_is_answered_and_finished_once(desk, orders):
    made = desk()
    for number, (action, args, wait_s) in enumerate(orders):
        order(made, action, args, command_id=f"c-{number}", expires_s=10**6)
        made.at(at_s(made) + wait_s)
    made.at(at_s(made) + 90_000)
    for number in range(len(orders)):
        statuses = [status for status, _ in answers(made, f"c-{number}")]
        assert statuses in (["accepted", "done"], ["refused"])

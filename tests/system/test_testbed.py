"""The testbed as somebody else's tests use it: a real broker, a real city, no sleeping."""

from __future__ import annotations

import threading

import msgspec
import pytest

from scenarios.listener import Listener
from scenarios.testbed import NotHeardError, Plan, Testbed
from sim.kernel.errors import InputError
from sim.messages.topics import parse
from support.waiting import until

GAUGE = "water-underpass-01-1"
BARRIER = "barrier-underpass-01"
SIGN = "sign-underpass-01"


@pytest.fixture
def bed():
    with Testbed(Plan(speed=200.0)) as bed:
        yield bed


def test_it_begins_with_all_births():
    with Testbed() as bed:
        said = {parse(h.topic).device for h in bed.heard("city/v1/+/+/+/+/state")}
        assert set(bed.devices) <= said
    assert not [t for t in threading.enumerate() if t.name == "chengmai-city"]


def test_two_cities_run_beside_each_other():
    with Testbed(Plan(seed=1)) as one, Testbed(Plan(seed=2)) as two:
        assert one.broker.port != two.broker.port
        assert one.telemetry(GAUGE)["seq"] >= 1
        assert two.telemetry(GAUGE)["seq"] >= 1


def test_telemetry_state_and_time(bed):
    reading = bed.telemetry(GAUGE)
    assert {"depth", "seq", "sim_time"} <= reading.keys()
    assert bed.state(GAUGE)["channels"] == [{"n": "depth", "u": "m"}]
    before_s = bed.now_s
    bed.pass_time(120)
    assert bed.now_s >= before_s + 120


def test_a_fault_is_injected_seen_and_true(bed):
    bed.telemetry(GAUGE)
    injected = bed.inject("sensor_fault", device=GAUGE, fault="dead", lasts="20 min")
    true = bed.wait_for_truth("fault", target=GAUGE, phase="start")
    assert true["t_s"] == pytest.approx(injected.at_s)
    bed.pass_time(60)  # What was on its way has come.
    bed.mark()
    with pytest.raises(NotHeardError, match="nothing that fits"):
        bed.telemetry(GAUGE, within_s=1.0)
    bed.wait_for_truth("fault", target=GAUGE, phase="end")
    bed.mark()
    bed.telemetry(GAUGE)


def test_commands_to_sensors_and_actuators_are_answered(bed):
    assert bed.command(GAUGE, "self_test")["reason"] == "ok"
    bed.command(GAUGE, "set_interval", interval_s=60)
    assert bed.state(GAUGE, lambda s: s["interval_s"] == 60)["firmware"] == "1.0.0"
    assert bed.command(BARRIER, "close")["status"] == "done"
    assert bed.state(BARRIER)["position"] == "closed"
    refused = bed.command(BARRIER, "dance", status="refused")
    assert "unknown action" in refused["reason"]
    with pytest.raises(NotHeardError, match="refused"):
        bed.command(BARRIER, "dance", within_s=3.0)


def test_the_truth_is_hidden_from_devices_under_test(bed):
    with pytest.raises(Exception, match="refused to let us read"):
        Listener(bed.broker, ("city-truth/#",), check=lambda: None, client_id="spy").open()
    reader = Listener(
        bed.truth_broker, ("city-truth/v1/#",), check=lambda: None, client_id="reader"
    )
    reader.open()
    bed.inject("sensor_fault", device=GAUGE, fault="stuck")
    heard = reader.wait_for(
        "city-truth/v1/fault", lambda h: h.json["target"] == GAUGE, within_s=10, since=0
    )
    reader.close()
    assert heard.json["fault"] == "stuck"
    assert bed.truth("fault", target=GAUGE) == [heard.json]
    assert not bed.heard("city-truth/#")


def test_a_real_barrier_takes_the_place_of_the_simulated_one():
    with Testbed(Plan(speed=60.0, replace=(BARRIER, GAUGE))) as bed:
        twin = bed.state("barrier-underpass-02")
        assert not bed.heard(f"city/v1/+/+/+/{BARRIER}/state")
        topic = bed.topic_of("barrier-underpass-02", "state").replace(
            "barrier-underpass-02", BARRIER
        )
        command = topic.replace("/state", "/command")
        order = {"id": "c-1", "action": "close", "time": 0, "expires": 4e9}
        bed.publish(command, order)
        state = twin | {"place": "underpass-01", "position": "closed", "cause": "c-1"}
        bed.publish(topic, state, retain=True)
        true = bed.wait_for_truth("actuator", actuator=BARRIER)
        assert (true["position"], true["cause"]) == ("closed", "c-1")
        bed.publish(topic, state | {"position": "sideways"}, retain=True)
        bed.publish(topic, state | {"position": "open"}, retain=True)
        bed.wait_for_truth("actuator", actuator=BARRIER, position="open")
        bed.pass_time(660)
        assert not bed.truth("actuator", position="sideways")
        assert not bed.heard(f"city/v1/+/+/+/{BARRIER}/ack")
        assert not bed.heard(f"city/v1/+/+/+/{GAUGE}/#")
        assert bed.heard("city/v1/+/+/+/water-underpass-01-2/telemetry")


def test_a_replaced_sensor_s_own_words_reach_everybody():
    with Testbed(Plan(replace=(GAUGE,))) as bed:
        topic = bed.topic_of("water-underpass-01-2", "telemetry").replace("01-2", "01-1")
        bed.publish(topic, [{"n": "depth", "u": "m", "v": 0.5}])
        assert bed.telemetry(GAUGE)["depth"] == 0.5


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"replace": ("barier-underpass-01",)}, ["--replace", "barrier-underpass-01"]),
        ({"scenario": "strom"}, ["strom", "storm"]),
    ],
)
def test_a_plan_that_makes_no_sense_is_an_input_error(plan, words):
    with pytest.raises(InputError) as refused, Testbed(Plan(**plan)):
        pass
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize("speed", [0.0, 0.05, 1001.0, float("nan")])
def test_a_speed_out_of_bounds_is_an_input_error(speed):
    with pytest.raises(InputError, match=r"0\.1 to 1000"):
        Plan(speed=speed)


def test_unknown_devices_are_named_with_the_nearest(bed):
    with pytest.raises(InputError, match=GAUGE):
        bed.telemetry("watr-underpass-01-1")
    with pytest.raises(InputError, match="either a device or a kind"):
        bed.inject("sensor_fault", fault="stuck")


def test_what_ends_the_city_ends_the_waiting():
    with Testbed(Plan(speed=60.0)) as bed:
        bed._city.bus.drain = lambda: 1 / 0
        with pytest.raises(ZeroDivisionError):
            bed.wait_for("never", within_s=10)


def test_an_early_end_lets_it_stand():
    with Testbed(Plan(speed=1000.0, until_s=600.0)) as bed:
        until(lambda: bed.truth("run_end"))
        assert bed.now_s == 600.0


def test_the_clock_says_the_speed_that_is_kept(monkeypatch):
    monkeypatch.setattr("scenarios.live.TELL_CLOCK_S", 0.5)
    with Testbed(Plan(speed=1000.0)) as bed:
        slow = threading.Event()
        drain = bed._city.bus.drain
        # A machine with much else to do.
        bed._city.bus.drain = lambda: (slow.wait(0.4), drain())[1]
        bed.mark()
        heard = bed.wait_for("city/v1/all/city/clock/main/state", lambda h: h.json["speed"] < 900.0)
        assert heard.json["speed"] > 0
        bed._city.bus.drain = drain
        bed.pass_time(100)


def test_messages_are_json_or_say_so(bed):
    bed.publish("city/v1/x/y/z/d/event", b"\xff")
    heard = bed.wait_for("city/v1/x/#")
    with pytest.raises(ValueError, match="not JSON"):
        _ = heard.json
    bed.publish("city/v1/x/y/z/d/event", {"a": 1})
    assert msgspec.json.decode(bed.wait_for("city/v1/x/#").payload) == {"a": 1}

"""The controller on a living city that is told to misbehave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flood_sign import FloodSign
from flood_sign.controller import TEXT

SIGNS = "city/v1/+/traffic/message_sign/+/state"


@pytest.fixture
def controller(chengmai) -> Iterator[FloodSign]:
    """The project's own program, on the city's broker."""
    program = FloodSign(chengmai.broker.host, chengmai.broker.port)
    program.start()
    yield program
    program.stop()


def warns(message) -> bool:
    return message.json["position"] == TEXT


def test_a_flood_puts_the_warning_on_that_underpass_s_sign(chengmai, controller):
    chengmai.inject("storm", return_period_years=50, duration="1 h", uniform=True)
    chengmai.inject("pump_failure", pump="duty", underpasses=12)
    sign = chengmai.wait_for(SIGNS, warns, within_s=60)
    place = sign.json["place"]
    chengmai.wait_for_truth("hazard_onset", hazard="flood", place=place, within_s=60)


@pytest.mark.chengmai(scenario="ordinary-day")
def test_a_dry_day_leaves_the_signs_alone(chengmai, controller):
    chengmai.pass_time(1800)
    assert not [m for m in chengmai.heard(SIGNS) if warns(m)]


@pytest.mark.chengmai(scenario="ordinary-day")
def test_a_gauge_with_spikes_fools_the_sign_which_the_truth_reveals(chengmai, controller):
    gauge = "water-underpass-03-2"
    chengmai.inject("sensor_fault", device=gauge, fault="spiking")
    sign = chengmai.wait_for(SIGNS, warns, within_s=60)
    assert sign.json["place"] == "underpass-03"
    assert chengmai.truth("fault", target=gauge)[0]["fault"] == "spiking"
    assert not chengmai.truth("hazard_onset", hazard="flood")


@pytest.mark.chengmai(scenario="ordinary-day", replace="sign-underpass-03")
def test_our_own_sign_gets_the_order(chengmai, controller):
    """A real sign of ours stands in for the simulated one: here the test plays it."""
    model = chengmai.state("sign-underpass-02")
    topic = chengmai.topic_of("sign-underpass-02", "state")
    ours = topic.replace("sign-underpass-02", "sign-underpass-03").removesuffix("/state")
    chengmai.publish(f"{ours}/state", model | {"place": "underpass-03"}, retain=True)
    chengmai.inject("sensor_fault", device="water-underpass-03-1", fault="spiking")
    order = chengmai.wait_for(f"{ours}/command", within_s=60).json
    assert order["action"] == "show"
    shown = model | {"place": "underpass-03", "position": order["args"]["text"]}
    chengmai.publish(f"{ours}/state", shown, retain=True)
    true = chengmai.wait_for_truth("actuator", actuator="sign-underpass-03")
    assert true["position"] == TEXT

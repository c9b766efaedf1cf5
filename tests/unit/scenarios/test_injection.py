"""What is let happen in a running city is what a scenario that held it would have brought."""

from __future__ import annotations

import threading
from typing import get_args

import pytest

from scenarios.build import build_city, build_city_side
from scenarios.injected import read_hazard, with_injected
from scenarios.injection import Injector
from scenarios.load import load_scenario
from scenarios.schema import PARTS
from sim.kernel.clock import Ns, seconds
from sim.kernel.errors import InputError
from sim.transport.memory import MemoryBus
from sim.world.engine import SimEngine

WORDS = [get_args(part.model_fields["type"].annotation)[0] for part in PARTS]
NEEDS = {
    # Keys without a default, and how long, where a fault would last for good.
    "sensor_fault": {"device": "rain-001", "fault": "stuck", "lasts": "5 min"},
    "gateway_outage": {"gateway": "gateway-02", "lasts": "5 min"},
    "pump_failure": {"pump": "duty", "lasts": "5 min"},
}


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("ordinary-day")


@pytest.fixture(scope="module")
def town(scenario):
    return build_city(scenario, 7, scale=0.002)


class Running:
    """A city without a wall clock, whose present the test moves."""

    def __init__(self, scenario, town, record=None):
        self.truth = []
        self.engine = SimEngine(scenario.clock.start_ns)
        side = build_city_side(scenario, town, 7, self.engine, MemoryBus(), self.truth.append)
        self.injector = Injector(side, town, self.engine, record)
        side.start()

    def at(self, t_s):
        self.engine.run(Ns(self.engine.start + seconds(t_s)))

    def inject(self, **hazard):
        """Ask on another thread, and answer on this one, which is the city's."""
        answer = []

        def ask():
            try:
                answer.append(self.injector.inject(hazard))
            except InputError as error:
                answer.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while thread.is_alive():
            self.injector.drain()
            thread.join(0.001)
        if isinstance(answer[0], InputError):
            raise answer[0]
        return answer[0]


@pytest.mark.parametrize("word", WORDS)
def test_every_hazard_of_a_scenario_can_be_let_happen_now(scenario, town, word):
    running = Running(scenario, town)
    running.at(900)
    injected = running.inject(type=word, **NEEDS.get(word, {}))
    assert injected.at_s == 900
    assert injected.hazard["at"] == "900.000 s"
    running.at(1800)


def test_a_repeated_run_brings_the_same(scenario, town, tmp_path):
    record = tmp_path / "injected.yaml"
    first = Running(scenario, town, record)
    first.at(600.5)
    first.inject(type="fire")
    first.inject(type="sensor_fault", device="rain-001", fault="dead", lasts="3 min")
    first.at(700)
    first.inject(type="gateway_outage", gateway="gateway-02", lasts="2min")
    first.inject(type="pump_failure", pump="standby", how="silent")
    first.inject(type="storm", return_period_years=20, duration="30 min")
    first.at(2400)
    again = Running(with_injected(scenario, record), town)
    again.at(2400)
    assert any(r["type"] == "fault" and r["target"] == "rain-001" for r in first.truth)
    assert any(r.get("cause") == "injected-1" for r in first.truth)

    def told(truth):
        return sorted(
            (r["t_s"], r["type"], r.get("event", ""), r.get("target", ""), r.get("phase", ""))
            for r in truth
        )

    assert told(first.truth) == told(again.truth)


@pytest.mark.parametrize(
    ("hazard", "words"),
    [
        ({"type": "frie"}, ["inject", "frie", "'fire'"]),
        ({"type": "fire", "groth": 3}, ["inject", "groth", "'growth'"]),
        ({"type": "fire", "at": "5 min"}, ["inject: at", "it is now"]),
        ({"type": "fire", "place": "nowhere"}, ["injected-1.place", "nowhere"]),
        ({"type": "sensor_fault", "fault": "stuck"}, ["either a device or a kind"]),
        ({"type": "sensor_fault", "fault": "stuck", "device": "rain-01"}, ["rain-01", "rain-0"]),
        ({"type": "sensor_fault", "fault": "stuck", "kind": "nose"}, ["nose", "rain_gauge"]),
        ({"type": "gateway_outage", "gateway": "gate"}, ["gate", "gateway-0"]),
        ({"type": "gateway_outage", "gateway": "gateway-01", "lasts": 5}, ["lasts", "unit"]),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_trace(scenario, town, tmp_path, hazard, words):
    record = tmp_path / "injected.yaml"
    running = Running(scenario, town, record)
    running.at(60)
    with pytest.raises(InputError) as refused:
        running.inject(**hazard)
    assert all(word in str(refused.value) for word in words), refused.value
    assert not running.injector.done
    assert not record.exists()


def test_a_hazard_is_read_as_in_a_scenario_file():
    assert read_hazard("inject", {"type": "storm", "duration": "30 min"}).duration == 1800


def test_an_injection_list_must_be_one(scenario, tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text("hazard: {}")
    with pytest.raises(InputError, match="line 1, hazards: expected a value"):
        with_injected(scenario, path)
    path.write_text("hazards: {a: {type: frie}}")
    with pytest.raises(InputError, match=r"list.yaml: line 1, hazards.a.*frie"):
        with_injected(scenario, path)

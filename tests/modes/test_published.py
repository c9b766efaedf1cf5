"""Every message of an hour of the library's scenarios is as its published schema says."""

from __future__ import annotations

from functools import partial

import pytest

from scenarios import fast
from scenarios.build import build_city
from scenarios.fast import FastRun, run_fast
from scenarios.load import list_scenarios, load_scenario
from sim.transport.memory import MemoryBus
from support.long import long_run
from support.published import Inspector

HOUR_S = 3600.0
ALWAYS = {"storm", "gas-leak", "crowd"}
"""Scenarios that every run of the tests looks at; the whole check looks at all."""


def hour_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Inspector:
    """Run a simulated hour of a scenario with every message in its wire form."""
    inspector = Inspector()
    bus = partial(MemoryBus, on_wire=inspector)
    monkeypatch.setattr(fast, "MemoryBus", bus)
    scenario = load_scenario(name)
    city = build_city(scenario, scenario.seed)
    run_fast(
        FastRun(scenario=scenario, city=city, seed=scenario.seed, until_s=HOUR_S, codec=True), None
    )
    return inspector


@pytest.mark.parametrize(
    "name",
    [
        s.name if s.name in ALWAYS else pytest.param(s.name, marks=long_run)
        for s in list_scenarios()
    ],
)
def test_every_message_of_an_hour_is_as_published(name, monkeypatch):
    inspector = hour_of(name, monkeypatch)
    assert inspector.faults == []
    assert inspector.seen["state"] > 100
    assert inspector.seen["telemetry"] > 0
    assert inspector.seen["gateway-telemetry"] > 0

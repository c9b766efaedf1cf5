"""A client of somebody else's, in plain paho, reads the feed and finds it as published."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from scenarios.__main__ import main
from scenarios.build import build_city
from scenarios.live import LiveRun, run_feed
from scenarios.load import load_scenario
from sim.messages.packing import Packs, TelemetryForm
from sim.transport.brokers.nats import NatsBroker
from support.long import long_run

EXAMPLE = ROOT / "docs" / "examples" / "check_feed.py"
HOUR_S = 3600.0


@pytest.mark.parametrize("packs", ["device", pytest.param("gateway", marks=long_run)])
def test_example_client_finds_every_message_of_an_hour_as_published(packs: Packs, tmp_path: Path):
    assert main(["schema", "--out", str(tmp_path)]) == 0
    scenario = load_scenario("storm")
    city = build_city(scenario, scenario.seed)
    with NatsBroker() as broker:
        client = subprocess.Popen(
            [sys.executable, str(EXAMPLE), broker.url.host, str(broker.url.port),
             str(tmp_path / "schemas"), "2"],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            assert client.stdout.readline() == "listening\n"
            summary = run_feed(
                LiveRun(
                    scenario=scenario,
                    city=city,
                    seed=scenario.seed,
                    until_s=HOUR_S,
                    speed=1000.0,
                    broker=broker.url,
                    ends=True,
                    form=TelemetryForm(packs=packs),
                ),
                None,
                should_stop=lambda: False,
                on_open=lambda _city: None,
            )
            told, _ = client.communicate(timeout=60)
        finally:
            client.kill()
    counts = json.loads(told)
    assert client.returncode == 0
    assert not [name for name in counts if name.startswith("faulty")]
    assert counts["map-state"] == 1
    assert counts["clock-state"] >= 1
    assert counts["device-state"] > summary["sensors"]
    packed = counts.get("telemetry", 0), counts["gateway-telemetry"]
    if packs == "device":
        assert packed == (summary["delivered"], summary["by_gateways"])
    else:
        assert packed[0] == 0
        assert packed[1] < summary["delivered"]

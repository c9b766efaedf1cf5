"""What networks do to a whole run: a gateway lost in a storm, and two ways to watch a manhole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest

from ops_center.core.center import OpsCenter
from ops_center.core.store import NoStore
from scenarios.batteries import battery_rows
from scenarios.build import CitySide, build_city, build_city_side, center_config
from scenarios.fast import FastRun, run_fast
from scenarios.load import load_scenario
from scenarios.network_parts import Outage
from scenarios.results import Outcome
from scenarios.schema import Scenario
from sim.kernel.clock import Ns, seconds, to_seconds
from sim.messages.telemetry import QUALITY_STORED, TelemetryBatch
from sim.transport.memory import MemoryBus
from sim.world.engine import CENTRE, SimEngine

LOST_S, BACK_S = 600.0, 7_800.0


@dataclass
class Heard:
    """A run's telemetry as it came over the bus: (arrived [s], taken [s], seq, quality, value)."""

    side: CitySide
    center: OpsCenter
    by_device: dict[str, list[tuple[float, float, int, int, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )


def listen(scenario: Scenario, until_s: float) -> Heard:
    start = scenario.clock.start_ns
    engine, bus = SimEngine(start), MemoryBus()
    center = OpsCenter(engine.clock(CENTRE), bus, NoStore(), center_config(scenario.policies))
    city = build_city(scenario, scenario.seed)
    side = build_city_side(scenario, city, scenario.seed, engine, bus, lambda _: None)
    heard = Heard(side, center)

    def take(batch: TelemetryBatch) -> None:
        at_s = to_seconds(Ns(engine.now() - start))
        for row, device in enumerate(batch.device.tolist()):
            taken_s = (int(batch.sim_time_ns[row]) - start) / 1e9
            told = (at_s, taken_s, int(batch.seq[row]), int(batch.quality[row]))
            name = batch.roster.ids[device]
            heard.by_device[name].append((*told, float(batch.values[0, row])))

    bus.subscribe(TelemetryBatch, take)
    side.start()
    engine.run(Ns(start + seconds(until_s)))
    return heard


@cache
def lost() -> Outcome:
    scenario = load_scenario("gateway-lost")
    city = build_city(scenario, scenario.seed)
    return run_fast(FastRun(scenario=scenario, city=city, seed=scenario.seed, until_s=9_000), None)


def records(outcome: Outcome, *types: str) -> list[Any]:
    both = (*outcome.truth, *outcome.decisions)
    return [record for record in both if record["type"] in types]


def test_what_a_lost_gateway_kept_arrives_late_in_order_and_once():
    heard = listen(load_scenario("gateway-lost"), 8_400.0)
    behind = [
        device.device_id
        for deployment in heard.side.deployments
        for device in deployment.devices
        if device.gateway_id == "gateway-01" and device.kind == "road_water_gauge"
    ]
    assert len(behind) >= 10
    for device in behind:
        told = heard.by_device[device]
        assert not [at_s for at_s, taken_s, *_ in told if taken_s > LOST_S and at_s < BACK_S]
        stored = [row for row in told if row[3] == QUALITY_STORED]
        # One every ten minutes at the least, and one a minute while it is wet.
        assert len(stored) >= 12
        # With the delivery that follows.
        assert {at_s for at_s, *_ in stored} == {BACK_S + 5}
        assert all(LOST_S <= taken_s < BACK_S for _, taken_s, *_ in stored)
        assert (np.diff([taken_s for _, taken_s, *_ in stored]) >= 0).all()
        once = {seq for _, _, seq, _, _ in told}
        assert len(once) > 0.99 * max(once), "nothing is lost but by radio, after five tries"
    counts = heard.side.counts()
    copies = heard.center.ingest.counts["duplicates"]
    assert copies == counts["duplicated"]
    assert heard.center.ingest.counts["late"] == 0
    stored = sum(row[3] == QUALITY_STORED for told in heard.by_device.values() for row in told)
    assert counts["stored"] == stored > 1_000


def test_the_gateway_closes_the_barrier_while_the_centre_is_out_of_reach():
    outcome = lost()
    commands = records(outcome, "edge_command")
    closed = [c for c in commands if c["action"] == "close"]
    assert {"barrier-underpass-01", "barrier-underpass-05"} <= {c["actuator"] for c in closed}
    assert all(LOST_S < c["t_s"] < BACK_S and c["value"] >= 0.27 for c in closed)
    moved = {r["cause"]: r for r in records(outcome, "actuator")}
    for command in closed:
        move = moved[command["command"]]
        assert move["position"] == "closed"
        # A way of 1 to 3 s, and a boom that takes 8.
        assert 9 <= move["t_s"] - command["t_s"] <= 11
    # The centre commands nothing there, knows nothing, and is told when the line is back.
    told = records(outcome, "local_action")
    start_ns = load_scenario("gateway-lost").clock.start_ns
    assert {c["actuator"] for c in closed} <= {r["actuator"] for r in told}
    assert all((r["t_ns"] - start_ns) / 1e9 == BACK_S for r in told)
    assert all(r["at_ns"] < r["t_ns"] for r in told)


def test_the_report_and_its_figures_account_for_the_loss():
    outcome = lost()
    figures = {figure["name"]: figure["value"] for figure in outcome.summary["kpis"]}
    assert figures["readings_stored"] == outcome.reports["stored"] > 1_000
    assert figures["local_commands"] == len(records(outcome, "edge_command")) >= 4
    assert figures["closed_before_27cm_share"] is not None
    without = load_scenario("gateway-lost").model_copy(
        update={"network": load_scenario("storm").network}
    )
    spec = FastRun(scenario=without, city=outcome.city, seed=outcome.seed, until_s=9_000)
    sound = {figure["name"]: figure["value"] for figure in run_fast(spec, None).summary["kpis"]}
    assert sound["readings_stored"] == sound["local_commands"] == 0
    # Without its gauges the centre learns of floods late, by calls, or not at all.
    assert figures["time_to_detect_median_s"] > 2 * sound["time_to_detect_median_s"]
    assert figures["device_availability"] < sound["device_availability"]


def test_without_edge_nobody_closes_anything_while_the_gateway_is_lost():
    scenario = load_scenario("gateway-lost")
    network = scenario.network.model_copy(update={"edge": False})
    scenario = scenario.model_copy(update={"network": network})
    spec = FastRun(scenario=scenario, city=lost().city, seed=scenario.seed, until_s=BACK_S)
    outcome = run_fast(spec, None)
    near = {"barrier-underpass-01", "barrier-underpass-05"}
    assert not [r for r in records(outcome, "actuator") if r["actuator"] in near]


def test_a_run_with_edge_is_the_same_through_the_wire():
    scenario = load_scenario("gateway-lost")
    early = scenario.network.model_copy(update={"outages": (Outage(at="10 min", lasts="30 min"),)})
    scenario = scenario.model_copy(update={"network": early})
    runs = [
        run_fast(
            FastRun(
                scenario=scenario, city=lost().city, seed=scenario.seed, until_s=3_000, codec=codec
            ),
            None,
        )
        for codec in (False, True)
    ]
    assert runs[0].decisions == runs[1].decisions
    assert runs[0].truth == runs[1].truth
    assert records(runs[0], "local_action")


def first_alarm_s(outcome: Outcome) -> float:
    """Return how long after its onset the detectors told of the leak [s]."""
    (onset,) = records(outcome, "hazard_onset")
    finding = next(r for r in records(outcome, "finding") if r["signal"] == "methane_high")
    return (finding["t_ns"] - outcome.scenario.clock.start_ns) / 1e9 - onset["t_s"]


def test_sampling_a_manhole_finds_gas_later_than_waking_up_and_saves_battery():
    outcomes = {}
    for name in ("gas-manhole", "gas-manhole-sampled"):
        scenario = load_scenario(name)
        city = build_city(scenario, scenario.seed)
        spec = FastRun(scenario=scenario, city=city, seed=scenario.seed, until_s=5_400)
        outcomes[name] = run_fast(spec, None)
    woken, sampled = outcomes.values()
    (onset,) = records(woken, "hazard_onset")
    alarm_s = next(
        r["t_s"] for r in records(woken, "hazard_level") if r["level"] == "II"
    ) - onset["t_s"]  # fmt: skip
    # A look a minute, ten seconds of network, and the centre's tick; ±3 %LEL is two minutes.
    assert first_alarm_s(woken) == pytest.approx(alarm_s, abs=200)
    late_s = first_alarm_s(sampled) - first_alarm_s(woken)
    assert 120 < late_s <= 1_800 + 120
    lives = [outcome.batteries[0] for outcome in (woken, sampled)]
    assert [row.kind for row in lives] == ["gas_detector", "gas_detector"]
    # 3 to 5 years where cover is good; watching costs most of what it uses.
    assert 3 * 365 < lives[0].quantile_d(0.5) < 5 * 365
    assert lives[1].quantile_d(0.5) > 3 * lives[0].quantile_d(0.5)
    assert woken.summary["batteries"][0]["life_median_d"] == lives[0].quantile_d(0.5)


def test_uncovered_devices_are_counted_and_not_there():
    scenario = load_scenario("storm")
    network = scenario.network.model_copy(update={"gateways": 1})
    heard = listen(scenario.model_copy(update={"network": network}), 1_200.0)
    uncovered = heard.side.counts()["uncovered"]
    assert 0 < uncovered < heard.side.sensors
    assert len(heard.center.inventory.infos) == heard.side.sensors - uncovered + 1
    assert [row.kind for row in battery_rows(heard.side.cohorts)] == ["vehicle_detector"]

"""The fast mode: repeatable, the same through the wire, and worth its plan."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.output import DECISIONS, REPORT, SUMMARY, TRUTH
from support.storm import kpi, run


def run_command(folder: Path, seed: int, hash_seed: str) -> None:
    command = [sys.executable, "-m", "scenarios", "run", "storm", "--until", "75min"]
    subprocess.run(
        [*command, "--seed", str(seed), "--out", str(folder)],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        timeout=120,
    )


def test_same_seed_gives_the_same_bytes_in_any_process_and_another_seed_does_not(tmp_path):
    run_command(tmp_path / "a", 7, "1")
    run_command(tmp_path / "b", 7, "2")
    run_command(tmp_path / "c", 8, "1")
    for name in (DECISIONS, TRUTH):
        first = (tmp_path / "a" / name).read_bytes()
        assert first, f"{name} is empty"
        assert first == (tmp_path / "b" / name).read_bytes()
        assert first != (tmp_path / "c" / name).read_bytes()


def test_every_message_through_its_wire_form_changes_no_decision():
    plain = run()
    wired = run(codec=True)
    assert len(plain.decisions) > 100
    assert wired.decisions == plain.decisions
    assert wired.truth == plain.truth


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_plan_lowers_exposure_and_depth_against_the_same_storm_without_it(seed):
    with_plan = run(seed=seed)
    without = run(seed=seed, plan=False)
    assert kpi(without, "exposure_person_min") > 50
    assert kpi(with_plan, "exposure_person_min") < 0.5 * kpi(without, "exposure_person_min")
    assert kpi(with_plan, "peak_depth_m") < kpi(without, "peak_depth_m")


def test_water_falls_because_of_the_pump_and_the_centre_sees_it():
    outcome = run()
    verified = [d for d in outcome.decisions if d["type"] == "verified"]
    assert any(d["fact"] == "severity_falls" for d in verified)
    assert not [d for d in outcome.decisions if d["type"] == "unverified"]


def test_silent_standby_pump_is_found_out_and_a_pump_unit_is_sent():
    outcome = run(name="storm-pumps-out", seed=2, until_s=3 * 3600.0)
    unverified = [d for d in outcome.decisions if d["type"] == "unverified"]
    assert [d["step"] for d in unverified] == ["standby-pump"]
    sent = [d for d in outcome.decisions if d["type"] == "command" and d["step"] == "pump-unit"]
    assert sent


def test_people_who_drove_into_water_no_gauge_told_of_call_and_are_rescued():
    outcome = run(name="storm-pumps-out", seed=2, until_s=3 * 3600.0)
    trapped = next(r for r in outcome.truth if r["type"] == "trapped")
    place = trapped["place"]
    (incident,) = {
        d["incident"]
        for d in outcome.decisions
        if d["type"] == "incident" and d["place"] == place and d["state"] == "confirmed"
    }
    steps = [
        d["step"]
        for d in outcome.decisions
        if d["type"] == "command" and d["incident"] == incident and d["action"] != "clear"
    ]
    assert {"close-road", "ambulance", "pump-unit"} <= set(steps)
    # The gateway is cut off, so nobody knew of the water before the call.
    opened = next(d for d in outcome.decisions if d.get("incident") == incident)
    assert opened["at"] > trapped["at"]
    end = outcome.truth[-1]
    assert end["trapped_people"] == end["rescued_people"] > 0


def test_every_flood_is_detected_once_and_no_unit_is_on_two_jobs():
    outcome = run(until_s=3 * 3600.0)
    assert kpi(outcome, "floods") >= 5
    assert kpi(outcome, "detected_share") == 1.0
    assert kpi(outcome, "duplicates") == 0
    assert kpi(outcome, "false_alarms_per_day") == 0
    order_of: dict[str, str] = {}
    for record in outcome.decisions:
        if record["type"] == "unit":
            order_of[record["unit"]] = record["order"]
    busy = [order for order in order_of.values() if order is not None]
    assert len(busy) == len(set(busy))


def test_vehicles_and_water_are_conserved():
    end = run().truth[-1]
    assert end["type"] == "run_end"
    assert end["vehicles_entered"] > 1000
    towed = end["vehicles_entered"] - end["vehicles_left"] - end["vehicles_inside"]
    assert 0 <= towed < 100
    balance = end["water_in_m3"] - end["water_out_m3"] - end["water_stored_m3"]
    assert balance == pytest.approx(0.0, abs=1e-4 * end["water_in_m3"])


def test_run_leaves_summary_and_report(tmp_path):
    outcome = run(tmp_path, until_s=3600.0)
    assert {f.name for f in tmp_path.iterdir()} == {DECISIONS, TRUTH, SUMMARY, REPORT}
    assert outcome.summary["readings"] > 0
    assert all(k["unit"] for k in outcome.summary["kpis"])
    report = (tmp_path / REPORT).read_text(encoding="utf-8")
    assert "src=" not in report.replace("data:", "")
    assert outcome.city.basemap.name.split()[0] in report

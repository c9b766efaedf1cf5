"""Every scenario of the library runs, leaves what it promises, and its books balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from conftest import ROOT
from scenarios.events import list_events
from scenarios.fast import FastRun, run_fast
from scenarios.load import list_scenarios, load_scenario
from sim.kernel.rng import SeededStreams
from sim.world.city.load import load_city
from sim.world.city.model import PLACE_KINDS, City
from sim.world.kinds import KINDS
from support.long import long_run

HOUR = 3600.0
FILES = sorted((ROOT / "scenarios" / "library").glob("*.yaml"))
MEETING = {"compound-disaster", "compound-winter"}
"""Scenarios of one city: their hazards have to meet at the same places."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a scenario must leave: kinds of events, decoys among them, within so long."""

    kinds: tuple[str, ...]
    until_s: float
    decoys: tuple[str, ...] = ()
    is_long: bool = False


PROMISES = {
    "air-episode": Promise(("air_episode",), 5 * HOUR),
    "bridge-overload": Promise(("bridge_overload",), HOUR),
    "cold-wave": Promise(("cold_wave",), 10 * HOUR, is_long=True),
    "compound-disaster": Promise(
        ("outage", "flood", "lift_entrapment", "crowd"), 4 * HOUR, is_long=True
    ),
    "compound-winter": Promise(("quake", "gas_explosion", "hazmat"), 3 * HOUR, is_long=True),
    "crash": Promise(("crash",), HOUR, ("planned_works",)),
    "crowd": Promise(("crowd",), HOUR, ("gathering",)),
    "cyber-attack": Promise(("cyber_attack",), 0.75 * HOUR),
    "fire": Promise(("fire",), 0.75 * HOUR, ("steam",)),
    "fog": Promise(("fog",), 2.5 * HOUR),
    "frost": Promise(("frost",), 3 * HOUR),
    "gas-manhole": Promise(("gas_leak",), 1.5 * HOUR),
    "gas-manhole-sampled": Promise(("gas_leak",), 1.5 * HOUR),
    "gateway-lost": Promise(("flood",), 1.25 * HOUR),
    "gas-leak": Promise(("gas_leak",), HOUR, ("sewer_gas",)),
    "grid-cases": Promise(("grid_case", "cover_off"), 2.5 * HOUR),
    "hazmat": Promise(("hazmat",), HOUR, ("steam_cloud",)),
    "heat-failure": Promise(("heat_failure",), 6 * HOUR),
    "heat-wave": Promise(("heat_wave",), 9 * HOUR, is_long=True),
    "lift-entrapment": Promise(("lift_entrapment",), 0.75 * HOUR),
    "machine-failure": Promise(("machine_failure",), 3 * HOUR),
    "main-burst": Promise(("main_burst",), HOUR),
    "ordinary-day": Promise(("medical",), 2 * HOUR),
    "outage": Promise(("outage", "lift_entrapment"), HOUR),
    "outbreak": Promise(("outbreak",), 6 * HOUR),
    "quake": Promise(("quake", "collapse"), 0.75 * HOUR),
    "road-collapse": Promise(("road_collapse",), HOUR),
    "sabotage": Promise(("sabotage",), HOUR),
    "storm": Promise(("flood",), 1.25 * HOUR),
    "storm-pumps-out": Promise(("flood",), 1.25 * HOUR),
    "street-flood": Promise(("street_flood", "cover_off"), 1.25 * HOUR),
    "telecom-outage": Promise(("telecom_outage",), HOUR),
    "toxic-release": Promise(("toxic_release",), HOUR),
}

BALANCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "vehicles": ("vehicles_entered", ("vehicles_left", "vehicles_removed", "vehicles_inside")),
    "underpass water": ("water_in_m3", ("water_out_m3", "water_stored_m3")),
    "drinking water": ("mains_in_m3", ("mains_served_m3", "mains_leaked_m3")),
    "sewers": ("sewer_in_m3", ("sewer_out_m3", "sewer_pumped_m3", "sewer_stored_m3")),
    "gas": (
        "gas_leaked_m3",
        ("gas_chambers_m3", "gas_vented_m3", "gas_soil_m3", "gas_burnt_m3"),
    ),
    "toxic gas": ("toxic_released_kg", ("toxic_airborne_kg", "toxic_gone_kg")),
    "crowds": (
        "crowd_arrived",
        ("crowd_inside", "crowd_outside", "crowd_left", "crowd_carried"),
    ),
    "hospitals": (
        "hospital_admitted",
        ("hospital_discharged", "hospital_in_emergency", "hospital_in_ward"),
    ),
    "patients": (
        "patients",
        (
            "patients_transported",
            "patients_treated_on_scene",
            "patients_alone",
            "patients_dead_waiting",
            "patients_waiting",
            "patients_in_care",
        ),
    ),
    "people in fires": (
        "fire_people_in",
        (
            "fire_people_out",
            "fire_people_rescued",
            "fire_people_dead",
            "fire_people_left_inside",
        ),
    ),
    "people in wrecks": (
        "crash_entrapped",
        ("crash_freed", "crash_entrapped_dead", "crash_entrapped_now"),
    ),
    "people in lifts": ("lift_trapped_people", ("lift_released_people", "lift_people_inside")),
    "people of an epidemic": (
        "epidemic_people",
        (
            "epidemic_susceptible",
            "epidemic_exposed",
            "epidemic_ill",
            "epidemic_silent",
            "epidemic_recovered",
        ),
    ),
}
"""What came in, and where it is now, by the names of the run's last record."""
ALWAYS = ("vehicles", "underpass water", "drinking water", "sewers", "gas", "crowds", "hospitals")


@cache
def city(source: str | None, scale: float | None, seed: int) -> City:
    return load_city(source, SeededStreams(seed), scale=scale)


def truth_of(name: str) -> tuple[list[Mapping[str, Any]], Mapping[str, float]]:
    scenario, until_s = load_scenario(name), PROMISES[name].until_s
    place = city(scenario.city.source, scenario.city.scale, scenario.seed)
    spec = FastRun(scenario=scenario, city=place, seed=scenario.seed, until_s=until_s)
    outcome = run_fast(spec, None)
    (totals,) = [record for record in outcome.truth if record["type"] == "run_end"]
    assert totals["t_s"] == until_s
    return list(outcome.truth), totals


def test_every_scenario_of_the_library_is_promised_something():
    assert {file.stem for file in FILES} == set(PROMISES) == {s.name for s in list_scenarios()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_file_is_short_and_tells_in_two_languages_what_it_is(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 60
    header = " ".join(line for line in lines if line.startswith("#"))
    assert "What to watch:" in header
    scenario = load_scenario(file.stem)
    english, _, chinese = scenario.title.partition(" · ")
    assert english.isascii()
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    places = {getattr(hazard, "place", None) for hazard in scenario.hazards.values()}
    if file.stem not in MEETING:
        assert places <= {None, *PLACE_KINDS}, "a place of one city only"


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=long_run) if p.is_long else name for name, p in PROMISES.items()],
)
def test_scenario_leaves_its_onsets_and_its_books_balance(name):
    promise = PROMISES[name]
    truth, totals = truth_of(name)
    events = list_events(truth, promise.until_s)
    assert set(promise.kinds) <= {e.hazard for e in events if not e.decoy}
    assert set(promise.decoys) == {e.hazard for e in events if e.decoy}
    for event in events:
        assert event.title == KINDS[event.hazard].title
        assert event.onset_s <= promise.until_s
        assert event.peak >= event.course[1].max(initial=0.0) - 1e-6
    told = {record["event"] for record in truth if record["type"] == "hazard_end"}
    assert told == {record["event"] for record in truth if record["type"] == "hazard_onset"}
    for what, (came, went) in BALANCES.items():
        if what in ALWAYS or came in totals:
            now = sum(totals[part] for part in went)
            # Each figure is kept to 6 decimals.
            assert now == pytest.approx(totals[came], rel=1e-9, abs=1e-5), what

"""Chains and the pictures of single hazards: shown when they are there, and by their numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.kpis import compute
from scenarios.report.answer import answer
from scenarios.report.chains import chains
from scenarios.report.kinds import severity
from scenarios.report.pictures import pictures
from scenarios.report.render import Run, RunInfo, render
from scenarios.score import score
from support.fake_run import LENGTH_S, Records, fake_map

BASEMAP = fake_map(columns=9, rows=8)
UNITS = {"outage": "people", "lift_entrapment": "people", "air_episode": "ug/m3", "fire": "W"}


def happen(out: Records, event: str, at_s: float, end_s: float, **fields: Any) -> None:
    hazard = event.rpartition("-")[0]
    out.true(
        at_s,
        "hazard_onset",
        **{
            "event": event,
            "hazard": hazard,
            "title": f"{hazard.capitalize()} · 事件",
            "place": "underpass-01",
            "district": "hexi",
            "lon": 116.4,
            "lat": 39.9,
            "severity": 0.0,
            "quantity": "what it measures",
            "unit": UNITS.get(hazard, "1/100000"),
            "limits": {"IV": 10.0},
            "cause": None,
        }
        | fields,
    )
    out.true(
        end_s,
        "hazard_end",
        event=event,
        peak_severity=float(fields.get("severity", 0.0)),
        duration_s=end_s - at_s,
        exposure_person_min=0.0,
        by="itself",
    )


def run_of(out: Records) -> Run:
    truth, decisions = out.finished()
    scored = score(truth, decisions, horizon_s=LENGTH_S)
    return Run(
        info=RunInfo(
            scenario="s", title="S", seed=1, version="1", command="chengmai", assumptions=()
        ),
        basemap=BASEMAP,
        truth=truth,
        decisions=decisions,
        score=scored,
        kpis=compute(scored, truth, decisions),
    )


def plain(shown: str) -> str:
    spaces = re.compile("[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]")
    return spaces.sub(" ", re.sub("<[^>]*>", " ", shown))


def blackout(lifts: int) -> Records:
    out = Records()
    happen(out, "outage-1", 600, 4000, severity=20_000.0, cause="substation")
    for number in range(lifts):
        happen(out, f"lift_entrapment-{number + 2}", 610, 1500, severity=2.0, cause="outage-1")
        out.true(610, "harm", event=f"lift_entrapment-{number + 2}", what="trapped", people=2)
    return out


def test_few_events_of_one_cause_are_named_singly_under_it():
    shown = chains(run_of(blackout(2)))
    assert shown is not None
    assert shown.count("<li>") == 3
    assert plain(shown).count("2 trapped") == 2


def test_many_alike_share_an_entry_with_their_sum():
    shown = chains(run_of(blackout(7)))
    assert shown is not None
    assert shown.count("<li>") == 2
    assert "7 × Lift_entrapment · 事件" in plain(shown)
    assert "14 trapped" in plain(shown)


def test_what_led_further_is_named_with_all_that_followed():
    out = blackout(6)
    happen(out, "fire-1", 700, 2000, severity=2e6, cause="lift_entrapment-3")
    shown = chains(run_of(out))
    assert shown is not None
    assert shown.count("<li>") == 4
    assert "5 × Lift_entrapment" in plain(shown)
    assert shown.index("Fire") > shown.index("Lift_entrapment")


def test_order_of_the_scenario_is_no_chain():
    assert chains(run_of(blackout(0))) is None


def test_cases_stand_by_district_and_day_and_add_up():
    out = Records()
    happen(out, "outbreak-1", 0, 3 * 3600.0)
    for hour in range(1, 4):
        out.true(hour * 900.0, "new_cases", event="outbreak-1", districts={"hexi": 4, "hedong": 1})
    (picture,) = pictures(run_of(out))
    assert picture.title == "New cases a day, 15 in all"
    assert [meaning for _, meaning in picture.legend] == ["河西 Hexi: 12", "河东 Hedong: 3"]
    bars = re.findall(r'<rect[^>]* height="([\d.]+)"[^>]*class="stack', picture.figure)
    assert np.divide(*map(float, bars)) == pytest.approx(4, rel=0.01)


def test_people_who_go_without_add_up_over_events():
    out = blackout(0)
    happen(out, "outage-9", 700, 2000, severity=4_000.0)
    (picture,) = pictures(run_of(out))
    assert picture.title == "People who go without"
    ((_, meaning),) = picture.legend
    assert plain(meaning) == "without power, at most 24 000 people"
    assert "thousand people" in picture.figure


def test_air_is_shown_against_the_classes_in_force_that_day():
    out = Records()
    happen(out, "air_episode-1", 60, 9000, severity=180.0)
    for t_s in range(120, 9000, 60):
        out.true(t_s, "hazard_course", event="air_episode-1", severity=180.0, pm25_ugm3=200.0)
    (picture,) = pictures(run_of(out))
    meanings = [meaning for _, meaning in picture.legend]
    assert "lightly polluted, from 60" in meanings, "the table of 2026, not of 2012"
    assert picture.note == "Classes by the daily means of HJ 633-2026."


def test_answer_leads_with_the_order_and_not_with_what_followed():
    said = plain(answer(run_of(blackout(3))))
    assert said.startswith("Outage · 事件 at ")
    assert "20 000 people at its worst" in said
    assert "It was not detected." in said
    assert "It ended by itself after 56 min 40 s." in said
    assert "In all 4 events; none were detected." in said
    assert "6 trapped" in said


@pytest.mark.parametrize(("at_s", "says"), [(700, "taken for real"), (None, "seen through")])
def test_answer_says_whether_the_decoy_was_taken_for_real(at_s, says):
    out = blackout(0)
    happen(out, "steam-1", 650, 1200, decoy=True, place="underpass-02")
    if at_s:
        more = {"incident_type": "fire"}
        out.incident(at_s, "inc-1", "suspected", "underpass-02", **more)
        out.incident(at_s + 30, "inc-1", "confirmed", "underpass-02", **more)
    assert says in answer(run_of(out))


def test_rings_are_shaded_by_rank_and_named_with_their_bounds(tmp_path: Path):
    out = Records()
    happen(out, "fire-1", 60, 900, severity=2e6)
    for value, size in ((100.0, 0.02), (500.0, 0.01)):
        ring = [
            [116.4 + dx * size, 39.9 + dy * size] for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 0))
        ]
        out.true(60, "hazard_footprint", event="fire-1", ring=ring, value=value)
    target = tmp_path / "report.html"
    render(target, run_of(out))
    html = target.read_text(encoding="utf-8")
    assert html.count('class="ring ring0"') == html.count('class="ring ring1"') == 2
    assert "what it measures at least" in html
    assert "500 W" in plain(html)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (7428.8, "mg/m3", "7 429 mg/m³"),
        (2.58e6, "W", "2.58 MW"),
        (8.313, "1", "8.31"),
        (52.9, "1/100000", "52.9 per 100 000"),
        (39_157.0, "people", "39 157 people"),
    ],
)
def test_severity_reads_with_the_unit_people_write(value, unit, shown):
    assert plain(severity(value, unit)) == shown

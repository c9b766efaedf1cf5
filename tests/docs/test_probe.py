"""The page of the probe lists the checks that the code has, and the clauses they name."""

from __future__ import annotations

import json
import re
import shlex

from conftest import ROOT
from scenarios.__main__ import read_options
from scenarios.probe.page import table
from sim.kernel.clock import Ns
from sim.probe.arrival import Arrival
from sim.probe.examination import Examination
from sim.probe.expect import Expect
from sim.probe.rules import FEED, RULES

PAGE = (ROOT / "docs" / "probe.md").read_text(encoding="utf-8")


def test_table_of_checks_is_current():
    assert PAGE.endswith(table()), "make it again: python -m scenarios.probe.page"


def test_every_clause_a_check_names_stands_on_the_page():
    named = {
        number for rule in RULES.values() for number in re.findall(rf"{FEED} (\d+)", rule.clause)
    }
    demands = PAGE.partition("## What the feed demands")[2].partition("## The checks")[0]
    assert named == set(re.findall(r"^(\d+)\. \*\*", demands, flags=re.MULTILINE))


def test_commands_on_the_page_are_ones_the_program_takes():
    lines = re.findall(r"^ +(chengmai probe .*)$", PAGE, flags=re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        assert read_options(shlex.split(line)[1:]).profile == "city"


def test_sample_payloads_on_the_page_pass():
    birth, pack = (
        json.loads(sample) for sample in re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    )
    base = "city/v1/haidian/ecology/air_monitor/pm-17"
    at = Ns(round(pack[0]["bt"] * 1e9))
    examination = Examination(Expect(), at)
    for channel, body in (("state", birth), ("telemetry", pack)):
        examination.hear(Arrival(at, f"{base}/{channel}", json.dumps(body).encode()))
    verdict = examination.conclude(at)
    assert {finding.check for finding in verdict.findings} == {"pack.sim_time"}
    assert verdict.exit_status == 0

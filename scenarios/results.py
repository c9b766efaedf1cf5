"""What a run amounts to: scored, summed up, told in a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from scenarios import kpis, output
from scenarios.batteries import BatteryRow
from scenarios.report.material import LinkEffect
from scenarios.report.render import Run, RunInfo, render
from scenarios.schema import Scenario
from scenarios.score import score
from sim.world.city.model import City

HEADLINE = (
    "detected_share",
    "time_to_detect_median_s",
    "exposure_person_min",
    "false_alarms_per_day",
)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """One run and what it left.

    Attributes
    ----------
    decisions, truth
        Its records.
    sensors
        Devices that measured the city.
    reports
        Their reports by fate: sent, lost, duplicated, delivered, dropped; and how many
        gateways made ``by_gateways`` of themselves.
    messages
        The centre's counters.
    batteries
        How long batteries last, a row a kind that has any.
    command
        Command line that repeats it.
    links
        What the run comes to without each link between hazards; empty where nobody asked.
    summary
        What ``summary.json`` holds, once concluded.
    """

    scenario: Scenario
    seed: int
    city: City
    decisions: Sequence[Mapping[str, Any]]
    truth: Sequence[Mapping[str, Any]]
    simulated_s: float
    wall_s: float
    sensors: int
    reports: Mapping[str, int]
    messages: Mapping[str, int]
    command: str
    links: Sequence[LinkEffect] = ()
    batteries: Sequence[BatteryRow] = ()
    summary: dict[str, Any] = field(default_factory=dict)


def conclude(outcome: Outcome, folder: Path | None) -> Outcome:
    """Score the run, and write summary and report where there is a folder."""
    scored = score(outcome.truth, outcome.decisions, horizon_s=outcome.simulated_s)
    readings = outcome.reports["sent"]
    figures = kpis.compute(
        scored,
        outcome.truth,
        outcome.decisions,
        sensing=kpis.Sensing(
            devices=outcome.sensors,
            readings_made=readings + outcome.reports["by_gateways"],
            readings_accepted=outcome.messages.get("accepted", 0),
            stored=outcome.reports.get("stored", 0),
            uncovered=outcome.reports.get("uncovered", 0),
            lives_d=[life_d for row in outcome.batteries for life_d in row.lives_d],
        ),
    )
    outcome.summary = {
        "scenario": outcome.scenario.name,
        "title": outcome.scenario.title,
        "seed": outcome.seed,
        "city": outcome.city.basemap.name,
        "source": outcome.city.basemap.source,
        "version": program_version(),
        "command": outcome.command,
        "kpis": [figure.document() for figure in figures],
        "sensors": outcome.sensors,
        "readings": readings,
        "wall_s": round(outcome.wall_s, 3),
        "readings_per_s": round(readings / outcome.wall_s) if outcome.wall_s > 0 else None,
        "simulated_s": outcome.simulated_s,
        "reports": dict(outcome.reports),
        "messages": dict(outcome.messages),
        "batteries": [row.document() for row in outcome.batteries],
        "without_link": {effect.link: dict(effect.without) for effect in outcome.links},
    }
    if folder is not None:
        output.write_json(folder / output.SUMMARY, outcome.summary)
        run = Run(
            info=RunInfo(
                scenario=outcome.scenario.name,
                title=outcome.scenario.title,
                seed=outcome.seed,
                version=program_version(),
                command=outcome.command,
                assumptions=outcome.city.assumed,
            ),
            basemap=outcome.city.basemap,
            truth=outcome.truth,
            decisions=outcome.decisions,
            score=scored,
            kpis=figures,
            links=tuple(outcome.links),
            batteries=tuple(outcome.batteries),
        )
        render(folder / output.REPORT, run)
    return outcome


def headline(outcome: Outcome) -> list[str]:
    """Return a few lines for a person at a terminal."""
    lines = [
        f"{outcome.scenario.name}, seed {outcome.seed}: {outcome.simulated_s / 3600:.2f} h of"
        f" {outcome.city.basemap.name} in {outcome.wall_s:.1f} s"
    ]
    for figure in outcome.summary["kpis"]:
        if figure["name"] in HEADLINE:
            value = figure["value"]
            shown = "–" if value is None else f"{value:.4g}"
            lines.append(f"  {figure['description']}: {shown} {figure['unit']}")
    return lines


def program_version() -> str:
    """Return the installed version of the program."""
    try:
        return version("chengmai")
    except PackageNotFoundError:
        return "unknown"

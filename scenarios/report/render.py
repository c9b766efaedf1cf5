"""One offline HTML file that a person would rather look at than read."""

from __future__ import annotations

from pathlib import Path

import jinja2
from markupsafe import Markup

from scenarios.events import RETURN_S
from scenarios.report import city_map, tables
from scenarios.report import text as words
from scenarios.report.answer import answer
from scenarios.report.chains import chains
from scenarios.report.courses import COURSES_MAX, courses_figure
from scenarios.report.kinds import gravity, harm, severity
from scenarios.report.material import Run, RunInfo
from scenarios.report.pictures import pictures
from scenarios.report.response import response_figure
from scenarios.report.storm import ROWS_MAX, storm_figure
from scenarios.score import SLACK_S, Match
from sim.kernel.clock import iso

__all__ = ["Run", "RunInfo", "page", "render"]

FIGURES_MAX = 12
"""Events drawn in detail, the gravest; the tables name all."""
ALWAYS = ("detected_share", "time_to_detect_median_s", "first_on_scene_city_median_s")
FLOODED = ("closed_before_27cm_share", "peak_depth_m", "exposure_person_min")
OTHERS = (
    "dead_people",
    "injured_people",
    "held_people",
    "power_person_h",
    "low_pressure_person_h",
    "cold_person_h",
    "gas_leaked_m3",
    "outbreak_cases",
    "hazard_exposure_person_min",
    "delay_vehicle_h",
    "false_alarms_per_day",
    "events",
)
"""Key figures that head the page: the first three always; of floods three more, of other hazards
the first three that are not nothing."""
_HERE = Path(__file__).parent


def render(path: Path, run: Run) -> None:
    """Write the report of a run in UTF-8, replacing the file when there is one."""
    path.write_text(page(run), encoding="utf-8")


def page(run: Run) -> str:
    """Return the report as HTML, complete in itself: it loads nothing."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((_HERE / "report.css").read_text(encoding="utf-8"))
    numbered = list(enumerate(run.matches, start=1))
    worst = sorted(numbered, key=lambda pair: gravity(pair[1].event), reverse=True)
    drawn = worst[:FIGURES_MAX]
    start_ns = run.score.start_ns
    return environment.get_template("report.html.j2").render(
        run=run,
        style=style,
        answer=answer(run),
        began=iso(start_ns)[:16].replace("T", " "),
        lasted=words.duration(run.score.horizon_s),
        headlines=[(run.kpi[n].title, words.parts(words.kpi(run.kpi[n]))) for n in _headlines(run)],
        groups=tables.kpi_groups(run),
        storm=storm_figure(run) if run.floods or run.rain.any() or not run.others else None,
        storm_rows_max=ROWS_MAX,
        courses=courses_figure(run) if run.others else None,
        courses_rows_max=COURSES_MAX,
        map=city_map.city_map(run),
        map_left_out=city_map.has_left_out(run.basemap),
        rings=city_map.ring_legend(run),
        pictures=pictures(run),
        chains=chains(run),
        stations=city_map.station_kinds(run.basemap),
        events=[_section(run, number, match) for number, match in sorted(drawn)],
        flood_table=tables.floods(run) if run.floods or not run.others else None,
        event_table=tables.events(run) if run.others else None,
        incident_table=tables.incidents(run),
        command_table=tables.commands(run),
        trouble_table=tables.troubles(run),
        battery_table=tables.batteries(run) if run.batteries else None,
        cascade_table=tables.links(run) if run.links else None,
        cascade_idle=", ".join(words.plain(e.link) for e in run.links if not e.changed(run.values)),
        slack=words.duration(SLACK_S),
        returns=words.duration(RETURN_S),
    )


def _headlines(run: Run) -> list[str]:
    """Return which key figures head the page."""
    more: tuple[str, ...] = FLOODED
    if run.others and not run.floods:
        known = [n for n in OTHERS if n in run.kpi]
        more = tuple(sorted(known, key=lambda n: not run.kpi[n].value)[:3])
    return [name for name in (*ALWAYS, *more) if name in run.kpi]


def _section(run: Run, number: int, match: Match) -> dict[str, object]:
    event, incident = match.event, match.incident
    facts = [
        ("what", event.title),
        ("onset", words.clock(run.score.start_ns, event.onset_s, with_seconds=True)),
        ("peak", severity(event.peak, event.unit)),
        ("exposure", f"{words.number(event.exposure_person_min)}{words.SPACE}person min"),
    ]
    if event.harm:
        facts.append(("harm", harm(event.harm)))
    if event.mended_by:
        facts.append(("ended by", words.plain(event.mended_by)))
    if incident is None or match.suspected_s is None:
        facts.append(("incident", "none: not detected"))
    else:
        facts.append(("known", words.lag(match.suspected_s - event.onset_s)))
        if match.on_scene_s is not None:
            facts.append(("first unit", words.lag(match.on_scene_s - event.onset_s)))
        facts.append(("incident", f"{incident.incident}, level {incident.level}"))
        closed = words.clock(run.score.start_ns, incident.end_s)
        facts.append(("closed", "open at the end" if incident.end_s is None else closed))
    return {
        "number": number,
        "name": run.place_name(event.place),
        "district": run.district_name(event.district),
        "facts": facts,
        "figure": response_figure(run, number, match),
    }

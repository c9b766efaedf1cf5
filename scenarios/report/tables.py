"""The report's tables as rows of text, ready to be set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scenarios.events import Record, time_s
from scenarios.incidents import Incident
from scenarios.report import text as words
from scenarios.report.kinds import harm, severity
from scenarios.report.material import Run, key_of
from scenarios.score import Match

ROWS_MAX = 400
"""Rows of the longest tables; the record files hold all of them."""
GROUPS = {
    "detection": "Detection",
    "response": "Response",
    "consequences": "Consequences",
    "sensing": "Sensing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Headings, rows of cells, and which columns are set in one line."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    tight: frozenset[int] = frozenset()
    left_out: int = 0


def kpi_groups(run: Run) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """Return the key figures by group: title, value, description, name."""
    return [
        (
            title,
            [(k.title, words.kpi(k), k.description, k.name) for k in run.kpis if k.group == group],
        )
        for group, title in GROUPS.items()
    ]


def floods(run: Run) -> Table:
    """Return every flood with the times of its answer."""
    return Table(
        headings=(
            "No.",
            "Place",
            "District",
            "Onset",
            "Peak",
            "Known, T1−T0",
            "Unit sent, T3−T1",
            "On scene, T4−T0",
            "Closed by 0.27 m",
            "Contained",
            "Incident",
        ),
        rows=[_flood(run, run.number_of[key_of(match)], match) for match in run.floods],
        tight=frozenset({0, 3, 4, 5, 6, 7, 9, 10}),
    )


def _flood(run: Run, number: int, match: Match) -> tuple[str, ...]:
    flood = match.event
    aware_s, sent_s = match.suspected_s, match.reached_s("dispatched")
    in_time = {True: "yes", False: "no", None: "not so deep"}[flood.closed_in_time]
    return (
        str(number),
        run.place_name(flood.place),
        run.district_name(flood.district),
        words.clock(run.score.start_ns, flood.onset_s, with_seconds=True),
        words.depth(flood.peak),
        _span(flood.onset_s, aware_s),
        _span(aware_s, sent_s),
        _span(flood.onset_s, match.on_scene_s),
        in_time,
        _span(flood.onset_s, flood.contained_s),
        match.incident.incident if match.incident else "not detected",
    )


def events(run: Run) -> Table:
    """Return every event but floods, with the times of its answer."""
    rows = [_event(run, run.number_of[key_of(match)], match) for match in run.others]
    return Table(
        headings=(
            "No.",
            "What",
            "Place",
            "Onset",
            "Lasted",
            "Peak, level",
            "People harmed",
            "Because of",
            "Known, T1−T0",
            "On scene, T4−T0",
            "Ended by",
            "Incident",
        ),
        rows=rows[:ROWS_MAX],
        tight=frozenset({0, 3, 8, 9, 11}),
        left_out=max(0, len(rows) - ROWS_MAX),
    )


def _event(run: Run, number: int, match: Match) -> tuple[str, ...]:
    event = match.event
    cause = run.cause_of(match)
    because = f"event {run.number_of[key_of(cause)]}" if cause else event.cause
    level = list(event.levels)[-1] if event.levels else words.NONE
    return (
        str(number),
        event.title,
        run.place_name(event.place),
        words.clock(run.score.start_ns, event.onset_s, with_seconds=True),
        "beyond the run" if event.end_s is None else _span(event.onset_s, event.end_s),
        f"{severity(event.peak, event.unit)}, {level}",
        harm(event.harm) or words.NONE,
        because or words.NONE,
        _span(event.onset_s, match.suspected_s),
        _span(event.onset_s, match.on_scene_s),
        words.plain(event.mended_by or words.NONE),
        match.incident.incident if match.incident else "not detected",
    )


def links(run: Run) -> Table:
    """Return what each link changed: a row a link and figure, with the run's own beside it."""
    rows = []
    for effect in run.links:
        for name in effect.changed(run.values):
            figure = run.kpi[name]
            without = replace(figure, value=effect.without[name])
            rows.append(
                (
                    words.plain(effect.link),
                    effect.meaning,
                    figure.title,
                    words.kpi(figure),
                    words.kpi(without),
                )
            )
    return Table(
        headings=("Link", "What it joins", "Figure", "With it", "Without it"),
        rows=rows,
        tight=frozenset({0, 3, 4}),
    )


def incidents(run: Run) -> Table:
    """Return every incident with the time of each state."""
    states = (
        "confirmed",
        "acknowledged",
        "dispatched",
        "on_scene",
        "controlled",
    )
    rows = []
    for incident in run.score.incidents:
        times = [_clock(run, incident.reached.get(state)) for state in states]
        rows.append(
            (
                incident.incident,
                run.place_name(incident.place),
                f"{words.plain(incident.type)} {incident.level}",
                words.outcome_word(incident.outcome),
                _clock(run, incident.opened_s),
                *times,
                _end(run, incident),
            )
        )
    headings = ("Incident", "Place", "Type, level", "Outcome", "Suspected")
    return Table(
        headings=(*headings, *(words.state_word(s).capitalize() for s in states), "End"),
        rows=rows[:ROWS_MAX],
        tight=frozenset({0, 2, *range(4, 10)}),
        left_out=max(0, len(rows) - ROWS_MAX),
    )


def commands(run: Run) -> Table:
    """Return every command with its answer and whether its effect was seen."""
    answers: dict[str, list[Record]] = {}
    verdicts: dict[str, Record] = {}
    for record in run.decisions:
        if record["type"] == "ack":
            answers.setdefault(record["command"], []).append(record)
        elif record["type"] in ("verified", "unverified"):
            verdicts[record["command"]] = record
    given = [record for record in run.decisions if record["type"] == "command"]
    return Table(
        headings=("Time", "Incident", "Step", "Department", "Target", "Action", "Answer", "Effect"),
        rows=[_command(run, record, answers, verdicts) for record in given[:ROWS_MAX]],
        tight=frozenset({0, 1, 4, 7}),
        left_out=max(0, len(given) - ROWS_MAX),
    )


def _command(
    run: Run,
    command: Record,
    answers: Mapping[str, list[Record]],
    verdicts: Mapping[str, Record],
) -> tuple[str, ...]:
    start_ns = run.score.start_ns
    sent_s = time_s(command, start_ns)
    said = answers.get(command["command"], [])
    answer = "none"
    if said:
        last = said[-1]
        after = words.duration(time_s(last, start_ns) - sent_s)
        answer = f"{last['status']} after {after}"
        answer += f" ({last['reason']})" if last["reason"] else ""
    verdict = verdicts.get(command["command"])
    effect = words.NONE
    if verdict is not None:
        after = words.duration(time_s(verdict, start_ns) - sent_s)
        effect = f"✓ seen after {after}" if verdict["type"] == "verified" else "✕ not seen in time"
    return (
        _clock(run, sent_s),
        command["incident"] or words.NONE,
        words.plain(command["step"] or words.NONE),
        command["department"] or words.NONE,
        command["target"],
        words.plain(command["action"]),
        answer,
        effect,
    )


def troubles(run: Run) -> Table:
    """Return what was broken in truth, and what the centre noticed of its devices."""
    rows: list[tuple[float, str, str, str]] = []
    for record in run.truth:
        if record["type"] == "fault":
            phase = "ends" if record.get("phase") == "end" else "begins"
            what = f"{phase}: {words.plain(record['fault'])}"
            rows.append((record["t_s"], "truth", record["target"], what))
        elif record["type"] == "edge_command":
            what = f"on the spot: {record['actuator']} {words.plain(record['action'])}"
            rows.append((record["t_s"], "truth", record["gateway"], what))
    for record in run.decisions:
        if record["type"] == "device":
            what = f"{record['status']}: {record['reason']}" if record["reason"] else ""
            what = what or record["status"]
            rows.append((time_s(record, run.score.start_ns), "centre", record["device"], what))
        elif record["type"] == "local_action":
            at_s, what = (
                time_s(record, run.score.start_ns),
                f"learns that it is {record['position']}",
            )
            rows.append((at_s, "centre", record["actuator"], what))
    rows.sort(key=lambda row: row[0])
    return Table(
        headings=("Time", "Said by", "What", "Happened"),
        rows=[(_clock(run, t_s), *rest) for t_s, *rest in rows[:ROWS_MAX]],
        tight=frozenset({0}),
        left_out=max(0, len(rows) - ROWS_MAX),
    )


def batteries(run: Run) -> Table:
    """Return how long batteries last, by kind."""
    return Table(
        headings=("Sensors", "Count", "Heard every", "Life, days", "Worst tenth", "In frost"),
        rows=[
            (
                words.plain(row.kind),
                f"{len(row.lives_d)}",
                words.duration(row.interval_s),
                f"{row.quantile_d(0.5)}",
                f"{row.quantile_d(0.1)}",
                f"{row.frost_d:.0f}",
            )
            for row in run.batteries
        ],
    )


def _span(from_s: float | None, to_s: float | None) -> str:
    return words.NONE if from_s is None or to_s is None else words.duration(to_s - from_s)


def _clock(run: Run, t_s: float | None) -> str:
    return words.clock(run.score.start_ns, t_s, with_seconds=True)


def _end(run: Run, incident: Incident) -> str:
    if incident.end_s is None:
        return "open"
    how = "dropped " if "false_alarm" in incident.reached else ""
    return how + _clock(run, incident.end_s)

"""The run's answer in a few sentences, for whoever reads nothing else."""

from __future__ import annotations

import numpy as np

from scenarios.events import Event
from scenarios.incidents import Incident
from scenarios.report import text as words
from scenarios.report.kinds import gravity, severity
from scenarios.report.material import Run
from scenarios.report.text import SPACE
from scenarios.score import SLACK_S, Match


def answer(run: Run) -> str:
    """Return what the run came to."""
    if not run.matches:
        said = _calm(run)
    elif run.floods and not run.others:
        said = _floods(run)
    else:
        said = _events(run)
    return " ".join(sentence for sentence in said if sentence)


def _floods(run: Run) -> list[str]:
    matches = run.matches
    known = sum(match.incident is not None for match in matches)
    deepest = max(matches, key=lambda m: m.event.peak).event
    place = run.place_name(deepest.place)
    return [
        _known(run, known, len(matches)),
        _arrived(run),
        f"The water came to {words.depth(deepest.peak)} at {place}.",
        _people(run),
        _closed(run),
        _false_alarms(run),
    ]


def _events(run: Run) -> list[str]:
    """Tell the gravest of what was ordered, then all in sum, who was harmed, what was false."""
    begun = [match for match in run.matches if run.cause_of(match) is None and match.event.cause]
    lead = max(begun or run.matches, key=lambda match: gravity(match.event))
    return [
        _what(run, lead),
        _known_of(lead),
        _came_to(lead),
        _ended(run, lead),
        _all(run),
        _harmed(run),
        _decoys(run),
        _false_alarms(run),
    ]


def _what(run: Run, match: Match) -> str:
    event = match.event
    reached = list(event.levels)
    level = f", level {reached[-1]}" if reached else ""
    worst = severity(event.peak, event.unit)
    return (
        f"{event.title} at {run.place_name(event.place)}: {worst} at its worst "
        f"({event.quantity}){level}."
    )


def _known_of(match: Match) -> str:
    if match.suspected_s is None:
        return "It was not detected."
    return f"It was {words.lag(match.suspected_s - match.event.onset_s, 'known')}."


def _came_to(match: Match) -> str:
    if match.suspected_s is None:
        return ""
    if match.on_scene_s is None:
        return "No unit came to it."
    return f"The first unit was there {words.lag(match.on_scene_s - match.event.onset_s)}."


def _ended(run: Run, match: Match) -> str:
    event = match.event
    if event.end_s is None:
        lasted = words.duration(run.score.horizon_s - event.onset_s)
        return f"It had not ended when the run did, after {lasted}."
    lasted = words.duration(event.end_s - event.onset_s)
    if event.mended_by in (None, "itself"):
        return f"It ended by itself after {lasted}."
    return f"What ended it, after {lasted}: {words.plain(event.mended_by)}."


def _all(run: Run) -> str:
    """Tell how many events there were in all and how many of them were known; "" for one."""
    matches = run.matches
    if len(matches) == 1:
        return ""
    known = sum(match.incident is not None for match in matches)
    spans = [m.on_scene_s - m.event.onset_s for m in matches if m.on_scene_s is not None]
    came = ""
    if spans:
        median = words.duration(float(np.median(spans)))
        came = f"; {len(spans)} saw a unit, at the median {median} after onset"
    verb = "was" if known == 1 else "were"
    return f"In all {words.count(len(matches), 'event')}; {known or 'none'} {verb} detected{came}."


def _harmed(run: Run) -> str:
    told = [
        f"{words.number(figure.value)} {what}"
        for name, what in (
            ("injured_people", "injured"),
            ("dead_people", "killed"),
            ("held_people", "trapped"),
            ("freed_people", "of them freed"),
        )
        if (figure := run.kpi.get(name)) is not None and figure.value
    ]
    return f"People: {', '.join(told)}." if told else "Nobody was hurt."


def _decoys(run: Run) -> str:
    """Tell how many decoys there were, and how many of them the centre took for real."""
    decoys = run.score.decoys
    if not decoys:
        return ""
    taken = sum(any(_taken(decoy, i) for i in run.score.incidents) for decoy in decoys)
    if len(decoys) == 1:
        return "The one decoy was taken for real." if taken else "The one decoy was seen through."
    return f"{taken or 'None'} of {words.count(len(decoys), 'decoy')} were taken for real."


def _taken(decoy: Event, incident: Incident) -> bool:
    over = decoy.end_s is not None and incident.opened_s > decoy.end_s + SLACK_S
    return (
        incident.is_confirmed
        and incident.place == decoy.place
        and incident.outcome == "false_alarm"
        and incident.opened_s >= decoy.onset_s - SLACK_S
        and not over
    )


def _calm(run: Run) -> list[str]:
    n = len(run.score.incidents)
    raised = f"the centre raised {words.count(n, 'incident')}"
    return [f"Nothing happened; {raised}.", _false_alarms(run)]


def _known(run: Run, known: int, of: int) -> str:
    share = f"{known} of {words.count(of, 'flood')} {'was' if of == 1 else 'were'} detected"
    median = run.kpi.get("time_to_detect_median_s")
    if known == 0 or median is None or median.value is None:
        return f"{share}."
    lag = words.duration(abs(median.value))
    if median.value < 0:
        return (
            f"{share}; half of all were known at least {lag} before the water reached 0.15{SPACE}m."
        )
    return f"{share}; half of all were known within {lag} of the water reaching 0.15{SPACE}m."


def _arrived(run: Run) -> str:
    spans = [m.on_scene_s - m.event.onset_s for m in run.matches if m.on_scene_s is not None]
    if not spans:
        return "No unit came to a flooded place."
    if len(spans) == 1:
        return f"One place saw a unit, {words.duration(spans[0])} after onset."
    figure = run.kpi.get("first_on_scene_city_median_s")
    median = words.duration(figure.value if figure else None)
    return f"Units reached {len(spans)} of the places, at the median {median} after onset."


def _people(run: Run) -> str:
    trapped = run.kpi.get("trapped_people")
    freed = run.kpi.get("rescued_people")
    if trapped is None or not trapped.value:
        return "Nobody was trapped."
    people = words.count(int(trapped.value), "person", "people")
    verb = "was" if trapped.value == 1 else "were"
    n = int(freed.value or 0) if freed else 0
    if n >= trapped.value:
        return f"{people} {verb} trapped and freed again."
    return f"{people} {verb} trapped, {n} of them freed by the end."


def _closed(run: Run) -> str:
    verdicts = [m.event.closed_in_time for m in run.matches if m.event.closed_in_time is not None]
    if not verdicts:
        return ""
    return (
        f"The road was closed in time at {sum(verdicts)} of "
        f"{words.count(len(verdicts), 'place')} that passed 0.27{SPACE}m."
    )


def _false_alarms(run: Run) -> str:
    n = run.score.count("false_alarm")
    return f"{words.count(n, 'false alarm').capitalize()}."

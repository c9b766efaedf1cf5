"""The run's answer in a few sentences, for whoever reads nothing else."""

from __future__ import annotations

import numpy as np

from scenarios.report import text as words
from scenarios.report.kinds import gravity, severity
from scenarios.report.material import Run
from scenarios.report.text import SPACE


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
    matches = run.matches
    known = sum(match.incident is not None for match in matches)
    worst = max(matches, key=lambda match: gravity(match.event)).event
    share = f"{known} of {words.count(len(matches), 'event')} {'was' if known == 1 else 'were'}"
    spans = [m.on_scene_s - m.event.onset_s for m in matches if m.on_scene_s is not None]
    came = "No unit came to any of them."
    if spans:
        median = words.duration(float(np.median(spans)))
        came = f"Units reached {len(spans)} of them, at the median {median} after onset."
    return [
        f"{share} detected.",
        f"The gravest: {worst.title} at {run.place_name(worst.place)}, "
        f"at its worst {severity(worst.peak, worst.unit)}.",
        came,
        _harmed(run),
        _false_alarms(run),
    ]


def _harmed(run: Run) -> str:
    told = [
        f"{words.number(figure.value)} {what}"
        for name, what in (
            ("injured_people", "injured"),
            ("dead_people", "killed"),
            ("trapped_people", "trapped in water"),
        )
        if (figure := run.kpi.get(name)) is not None and figure.value
    ]
    return f"People: {', '.join(told)}." if told else "Nobody was hurt."


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

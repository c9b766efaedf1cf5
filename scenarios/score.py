"""Decisions against truth: which event was seen, by which incident, and when each step came.

The only place where the two records meet. Truth alone says what happened, so two runs of one
scenario are scored against the same rule whatever their centres did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from scenarios.events import (
    F64,
    FLOOD,
    Event,
    Record,
    closures_of,
    depths_of,
    list_events,
    start_of,
    with_closure,
)
from scenarios.incidents import Episode, Incident, Outcome, list_incidents
from sim.kernel.clock import Ns

MINOR_M = 0.10
"""Depth from which an incident is about real water: the lowest response level."""
SLACK_S = 900.0
"""An incident may have been open so long before the onset and still belong to the event;
assumed: gauges report 0.10 m, and rain tells, some minutes before 0.15 m is reached."""
UNCONFIRMED_COST_S = 86_400.0
"""Makes any confirmed incident a better match than one that was only suspected."""

Answer = tuple[int, Episode]
"""Position of an incident, and the episode of it that answers an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A true event and what answers to it, if anything, with the times in between.

    An incident names a known place and is matched to events of that place only, so its
    location error is 0 by construction.

    Attributes
    ----------
    incident, episode
        The incident, and which of its episodes; None for a miss.
    on_scene_s
        When the first unit truly arrived at the place during the episode.
    """

    event: Event
    incident: Incident | None
    episode: Episode | None
    on_scene_s: float | None

    @property
    def suspected_s(self) -> float | None:
        """T1: first awareness; None for a miss."""
        return None if self.episode is None else self.episode.from_s

    def reached_s(self, state: str) -> float | None:
        """Return when the episode reached a state, or None."""
        return None if self.episode is None else self.episode.reached.get(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A run's events with their matches by onset, and its incidents by time.

    Attributes
    ----------
    decoys
        What only looked like a hazard; an incident of one is a false alarm.
    start_ns
        City time of the scenario's start.
    horizon_s
        How long was simulated.
    """

    start_ns: Ns
    horizon_s: float
    matches: tuple[Match, ...]
    incidents: tuple[Incident, ...]
    decoys: tuple[Event, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Return how many incidents came out so."""
        return sum(incident.outcome == outcome for incident in self.incidents)


def score(truth: Sequence[Record], decisions: Sequence[Record], *, horizon_s: float) -> Score:
    """Match incidents to true events and take the time of every step.

    An episode of an incident may answer an event of its type and place when it was open at some
    moment from `SLACK_S` before the onset to the event's end, or as long after it when it was no
    flood. Among all such pairings the one with the most matches, then the least time between
    onset and awareness, is taken (Hungarian method); confirmed incidents go before suspicions. An
    episode still open when another event begins at its place answers that too: it is known from
    its onset.

    Parameters
    ----------
    truth, decisions
        Records in the order they were written.
    horizon_s
        Time simulated, at which everything still open is censored [s].
    """
    start_ns = start_of(truth, decisions)
    closures = closures_of(truth, decisions, horizon_s)
    everything = list_events(truth, horizon_s)
    events = [with_closure(event, closures) for event in everything if not event.decoy]
    incidents = list_incidents(decisions, start_ns)
    answers = _answers(events, incidents, horizon_s)
    matched = {position for position, _ in answers.values()}
    depths = depths_of(truth)
    judged = [
        replace(incident, outcome="matched")
        if position in matched
        else _judged(incident, events, depths, horizon_s)
        for position, incident in enumerate(incidents)
    ]
    matches = []
    for row, event in enumerate(events):
        position, episode = answers.get(row, (None, None))
        matches.append(
            Match(
                event=event,
                incident=None if position is None else judged[position],
                episode=episode,
                on_scene_s=_arrival(truth, event.place, episode, horizon_s),
            )
        )
    return Score(
        start_ns=start_ns,
        horizon_s=horizon_s,
        matches=tuple(matches),
        incidents=tuple(judged),
        decoys=tuple(event for event in everything if event.decoy),
    )


def _answers(
    events: Sequence[Event], incidents: Sequence[Incident], horizon_s: float
) -> dict[int, Answer]:
    """Return the answer to each event that has one, by the event's position."""
    candidates = [
        (position, episode)
        for position, incident in enumerate(incidents)
        for episode in incident.episodes
    ]
    if not events or not candidates:
        return {}
    cost = np.array(
        [
            [_cost(event, incidents[i], episode, horizon_s) for i, episode in candidates]
            for event in events
        ]
    )
    allowed = np.isfinite(cost)
    # Dearer than all other pairs together, so that the number of matches comes first.
    impossible = 1 + cost[allowed].sum()
    rows, columns = linear_sum_assignment(np.where(allowed, cost, impossible))
    answers = {
        int(row): candidates[column]
        for row, column in zip(rows, columns, strict=True)
        if allowed[row, column]
    }
    for row in range(len(events)):
        for column in np.flatnonzero(allowed[row]).tolist() if row not in answers else []:
            position, episode = candidates[column]
            onset_s = events[row].onset_s
            if episode.from_s <= onset_s <= _or(episode.to_s, horizon_s):
                answers[row] = position, replace(episode, from_s=onset_s, reached={})
    return answers


def _cost(event: Event, incident: Incident, episode: Episode, horizon_s: float) -> float:
    """Return the time between onset and awareness [s]; infinite where they do not belong."""
    belongs = (
        incident.type == event.hazard
        and incident.place == event.place
        and episode.from_s <= _or(event.end_s, horizon_s) + _told_late_s(event)
        and _or(episode.to_s, horizon_s) >= event.onset_s - SLACK_S
    )
    if not belongs:
        return np.inf
    penalty = 0.0 if incident.is_confirmed else UNCONFIRMED_COST_S
    return abs(episode.from_s - event.onset_s) + penalty


def _told_late_s(event: Event) -> float:
    """Return how long after its end an event may still become known [s].

    A quake or a blast is over before anybody can call; water that has gone is no flood any more.
    """
    return 0.0 if event.hazard == FLOOD else SLACK_S


def _arrival(
    truth: Sequence[Record], place: str, episode: Episode | None, horizon_s: float
) -> float | None:
    if episode is None:
        return None
    arrivals = (
        record["t_s"]
        for record in truth
        if record["type"] == "unit" and record["state"] == "on_scene" and record["place"] == place
    )
    last_s = _or(episode.to_s, horizon_s)
    return next((t_s for t_s in arrivals if episode.from_s <= t_s <= last_s), None)


def _judged(
    incident: Incident, events: Sequence[Event], depths: Mapping[str, F64], horizon_s: float
) -> Incident:
    """Return an incident that answers no event with what it was instead."""
    if not incident.is_confirmed:
        return incident
    if any(
        np.isfinite(_cost(event, incident, episode, horizon_s))
        for event in events
        for episode in incident.episodes
    ):
        return replace(incident, outcome="duplicate")
    t_s, depth_m = depths.get(incident.place, np.empty((2, 0)))
    near = (t_s >= incident.opened_s - SLACK_S) & (t_s <= _or(incident.end_s, horizon_s))
    if float(depth_m[near].max(initial=0.0)) >= MINOR_M:
        return replace(incident, outcome="minor")
    there = any(_meet(event, incident, horizon_s) for event in events)
    return replace(incident, outcome="related" if there else "false_alarm")


def _meet(event: Event, incident: Incident, horizon_s: float) -> bool:
    """Return whether some true event of another type was at an incident's place and time."""
    return (
        event.place == incident.place
        and incident.opened_s <= _or(event.end_s, horizon_s) + SLACK_S
        and _or(incident.end_s, horizon_s) >= event.onset_s - SLACK_S
    )


def _or(t_s: float | None, otherwise_s: float) -> float:
    return otherwise_s if t_s is None else t_s

"""Decisions against truth: which flood was seen, by which incident, and when each step came.

The only place where the two records meet. Truth alone says what a flood is, so two runs of one
storm are scored against the same rule whatever their centres did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from scenarios.floods import (
    F64,
    Flood,
    Record,
    closures_of,
    depths_of,
    list_floods,
    start_of,
    time_s,
    with_closure,
)
from sim.kernel.clock import Ns

Outcome = Literal["matched", "duplicate", "minor", "false_alarm", "suspicion"]

MINOR_M = 0.10
"""Depth from which an incident is about real water: the lowest response level."""
SLACK_S = 900.0
"""An incident may have been open so long before the onset and still belong to the flood;
assumed: gauges report 0.10 m, and rain tells, some minutes before 0.15 m is reached."""
UNCONFIRMED_COST_S = 86_400.0
"""Makes any confirmed incident a better match than one that was only suspected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident as the centre recorded it. Times in seconds since the scenario's start.

    Attributes
    ----------
    level
        The gravest it was given.
    reached
        When each state was first reached.
    end_s
        When it was closed or dropped; None while open at the horizon.
    outcome
        ``"matched"`` to a flood; ``"duplicate"`` of one already matched; ``"minor"``: there was
        water of `MINOR_M` but no flood; ``"false_alarm"``: confirmed, and nothing there;
        ``"suspicion"``: never confirmed, no flood.
    """

    incident: str
    type: str
    place: str
    district: str
    level: str
    reached: Mapping[str, float]
    end_s: float | None
    outcome: Outcome

    @property
    def opened_s(self) -> float:
        """When the centre first knew."""
        return min(self.reached.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A flood and the incident that answers to it, if any, with the times in between.

    An incident names a known place and is matched to floods of that place only, so its
    location error is 0 by construction.

    Attributes
    ----------
    on_scene_s
        When the first unit truly arrived at the place while the incident was open.
    """

    flood: Flood
    incident: Incident | None
    on_scene_s: float | None

    @property
    def suspected_s(self) -> float | None:
        """T1: first awareness; None for a miss."""
        return None if self.incident is None else self.incident.opened_s

    def reached_s(self, state: str) -> float | None:
        """Return when the incident first reached a state, or None."""
        return None if self.incident is None else self.incident.reached.get(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A run's floods with their matches by onset, and its incidents by time.

    Attributes
    ----------
    start_ns
        City time of the scenario's start.
    horizon_s
        How long was simulated.
    """

    start_ns: Ns
    horizon_s: float
    matches: tuple[Match, ...]
    incidents: tuple[Incident, ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many incidents came out so."""
        return sum(incident.outcome == outcome for incident in self.incidents)


def score(truth: Sequence[Record], decisions: Sequence[Record], *, horizon_s: float) -> Score:
    """Match incidents to true floods and take the time of every step.

    An incident may answer a flood of its own type and place when it was open at some moment
    from `SLACK_S` before the onset to the flood's end. Among all such pairings the one with
    the most matches, then the least time between onset and awareness, is taken (Hungarian
    method); confirmed incidents go before suspicions.

    Parameters
    ----------
    truth, decisions
        Records in the order they were written.
    horizon_s
        Time simulated, at which everything still open is censored [s].
    """
    start_ns = start_of(truth, decisions)
    closures = closures_of(truth, decisions, horizon_s)
    floods = [with_closure(flood, closures) for flood in list_floods(truth, horizon_s)]
    incidents = _incidents(decisions, start_ns)
    answered_by = _assign(floods, incidents, horizon_s)
    depths = depths_of(truth)
    judged = [
        _judged(incident, i in answered_by.values(), floods, depths, horizon_s)
        for i, incident in enumerate(incidents)
    ]
    matches = []
    for f, flood in enumerate(floods):
        incident = judged[answered_by[f]] if f in answered_by else None
        arrival = None if incident is None else _arrival(truth, incident, horizon_s)
        matches.append(Match(flood=flood, incident=incident, on_scene_s=arrival))
    return Score(
        start_ns=start_ns,
        horizon_s=horizon_s,
        matches=tuple(matches),
        incidents=tuple(judged),
    )


# --- what the centre decided --------------------------------------------------------------


def _incidents(decisions: Sequence[Record], start_ns: Ns) -> list[Incident]:
    first: dict[str, Record] = {}
    level: dict[str, str] = {}
    reached: dict[str, dict[str, float]] = {}
    for record in decisions:
        if record["type"] not in ("incident", "level"):
            continue
        name = record["incident"]
        level[name] = record["level"]
        if record["type"] == "incident":
            first.setdefault(name, record)
            reached.setdefault(name, {}).setdefault(record["state"], time_s(record, start_ns))
    return [
        Incident(
            incident=name,
            type=record["incident_type"],
            place=record["place"],
            district=record["district"],
            level=level[name],
            reached=reached[name],
            end_s=reached[name].get("closed", reached[name].get("false_alarm")),
            outcome="suspicion",
        )
        for name, record in first.items()
    ]


def _may_answer(incident: Incident, flood: Flood, horizon_s: float) -> bool:
    flood_end_s = horizon_s if flood.end_s is None else flood.end_s
    incident_end_s = horizon_s if incident.end_s is None else incident.end_s
    return (
        incident.type == flood.hazard
        and incident.place == flood.place
        and incident.opened_s <= flood_end_s
        and incident_end_s >= flood.onset_s - SLACK_S
    )


def _arrival(truth: Sequence[Record], incident: Incident, horizon_s: float) -> float | None:
    last_s = horizon_s if incident.end_s is None else incident.end_s
    return next(
        (
            record["t_s"]
            for record in truth
            if record["type"] == "unit"
            and record["state"] == "on_scene"
            and record["place"] == incident.place
            and incident.opened_s <= record["t_s"] <= last_s
        ),
        None,
    )


def _assign(floods: list[Flood], incidents: list[Incident], horizon_s: float) -> dict[int, int]:
    """Return the incident's position for each flood's that has one."""
    if not floods or not incidents:
        return {}
    cost = np.array(
        [
            [
                abs(i.opened_s - f.onset_s) + UNCONFIRMED_COST_S * ("confirmed" not in i.reached)
                if _may_answer(i, f, horizon_s)
                else np.inf
                for i in incidents
            ]
            for f in floods
        ]
    )
    allowed = np.isfinite(cost)
    # Dearer than all other pairs together, so that the number of matches comes first.
    impossible = 1 + cost[allowed].sum()
    rows, columns = linear_sum_assignment(np.where(allowed, cost, impossible))
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if allowed[row, column]
    }


def _judged(
    incident: Incident,
    matched: bool,
    floods: list[Flood],
    depths: Mapping[str, F64],
    horizon_s: float,
) -> Incident:
    confirmed = "confirmed" in incident.reached
    outcome: Outcome = "suspicion"
    if matched:
        outcome = "matched"
    elif confirmed and any(_may_answer(incident, flood, horizon_s) for flood in floods):
        outcome = "duplicate"
    elif confirmed:
        last_s = horizon_s if incident.end_s is None else incident.end_s
        t_s, depth_m = depths.get(incident.place, np.empty((2, 0)))
        near = (t_s >= incident.opened_s - SLACK_S) & (t_s <= last_s)
        wet = float(depth_m[near].max(initial=0.0)) >= MINOR_M
        outcome = "minor" if wet and incident.type == "flood" else "false_alarm"
    return replace(incident, outcome=outcome)

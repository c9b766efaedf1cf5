"""One incident and its timed life cycle: frozen, every step returns a new one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ops_center.core.incidents.fusion import Opinion
from ops_center.core.snapshot import STATES, Evidence, TimelineEntry
from sim.kernel.clock import Ns

FALSE_ALARM = "false_alarm"
TIMELINE_LIMIT = 400
"""Oldest lines beyond this leave the incident; the journal keeps them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What is believed of one event at one place.

    Attributes
    ----------
    state
        The furthest milestone reached; acknowledgement may come late without setting it back.
    reached
        When each milestone was reached, in the order they were.
    severity, peak_severity
        Latest and greatest severity, in the signature's unit.
    told_at
        When anything fresh last told the severity.
    was_seen
        Whether a crew on scene ever saw it.
    below_control_since, below_closing_since
        Since when the severity has been below the limit of control, and of closing; None
        while it is not.
    """

    incident_id: str
    type: str
    place_id: str
    district: str
    state: str
    level: str
    probability: float
    opened_at: Ns
    updated_at: Ns
    reached: tuple[tuple[str, Ns], ...]
    severity: float
    peak_severity: float
    told_at: Ns | None = None
    was_seen: bool = False
    below_control_since: Ns | None = None
    below_closing_since: Ns | None = None
    acknowledged_by: str | None = None
    evidence: tuple[Evidence, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it still asks for anything."""
        return self.state not in ("closed", FALSE_ALARM)

    def has_reached(self, milestone: str) -> bool:
        """Return whether `milestone` lies behind it."""
        return any(name == milestone for name, _ in self.reached)

    def reached_at(self, milestone: str) -> Ns | None:
        """Return when `milestone` was reached, or None."""
        return next((at for name, at in self.reached if name == milestone), None)

    def at_least(self, state: str) -> bool:
        """Return whether it is open and as far as `state`, acknowledged or not."""
        return self.is_open and STATES.index(self.state) >= STATES.index(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something an incident should know: a line of history, maybe a milestone."""

    incident_id: str
    what: str
    detail: str
    cause: str | None = None
    milestone: str | None = None


def opened(
    *,
    incident_id: str,
    district: str,
    opinion: Opinion,
    at: Ns,
) -> Incident:
    """Return a newly suspected incident."""
    severity = opinion.severity or 0.0
    level = opinion.signature.level_of(severity)
    return Incident(
        incident_id=incident_id,
        type=opinion.signature.type,
        place_id=opinion.place_id,
        district=district,
        state="suspected",
        level=level,
        probability=opinion.probability,
        opened_at=at,
        updated_at=at,
        reached=(("suspected", at),),
        severity=severity,
        peak_severity=severity,
        evidence=opinion.evidence,
        timeline=(
            TimelineEntry(at=at, what="suspected", detail=f"level {level}", cause=opinion.cause),
        ),
    )


def advanced(
    incident: Incident, milestone: str, at: Ns, *, by: str = "centre", cause: str | None = None
) -> Incident:
    """Return the incident with `milestone` reached; itself when it was, or when it is over."""
    if not incident.is_open or incident.has_reached(milestone):
        return incident
    state = milestone
    if milestone != FALSE_ALARM and STATES.index(incident.state) > STATES.index(milestone):
        state = incident.state
    return noted(
        replace(
            incident,
            state=state,
            updated_at=at,
            reached=(*incident.reached, (milestone, at)),
            acknowledged_by=by if milestone == "acknowledged" else incident.acknowledged_by,
        ),
        at,
        milestone,
        f"by {by}",
        cause,
    )


def noted(incident: Incident, at: Ns, what: str, detail: str, cause: str | None = None) -> Incident:
    """Return the incident with one more line of history."""
    entry = TimelineEntry(at=at, what=what, detail=detail, cause=cause)
    return replace(incident, updated_at=at, timeline=(*incident.timeline, entry)[-TIMELINE_LIMIT:])


def assessed(incident: Incident, opinion: Opinion, at: Ns) -> Incident:
    """Return the incident with its newest evidence; the level only ever rises.

    Where nothing fresh tells the severity, the last one stands and nothing counts as better:
    missing data is never healthy.
    """
    signature = opinion.signature
    known = opinion.severity is not None
    severity = incident.severity if opinion.severity is None else opinion.severity

    def since(below: bool, before: Ns | None) -> Ns | None:
        if not below:
            return None
        return at if before is None else before

    peak = max(severity, incident.peak_severity)
    return replace(
        incident,
        probability=opinion.probability,
        severity=severity,
        peak_severity=peak,
        level=signature.level_of(peak),
        evidence=opinion.evidence,
        told_at=at if known else incident.told_at,
        was_seen=incident.was_seen or any(_is_sight(one) for one in opinion.evidence),
        below_control_since=since(
            known and severity < signature.controlled_below, incident.below_control_since
        ),
        below_closing_since=since(
            known and severity < signature.closing_below, incident.below_closing_since
        ),
    )


def relapsed(incident: Incident, at: Ns) -> Incident:
    """Return an incident that was under control as one that is so no more."""
    reached = tuple(step for step in incident.reached if step[0] != "controlled")
    state = max((name for name, _ in reached), key=STATES.index)
    return noted(
        replace(incident, state=state, reached=reached), at, "relapsed", "severity rose again"
    )


def _is_sight(evidence: Evidence) -> bool:
    """Return whether a crew says that it is there."""
    return evidence.signal.startswith("crew:") and evidence.llr > 0

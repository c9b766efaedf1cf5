"""The shapes the API answers with: views made for readers, never the centre's own objects."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ops_center.api.source import Published
from ops_center.core.snapshot import (
    Evidence,
    IncidentView,
    StepView,
    TimelineEntry,
    VitalSign,
)
from sim.kernel.clock import iso
from sim.messages.field import ActuatorStatus, UnitStatus

Time = Annotated[str, Field(examples=["2026-07-21T17:40:00.000+08:00"])]
"""ISO 8601 in the city's time, with its offset."""

ENDED = ("closed", "false_alarm")
"""States in which an incident takes no more orders."""

STEPS_OVER = ("done", "verified", "skipped", "released", "cancelled")


class View(BaseModel):
    """Base of all views: immutable once made."""

    model_config = ConfigDict(frozen=True)


class ClockView(View):
    """City time, its pace, and the snapshot it belongs to."""

    now: Time
    speed: float | None = Field(description="City seconds per wall second; null when unknown.")
    version: int

    @classmethod
    def of(cls, published: Published) -> ClockView:
        """Return the clock of a publication."""
        speed = published.speed
        return cls(
            now=iso(published.snapshot.now),
            speed=None if speed is None else round(speed, 2),
            version=published.snapshot.version,
        )


class EvidenceItem(View):
    """What one source contributes; `llr` is its share of the log-odds, natural logarithm."""

    source: str
    signal: str
    value: float
    unit: str
    llr: float
    at: Time

    @classmethod
    def of(cls, evidence: Evidence) -> EvidenceItem:
        """Return the view of one piece of evidence."""
        return cls(
            source=evidence.source,
            signal=evidence.signal,
            value=evidence.value,
            unit=evidence.unit,
            llr=round(evidence.llr, 3),
            at=iso(evidence.at),
        )


class TimelineItem(View):
    """One line of an incident's history."""

    at: Time
    what: str
    detail: str
    cause: str | None

    @classmethod
    def of(cls, entry: TimelineEntry) -> TimelineItem:
        """Return the view of one line."""
        return cls(at=iso(entry.at), what=entry.what, detail=entry.detail, cause=entry.cause)


class StepItem(View):
    """One step of the plan as it stands."""

    id: str
    title: str
    department: str
    status: str
    target: str | None
    command: str | None
    eta: Time | None

    @classmethod
    def of(cls, step: StepView) -> StepItem:
        """Return the view of one step."""
        return cls(
            id=step.step_id,
            title=step.title,
            department=step.department,
            status=step.status,
            target=step.target,
            command=step.command_id,
            eta=None if step.eta is None else iso(step.eta),
        )


class IncidentSummary(View):
    """An incident as a line of a list."""

    id: str = Field(examples=["inc-000001"])
    type: str
    state: str
    level: str = Field(description="I is the gravest, IV the least.")
    place: str
    place_name: str
    district: str
    lon: float
    lat: float
    probability: float
    opened_at: Time
    updated_at: Time
    acknowledged_by: str | None
    plan: str | None
    steps_total: int
    steps_done: int

    @classmethod
    def of(cls, incident: IncidentView) -> IncidentSummary:
        """Return the list line of an incident."""
        return cls(**_summary(incident))


class IncidentDetail(IncidentSummary):
    """An incident with all that is known of it."""

    evidence: list[EvidenceItem]
    steps: list[StepItem]
    timeline: list[TimelineItem]

    @classmethod
    def of(cls, incident: IncidentView) -> IncidentDetail:
        """Return everything about an incident."""
        return cls(
            **_summary(incident),
            evidence=[EvidenceItem.of(entry) for entry in incident.evidence],
            steps=[StepItem.of(step) for step in incident.steps],
            timeline=[TimelineItem.of(entry) for entry in incident.timeline],
        )


def _summary(incident: IncidentView) -> dict[str, Any]:
    return {
        "id": incident.incident_id,
        "type": incident.type,
        "state": incident.state,
        "level": incident.level,
        "place": incident.place_id,
        "place_name": incident.place_name,
        "district": incident.district,
        "lon": incident.lon,
        "lat": incident.lat,
        "probability": round(incident.probability, 4),
        "opened_at": iso(incident.opened_at),
        "updated_at": iso(incident.updated_at),
        "acknowledged_by": incident.acknowledged_by,
        "plan": incident.plan,
        "steps_total": len(incident.steps),
        "steps_done": sum(step.status in STEPS_OVER for step in incident.steps),
    }


class IncidentPage(View):
    """Incidents, newest first; `next` is the cursor of the following page."""

    items: list[IncidentSummary]
    next: str | None


class UnitItem(View):
    """A unit as it reported itself last; `eta` and `incident` where a plan sent it."""

    id: str
    kind: str
    district: str
    skills: list[str]
    state: str
    lon: float
    lat: float
    station: str
    order: str | None
    observed: dict[str, str | int | float | bool | None]
    reported_at: Time

    @classmethod
    def of(cls, unit: UnitStatus) -> UnitItem:
        """Return the view of a unit."""
        return cls(
            id=unit.unit_id,
            kind=unit.kind,
            district=unit.district,
            skills=list(unit.skills),
            state=unit.state,
            lon=round(unit.lon, 6),
            lat=round(unit.lat, 6),
            station=unit.station_id,
            order=unit.order_id,
            observed=dict(unit.observed),
            reported_at=iso(unit.ts_event),
        )


class Units(View):
    """All units."""

    items: list[UnitItem]


class ActuatorItem(View):
    """An actuator's own word on its position."""

    id: str
    kind: str
    domain: str
    district: str
    place: str
    lon: float
    lat: float
    position: str
    actions: list[str]
    reported_at: Time

    @classmethod
    def of(cls, actuator: ActuatorStatus) -> ActuatorItem:
        """Return the view of an actuator."""
        return cls(
            id=actuator.actuator_id,
            kind=actuator.kind,
            domain=actuator.domain,
            district=actuator.district,
            place=actuator.place_id,
            lon=actuator.lon,
            lat=actuator.lat,
            position=actuator.position,
            actions=list(actuator.actions),
            reported_at=iso(actuator.ts_event),
        )


class Actuators(View):
    """All actuators."""

    items: list[ActuatorItem]


class VitalItem(View):
    """One vital sign of one district, or of the whole city (district ``all``)."""

    indicator: str
    domain: str
    district: str
    value: float | None
    unit: str
    level: Literal["normal", "blue", "yellow", "orange", "red", "unknown"]
    score: float | None
    confidence: float
    official: bool

    @classmethod
    def of(cls, sign: VitalSign) -> VitalItem:
        """Return the view of a vital sign."""
        return cls.model_validate(
            {
                "indicator": sign.indicator,
                "domain": sign.domain,
                "district": sign.district,
                "value": sign.value,
                "unit": sign.unit,
                "level": sign.level,
                "score": sign.score,
                "confidence": round(sign.confidence, 4),
                "official": sign.official,
            }
        )


class Vitals(View):
    """The city's vital signs: indicators, and the scores of domains and of the city."""

    now: Time
    items: list[VitalItem]


class WatchedPlace(View):
    """The water believed to stand at a watched place."""

    id: str
    depth_m: float | None


class Places(View):
    """All watched places that the base map names."""

    now: Time
    items: list[WatchedPlace]


class DecisionPage(View):
    """Decision records, oldest first, as they stand in the journal.

    `oldest` is the sequence number of the oldest record still at hand: a reader whose
    ``after`` lies before it has missed some.
    """

    items: list[dict[str, Any]]
    next: int
    oldest: int | None


class HealthView(View):
    """Whether the centre takes stock, and what became of its messages."""

    status: Literal["starting", "ok", "stale"]
    version: int | None
    age_s: float | None = Field(description="Wall seconds since the newest snapshot.")
    counters: dict[str, int]


class OrderBody(BaseModel):
    """Who orders."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    operator: str = Field(min_length=1, max_length=64, examples=["Li Wei"])


class OrderReceipt(View):
    """An order was handed to the centre; whether it takes effect is seen in the incident."""

    order: str
    status: Literal["queued"] = "queued"
    repeated: bool = Field(description="Whether the same order had been queued before.")

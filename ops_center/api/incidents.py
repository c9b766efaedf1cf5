"""Incident routes: read them, and order what people may order about them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query

from ops_center.api.context import Now, Room
from ops_center.api.cursors import from_cursor, number_in, to_cursor
from ops_center.api.orders import Request
from ops_center.api.problems import Problem, documented
from ops_center.api.schemas import (
    ENDED,
    IncidentDetail,
    IncidentPage,
    IncidentSummary,
    OrderBody,
    OrderReceipt,
)
from ops_center.core.snapshot import IncidentView, Snapshot

router = APIRouter(prefix="/incidents", tags=["incidents"])

State = Literal[
    "suspected",
    "confirmed",
    "acknowledged",
    "dispatched",
    "on_scene",
    "controlled",
    "closed",
    "false_alarm",
]
Level = Literal["IV", "III", "II", "I"]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9._~-]{1,128}$",
        description="Repeat a request with the same key, and it is carried out once.",
    ),
]

_ORDER_PROBLEMS = documented(404, 409, 422, 503)


@router.get("", operation_id="listIncidents", responses=documented(422, 503))
async def list_incidents(
    snapshot: Now,
    state: Annotated[list[State] | None, Query(description="Any of these.")] = None,
    level: Annotated[list[Level] | None, Query(description="Any of these.")] = None,
    district: str | None = None,
    incident_type: Annotated[str | None, Query(alias="type")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
) -> IncidentPage:
    """List incidents, newest first."""
    chosen = sorted(
        (
            incident
            for incident in snapshot.incidents
            if (state is None or incident.state in state)
            and (level is None or incident.level in level)
            and (district is None or incident.district == district)
            and (incident_type is None or incident.type == incident_type)
        ),
        key=_order,
        reverse=True,
    )
    if cursor is not None:
        opened_at, incident_id = from_cursor(cursor, parts=2)
        after = (number_in(opened_at, cursor), incident_id)
        chosen = [incident for incident in chosen if _order(incident) < after]
    page = chosen[:limit]
    return IncidentPage(
        items=[IncidentSummary.of(incident) for incident in page],
        next=to_cursor(*_order(page[-1])) if len(chosen) > limit else None,
    )


@router.get("/{incident_id}", operation_id="getIncident", responses=documented(404, 422, 503))
async def get_incident(snapshot: Now, incident_id: str) -> IncidentDetail:
    """Return an incident with its evidence, plan steps and timeline."""
    return IncidentDetail.of(_get(snapshot, incident_id))


@router.post(
    "/{incident_id}/acknowledge",
    operation_id="acknowledgeIncident",
    status_code=202,
    responses=_ORDER_PROBLEMS,
)
async def acknowledge_incident(
    room: Room, snapshot: Now, incident_id: str, body: OrderBody, key: IdempotencyKey = None
) -> OrderReceipt:
    """Say that a person has taken notice."""
    return _place(room, snapshot, incident_id, "acknowledge", body, key)


@router.post(
    "/{incident_id}/close",
    operation_id="closeIncident",
    status_code=202,
    responses=_ORDER_PROBLEMS,
)
async def close_incident(
    room: Room, snapshot: Now, incident_id: str, body: OrderBody, key: IdempotencyKey = None
) -> OrderReceipt:
    """Order that an incident be closed."""
    return _place(room, snapshot, incident_id, "close", body, key)


@router.post(
    "/{incident_id}/false-alarm",
    operation_id="dismissIncident",
    status_code=202,
    responses=_ORDER_PROBLEMS,
)
async def dismiss_incident(
    room: Room, snapshot: Now, incident_id: str, body: OrderBody, key: IdempotencyKey = None
) -> OrderReceipt:
    """Declare an incident a false alarm."""
    return _place(room, snapshot, incident_id, "false_alarm", body, key)


def _order(incident: IncidentView) -> tuple[int, str]:
    return int(incident.opened_at), incident.incident_id


def _get(snapshot: Snapshot, incident_id: str) -> IncidentView:
    for incident in snapshot.incidents:
        if incident.incident_id == incident_id:
            return incident
    raise Problem(HTTPStatus.NOT_FOUND, f"there is no incident {incident_id!r}")


def _place(
    room: Room, snapshot: Snapshot, incident_id: str, action: str, body: OrderBody, key: str | None
) -> OrderReceipt:
    request = Request(operator=body.operator, action=action, incident_id=incident_id)
    incident = _get(snapshot, incident_id)
    # A repetition gets its first answer again, even when the order has ended the incident.
    if incident.state in ENDED and not room.desk.is_known(request, key):
        raise Problem(HTTPStatus.CONFLICT, f"incident {incident_id} is over: {incident.state}")
    order_id, repeated = room.desk.place(request, snapshot.now, key)
    return OrderReceipt(order=order_id, repeated=repeated)

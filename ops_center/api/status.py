"""Status routes: the clock, the vital signs, what the centre decided, how it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from ops_center.api.context import Latest, Now, Room
from ops_center.api.problems import documented
from ops_center.api.schemas import (
    ClockView,
    DecisionPage,
    HealthView,
    VitalItem,
    Vitals,
)
from sim.kernel.clock import iso, monotonic_s

router = APIRouter()


@router.get("/clock", operation_id="getClock", tags=["status"], responses=documented(503))
async def get_clock(published: Latest) -> ClockView:
    """Return city time and its pace."""
    return ClockView.of(published)


@router.get("/vitals", operation_id="listVitals", tags=["status"], responses=documented(422, 503))
async def list_vitals(
    snapshot: Now,
    district: Annotated[
        str | None, Query(description="A district, or `all` for the whole city.")
    ] = None,
    domain: str | None = None,
) -> Vitals:
    """List the vital signs, with the scores of domains and city where there are any."""
    return Vitals(
        now=iso(snapshot.now),
        items=[
            VitalItem.of(sign)
            for sign in snapshot.vitals
            if (district is None or sign.district == district)
            and (domain is None or sign.domain == domain)
        ],
    )


@router.get(
    "/decisions", operation_id="listDecisions", tags=["decisions"], responses=documented(422, 503)
)
async def list_decisions(
    snapshot: Now,
    after: Annotated[int, Query(ge=0, description="Only records numbered above this.")] = 0,
    decision_type: Annotated[list[str] | None, Query(alias="type")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> DecisionPage:
    """List the newest decision records, oldest first; `next` is the following `after`."""
    records = [
        record
        for record in snapshot.decisions
        if int(record["seq"]) > after and (decision_type is None or record["type"] in decision_type)
    ]
    page = records[:limit]
    return DecisionPage(
        items=[dict(record) for record in page],
        next=int(page[-1]["seq"]) if page else after,
        oldest=int(snapshot.decisions[0]["seq"]) if snapshot.decisions else None,
    )


@router.get("/health", operation_id="getHealth", tags=["status"])
async def get_health(room: Room) -> HealthView:
    """Return whether the centre takes stock; answers from the first moment on."""
    published = room.source.latest_published()
    if published is None:
        return HealthView(status="starting", version=None, age_s=None, counters={})
    age_s = monotonic_s() - published.wall_s
    return HealthView(
        status="stale" if age_s > room.settings.stale_s else "ok",
        version=published.snapshot.version,
        age_s=round(age_s, 3),
        counters=dict(published.snapshot.counters),
    )

"""Incidents and their plans as the outside sees them."""

from __future__ import annotations

from ops_center.core.incidents.incident import Incident
from ops_center.core.response.plan import ResponsePlan
from ops_center.core.response.run import PlanRun, StepRun
from ops_center.core.snapshot import IncidentView, StepView
from sim.kernel.basemap import BaseMap


def incident_view(
    incident: Incident, basemap: BaseMap, plan: ResponsePlan | None, run: PlanRun | None
) -> IncidentView:
    """Return one incident with its place named and its plan's steps."""
    place = basemap.get_place(incident.place_id)
    lon, lat = basemap.projection.point_to_lonlat(place.x_m, place.y_m)
    return IncidentView(
        incident_id=incident.incident_id,
        type=incident.type,
        state=incident.state,
        level=incident.level,
        place_id=incident.place_id,
        place_name=place.name,
        district=incident.district,
        lon=lon,
        lat=lat,
        probability=incident.probability,
        opened_at=incident.opened_at,
        updated_at=incident.updated_at,
        acknowledged_by=incident.acknowledged_by,
        plan=plan.name if plan is not None else None,
        evidence=incident.evidence,
        steps=_steps(plan, run),
        timeline=incident.timeline,
    )


def _steps(plan: ResponsePlan | None, run: PlanRun | None) -> tuple[StepView, ...]:
    if plan is None or run is None:
        return ()
    views = []
    for step in plan.steps:
        state = run.step(step.id)
        last = state.acting_orders[-1] if state.acting_orders else None
        views.append(
            StepView(
                step_id=step.id,
                title=step.title,
                department=step.department,
                status=_status(state),
                target=last.target_id if last else None,
                command_id=last.command_id if last else None,
                eta=last.eta if last else None,
            )
        )
    return tuple(views)


def _status(state: StepRun) -> str:
    """Return the step's status, told by its last order while it is acting."""
    if state.status == "acting" and state.acting_orders:
        return state.acting_orders[-1].status
    return "commanded" if state.status == "acting" else state.status

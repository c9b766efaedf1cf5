"""Carries plans out: opens steps, sends units, checks facts, escalates, takes back.

Order of work at each tick, written here because it matters: repeat what was not answered;
open the steps whose guards hold; send units for all incidents at once; check facts; give up
on the late; take back what is no longer needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ops_center.core.incidents.fusion import Key
from ops_center.core.incidents.incident import FALSE_ALARM, Incident
from ops_center.core.response.dispatch import Need, choose
from ops_center.core.response.gear import Gear
from ops_center.core.response.orders import OrderBook, Write
from ops_center.core.response.plan import Actuate, Guard, ResponsePlan, Send, Step, Verify
from ops_center.core.response.run import FAILED, Order, StepRun, started
from ops_center.core.response.travel import TravelTimes
from ops_center.core.snapshot import LEVELS
from sim.kernel.clock import Ns, seconds
from sim.messages.field import ActuatorStatus, UnitStatus

UNDER_WAY = ("acting", "done", "verified", "unverified")
"""Steps whose guards have held and that nothing has ended."""
MAX_UNITS_PER_STEP = 6
"""A step that has used up so many units asks people instead of sending more (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What the centre takes to be true now.

    Attributes
    ----------
    trapped
        People believed trapped at each place.
    affected
        People affected, by incident type and place.
    gear
        Where the actuators are.
    """

    now: Ns
    actuators: Mapping[str, ActuatorStatus]
    units: Mapping[str, UnitStatus]
    travel: TravelTimes
    trapped: Mapping[str, int]
    gear: Gear
    affected: Mapping[Key, int] = field(default_factory=dict)


class Conductor:
    """All plans under way.

    Parameters
    ----------
    plans
        The plan for each incident type.
    book
        Where orders are given and answers kept.
    write
        Journal to write plans and verifications to.
    """

    def __init__(self, plans: Mapping[str, ResponsePlan], book: OrderBook, write: Write) -> None:
        self.plans = plans
        self.book = book
        self._write = write
        # Steps that wait for actuators which others move just now; None: nobody has looked yet.
        self._postponed: dict[tuple[str, str], None] | None = None

    def begin(self, incident: Incident) -> None:
        """Start the plan for a new incident, if there is one for its type."""
        plan = self.plans.get(incident.type)
        if plan is not None:
            self.book.begin(started(incident.incident_id, plan.name, plan.steps))
            self._write("plan", incident=incident.incident_id, plan=plan.plan, version=plan.version)

    def tick(self, incidents: Mapping[str, Incident], belief: Belief) -> None:
        """Move every plan on by what is believed now."""
        running = [incidents[incident_id] for incident_id in self.book.runs]
        for incident in running:
            self.book.repeat(incident.incident_id, belief.now)
        acting = [i for i in running if i.is_open and not i.has_reached("controlled")]
        self._take_up_postponed(acting, belief)
        for incident in acting:
            self._open_steps(incident, belief)
        self._send_units(acting, belief)
        for incident in running:
            self._check_facts(incident, belief)
            self._give_up_on_late(incident, belief)
            if incident.has_reached("controlled") or incident.state == FALSE_ALARM:
                self.release(incident, belief, closing=incident.state == FALSE_ALARM)

    def relapse(self, incident_id: str) -> None:
        """Let the released steps of an incident that rose again be taken anew."""
        for step in self.book.runs[incident_id].steps:
            if step.status == "released":
                anew = replace(step, status="waiting", verify_by=None, in_time=None)
                self.book.keep(incident_id, anew)

    def release(self, incident: Incident, belief: Belief, *, closing: bool) -> None:
        """Take back what steps did; what must hold until closing only if `closing`."""
        for step in self.plans[incident.type].steps:
            state = self.book.step(incident.incident_id, step.id)
            if state.status in ("waiting", "skipped", "released"):
                continue
            if step.actuate is not None and step.actuate.until == "closing" and not closing:
                continue
            for order in state.acting_orders:
                self._take_back(incident, step, state, order, belief)
            state = self.book.step(incident.incident_id, step.id)
            self.book.keep(incident.incident_id, replace(state, status="released"))

    def settled(self, incident_id: str) -> bool:
        """Return whether no answer is outstanding any more."""
        run = self.book.runs.get(incident_id)
        return run is None or not run.open_orders

    # --- one concern each -----------------------------------------------------------------

    def _open_steps(self, incident: Incident, belief: Belief) -> None:
        for step in self.plans[incident.type].steps:
            state = self.book.step(incident.incident_id, step.id)
            if state.status != "waiting":
                continue
            if any(self._holds(guard, incident, belief) for guard in step.when):
                opened = replace(
                    state, status="acting", peak=incident.severity, opened_at=belief.now
                )
                if step.send is not None and step.verify is not None:
                    due = Ns(belief.now + seconds(step.verify.within_s))
                    opened = replace(opened, verify_by=due)
                self.book.keep(incident.incident_id, opened)
                if step.actuate is not None:
                    self._actuate(incident, step, step.actuate, belief)

    def _take_up_postponed(self, incidents: list[Incident], belief: Belief) -> None:
        """Give the orders that had to wait; after a restart look at every step under way."""
        waiting, self._postponed = self._postponed, {}
        for incident in incidents:
            for step in self.plans[incident.type].steps:
                key = (incident.incident_id, step.id)
                if step.actuate is None or (waiting is not None and key not in waiting):
                    continue
                if self.book.step(*key).status in UNDER_WAY:
                    self._actuate(incident, step, step.actuate, belief)

    def _holds(self, guard: Guard, incident: Incident, belief: Belief) -> bool:
        here = (incident.type, incident.place_id)
        # Units may be sent on a suspicion; that they are there does not confirm it.
        doubtful = guard.state == "confirmed" and not incident.has_reached("confirmed")
        return (
            incident.at_least(guard.state)
            and not doubtful
            and incident.severity >= guard.severity
            and LEVELS.index(incident.level) >= LEVELS.index(guard.level)
            and belief.trapped.get(incident.place_id, 0) >= guard.trapped
            and belief.affected.get(here, 0) >= guard.affected
            and belief.now - incident.opened_at >= seconds(guard.after_s)
            and all(
                self.book.step(incident.incident_id, step_id).has_failed for step_id in guard.failed
            )
        )

    def _actuate(self, incident: Incident, step: Step, act: Actuate, belief: Belief) -> None:
        if act.near is None:
            targets = belief.gear.at(act.kind, incident.place_id)
        else:
            targets = belief.gear.near(
                act.kind, incident.place_id, of=act.near, count=act.count, within_m=act.within_m
            )
        ordered = {o.target_id for o in self.book.step(incident.incident_id, step.id).orders_now}
        for name in targets:
            if name in ordered:
                continue
            if self.book.is_moving(name):
                # Two orders at once would undo each other; this one is given when that is over.
                assert self._postponed is not None
                self._postponed[incident.incident_id, step.id] = None
                continue
            actuator = belief.actuators[name]
            self.book.command_actuator(incident, step, actuator, act.action, act.args, belief.now)
        if targets:
            return
        state = self.book.step(incident.incident_id, step.id)
        if act.if_any:
            self.book.keep(incident.incident_id, replace(state, status="skipped"))
            return
        self.book.keep(incident.incident_id, replace(state, status="failed"))
        where = "here" if act.near is None else "near"
        self.book.escalate(incident.incident_id, step.id, f"no {act.kind} {where}", None)

    def _send_units(self, incidents: list[Incident], belief: Belief) -> None:
        by_id = {incident.incident_id: incident for incident in incidents}
        needs = [
            need
            for incident in incidents
            for step in self.plans[incident.type].steps
            if step.send is not None
            for need in self._needs(incident, step, step.send, belief.now)
        ]
        if not needs:
            return
        for choice in choose(needs, belief.units, self.book.busy_targets(), belief.travel):
            incident = by_id[choice.need.incident_id]
            plan = self.plans[incident.type]
            step = next(step for step in plan.steps if step.id == choice.need.step_id)
            unit = belief.units[choice.unit_id]
            state = self.book.step(incident.incident_id, step.id)
            self.book.keep(incident.incident_id, replace(state, status="acting"))
            self.book.command_unit(
                incident, step, unit, "respond", belief.now, expected_s=choice.expected_s
            )

    def _needs(self, incident: Incident, step: Step, send: Send, now: Ns) -> list[Need]:
        state = self.book.step(incident.incident_id, step.id)
        if state.status not in ("acting", "done"):
            return []
        # A visit that lies long enough back counts no more, and is made again while it is needed.
        needed = incident.below_control_since is None
        recent = [o for o in state.orders_now if not (needed and _is_worn_out(o, send, now))]
        serving = [order for order in recent if order.status not in FAILED and not order.late]
        wanted = send.count_at(incident.level) - len(serving)
        need = Need(
            incident_id=incident.incident_id,
            step_id=step.id,
            place_id=incident.place_id,
            skill=send.skill,
            kind=send.kind,
            urgency=LEVELS.index(incident.level),
            barred=frozenset(order.target_id for order in recent),
        )
        return [need] * min(wanted, MAX_UNITS_PER_STEP - len(recent))

    def _check_facts(self, incident: Incident, belief: Belief) -> None:
        for step in self.plans[incident.type].steps:
            state = self.book.step(incident.incident_id, step.id)
            acting = state.acting_orders
            if step.send is not None:
                self._check_arrival(incident, step, state, belief)
                state = self.book.step(incident.incident_id, step.id)
            if state.status not in ("acting", "done") or not acting:
                continue
            state = replace(state, peak=max(state.peak, incident.severity))
            if step.actuate is not None and all(o.status in FAILED for o in acting):
                self.book.keep(incident.incident_id, replace(state, status="failed"))
                continue
            if all(order.status == "done" for order in acting):
                state = replace(state, status="done")
            self.book.keep(incident.incident_id, state)
            if step.actuate is None or step.verify is None or state.verify_by is None:
                continue
            if _is_seen(step.verify, state, incident, belief):
                self._conclude(incident, replace(state, status="verified"), step.verify, "verified")
            elif belief.now >= state.verify_by:
                self._conclude(
                    incident, replace(state, status="unverified"), step.verify, "unverified"
                )

    def _check_arrival(
        self, incident: Incident, step: Step, state: StepRun, belief: Belief
    ) -> None:
        """Settle whether the first unit came in time; more go on being sent in either case."""
        open_still = state.status in ("acting", "done") and state.in_time is None
        if step.verify is None or state.verify_by is None or not open_still:
            return
        arrived = [o.arrived_at for o in state.orders_now if o.arrived_at is not None]
        if arrived and min(arrived) <= state.verify_by:
            self._conclude(incident, replace(state, in_time=True), step.verify, "verified")
        elif belief.now >= state.verify_by:
            self._conclude(incident, replace(state, in_time=False), step.verify, "unverified")

    def _conclude(
        self,
        incident: Incident,
        state: StepRun,
        verify: Verify,
        verdict: Literal["verified", "unverified"],
    ) -> None:
        """Settle whether the world shows what a step was to bring about."""
        last = state.acting_orders[-1].command_id if state.acting_orders else None
        self.book.keep(incident.incident_id, state)
        self._write(
            verdict,
            incident=incident.incident_id,
            step=state.step_id,
            command=last,
            fact=verify.fact,
            value=round(incident.severity, 3),
            cause=last,
        )
        self.book.tell(incident.incident_id, f"{state.step_id} {verdict}", verify.fact, last)
        if verdict == "unverified":
            why = f"{verify.fact} not seen in time"
            self.book.escalate(incident.incident_id, state.step_id, why, last)

    def _give_up_on_late(self, incident: Incident, belief: Belief) -> None:
        for step in self.plans[incident.type].steps:
            if step.send is None:
                continue
            for order in self.book.step(incident.incident_id, step.id).acting_orders:
                waiting = order.arrived_at is None and not order.is_over and not order.late
                if not waiting or order.eta is None:
                    continue
                if belief.now > order.eta + seconds(step.send.grace_s):
                    self.book.update(incident.incident_id, step.id, replace(order, late=True))
                    why = f"{order.target_id} not on scene in time"
                    self.book.escalate(incident.incident_id, step.id, why, order.command_id)

    def _take_back(
        self, incident: Incident, step: Step, state: StepRun, order: Order, belief: Belief
    ) -> None:
        if state.has_undone(order):
            return
        if step.actuate is not None:
            actuator = belief.actuators.get(order.target_id)
            here = (incident.incident_id, step.id)
            needed = self.book.is_held(order.target_id, besides=here)
            if actuator is not None and order.status not in FAILED and not needed:
                undo = step.actuate.undo
                self.book.command_actuator(incident, step, actuator, undo, {}, belief.now)
        elif not order.is_over:
            unit = belief.units[order.target_id]
            self.book.command_unit(incident, step, unit, "stand_down", belief.now)


def _is_worn_out(order: Order, send: Send, now: Ns) -> bool:
    """Return whether a unit's visit is done and so long ago that another is due."""
    return (
        send.again_s is not None
        and order.status == "done"
        and now - order.issued_at >= seconds(send.again_s)
    )


def _is_seen(verify: Verify, state: StepRun, incident: Incident, belief: Belief) -> bool:
    """Return whether the world shows the fact."""
    orders = state.acting_orders
    if verify.fact == "position":
        return all(belief.actuators[o.target_id].position == verify.equals for o in orders)
    obeyed = any(order.status in ("accepted", "done") for order in orders)
    return obeyed and incident.severity <= state.peak - verify.by

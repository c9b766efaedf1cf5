"""The order book: commands given, their answers, and sending again what was not answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ops_center.core.incidents.incident import Happening, Incident
from ops_center.core.response.plan import Step
from ops_center.core.response.run import FAILED, Order, PlanRun, StepRun, answered, with_order
from sim.kernel.clock import Ns, seconds, to_seconds
from sim.kernel.ids import Counter
from sim.messages.field import Ack, ActuatorStatus, Command, Scalar, UnitStatus

ANSWER_WITHIN = seconds(20)
"""A command not answered by then is sent again (assumed: downlink, uplink and some)."""
MAX_TRIES = 4
EXPIRES_AFTER = seconds(300)
UNIT_EXPIRES_AFTER = seconds(900)

Write = Callable[..., str]
"""``write(type, **fields)``: appends to the journal and returns the record's name."""


class OrderBook:
    """Plan runs with their orders, and the commands that still wait for an answer.

    Attributes
    ----------
    runs
        The plan under way for each incident.
    commands
        Commands an answer is expected of, by identifier.
    outbox
        Commands to publish once everything else is stored.
    """

    def __init__(self, write: Write) -> None:
        self.runs: dict[str, PlanRun] = {}
        self.commands: dict[str, Command] = {}
        self.outbox: list[Command] = []
        self.ids = Counter("cmd")
        self._write = write
        self._incident_of: dict[str, str] = {}
        self._of_target: dict[str, dict[str, None]] = {}
        self._changed: dict[str, None] = {}
        self._over: list[str] = []
        self._happenings: list[Happening] = []

    def restore(self, runs: Mapping[str, PlanRun]) -> None:
        """Take up the plan runs of an earlier process."""
        for run in runs.values():
            self.runs[run.incident_id] = run
            for step in run.steps:
                for order in step.orders:
                    self._index(order.command_id, order.target_id, run.incident_id)

    def begin(self, run: PlanRun) -> None:
        """Take up a new plan run."""
        self.runs[run.incident_id] = run
        self._changed[run.incident_id] = None

    def take_changed(self) -> tuple[dict[str, PlanRun], tuple[str, ...]]:
        """Return the runs that changed since last asked, and names of those that are no more."""
        changed = {i: self.runs[i] for i in self._changed if i in self.runs}
        over = tuple(self._over)
        self._changed, self._over = {}, []
        return changed, over

    def run_of(self, command_id: str) -> PlanRun | None:
        """Return the run that a command belongs to, while it lasts."""
        return self.runs.get(self._incident_of.get(command_id, ""))

    def is_moving(self, target_id: str) -> bool:
        """Return whether an order to a target is not over yet."""
        return any(not order.is_over for _, _, order in self._orders_to(target_id))

    def is_held(self, target_id: str, *, besides: tuple[str, str]) -> bool:
        """Return whether another step, of any incident, needs what it had a target do."""
        return any(
            (run.incident_id, step.step_id) != besides
            and not order.undoes
            and order.status not in FAILED
            and step.status not in ("waiting", "released")
            for run, step, order in self._orders_to(target_id)
        )

    def take_happenings(self) -> list[Happening]:
        """Return what happened since last asked."""
        happenings, self._happenings = self._happenings, []
        return happenings

    def step(self, incident_id: str, step_id: str) -> StepRun:
        """Return one step as it stands."""
        return self.runs[incident_id].step(step_id)

    def keep(self, incident_id: str, step: StepRun) -> None:
        """Replace one step."""
        self.runs[incident_id] = self.runs[incident_id].with_step(step)
        self._changed[incident_id] = None

    def update(self, incident_id: str, step_id: str, order: Order) -> None:
        """Replace one order of a step."""
        self.keep(incident_id, with_order(self.step(incident_id, step_id), order))

    def busy_targets(self) -> frozenset[str]:
        """Return the units and actuators with an order under way."""
        return frozenset(o.target_id for run in self.runs.values() for o in run.open_orders)

    def command_actuator(
        self,
        incident: Incident,
        step: Step,
        actuator: ActuatorStatus,
        action: str,
        args: Mapping[str, Scalar],
        now: Ns,
    ) -> None:
        """Order an actuator to act, or to undo what it did."""
        command = Command(
            ts_event=now,
            cause=incident.incident_id,
            command_id=self.ids.take(),
            target_id=actuator.actuator_id,
            target_kind=actuator.kind,
            target_domain=actuator.domain,
            target_district=actuator.district,
            action=action,
            args=args,
            expires_at=Ns(now + EXPIRES_AFTER),
        )
        undoes = step.actuate is not None and action == step.actuate.undo
        self._issue(incident, step, command, eta=None, undoes=undoes)

    def command_unit(
        self,
        incident: Incident,
        step: Step,
        unit: UnitStatus,
        action: str,
        now: Ns,
        *,
        expected_s: float | None = None,
    ) -> None:
        """Order a unit to respond, or to stand down."""
        command = Command(
            ts_event=now,
            cause=incident.incident_id,
            command_id=self.ids.take(),
            target_id=unit.unit_id,
            target_kind=unit.kind,
            target_domain="emergency",
            target_district=unit.district,
            action=action,
            args={
                "place": incident.place_id,
                "task": step.send.skill if step.send else "",
                "incident": incident.incident_id,
            },
            expires_at=Ns(now + UNIT_EXPIRES_AFTER),
        )
        eta = None if expected_s is None else Ns(now + seconds(expected_s))
        self._issue(incident, step, command, eta=eta, undoes=action == "stand_down")

    def on_ack(self, ack: Ack) -> None:
        """Take an answer; one that belongs to no open order changes nothing."""
        run = self.run_of(ack.command_id)
        found = None if run is None else run.find_order(ack.command_id)
        if run is None or found is None:
            return
        step, order = found
        changed = answered(order, ack)
        if changed is order:
            return
        self.update(run.incident_id, step.step_id, changed)
        detail = f"{ack.source_id}: {ack.status}" + (f" ({ack.reason})" if ack.reason else "")
        self.tell(run.incident_id, f"{step.step_id} {ack.status}", detail, ack.command_id)
        if changed.is_over:
            self.commands.pop(ack.command_id, None)
        # What was taken back before it was done has not failed anybody.
        if changed.status in FAILED and not changed.undoes and not step.has_undone(order):
            self.escalate(run.incident_id, step.step_id, detail, ack.command_id)

    def on_unit(self, unit: UnitStatus, now: Ns) -> None:
        """Take a unit's word that it has arrived."""
        if unit.state != "on_scene" or unit.order_id is None:
            return
        run = self.run_of(unit.order_id)
        found = None if run is None else run.find_order(unit.order_id)
        if run is None or found is None or found[1].arrived_at is not None:
            return
        step, order = found
        self.update(run.incident_id, step.step_id, replace(order, arrived_at=now))
        what = f"{step.step_id} on scene"
        self.tell(run.incident_id, what, unit.unit_id, order.command_id, "on_scene")

    def repeat(self, incident_id: str, now: Ns) -> None:
        """Send again what was not answered in time; give up after `MAX_TRIES`."""
        for step in self.runs[incident_id].steps:
            for order in step.orders:
                if order.status != "commanded" or now - order.sent_at < ANSWER_WITHIN:
                    continue
                command = self.commands.get(order.command_id)
                if command is None or order.tries >= MAX_TRIES or now >= command.expires_at:
                    self.commands.pop(order.command_id, None)
                    self.update(incident_id, step.step_id, replace(order, status="expired"))
                    why = f"{order.target_id} never answered"
                    self.escalate(incident_id, step.step_id, why, order.command_id)
                else:
                    again = replace(order, tries=order.tries + 1, sent_at=now)
                    self.update(incident_id, step.step_id, again)
                    self.outbox.append(command)

    def forget(self, incident_id: str) -> None:
        """Drop the run of an incident that is over."""
        run = self.runs.pop(incident_id, None)
        if run is not None:
            self._over.append(incident_id)
            for step in run.steps:
                for order in step.orders:
                    self._incident_of.pop(order.command_id, None)
                    self._of_target.get(order.target_id, {}).pop(order.command_id, None)
                    if not order.is_over:
                        self.commands.pop(order.command_id, None)

    def escalate(self, incident_id: str, step_id: str, why: str, cause: str | None) -> None:
        """Note that a step needs more than was planned."""
        self._write("escalation", incident=incident_id, step=step_id, why=why, cause=cause)
        self.tell(incident_id, f"{step_id} escalated", why, cause)

    def tell(
        self,
        incident_id: str,
        what: str,
        detail: str,
        cause: str | None,
        milestone: str | None = None,
    ) -> None:
        """Let an incident know of something."""
        self._happenings.append(
            Happening(
                incident_id=incident_id,
                what=what,
                detail=detail,
                cause=cause,
                milestone=milestone,
            )
        )

    def _index(self, command_id: str, target_id: str, incident_id: str) -> None:
        self._incident_of[command_id] = incident_id
        self._of_target.setdefault(target_id, {})[command_id] = None

    def _orders_to(self, target_id: str) -> Iterator[tuple[PlanRun, StepRun, Order]]:
        """Yield every order to a target that belongs to a run under way."""
        for command_id in self._of_target.get(target_id, ()):
            run = self.run_of(command_id)
            found = None if run is None else run.find_order(command_id)
            if run is not None and found is not None:
                yield run, *found

    def _issue(
        self, incident: Incident, step: Step, command: Command, *, eta: Ns | None, undoes: bool
    ) -> None:
        now, command_id = command.ts_event, command.command_id
        order = Order(
            command_id=command_id,
            target_id=command.target_id,
            issued_at=now,
            sent_at=now,
            eta=eta,
            undoes=undoes,
        )
        state = self.step(incident.incident_id, step.id)
        if step.actuate is not None and step.verify is not None and not undoes:
            state = replace(state, verify_by=Ns(now + seconds(step.verify.within_s)))
        self.keep(incident.incident_id, with_order(state, order))
        self._index(command_id, command.target_id, incident.incident_id)
        self.commands[command_id] = command
        self.outbox.append(command)
        self._write(
            "command",
            command=command_id,
            incident=incident.incident_id,
            step=step.id,
            department=step.department,
            target=command.target_id,
            target_kind=command.target_kind,
            action=command.action,
            args=dict(command.args),
            eta_s=None if eta is None else round(to_seconds(eta - now), 1),
            cause=incident.incident_id,
        )
        milestone = "dispatched" if step.send is not None and not undoes else None
        what = f"{step.id} {command.action}"
        self.tell(incident.incident_id, what, command.target_id, command_id, milestone)

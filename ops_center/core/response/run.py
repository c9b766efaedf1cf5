"""One incident's plan as it is carried out: frozen steps and orders, pure transitions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ops_center.core.response.plan import Step
from sim.kernel.clock import Ns
from sim.messages.field import Ack

StepStatus = Literal[
    "waiting", "acting", "done", "verified", "unverified", "failed", "skipped", "released"
]
OrderStatus = Literal["commanded", "accepted", "done", "refused", "failed", "expired"]

OVER: tuple[OrderStatus, ...] = ("done", "refused", "failed", "expired")
FAILED: tuple[OrderStatus, ...] = ("refused", "failed", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One command to one actuator or unit.

    Attributes
    ----------
    tries
        How often it was sent; the same identifier each time.
    sent_at
        When it was last sent.
    eta
        When a unit is expected; None for actuators.
    arrived_at
        When the unit said it was on scene.
    late
        Whether it was given up on and another was sent.
    undoes
        Whether it takes an earlier action back.
    """

    command_id: str
    target_id: str
    status: OrderStatus = "commanded"
    tries: int = 1
    issued_at: Ns
    sent_at: Ns
    eta: Ns | None = None
    arrived_at: Ns | None = None
    late: bool = False
    undoes: bool = False

    @property
    def is_over(self) -> bool:
        """Whether no more answer is expected."""
        return self.status in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """How far one step is.

    Attributes
    ----------
    peak
        Greatest severity seen since the step was commanded, for verification.
    verify_by
        When an unseen fact counts as not happened.
    opened_at
        When its guards last held first; orders from before are history.
    in_time
        Whether the first unit came within the plan's time; None while that is open, or the
        plan names none.
    """

    step_id: str
    status: StepStatus = "waiting"
    orders: tuple[Order, ...] = ()
    peak: float = 0.0
    verify_by: Ns | None = None
    opened_at: Ns | None = None
    in_time: bool | None = None

    @property
    def acting_orders(self) -> tuple[Order, ...]:
        """Orders that act, as against those that undo."""
        return tuple(order for order in self.orders if not order.undoes)

    @property
    def orders_now(self) -> tuple[Order, ...]:
        """Acting orders since it opened, as against those of before a relapse."""
        since = self.opened_at or 0
        return tuple(order for order in self.acting_orders if order.issued_at >= since)

    def has_undone(self, order: Order) -> bool:
        """Return whether what an order did was taken back."""
        return any(
            o.undoes and o.target_id == order.target_id and o.issued_at >= order.issued_at
            for o in self.orders
        )

    @property
    def has_failed(self) -> bool:
        """Whether a guard may count it as failed."""
        return self.status in ("failed", "unverified") or self.in_time is False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRun:
    """A plan under way for one incident."""

    incident_id: str
    plan: str
    steps: tuple[StepRun, ...]
    released: bool = False

    def step(self, step_id: str) -> StepRun:
        """Return one step's run."""
        return next(step for step in self.steps if step.step_id == step_id)

    def with_step(self, changed: StepRun) -> PlanRun:
        """Return the run with one step replaced."""
        steps = tuple(changed if s.step_id == changed.step_id else s for s in self.steps)
        return replace(self, steps=steps)

    def find_order(self, command_id: str) -> tuple[StepRun, Order] | None:
        """Return the step and order of a command, or None."""
        for step in self.steps:
            for order in step.orders:
                if order.command_id == command_id:
                    return step, order
        return None

    @property
    def open_orders(self) -> tuple[Order, ...]:
        """Orders an answer is still expected of."""
        return tuple(order for step in self.steps for order in step.orders if not order.is_over)


def started(incident_id: str, plan_name: str, steps: tuple[Step, ...]) -> PlanRun:
    """Return a run with every step waiting."""
    return PlanRun(
        incident_id=incident_id,
        plan=plan_name,
        steps=tuple(StepRun(step_id=step.id) for step in steps),
    )


def with_order(step: StepRun, changed: Order) -> StepRun:
    """Return the step with one order replaced, or appended when it is new."""
    if any(order.command_id == changed.command_id for order in step.orders):
        orders = tuple(
            changed if order.command_id == changed.command_id else order for order in step.orders
        )
    else:
        orders = (*step.orders, changed)
    return replace(step, orders=orders)


def answered(order: Order, ack: Ack) -> Order:
    """Return the order after an answer; late or repeated answers never set it back."""
    rank: dict[str, int] = {"commanded": 0, "accepted": 1}
    if order.is_over or rank.get(ack.status, 2) <= rank.get(order.status, 2):
        return order
    return replace(order, status=ack.status)

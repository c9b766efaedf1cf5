"""What people at the centre order; an input like any other, so that a recording holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.kernel.bus import Message
from sim.messages.field import Scalar


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OperatorOrder(Message):
    """An operator's order to the centre.

    Attributes
    ----------
    order_id
        Unique; the centre acts once on it.
    operator
        Who ordered.
    action
        ``"acknowledge"``, ``"close"``, ``"false_alarm"``, ``"command"``.
    incident_id
        The incident it is about, or None.
    args
        Named values the action takes.
    """

    order_id: str
    operator: str
    action: str
    incident_id: str | None
    args: Mapping[str, Scalar] = field(default_factory=dict)

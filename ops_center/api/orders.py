"""Operators' orders on their way to the centre: each handed over once, none carried out here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from ops_center.api.problems import Problem
from sim.kernel.clock import MILLISECOND, Ns
from sim.messages.operator import OperatorOrder

Enqueue = Callable[[OperatorOrder], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an operator asks for."""

    operator: str
    action: str
    incident_id: str


class OrderDesk:
    """Turn requests into orders with identifiers of their own.

    Parameters
    ----------
    enqueue
        Hands an order to the centre's thread; must not block.
    keys_max
        How many idempotency keys are remembered.
    """

    def __init__(self, enqueue: Enqueue, keys_max: int) -> None:
        self._enqueue = enqueue
        self._keys_max = keys_max
        self._known: OrderedDict[str, tuple[Request, str]] = OrderedDict()
        self._count = 0

    def place(self, request: Request, now: Ns, key: str | None) -> tuple[str, bool]:
        """Enqueue an order unless `key` shows that it was enqueued before.

        Returns
        -------
        tuple
            The order's identifier, and whether it is a repetition.

        Raises
        ------
        Problem
            422 when `key` came with another request before.
        """
        if key is not None and key in self._known:
            earlier, order_id = self._known[key]
            if earlier != request:
                raise Problem(
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    f"Idempotency-Key {key!r} was used for another order before",
                )
            return order_id, True
        order_id = self._new_id(now) if key is None else f"key-{key}"
        self._enqueue(
            OperatorOrder(
                ts_event=now,
                order_id=order_id,
                operator=request.operator,
                action=request.action,
                incident_id=request.incident_id,
            )
        )
        if key is not None:
            self._remember(key, request, order_id)
        return order_id, False

    def is_known(self, request: Request, key: str | None) -> bool:
        """Return whether `key` stands for this very request already."""
        return key is not None and key in self._known and self._known[key][0] == request

    def _new_id(self, now: Ns) -> str:
        # The time keeps it unique over restarts, where a count alone would start again.
        self._count += 1
        return f"web-{now // MILLISECOND}-{self._count}"

    def _remember(self, key: str, request: Request, order_id: str) -> None:
        self._known[key] = (request, order_id)
        if len(self._known) > self._keys_max:
            self._known.popitem(last=False)

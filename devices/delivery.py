"""Reports on their way: handed over together at the next delivery after they arrive."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from devices.readings import Readings, concatenate
from sim.kernel.clock import Clock, Ns


class Delivery:
    """Hold readings until their delivery, and hand over each delivery as one.

    Within a delivery, readings keep the order in which they were sent. A timer is set only
    when something is under way. Readings wait no longer than a network's longest delay and
    repetitions, which bounds what is held.

    Parameters
    ----------
    deliver
        Takes the readings of one delivery.
    """

    def __init__(self, clock: Clock, deliver: Callable[[Readings], None]) -> None:
        self._clock = clock
        self._deliver = deliver
        self._under_way: dict[Ns, list[Readings]] = {}

    @property
    def under_way(self) -> int:
        """How many readings are held."""
        return sum(len(part) for parts in self._under_way.values() for part in parts)

    def add(self, at: Ns, readings: Readings) -> None:
        """Hand `readings` over at `at`."""
        parts = self._under_way.get(at)
        if parts is None:
            parts = self._under_way[at] = []
            self._clock.call_at(at, partial(self._hand_over, at), name="delivery")
        parts.append(readings)

    def _hand_over(self, at: Ns) -> None:
        self._deliver(concatenate(self._under_way.pop(at)))

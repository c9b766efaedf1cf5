"""What can be seen of the queues: who stands, how fast they go down, what waiting costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.world.traffic.links import Links
from sim.world.traffic.signals import Signals

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

FLOW_MEMORY_S = 120.0
"""Time constant of a queue's measured discharge: some signal cycles. Assumed."""
SPEED_WINDOW_S = 90.0
"""Speeds are means of one to two such windows: a signal cycle, as a detector's are. Assumed."""
LOOK_S = 15.0
"""Time between two looks at who stands where: some in every phase of a cycle."""
_SLOWEST_SHARE = 0.05
"""Least discharge that a waiting time is reckoned with, as a share of capacity."""


class Watch:
    """Measures of the queues, told of every step.

    Parameters
    ----------
    links, signals
        What links pass; what share of it lights leave them.
    step_s
        Length of a step [s].
    """

    def __init__(self, links: Links, signals: Signals, step_s: float) -> None:
        size = links.size
        self._links = links
        self._signals = signals
        self._step_s = step_s
        self._queued: I64 = np.zeros(size, dtype=np.int64)
        self._ratio = np.ones(size)
        self._red_wait_s = np.zeros(size)
        self.relight()
        self._flow_per_s = links.out_per_s * self._ratio
        self._seen_on, self._seen_standing = (np.zeros((2, size), dtype=np.int64) for _ in range(2))
        self._look_steps = max(1, round(LOOK_S / step_s))
        self._window_steps = self._look_steps * round(SPEED_WINDOW_S / LOOK_S)
        self._steps = 0

    @property
    def standing_share(self) -> F64:
        """``(n_links,)`` share of the vehicles on each link that stood or queued lately."""
        n = self._links.n
        on, standing = self._seen_on.sum(axis=0)[:n], self._seen_standing.sum(axis=0)[:n]
        share: F64 = standing / np.maximum(on, 1)
        return share

    def wait_s(self) -> F64:
        """Return ``(n_links,)`` how long one who joins a link's queue now waits in it [s].

        On a road without a queue, the mean wait for green.
        """
        n, links = self._links.n, self._links
        slowest = _SLOWEST_SHARE * links.out_per_s[:n]
        flow = np.maximum(np.maximum(self._flow_per_s[:n], slowest), 1e-6)
        time_s: F64 = np.maximum(self._queued[:n] / flow, self._red_wait_s[:n])
        return time_s

    def relight(self) -> None:
        """Follow a change of what lights give."""
        link = self._signals.link
        self._ratio[link] = self._signals.ratio
        self._red_wait_s[link] = self._signals.red_wait_s

    def note(self, queued: I64, sent: I64, on: I32, stalled: I32) -> None:
        """Take note of a step.

        Parameters
        ----------
        queued, sent, on, stalled
            ``(links.size,)`` vehicles that still stand at each link's end; that have left it in
            this step; that are on it; and that are stalled on it.
        """
        self._steps += 1
        self._queued = queued
        # Discharge is only seen while a queue stands.
        (stands,) = queued.nonzero()
        seen = sent[stands] / self._step_s - self._flow_per_s[stands]
        self._flow_per_s[stands] += self._step_s / FLOW_MEMORY_S * seen
        if self._steps % self._look_steps == 0:
            self._look(on, stalled)

    def _look(self, on: I32, stalled: I32) -> None:
        """Note who stands, and let links without a queue go back to their usual discharge."""
        if self._steps % self._window_steps == 0:
            for counted in (self._seen_on, self._seen_standing):
                counted[1] = counted[0]
                counted[0] = 0
        self._seen_on[0] += on
        self._seen_standing[0] += self._queued
        self._seen_standing[0] += stalled
        span_s = self._look_steps * self._step_s
        usual = self._links.out_per_s * self._ratio
        back = np.where(self._queued > 0, 0.0, min(span_s / FLOW_MEMORY_S, 1.0))
        self._flow_per_s += back * (usual - self._flow_per_s)

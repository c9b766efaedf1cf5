"""Faults on order, by age or by hand: each has its beginning and end, and is told to the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from devices.catalogue import SensorKind
from devices.readings import Readings
from sim.kernel.clock import HOUR, Clock, Ns, seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64, I64, Roster

FaultKind = Literal[
    "dead",
    "stuck",
    "spiking",
    "drifting",
    "tampered",
    "covered",
    "biased",
    "flooded",
    "duplicate",
    "late",
]
"""What can be wrong. Somebody's doing are ``"tampered"``, tilted and torn off, so that it reads
askew and then falls silent; ``"covered"``, a lens that sees nothing; ``"biased"``, readings that
are falsified a little more each hour. ``"flooded"`` stands under water: it sees nothing, and falls
silent when the water has reached its aerial. ``"duplicate"`` sends every report twice, ``"late"``
every report late."""
OnFault = Callable[[str, str, bool, Ns], None]
"""Told of every device, its fault, whether it began (or ended), and when."""

KNOWN: frozenset[FaultKind] = frozenset({"spiking", "tampered"})
"""Faults that a self-test finds: samples in quick succession that disagree, a tilt switch. A
steady wrong value looks like a right one (assumed)."""

SPIKE_SHARE = 0.05
"""Share of a spiking device's samples that are spikes; assumed: several an hour."""

SPIKE_LEAST = 0.2
"""Smallest spike as a share of full scale; the greatest is full scale (assumed)."""

DRIFT_PER_H = 0.05
"""Drift of a drifting device an hour, as a share of full scale; assumed: seen within a run."""


TILT = 0.5
"""How far a tampered device reads off, as a share of full scale (assumed)."""

SILENT_AFTER_S: dict[FaultKind, float] = {"tampered": 60.0, "flooded": 120.0}
"""Time from the fault to the silence; assumed: the casing, then the battery; the sensor, then the
aerial [s]."""

LATE_S = 180.0
"""How late reports of a late device are; assumed: a full buffer behind a bad link, well beyond
what a centre waits for [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOrder:
    """One fault of one device, from `start` until `end`, or for good.

    Attributes
    ----------
    per_h
        How fast a drifting or biased device runs off, in shares of full scale.
    """

    device_id: str
    fault: FaultKind
    start: Ns
    end: Ns | None = None
    per_h: float = DRIFT_PER_H


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """What goes wrong in one cohort.

    Attributes
    ----------
    orders
        What happens, in any order; faults of one device may overlap.
    on_fault
        Told when each begins and ends.
    """

    orders: Sequence[FaultOrder] = ()
    on_fault: OnFault | None = None


class Faults:
    """The faults of one cohort's devices, as they come and go.

    Attributes
    ----------
    is_dead
        ``(n,)`` bool, devices that say nothing.
    doubled, late
        Devices whose reports come twice, and late, ascending.

    Raises
    ------
    InputError
        When an order names a device that is not in the cohort.
    """

    def __init__(
        self,
        plan: FaultPlan,
        *,
        kind: SensorKind,
        roster: Roster,
        streams: Streams,
    ) -> None:
        self._name = f"devices.{kind.kind}.spike"
        self._streams = streams
        self._on_fault = plan.on_fault
        self._roster = roster
        self._orders = tuple(plan.orders)
        self._active: list[FaultOrder] = []
        self._span = np.array([[channel.span] for channel in kind.channels])
        n = len(roster)
        self.is_dead: NDArray[np.bool_] = np.zeros(n, dtype=np.bool_)
        none = np.empty(0, dtype=np.int64)
        self._spiking = self._drifting = self._stuck = self._covered = self._tilted = none
        self.doubled: I64 = none
        self.late: I64 = none
        self._drift_start_ns = np.zeros(n, dtype=np.int64)
        self._drift_per_h = np.zeros(n)
        self._silenced: list[FaultOrder] = []
        self._is_held = np.zeros(n, dtype=np.bool_)
        # What a lens sees that sees nothing: the low end, and no more to count.
        self._is_counter = np.array([channel.is_counter for channel in kind.channels])
        self._low = np.array([[channel.low] for channel in kind.channels])
        self._held = np.empty((len(kind.channels), 0))
        self._clock: Clock | None = None
        for order in self._orders:
            self._index(order)

    def start(self, clock: Clock) -> None:
        """Set a timer for each beginning and end."""
        self._clock = clock
        for order in self._orders:
            clock.call_at(order.start, partial(self._begin, order, clock), name="fault begins")
            if order.end is not None:
                clock.call_at(order.end, partial(self._finish, order, clock), name="fault ends")

    def disturb(self, signal: F64, now: Ns, tick: int) -> None:
        """Add spikes and drift to ``(channels, n)`` signals, in place."""
        if len(self._drifting):
            hours = (int(now) - self._drift_start_ns[self._drifting]) / HOUR
            signal[:, self._drifting] += self._drift_per_h[self._drifting] * hours * self._span
        if len(self._tilted):
            signal[:, self._tilted] += TILT * self._span
        if len(self._spiking):
            draws = self._streams.at(self._name, tick).random((signal.shape[1], 2))
            chance, size = draws[self._spiking].T
            is_spike = chance < SPIKE_SHARE
            # The chance of a spike, stretched to 0..1, also decides its sign.
            sign = np.where(chance[is_spike] < SPIKE_SHARE / 2, -1.0, 1.0)
            height = sign * (SPIKE_LEAST + (1.0 - SPIKE_LEAST) * size[is_spike])
            signal[:, self._spiking[is_spike]] += height * self._span

    def hold(self, values: F64) -> None:
        """Put back what stuck devices held and covered ones see, ``(channels, n)``, in place."""
        if len(self._stuck):
            fresh = self._stuck[~self._is_held[self._stuck]]
            if self._held.shape[1] == 0:
                self._held = np.empty(values.shape)
            self._held[:, fresh] = values[:, fresh]
            self._is_held[fresh] = True
            values[:, self._stuck] = self._held[:, self._stuck]
        if len(self._covered):
            blind = np.where(self._is_counter[:, None], values[:, self._covered], self._low)
            values[:, self._covered] = blind

    def count_doubled(self, part: Readings) -> int:
        """Return how many of some readings come twice."""
        return int(np.isin(part.device, self.doubled).sum()) if len(self.doubled) else 0

    def delayed(self, at: Ns, part: Readings, *, again_ns: int) -> Iterator[tuple[Ns, Readings]]:
        """Yield when each part of some readings that would come at `at` comes.

        Parameters
        ----------
        again_ns
            How long after the first the second of two comes.
        """
        if not len(self.doubled) and not len(self.late):
            yield at, part
            return
        is_late = np.isin(part.device, self.late)
        is_doubled = np.isin(part.device, self.doubled)
        for which, when in ((~is_late, at), (is_late, Ns(at + seconds(LATE_S)))):
            for rows, then in ((which, when), (which & is_doubled, Ns(when + again_ns))):
                if rows.any():
                    yield then, part.take(np.flatnonzero(rows))

    def inflict(self, order: FaultOrder) -> None:
        """Let a fault begin now, whatever its `start` says, until its end or its relief."""
        assert self._clock is not None, "faults come to devices that have been started"
        self._begin(order, self._clock)
        if order.end is not None:
            self._clock.call_at(order.end, partial(self.relieve, order), name="fault ends")

    def relieve(self, order: FaultOrder) -> None:
        """End a fault that lasts; harmless when it does not."""
        assert self._clock is not None, "faults leave devices that have been started"
        if order in self._active:
            self._finish(order, self._clock)

    def known(self, index: int) -> tuple[str, ...]:
        """Return what is wrong with a device that it can know of itself."""
        return tuple(
            sorted({o.fault for o in self._active if o.fault in KNOWN and self._index(o) == index})
        )

    def zero(self, index: int, now: Ns) -> None:
        """Let a device that drifts begin anew from nothing."""
        self._drift_start_ns[index] = now

    def _begin(self, order: FaultOrder, clock: Clock) -> None:
        self._active.append(order)
        index = self._index(order)
        if order.fault in ("drifting", "biased") and index not in self._drifting:
            self._drift_start_ns[index] = clock.now()
            self._drift_per_h[index] = order.per_h
        if order.fault in SILENT_AFTER_S:
            due = Ns(clock.now() + seconds(SILENT_AFTER_S[order.fault]))
            clock.call_at(due, partial(self._silence, order), name="device falls silent")
        self._changed(order, clock.now(), started=True)

    def _silence(self, order: FaultOrder) -> None:
        if order in self._active:
            self._silenced.append(order)
            self._work_out(order)

    def _finish(self, order: FaultOrder, clock: Clock) -> None:
        self._active.remove(order)
        if order in self._silenced:
            self._silenced.remove(order)
        self._changed(order, clock.now(), started=False)

    def _changed(self, order: FaultOrder, now: Ns, *, started: bool) -> None:
        self._work_out(order)
        if self._on_fault is not None:
            self._on_fault(order.device_id, order.fault, started, now)

    def _work_out(self, order: FaultOrder) -> None:
        """Find out anew which devices have which fault, after `order` has changed."""
        self._spiking = self._having("spiking")
        self._drifting = self._having("drifting", "biased")
        blind: tuple[FaultKind, ...] = ("covered", "flooded")
        # A covered counter stands still like a stuck one.
        self._covered = self._having(*blind)
        self._stuck = self._having("stuck", *(blind if self._is_counter.any() else ()))
        self.doubled = self._having("duplicate")
        self.late = self._having("late")
        self._tilted = self._having("tampered")
        self.is_dead[:] = False
        self.is_dead[self._having("dead")] = True
        self.is_dead[[self._index(silenced) for silenced in self._silenced]] = True
        if self._index(order) not in self._stuck:
            self._is_held[self._index(order)] = False

    def _having(self, *faults: FaultKind) -> I64:
        """Return the devices that have one of `faults` now, ascending."""
        having = [self._index(order) for order in self._active if order.fault in faults]
        return np.unique(np.array(having, dtype=np.int64))

    def _index(self, order: FaultOrder) -> int:
        index = self._roster.find(order.device_id)
        if index is None:
            raise InputError(
                "sensor fault", value=order.device_id, expected="a device of this cohort"
            )
        return index

"""Run the centre on what comes in: one thread, one stamp for what came together.

Network threads only fill the bus's inbox. The loop, each round: wait for messages until the
next timer is due; give what came in one stamp, later than every stamp before; run the timers
due before it; write the group to the recording; hand it to the centre; acknowledge it. All
that the centre decides from is thus the sequence of stamps and groups, so a recording of it,
replayed, gives the same decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from sim.kernel.clock import MILLISECOND, Ns, SteppedClock, monotonic_s
from sim.kernel.errors import PayloadError
from sim.messages import topics
from sim.messages.encode import Encoder
from sim.messages.operator import OperatorOrder
from sim.transport.handlers import OnPayloadError
from sim.transport.inbox import Inbound
from sim.transport.recorder import Recorded, Recorder, groups

S_co = TypeVar("S_co", covariant=True)
S = TypeVar("S")

MAX_GROUP = 2_000
"""Messages that get one stamp; assumed: some 10 ms of work."""

SNAPSHOT_S = 0.5
"""Least wall time between two snapshots; assumed: twice a second looks live to a person."""

MARKS = frozenset({topics.RECORDING_START, topics.RECORDING_END})


class Center(Protocol[S_co]):
    """What the loop needs of a centre; its handlers hang on the bus."""

    def quarantine(self, topic: str, payload: bytes, error: PayloadError) -> None:
        """Keep a message that cannot be read, and count it."""

    def snapshot(self) -> S_co:
        """Return what the centre looks like now; immutable."""


class Incoming(Protocol):
    """A bus that hands out what its owner took from it."""

    def dispatch(self, group: Sequence[Inbound], on_error: OnPayloadError) -> None:
        """Decode `group` and call its handlers; unreadable messages go to `on_error`."""


class LiveBus(Incoming, Protocol):
    """A bus whose inbox network threads fill, such as `sim.transport.mqtt.MqttBus`."""

    def take(self, max_messages: int, timeout_s: float) -> list[Inbound]:
        """Return what has come in, in order, waiting at most `timeout_s` for the first."""

    def acknowledge(self, group: Sequence[Inbound]) -> None:
        """Tell the broker that `group` was dealt with, and need not be sent again."""

    def inject(self, topic: str, payload: bytes) -> None:
        """Put a message into the inbox as if it had come in, from any thread."""

    def wake(self) -> None:
        """Make `take` return now, from any thread."""


class Wall(Protocol):
    """City time that passes by itself."""

    def now(self) -> Ns:
        """Return the city time now."""

    def wall_seconds_until(self, when: int) -> float:
        """Return how many wall seconds remain until city time `when`; negative when past."""


class Runner(Generic[S]):
    """The live loop.

    Parameters
    ----------
    center
        The centre, already subscribed to `bus`.
    bus
        Where messages come from.
    clock
        The centre's clock, moved by this loop alone.
    wall
        City time to follow.
    recorder
        Where every group goes before it is handled, or None.
    commit
        Called after each group, before it is acknowledged: makes what the centre did durable.
    on_snapshot
        Given a snapshot every `SNAPSHOT_S` at most, on this loop's thread, or None.
    """

    def __init__(
        self,
        center: Center[S],
        bus: LiveBus,
        clock: SteppedClock,
        wall: Wall,
        *,
        recorder: Recorder | None = None,
        commit: Callable[[], None] | None = None,
        on_snapshot: Callable[[S], None] | None = None,
    ) -> None:
        self._center = center
        self._bus = bus
        self._clock = clock
        self._wall = wall
        self._recorder = recorder
        self._commit = commit
        self._on_snapshot = on_snapshot
        self._orders = Encoder()
        self._stopping = False
        self._next_snapshot_s = monotonic_s()
        self.messages = 0
        if recorder is not None:
            recorder.start(clock.now())

    def run(self) -> None:
        """Run until `stop`; what a handler, the store or the broker raises ends it."""
        while not self._stopping:
            group = self._bus.take(MAX_GROUP, self._patience_s())
            self._step(group)
            self._show()
        self._clock.advance_to(self._stamp())
        if self._recorder is not None:
            self._recorder.end(self._clock.now())
        if self._commit is not None:
            self._commit()
        if self._on_snapshot is not None:
            self._on_snapshot(self._center.snapshot())

    def stop(self) -> None:
        """End the loop after the group in hand, from any thread or signal handler."""
        self._stopping = True
        self._bus.wake()

    def order(self, order: OperatorOrder) -> None:
        """Give the centre an operator's order, from any thread; recorded like a message."""
        for wire in self._orders.encode(order):
            self._bus.inject(wire.topic, wire.payload)

    def _patience_s(self) -> float:
        """Return how long to wait for messages: to the next timer or the next snapshot."""
        patience_s = SNAPSHOT_S
        if (due := self._clock.next_due()) is not None:
            # A timer runs at the first stamp after its time.
            patience_s = min(patience_s, self._wall.wall_seconds_until(due + MILLISECOND))
        return max(patience_s, 0.0)

    def _stamp(self) -> Ns:
        """Return the wall's time in whole milliseconds, later than every stamp before."""
        wall = self._wall.now() // MILLISECOND * MILLISECOND
        return Ns(max(wall, self._clock.now() + MILLISECOND))

    def _step(self, group: list[Inbound]) -> None:
        if not group and self._wall.now() < self._clock.now() + MILLISECOND:
            return  # Woken for nothing: time must not run ahead of the wall by such steps.
        stamp = self._stamp()
        self._clock.advance_to(stamp)
        if group:
            if self._recorder is not None:
                self._recorder.write(stamp, group)
            self._bus.dispatch(group, self._center.quarantine)
            self.messages += len(group)
        if self._commit is not None:
            self._commit()
        self._bus.acknowledge(group)

    def _show(self) -> None:
        if self._on_snapshot is None or monotonic_s() < self._next_snapshot_s:
            return
        self._on_snapshot(self._center.snapshot())
        self._next_snapshot_s = monotonic_s() + SNAPSHOT_S


def replay(
    center: Center[S],
    bus: Incoming,
    clock: SteppedClock,
    recording: Iterable[Recorded],
) -> int:
    """Hand a recording to a centre as a `Runner` did, and return how many messages it had.

    Parameters
    ----------
    center
        A centre as new as the recorded one was, subscribed to `bus`.
    bus
        Such as `sim.transport.replay.ReplayBus`.
    clock
        Stands at `sim.transport.recorder.recording_start`.

    Raises
    ------
    InputError
        When the recording is damaged.
    """
    messages = 0
    for at, marked in groups(recording):
        clock.advance_to(at)
        group = [item for item in marked if item.topic not in MARKS]
        bus.dispatch(group, center.quarantine)
        messages += len(group)
    return messages

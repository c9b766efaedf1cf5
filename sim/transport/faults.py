"""A bad network on purpose: loss, delay, duplicates and reordering, the same on every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from sim.kernel.clock import Clock, Ns, seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.messages.envelope import WireMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFaults:
    """How bad the network is.

    Attributes
    ----------
    loss, duplicate, reorder
        Chance of each message, 0 to 1: to be lost, to come twice, to come after its
        successor. Of QoS 1, nothing is lost: its protocol would send it again.
    delay_s_mean
        Mean of each message's delay, drawn from an exponential distribution (assumed: the
        tail of a loaded mobile network).
    delay_s_max
        Longest delay.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay_s_mean: float = 0.0
    delay_s_max: float = 60.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            top = np.inf if each.name.startswith("delay") else 1.0
            if not 0 <= value <= top:
                raise InputError("network fault", place=each.name, value=value, expected="0 to 1")


@dataclass(slots=True, kw_only=True)
class FaultCounts:
    """What was done to the messages so far."""

    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    delayed: int = 0


class FaultyWire:
    """Stand between a sender and the wire.

    Parameters
    ----------
    faults
        How bad it is.
    streams, name
        Where its chance comes from: stream ``{name}.wire``, one tick a message.
    clock
        When delayed messages go on.
    send
        The wire itself.

    Notes
    -----
    Each message draws the same five numbers whatever the faults are, so that raising one
    chance leaves the others' victims as they were.
    """

    def __init__(
        self,
        faults: NetworkFaults,
        streams: Streams,
        clock: Clock,
        send: Callable[[WireMessage], None],
        *,
        name: str = "transport.faults",
    ) -> None:
        self._faults = faults
        self._streams = streams
        self._stream = f"{name}.wire"
        self._clock = clock
        self._send = send
        self._tick = 0
        self._held: WireMessage | None = None
        self.counts = FaultCounts()

    def __call__(self, message: WireMessage) -> None:
        """Send `message`, or what the network makes of it."""
        lose, repeat, overtake, delay, delay_again = self._streams.at(
            self._stream, self._tick
        ).random(5)
        self._tick += 1
        faults = self._faults
        if lose < faults.loss and message.qos == 0:
            self.counts.lost += 1
            return
        if overtake < faults.reorder and self._held is None:
            self.counts.reordered += 1
            self._held = message
            return
        self._after(delay, message)
        if repeat < faults.duplicate:
            self.counts.duplicated += 1
            self._after(delay_again, message)
        if (held := self._held) is not None:
            self._held = None
            self._after(delay, held)

    def release(self) -> None:
        """Send what still waits for a successor, at the end."""
        if (held := self._held) is not None:
            self._held = None
            self._send(held)

    def _after(self, luck: float, message: WireMessage) -> None:
        """Send `message` after the delay that `luck`, 0 to 1, stands for."""
        faults = self._faults
        delay_s = min(-np.log1p(-luck) * faults.delay_s_mean, faults.delay_s_max)
        if delay_s <= 0:
            self._send(message)
            return
        self.counts.delayed += 1
        when = Ns(self._clock.now() + seconds(float(delay_s)))
        self._clock.call_at(when, lambda: self._send(message), name=self._stream)

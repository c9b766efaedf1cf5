"""Somebody who has got a key to the broker: forges, replays and floods telemetry.

It speaks on the bus like any device, so what it says passes the same wire and the same door.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from devices.catalogue import SensorKind
from devices.cohort import Cohort
from sim.kernel.bus import Bus
from sim.kernel.clock import MILLISECOND, Clock, Ns, Timer, seconds
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64, I32, I64, QUALITY_OK, TelemetryBatch

BEAT_S = 1.0
"""Messages are sent in bursts so long apart; assumed: a script with a timer."""
HEARD_MAX = 64
"""Batches of a kind that are kept for a replay: minutes of a city's telemetry."""
REPLAY_AGE_S = 120.0
"""How old what is replayed is, at the least; assumed: a capture of a calm while ago."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Attack:
    """One attack under way: `credit` is how much of a message is due."""

    number: int
    kind: SensorKind
    per_s: float
    way: str
    device_ids: tuple[str, ...]
    values: F64
    timer: Timer | None = None
    credit: float = 0.0
    beats: int = 0
    sent: int = 0
    heard: deque[TelemetryBatch] = field(default_factory=deque)


class Attacker:
    """Publishes telemetry that no device has sent.

    A forged pack carries the name of a real device, the time, and a sequence number that goes
    on from a high one, as a forger does not know the true one; a replayed pack is an old one
    to the last bit.

    Parameters
    ----------
    cohorts
        Whose names and channels it uses.
    bus, clock, streams
        Where it speaks, when, and chance: ``devices.attacker.<number>`` at the beat.

    Attributes
    ----------
    sent
        Messages published so far.
    """

    def __init__(
        self, cohorts: Sequence[Cohort], *, bus: Bus, clock: Clock, streams: Streams
    ) -> None:
        self._cohorts: Mapping[str, Cohort] = {cohort.kind.kind: cohort for cohort in cohorts}
        self._bus = bus
        self._clock = clock
        self._streams = streams
        self._attacks: dict[int, _Attack] = {}
        self._count = 0
        self._listens = False
        self._speaks = False
        self.sent = 0

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of sensors whose messages it can make."""
        return tuple(self._cohorts)

    def forge(self, kind: str, device_ids: Sequence[str], per_s: float) -> int:
        """Publish false readings of devices, each high in its range; return the attack's number."""
        spec = self._cohorts[kind].kind
        high = np.array([[0.9 * channel.span] for channel in spec.channels])
        return self._begin("forge", kind, device_ids, per_s, high)

    def hijack(self, kind: str, device_ids: Sequence[str], per_s: float) -> int:
        """Publish calm readings on devices' own topics, over what they truly say."""
        spec = self._cohorts[kind].kind
        low = np.array([[channel.low] for channel in spec.channels])
        return self._begin("hijack", kind, device_ids, per_s, low)

    def flood(self, kind: str, device_ids: Sequence[str], per_s: float) -> int:
        """Publish random readings of devices, as fast as asked for."""
        return self._begin("flood", kind, device_ids, per_s, np.zeros((0, 1)))

    def replay(self, kind: str, device_ids: Sequence[str], per_s: float) -> int:
        """Publish again what devices of a kind have said, once it is `REPLAY_AGE_S` old."""
        if not self._listens:
            self._listens = True
            self._bus.subscribe(TelemetryBatch, self._hear)
        return self._begin("replay", kind, device_ids, per_s, np.zeros((0, 1)))

    def stop(self, number: int) -> None:
        """End an attack; harmless when it has ended."""
        attack = self._attacks.pop(number, None)
        if attack is not None and attack.timer is not None:
            attack.timer.cancel()

    def _begin(
        self, way: str, kind: str, device_ids: Sequence[str], per_s: float, values: F64
    ) -> int:
        self._count += 1
        attack = _Attack(
            number=self._count,
            kind=self._cohorts[kind].kind,
            per_s=per_s,
            way=way,
            device_ids=tuple(device_ids),
            values=values,
            heard=deque(maxlen=HEARD_MAX),
        )
        self._attacks[self._count] = attack
        attack.timer = self._clock.call_every(
            seconds(BEAT_S), lambda: self._beat(attack), name="attacker"
        )
        return self._count

    def _hear(self, batch: TelemetryBatch) -> None:
        for attack in self._attacks.values():
            # What it says itself is not worth repeating.
            if attack.way == "replay" and attack.kind.kind == batch.kind and not self._speaks:
                attack.heard.append(batch)

    def _beat(self, attack: _Attack) -> None:
        attack.beats += 1
        attack.credit += attack.per_s * BEAT_S
        due = int(attack.credit)
        attack.credit -= due
        if due and attack.device_ids:
            self._speaks = True
            try:
                (self._repeat if attack.way == "replay" else self._invent)(attack, due)
            finally:
                self._speaks = False

    def _invent(self, attack: _Attack, count: int) -> None:
        kind = attack.kind
        roster = self._cohorts[kind.kind].roster
        rows = np.array([roster.find(device_id) for device_id in attack.device_ids])
        device = rows[(attack.sent + np.arange(count)) % len(rows)].astype(np.int32)
        draw = self._streams.at(f"devices.attacker.{attack.number}", attack.beats)
        if attack.way == "flood":
            span = np.array([[channel.span] for channel in kind.channels])
            values = draw.random((len(kind.channels), count)) * span
        else:
            values = np.repeat(attack.values, count, axis=1)
        now = self._clock.now()
        # Packs of one burst are a millisecond apart, as no two packs share a moment.
        time_ns = int(now) - np.arange(count, dtype=np.int64)[::-1] * MILLISECOND
        first = 1_000_000 * attack.number + attack.sent
        self._publish(attack, device, values, first + np.arange(count, dtype=np.int64), time_ns)

    def _repeat(self, attack: _Attack, count: int) -> None:
        old_ns = int(self._clock.now()) - int(seconds(REPLAY_AGE_S))
        for batch in reversed(attack.heard):
            rows = _rows_of(batch, attack.device_ids)
            if int(batch.ts_event) <= old_ns and len(rows):
                break
        else:
            return
        rows = rows[(attack.sent + np.arange(count)) % len(rows)]
        attack.sent += count
        self.sent += count
        self._bus.publish(
            TelemetryBatch(
                ts_event=batch.ts_event,
                kind=batch.kind,
                roster=batch.roster,
                channels=batch.channels,
                device=batch.device[rows],
                time_ns=batch.time_ns[rows],
                values=batch.values.take(rows, axis=1),
                quality=batch.quality[rows],
                seq=batch.seq[rows],
                sim_time_ns=batch.sim_time_ns[rows],
                battery=None if batch.battery is None else batch.battery[rows],
            )
        )

    def _publish(self, attack: _Attack, device: I32, values: F64, seq: I64, time_ns: I64) -> None:
        count = len(device)
        attack.sent += count
        self.sent += count
        kind = attack.kind
        self._bus.publish(
            TelemetryBatch(
                ts_event=Ns(int(time_ns[-1])),
                kind=kind.kind,
                roster=self._cohorts[kind.kind].roster,
                channels=kind.message_channels,
                device=device,
                time_ns=time_ns,
                values=values,
                quality=np.full(count, QUALITY_OK, dtype=np.uint8),
                seq=seq,
                sim_time_ns=time_ns,
            )
        )


def _rows_of(batch: TelemetryBatch, device_ids: Sequence[str]) -> I64:
    """Return the rows of a batch that are of some devices, ascending."""
    found = [batch.roster.find(device_id) for device_id in device_ids]
    known = np.array([one for one in found if one is not None], dtype=np.int32)
    return np.flatnonzero(np.isin(batch.device, known))

"""The operations centre: what it listens to, and in which order it thinks.

One thread, no I/O but the store: a message is taken in, or a tick runs. At each tick: release
readings in event order → detectors → evidence → incidents → plans → store → publish. Vital
signs are taken when somebody looks, once a minute at most. State is stored before commands
go out, and a command that was stored but not answered is sent again after a restart: nothing
is lost, and the receiver acts once on its identifier.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ops_center.core.config import CenterConfig
from ops_center.core.desk import Desk
from ops_center.core.detectors.engine import DetectionEngine
from ops_center.core.ingest import Ingest
from ops_center.core.inventory import Inventory
from ops_center.core.journal import Journal
from ops_center.core.presence import StatusChange
from ops_center.core.snapshot import Snapshot, VitalSign
from ops_center.core.store import Store
from ops_center.core.vitals.engine import VitalsEngine
from sim.kernel.bus import Bus
from sim.kernel.clock import Clock, Ns, next_multiple, seconds
from sim.kernel.errors import PayloadError
from sim.messages.city import CallReceived, MapPublished
from sim.messages.field import Ack, ActuatorStatus, UnitStatus
from sim.messages.operator import OperatorOrder
from sim.messages.telemetry import DeviceBirth, DeviceDeath, TelemetryBatch

EARLY_LIMIT = 100_000
"""Messages kept while the map has not come; more are counted and let go."""

Sink = Callable[[Mapping[str, Any]], None]


class OpsCenter:
    """One centre on one bus.

    Until the city's map has come it only takes note of devices and readings; the map brings
    the desk, where incidents and plans are kept.

    Parameters
    ----------
    clock, bus, store
        Time, talk, memory.
    config
        Plans and settings.
    sink
        Takes every decision record after it is stored, in order.
    quarantine_sink
        Takes a record of every message that could not be read.
    counts_before
        Counters of what stands between wire and centre, shown beside the centre's own.
    """

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        store: Store,
        config: CenterConfig,
        *,
        sink: Sink | None = None,
        quarantine_sink: Sink | None = None,
        counts_before: Callable[[], Mapping[str, int]] | None = None,
    ) -> None:
        self.inventory = Inventory(config.lateness_s)
        self.ingest = Ingest(self.inventory, config.lateness_s)
        self.detection = DetectionEngine(self.inventory)
        self.quarantined: Tally[str] = Tally()
        self.desk: Desk | None = None
        self._clock = clock
        self._bus = bus
        self._store = store
        self._config = config
        self._sink = sink
        self._quarantine_sink = quarantine_sink
        self._counts_before = counts_before
        self._vitals = VitalsEngine(self.inventory)
        self._signs: tuple[VitalSign, ...] = ()
        self._unsaved: list[Mapping[str, Any]] = []
        self._version = 0
        self._judge_at = Ns(0)
        self._pulse_at = Ns(0)
        self._early: list[Callable[[], None]] = []
        self._saved = store.load()
        last_seq = self._saved.counters.get("journal", 0) if self._saved else 0
        self.journal = Journal(self._unsaved.append, last_seq)
        self._listen()
        clock.call_every(seconds(config.tick_s), self._tick, name="centre tick")

    def quarantine(self, topic: str, payload: bytes, error: PayloadError) -> None:
        """Count a message that could not be read, and keep what it was."""
        self.quarantined[error.reason] += 1
        if self._quarantine_sink is not None:
            self._quarantine_sink(
                {
                    "t_ns": int(self._clock.now()),
                    "topic": topic[:500],
                    "reason": error.reason,
                    "detail": error.detail[:500],
                    "payload": payload[:500].decode("utf-8", "backslashreplace"),
                }
            )

    def snapshot(self) -> Snapshot:
        """Return what the centre looks like now."""
        self._version += 1
        desk = self.desk
        return Snapshot(
            version=self._version,
            now=self._clock.now(),
            basemap=desk.basemap if desk else None,
            incidents=desk.views() if desk else (),
            units=tuple(desk.picture.units.values()) if desk else (),
            actuators=tuple(desk.picture.actuators.values()) if desk else (),
            devices=self.inventory.table(),
            vitals=self._pulse(),
            depth_m=dict(desk.picture.depth_m) if desk else {},
            link_speed_mps=desk.picture.speeds(self._clock.now()) if desk else np.zeros(0),
            closed_links=desk.picture.blocked if desk else frozenset(),
            counters=self.counters(),
            decisions=self.journal.recent,
        )

    def counters(self) -> dict[str, int]:
        """Return messages and readings by fate."""
        quarantined = {f"quarantined.{k}": n for k, n in sorted(self.quarantined.items())}
        before = self._counts_before() if self._counts_before is not None else {}
        return dict(sorted(self.ingest.counts.items())) | quarantined | dict(before)

    # --- what it listens to ---------------------------------------------------------------

    def _listen(self) -> None:
        subscribe = self._bus.subscribe
        subscribe(MapPublished, self._on_map)
        subscribe(DeviceBirth, lambda m: self.inventory.birth(m, self._clock.now()))
        subscribe(DeviceDeath, lambda m: self.inventory.death(m, self._clock.now()))
        subscribe(TelemetryBatch, lambda m: self.ingest.push(m, self._clock.now()))
        subscribe(UnitStatus, self._at_desk(lambda desk, m: desk.on_unit(m)))
        subscribe(ActuatorStatus, self._at_desk(lambda desk, m: desk.on_actuator(m)))
        subscribe(CallReceived, self._at_desk(lambda desk, m: desk.on_call(m)))
        subscribe(Ack, self._at_desk(lambda desk, m: desk.on_ack(m)))
        subscribe(OperatorOrder, self._at_desk(lambda desk, m: desk.on_order(m)))

    def _at_desk(self, handle: Callable[[Desk, Any], None]) -> Callable[[Any], None]:
        """Return a handler that needs the desk, keeps what comes before it, and commits."""

        def on_message(message: Any) -> None:
            if self.desk is not None:
                handle(self.desk, message)
                self._commit()
            elif len(self._early) < EARLY_LIMIT:
                self._early.append(lambda: on_message(message))
            else:
                self.ingest.counts["before_map"] += 1

        return on_message

    def _on_map(self, message: MapPublished) -> None:
        if self.desk is not None:
            # The map is retained: it comes again with every new connection.
            return
        self.desk = Desk(message.basemap, self.inventory, self.journal, self._clock, self._config)
        if self._saved is not None:
            self.desk.restore(self._saved)
        self._commit()
        early, self._early = self._early, []
        for handle in early:
            handle()

    # --- in which order it thinks ---------------------------------------------------------

    def _tick(self) -> None:
        now = self._clock.now()
        released = self.ingest.release(now)
        findings = self.detection.update(released, now)
        changes: list[StatusChange] = []
        if now >= self._judge_at:
            # Silence is a matter of minutes; looking at every device takes its time.
            self._judge_at = next_multiple(now, seconds(self._config.silence_s))
            changes = self.inventory.silent(now)
        if self.desk is None:
            return
        self.desk.take(findings, changes)
        self.desk.tick(look=bool(released or changes))
        self._commit()

    def _pulse(self) -> tuple[VitalSign, ...]:
        """Return the vital signs, taken anew when they are due: only for those who look."""
        now = self._clock.now()
        if self.desk is not None and now >= self._pulse_at:
            self._pulse_at = next_multiple(now, seconds(self._config.vitals_s))
            self._signs = self._vitals.compute(
                now,
                incidents=self.desk.register.open_incidents(),
                units=list(self.desk.picture.units.values()),
                free_speed_mps=self.desk.basemap.roads.speed_mps,
            )
        return self._signs

    def _commit(self) -> None:
        """Store what changed, hand on the decisions, then publish the commands."""
        assert self.desk is not None
        commands = self.desk.take_commands()
        records, self._unsaved[:] = list(self._unsaved), []
        if records or commands:
            # Whatever changes an incident, a plan or an order also writes to the journal,
            # but for repeats, which go through the outbox.
            self._store.save(self.desk.take_changed(), records)
        if self._sink is not None:
            for record in records:
                self._sink(record)
        for command in commands:
            self._bus.publish(command)

"""The centre as a service: broker connection, durable memory, API and page, one loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops_center.api.app import create_app
from ops_center.api.serve import ApiServer
from ops_center.api.source import SnapshotSource
from ops_center.core.center import OpsCenter
from ops_center.core.config import CenterConfig
from ops_center.core.snapshot import Snapshot
from ops_center.core.store import NoStore, Store
from ops_center.live.files import AppendFile, DecisionFile
from ops_center.live.pace import CityPace, wait_for_clock
from ops_center.live.runner import Runner, Wall
from ops_center.stores.sqlite import SqliteStore
from sim.kernel.clock import MILLISECOND, Ns, SteppedClock, WallClock
from sim.kernel.ids import slug
from sim.messages.city import CityClock
from sim.transport.broker_url import BrokerUrl
from sim.transport.foreign.feeds import ForeignFeeds
from sim.transport.foreign.mapping import ForeignMapping
from sim.transport.mqtt import MqttBus
from sim.transport.recorder import Recorder

CLOCK_WAIT_S = 2.0
"""How long to wait for a city's clock before the wall's time is taken: retained, it comes with
the subscription (assumed)."""

DECISIONS = "decisions.jsonl"
QUARANTINE = "quarantine.jsonl"
INTAKE = "intake.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """Where a centre listens, answers and keeps what it knows.

    Attributes
    ----------
    client_id
        Its name at the broker; the same after a restart, so that nothing is missed.
    folder
        Where state, decisions, intake and quarantine go; None keeps no memory.
    about
        Written at the head of the recording, for its replay.
    port
        Port of API and page; 0 takes a free one, None serves none.
    foreign
        What somebody else's feeds on the broker mean, or None.
    """

    broker: BrokerUrl
    client_id: str
    config: CenterConfig
    folder: Path | None = None
    about: bytes = b""
    port: int | None = 0
    foreign: ForeignMapping | None = None


class OpsService:
    """One centre on one broker; `run` blocks until `stop`.

    Parameters
    ----------
    spec
        What to serve.
    city_clock
        The city's clock, where the caller knows it; otherwise the broker is asked.

    Attributes
    ----------
    url
        Where the page is, once opened; None where none is served.
    """

    def __init__(self, spec: ServiceSpec, city_clock: CityClock | None = None) -> None:
        self.url: str | None = None
        self._spec = spec
        self._city_clock = city_clock
        self._source = SnapshotSource()
        self._closing: list[Callable[[], None]] = []
        self._runner: Runner[Snapshot] | None = None
        self._center: OpsCenter | None = None
        self._stopped = threading.Event()

    def open(self) -> None:
        """Connect, take up what an earlier process stored, and begin to answer.

        Raises
        ------
        TransportError
            When the broker cannot be reached or the port is taken.
        StoreError
            When the memory cannot be opened.
        """
        spec = self._spec
        city_clock = self._city_clock or wait_for_clock(
            spec.broker, client_id=spec.client_id, timeout_s=CLOCK_WAIT_S
        )
        wall: Wall = CityPace(city_clock) if city_clock is not None else WallClock()
        clock = SteppedClock(Ns(wall.now() // MILLISECOND * MILLISECOND))
        foreign = ForeignFeeds(spec.foreign, clock) if spec.foreign is not None else None
        bus = MqttBus(
            spec.broker,
            spec.client_id,
            session="resume" if spec.folder else "none",
            translator=foreign,
        )
        store, decisions, quarantine, recorder = self._open_files(city_clock)
        self._center = OpsCenter(
            clock,
            bus,
            store,
            spec.config,
            sink=decisions.write if decisions else None,
            quarantine_sink=quarantine.write if quarantine else None,
            counts_before=foreign.counters if foreign else None,
        )
        if isinstance(wall, CityPace):
            bus.subscribe(CityClock, wall.sync)
        self._runner = Runner(
            self._center, bus, clock, wall, recorder=recorder, on_snapshot=self._source.publish
        )
        bus.open()
        self._closing.append(bus.close)
        if spec.port is not None:
            app = create_app(self._source, self._runner.order)
            server = ApiServer(app, self._source, port=spec.port)
            self.url = server.start()
            self._closing.append(server.stop)

    def run(self) -> None:
        """Run the loop until `stop`; then say good-bye on every side."""
        assert self._runner is not None, "open first"
        try:
            if not self._stopped.is_set():
                self._runner.run()
        finally:
            self.close()

    def stop(self) -> None:
        """End the loop, from any thread or signal handler."""
        self._stopped.set()
        if self._runner is not None:
            self._runner.stop()

    def close(self) -> None:
        """Let go of everything, the last opened first."""
        while self._closing:
            self._closing.pop()()

    def counters(self) -> dict[str, int]:
        """Return messages and readings by fate."""
        return self._center.counters() if self._center is not None else {}

    def _open_files(
        self, city_clock: CityClock | None
    ) -> tuple[Store, DecisionFile | None, AppendFile | None, Recorder | None]:
        folder = self._spec.folder
        if folder is None:
            return NoStore(), None, None, None
        # Each run of a city has a memory of its own: time starts anew with it.
        run = slug(city_clock.run_id, "run") if city_clock is not None else "feed"
        store = SqliteStore(folder / f"state-{run}.sqlite")
        decisions = DecisionFile(folder / DECISIONS, store.journal())
        quarantine = AppendFile(folder / QUARANTINE)
        recorder = Recorder(folder / INTAKE, about=self._spec.about)
        self._closing += [store.close, decisions.close, quarantine.close, recorder.close]
        return store, decisions, quarantine, recorder

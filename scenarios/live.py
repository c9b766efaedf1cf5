"""The live modes: the city on a broker at any speed, with or without a centre beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops_center.api.serve import ApiServer
from ops_center.live.service import OpsService, ServiceSpec
from scenarios import output
from scenarios.batteries import battery_rows
from scenarios.build import CitySide, build_city_side, center_config
from scenarios.control_api import control_server, create_control
from scenarios.heads import head_document
from scenarios.injection import INJECTED, Injector
from scenarios.results import Outcome, conclude
from scenarios.schema import Scenario
from scenarios.truth_feed import TruthFeed
from sim.kernel.clock import MILLISECOND, Ns, WallClock, iso, monotonic_s, seconds, to_seconds
from sim.messages.city import CityClock
from sim.messages.encode import death
from sim.messages.packing import TelemetryForm
from sim.messages.telemetry import DeviceDeath
from sim.transport.broker_url import BrokerUrl
from sim.transport.foreign.mapping import ForeignMapping
from sim.transport.mqtt import MqttBus
from sim.world.city.model import City
from sim.world.engine import Brake, SimEngine

TELL_CLOCK_S = 5.0
"""Wall time between two tellings of the city's clock."""
KEEPS_PACE = 0.05
"""Share by which a city may miss its speed and still be said to keep it: it looks at the wall
clock 20 times a second (assumed)."""
BIRTHS_S = 60.0
"""Wall time that a broker may take over all births before time begins without them (assumed)."""
FOR_EVER_S = 366 * 86_400.0
CITY_CLIENT = "chengmai-city"
CENTRE_CLIENT = "chengmai-ops"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """A city to run on a broker.

    Attributes
    ----------
    until_s
        Length of the scenario [s].
    ends
        Whether the run ends with the scenario; otherwise the city lives on until stopped.
    form
        How the city's readings go over the wire.
    foreign
        What somebody else's feeds on the broker mean to the centre, or None.
    centre_broker
        The same broker as the centre is to know it, None for `broker` itself.
    replaced
        Devices whose place real ones take.
    truth_file, truth_topic
        Where the truth goes besides the run's folder.
    control_port
        Port of the city's own door on loopback, 0 for a free one; None for no door.
    """

    scenario: Scenario
    city: City
    seed: int
    until_s: float
    speed: float
    broker: BrokerUrl
    ends: bool
    form: TelemetryForm = field(default_factory=TelemetryForm)
    command: str = ""
    foreign: ForeignMapping | None = None
    centre_broker: BrokerUrl | None = None
    replaced: tuple[str, ...] = ()
    truth_file: Path | None = None
    truth_topic: bool = False
    control_port: int | None = None


class LiveCity:
    """The city's side of a live run: publishes, listens to commands, keeps its pace.

    Parameters
    ----------
    spec
        What to run.
    folder
        Where truth goes, or None.

    Attributes
    ----------
    injector
        Lets things happen while it runs.
    control_url
        Where its door is, None without one or before `open`.
    """

    def __init__(self, spec: LiveRun, folder: Path | None) -> None:
        self.engine = SimEngine(spec.scenario.clock.start_ns)
        self.bus = MqttBus(spec.broker, CITY_CLIENT, form=spec.form)
        self.truth = TruthFeed(
            folder / output.TRUTH if folder else None,
            spec.truth_file,
            self.bus.send if spec.truth_topic else None,
        )
        self.side: CitySide = build_city_side(
            spec.scenario,
            spec.city,
            spec.seed,
            self.engine,
            self.bus,
            self.truth,
            replaced=spec.replaced,
        )
        self.injector = Injector(
            self.side, spec.city, self.engine, folder / INJECTED if folder else None
        )
        self.control_url: str | None = None
        self._door: ApiServer | None = None
        self._spec = spec
        self._run_id = f"{spec.scenario.name}-{spec.seed}-{WallClock().now() // MILLISECOND}"
        self._told_s = monotonic_s()
        self._told_at = self.engine.now()
        self._speed = spec.speed

    def clock_message(self) -> CityClock:
        """Return what the city says of its clock now: the speed it keeps, not the one wished."""
        spec, start = self._spec, self._spec.scenario.clock.start_ns
        return CityClock(
            ts_event=Ns(self.engine.now() // MILLISECOND * MILLISECOND),
            speed=self._speed,
            ends_at=Ns(start + seconds(spec.until_s)) if spec.ends else None,
            wall_ns=WallClock().now() // MILLISECOND * MILLISECOND,
            run_id=self._run_id,
        )

    def clock_document(self) -> dict[str, Any]:
        """Return the run, its city's time and its speed, as it is kept, as JSON values."""
        return {
            "run": self._run_id,
            "time": iso(self.engine.now()),
            "t_s": to_seconds(self.engine.now() - self.engine.start),
            "speed": self._speed,
        }

    def open(self) -> None:
        """Connect, every gateway on a connection with its own will; say who is there."""
        self.bus.open()
        for gateway in self.side.gateway_births.devices:
            will = death(
                DeviceDeath(
                    ts_event=self.engine.now(),
                    device_id=gateway.device_id,
                    kind=gateway.kind,
                    domain=gateway.domain,
                    district=gateway.district,
                    reason="connection lost",
                )
            )
            self.bus.add_gateway(gateway.device_id, will)
        self.bus.publish(self.clock_message())
        self.side.start()
        # Births are acknowledged and readings are not: without a pause, readings overtake them.
        self.bus.flush(BIRTHS_S)
        if self._spec.control_port is not None:
            app = create_control(self.injector, self.clock_document)
            self._door = control_server(app, self._spec.control_port)
            self.control_url = self._door.start().rstrip("/")

    def run(
        self, should_stop: Callable[[], bool], on_progress: Callable[[float], None] | None
    ) -> None:
        """Let time pass until the scenario ends or `should_stop` says so."""
        spec, start = self._spec, self._spec.scenario.clock.start_ns
        until_s = spec.until_s if spec.ends else FOR_EVER_S
        self._told_s, self._told_at = monotonic_s(), self.engine.now()

        def tell(now: Ns) -> None:
            if on_progress is not None:
                on_progress(min(to_seconds(now - start) / max(spec.until_s, 1e-9), 1.0))

        self.engine.run(
            Ns(start + seconds(until_s)),
            brake=Brake(spec.speed, self._between),
            on_progress=tell,
            should_stop=should_stop,
        )
        self.side.world.finish()

    def close(self) -> None:
        """Send what waits, and say good-bye."""
        if self._door is not None:
            self._door.stop()
        self.bus.close()
        self.truth.close()

    def _between(self, _now: Ns) -> None:
        self.bus.drain()
        self.injector.drain()
        if monotonic_s() - self._told_s >= TELL_CLOCK_S:
            self._measure()
            self.bus.publish(self.clock_message())

    def _measure(self) -> None:
        """Find out at what speed the city went since the clock was last told."""
        wall_s, now = monotonic_s(), self.engine.now()
        kept = to_seconds(now - self._told_at) / (wall_s - self._told_s)
        is_kept = abs(kept - self._spec.speed) <= KEEPS_PACE * self._spec.speed
        # A city that stood still is told as very slow: a clock has a speed above 0.
        self._speed = self._spec.speed if is_kept else max(round(kept, 3), 0.001)
        self._told_s, self._told_at = wall_s, now


def run_feed(
    spec: LiveRun,
    folder: Path | None,
    *,
    should_stop: Callable[[], bool],
    on_open: Callable[[LiveCity], None],
    on_progress: Callable[[float], None] | None = None,
) -> dict[str, object]:
    """Run the city alone, and return what it sent."""
    city = LiveCity(spec, folder)
    begun_s = monotonic_s()
    try:
        city.open()
        on_open(city)
        city.run(should_stop, on_progress)
    finally:
        city.close()
    reports: dict[str, object] = dict(city.side.counts())
    summary = reports | {
        "scenario": spec.scenario.name,
        "seed": spec.seed,
        "city": spec.city.basemap.name,
        "sensors": city.side.sensors,
        "ended_at": iso(city.engine.now()),
        "wall_s": round(monotonic_s() - begun_s, 3),
    }
    if folder is not None:
        output.write_json(folder / output.SUMMARY, summary)
    return summary


def run_live(
    spec: LiveRun,
    folder: Path | None,
    *,
    port: int | None,
    should_stop: Callable[[], bool],
    on_open: Callable[[LiveCity, str | None], None],
    on_progress: Callable[[float], None] | None = None,
) -> Outcome:
    """Run city and centre on one broker, and leave what a fast run leaves.

    What ends the centre ends the run, with the centre's error.
    """
    city = LiveCity(spec, folder)
    # Before a live dashboard sits a person, who acknowledges.
    policies = spec.scenario.policies.model_copy(update={"acknowledge_after": None})
    service = OpsService(
        ServiceSpec(
            broker=spec.centre_broker or spec.broker,
            client_id=CENTRE_CLIENT,
            config=center_config(policies),
            folder=folder,
            about=head_document(policies, spec.foreign),
            port=port,
            foreign=spec.foreign,
        ),
        city.clock_message(),
    )
    centre = CentreThread(service)
    begun_s = monotonic_s()
    try:
        service.open()
        centre.start()
        city.open()
        on_open(city, service.url)
        city.run(lambda: should_stop() or centre.ended, on_progress)
        city.bus.flush()
    finally:
        city.close()
        centre.finish()
    decisions = output.read_lines(folder / output.DECISIONS) if folder is not None else []
    start = spec.scenario.clock.start_ns
    return conclude(
        Outcome(
            scenario=spec.scenario,
            seed=spec.seed,
            city=spec.city,
            decisions=decisions,
            truth=city.truth.records,
            simulated_s=to_seconds(city.engine.now() - start),
            wall_s=monotonic_s() - begun_s,
            sensors=city.side.sensors,
            reports=city.side.counts(),
            batteries=battery_rows(city.side.cohorts),
            messages=service.counters(),
            command=spec.command,
        ),
        folder,
    )


class CentreThread:
    """A centre running beside the city, whose error is not lost."""

    def __init__(self, service: OpsService) -> None:
        self._service = service
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="centre", daemon=True)

    @property
    def ended(self) -> bool:
        """Whether it is no longer running."""
        return not self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """Stop it, wait for it, and raise what ended it."""
        self._service.stop()
        if self._thread.ident is not None:
            self._thread.join()
        self._service.close()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._service.run()
        except BaseException as error:
            self._error = error

"""Fakes that implement the floor's protocols, and a street of devices to try things on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from devices.catalogue import GATEWAY, ROAD_WATER_GAUGE, SensorKind
from devices.cohort import Cohort
from devices.deployment import Deployment
from devices.faults import FaultPlan
from devices.gateway import Gateways
from devices.uplink import Uplink
from sim.kernel.clock import HOUR, SECOND, Ns, SteppedClock
from sim.kernel.rng import SeededStreams
from sim.messages.telemetry import DeviceInfo, TelemetryBatch

START = Ns(1_784_000_000 * SECOND // HOUR * HOUR)


class ListBus:
    """Keeps whatever is published, in order, with the time at which it was."""

    def __init__(self, clock):
        self.clock = clock
        self.messages = []
        self.times = []

    def publish(self, message):
        self.messages.append(message)
        self.times.append(self.clock.now())

    def subscribe(self, kind, handler):
        raise AssertionError("devices listen to nobody")

    def of(self, kind):
        return [m for m in self.messages if type(m) is kind]


class Truth:
    """A field whose values the test sets: ``(channels, n)``, or one for all."""

    def __init__(self, values):
        self.values = values
        self.reads = 0

    def bind(self, xy_m, link, place):
        n = len(xy_m)

        def read():
            self.reads += 1
            values = np.asarray(self.values, dtype=float)
            return np.tile(values[:, None], (1, n)) if values.ndim == 1 else values[:, :n]

        return read


@dataclass
class Street:
    """A cohort, the clock that moves it, and what it said."""

    cohort: Cohort
    clock: SteppedClock
    bus: ListBus
    truth: Truth
    gateways: Gateways | None = None

    def at(self, t_s: float) -> None:
        """Stand at `t_s` seconds after the start, everything due by then done."""
        self.clock.advance_to(Ns(START + round(t_s * SECOND)), inclusive=True)

    def readings(self):
        """Return (delivered at [s], device, taken at [s], seq, quality, values), as published."""
        return [
            (
                (at - START) / SECOND,
                int(batch.device[row]),
                (int(batch.sim_time_ns[row]) - START) / SECOND,
                int(batch.seq[row]),
                int(batch.quality[row]),
                tuple(batch.values[:, row].tolist()),
            )
            for at, batch in zip(self.bus.times, self.bus.messages, strict=True)
            if isinstance(batch, TelemetryBatch) and batch.kind == self.cohort.kind.kind
            for row in range(len(batch))
        ]


def infos(kind: SensorKind, n: int, **changes) -> list[DeviceInfo]:
    one = DeviceInfo(
        device_id="",
        kind=kind.kind,
        domain=kind.domain,
        district="haidian",
        lon=116.4,
        lat=39.9,
        place_id=None,
        link=None,
        gateway_id=None,
        channels=kind.message_channels,
        interval_s=kind.interval_s,
        alarm_interval_s=kind.alarm_interval_s,
    )
    return [replace(one, device_id=f"{kind.kind}-{i:04d}", **changes) for i in range(n)]


@pytest.fixture
def start() -> Ns:
    return START


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(START)


@pytest.fixture
def bus(clock) -> ListBus:
    return ListBus(clock)


@pytest.fixture
def births() -> Callable[..., list[DeviceInfo]]:
    return infos


@pytest.fixture
def gateway_births() -> list[DeviceInfo]:
    return infos(GATEWAY, 2)


@pytest.fixture
def street() -> Callable[..., Street]:
    """Return a maker of cohorts on a perfect radio unless told otherwise."""

    def make(
        n=1,
        kind=ROAD_WATER_GAUGE,
        *,
        truth=None,
        seed=7,
        tick_s=None,
        uplink=None,
        faults=None,
        devices=None,
        bus=None,
        around=None,
    ) -> Street:
        bus = ListBus(SteppedClock(START)) if bus is None else bus
        clock = bus.clock
        truth = Truth([0.0] * len(kind.channels)) if truth is None else Truth(truth)
        devices = infos(kind, n) if devices is None else devices
        none = np.full(len(devices), -1, dtype=np.int32)
        cohort = Cohort(
            Deployment(
                kind=kind,
                devices=devices,
                xy_m=np.zeros((len(devices), 2)),
                link=none,
                place=none,
                tick_s=tick_s,
            ),
            truth,
            clock=clock,
            bus=bus,
            streams=SeededStreams(seed),
            uplink=Uplink(loss=0.0, duplicate_share=0.0) if uplink is None else uplink,
            faults=FaultPlan() if faults is None else faults,
            around=around,
        )
        gateways = None if uplink is None else uplink.gateways
        return Street(cohort, clock, bus, truth, gateways)

    return make

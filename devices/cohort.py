"""All devices of one kind: one vector pass a tick from the truth to the bus.

A cohort knows the world only through the `Field` it reads, and the ops centre not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.delivery import Delivery
from devices.deployment import Deployment
from devices.energy import YEAR_S, Batteries
from devices.faults import FaultOrder, FaultPlan, Faults
from devices.field import Field
from devices.gateway import Gateways, Ring
from devices.imperfection import Imperfection
from devices.link import DUPLICATE_SHARE, DeviceClocks, Radio
from devices.readings import Readings
from devices.schedule import Schedule
from devices.surroundings import Around, Surroundings
from devices.upkeep import Insides, Upkeep
from sim.kernel.bus import Bus
from sim.kernel.clock import HOUR, Clock, Ns, next_multiple, seconds, to_seconds
from sim.kernel.rng import Streams
from sim.messages.telemetry import (
    F64,
    I64,
    QUALITY_OK,
    QUALITY_STORED,
    Roster,
    TelemetryBatch,
)

AGEING_NS = HOUR
"""Drift, clock rates and empty batteries are brought up to date so often; an hour of them is
far below every resolution (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Uplink:
    """How the reports of a cohort get to the bus.

    Attributes
    ----------
    gateways
        Those named in the devices' births; None where none is.
    loss
        Share of transmissions lost, one for all or ``(n,)``; None for the network's own.
    duplicate_share
        Share of reports that arrive twice.
    delivery_s
        Reports are handed to the bus at whole multiples of this, as one batch [s].
    """

    gateways: Gateways | None = None
    loss: float | F64 | None = None
    duplicate_share: float = DUPLICATE_SHARE
    delivery_s: float = 5.0


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of a cohort's reports so far.

    Attributes
    ----------
    sent
        Reports that devices sent.
    lost
        Never came through the radio.
    duplicated
        Came twice.
    delivered
        Readings published, duplicates included.
    """

    sent: int = 0
    lost: int = 0
    duplicated: int = 0
    delivered: int = 0


class Cohort:
    """The devices of one kind, as arrays.

    Parameters
    ----------
    deployment
        The devices.
    field
        The truth they measure, in the order of the kind's channels.
    uplink
        How their reports travel.
    faults
        What goes wrong with them.
    around
        What is around them.

    Raises
    ------
    InputError
        When a fault names an unknown device, or a device an unknown gateway.
    """

    def __init__(
        self,
        deployment: Deployment,
        field: Field,
        *,
        clock: Clock,
        bus: Bus,
        streams: Streams,
        uplink: Uplink,
        faults: FaultPlan,
        around: Surroundings | None = None,
    ) -> None:
        around = Surroundings() if around is None else around
        kind, devices, n = deployment.kind, tuple(deployment.devices), len(deployment.devices)
        name = f"devices.{kind.kind}"
        tick_s = kind.sense_s if deployment.tick_s is None else deployment.tick_s
        self.kind = kind
        self.roster = Roster(device.device_id for device in devices)
        assert len(self.roster) == n, f"{kind.kind}: device identifiers must be unique"
        self.counts = Counts()
        self.xy_m = deployment.xy_m
        self._clock = clock
        self._bus = bus
        self._streams = streams
        self._tick_ns = seconds(tick_s)
        self._delivery_ns = seconds(uplink.delivery_s)
        self._errors = Imperfection(
            kind,
            name=name,
            n=n,
            tick_s=tick_s,
            streams=streams,
            calibrated_y=around.calibrated_y,
        )
        self._read = field.bind(deployment.xy_m, deployment.link, deployment.place)
        self._faults = Faults(faults, kind=kind, roster=self.roster, streams=streams)
        self._around = Around(around, deployment, self.roster, self._faults)
        self._clocks = DeviceClocks(name, n, streams)
        self._radio = Radio(
            kind.network,
            name=name,
            n=n,
            delivery_s=uplink.delivery_s,
            loss=uplink.loss,
            duplicate_share=uplink.duplicate_share,
        )
        self._batteries = (
            Batteries(kind.energy, name=name, n=n, start=clock.now(), streams=streams)
            if kind.energy is not None
            else None
        )
        self._schedule = Schedule(
            np.array([seconds(device.interval_s) for device in devices], dtype=np.int64),
            np.array([seconds(device.alarm_interval_s) for device in devices], dtype=np.int64),
            alarm=kind.alarm,
            tick_ns=self._tick_ns,
        )
        self._alarm_row = 0 if kind.alarm is None else kind.alarm.channel
        self._delivery = Delivery(clock, self._publish)
        self._ring = Ring()
        self._gateways = uplink.gateways
        if self._gateways is not None:
            gateway_ids = [device.gateway_id for device in devices]
            self._gateway = self._gateways.join(gateway_ids, self._ring, self._forward)

        self._start = clock.now()
        self._aged_until = clock.now()
        self._skew_ns: I64 = np.zeros(n, dtype=np.int64)
        self._is_empty: NDArray[np.bool_] = np.zeros(n, dtype=np.bool_)
        self._seq = np.zeros(n, dtype=np.int64)
        # Batches share these, and nobody may write to them.
        self._everyone = np.arange(n, dtype=np.int32)
        self._fine = np.full(n, QUALITY_OK, dtype=np.uint8)
        self._everyone.flags.writeable = self._fine.flags.writeable = False
        insides = Insides(
            schedule=self._schedule,
            errors=self._errors,
            faults=self._faults,
            batteries=self._batteries,
            sent=self._seq,
        )
        self.upkeep = Upkeep(devices, insides, name=name, clock=clock, bus=bus, streams=streams)

    def start(self) -> None:
        """Publish the births, and look at every tick from now on."""
        if not len(self.roster):
            return
        self.republish()
        self._faults.start(self._clock)
        self._clock.call_every(Ns(self._tick_ns), self._tick, name=self.kind.kind)

    def republish(self) -> None:
        """Publish every birth, as after a broker's restart."""
        self.upkeep.publish()

    def hears(self, index: int) -> bool:
        """Return whether a device can be told something now."""
        if self._faults.is_dead[index] or self._is_empty[index] or self.upkeep.is_silent[index]:
            return False
        if self._gateways is None:
            return True
        gateway = self._gateway[index]
        return not (self._gateways.is_down[gateway] or self._gateways.is_jammed[gateway])

    def inflict(self, order: FaultOrder) -> None:
        """Let a fault of one of these devices begin now."""
        self._faults.inflict(order)

    def relieve(self, order: FaultOrder) -> None:
        """End a fault of one of these devices."""
        self._faults.relieve(order)

    def calibrate(self, device_ids: Sequence[str]) -> None:
        """Take the drift of some of these devices away, as a visit with a reference does."""
        rows = [self.roster.find(device_id) for device_id in device_ids]
        assert None not in rows, f"{device_ids} are not all of {self.kind.kind}"
        self._errors.calibrate(np.array(rows, dtype=np.int64))

    def per_min(self, device_id: str) -> float:
        """Return how often a device reports a minute when idle."""
        index = self.roster.find(device_id)
        assert index is not None, f"{device_id} is no {self.kind.kind}"
        return 60.0 / self.upkeep.devices[index].interval_s

    @property
    def tick_ns(self) -> Ns:
        """Time between two looks."""
        return self._tick_ns

    @property
    def dropped(self) -> int:
        """Readings that gateways had no room to keep."""
        return self._ring.dropped

    def _tick(self) -> None:
        """Look, and report what is due.

        Order: age; surroundings; truth; lag, cross-sensitivity, gain, offset, hysteresis, noise;
        spikes and drift; range, resolution; stuck outputs; who is due; sequence; radio; time,
        battery; gateways; late and doubled reports.
        """
        now = self._clock.now()
        tick = int(now) // self._tick_ns
        if now >= self._aged_until:
            self._age(now)
        air = self._around.look(now)
        values = self._errors.analogue(self._read(), tick, air)
        self._faults.disturb(values, now, tick)
        self._errors.digital(values)
        self._faults.hold(values)

        is_off = self._faults.is_dead | self._is_empty | self.upkeep.is_silent
        due = self._schedule.due(now, values[self._alarm_row], is_off if is_off.any() else None)
        if due is None or len(due):
            self._report(now, tick, values, due)

    def _age(self, now: Ns) -> None:
        """Bring what changes slowly up to date."""
        self._aged_until = next_multiple(now, AGEING_NS)
        self._errors.age(to_seconds(now - self._start) / YEAR_S)
        self._skew_ns = self._clocks.skew_ns(now)
        if self._batteries is not None:
            self._is_empty = self._batteries.is_empty(now, self._seq)

    def _report(self, now: Ns, tick: int, values: F64, due: I64 | None) -> None:
        """Let the devices `due` (None: all) send; the radio decides what comes in when."""
        self._seq[slice(None) if due is None else due] += 1
        self.upkeep.reported(due)
        fate = self._radio.send(now, tick, due, self._streams)
        self.counts.sent += len(self._seq) if due is None else len(due)
        self.counts.lost += fate.lost
        self.counts.duplicated += fate.duplicated
        battery = None
        if self._batteries is not None:
            self._batteries.repeated(fate.repeated, fate.repeats)
            battery = self._batteries.percent(now, self._seq)
        for at, rows in fate.arrivals:
            devices = rows if due is None else due if rows is None else due[rows]
            part = self._columns(now, values, battery, devices)
            if self._gateways is not None and self._gateways.is_jammed.any():
                heard = part.take(
                    np.flatnonzero(~self._gateways.is_jammed[self._gateway[part.device]])
                )
                self.counts.lost += len(part) - len(heard)
                part = heard
            if self._gateways is not None and self._gateways.is_down.any():
                part = self._keep_back(part, self._gateways.is_down)
            if len(part):
                self._hand_in(at, part)

    def _hand_in(self, at: Ns, part: Readings) -> None:
        """Hand in what comes through at `at`; some devices' reports come late, or twice."""
        self.counts.duplicated += self._faults.count_doubled(part)
        for when, some in self._faults.delayed(at, part, again_ns=self._delivery_ns):
            self._delivery.add(when, some)

    def _columns(self, now: Ns, values: F64, battery: F64 | None, devices: I64 | None) -> Readings:
        """Return what `devices` (None: all) read now, as new arrays; all need no index."""
        if devices is None:
            return Readings(
                device=self._everyone,
                time_ns=self._skew_ns + int(now),
                values=values.copy(),
                quality=self._fine,
                seq=self._seq.copy(),
                sim_time_ns=np.full(len(self._everyone), int(now), dtype=np.int64),
                battery=None if battery is None else battery.copy(),
            )
        return Readings(
            device=devices.astype(np.int32),
            time_ns=self._skew_ns[devices] + int(now),
            values=values.take(devices, axis=1),
            quality=self._fine[: len(devices)],
            seq=self._seq[devices],
            sim_time_ns=np.full(len(devices), int(now), dtype=np.int64),
            battery=None if battery is None else battery[devices],
        )

    def _keep_back(self, part: Readings, is_down: NDArray[np.bool_]) -> Readings:
        """Keep what gateways that are down heard; return the rest."""
        gateway = self._gateway[part.device]
        is_cut = is_down[gateway]
        for index in np.unique(gateway[is_cut]).tolist():
            self._ring.push(index, part.take(np.flatnonzero(gateway == index)))
        return part.take(np.flatnonzero(~is_cut))

    def _forward(self, gateway: int) -> None:
        """Send what `gateway` kept back, now that its line is up."""
        kept = self._ring.pop(gateway)
        if kept is not None:
            at = next_multiple(self._clock.now(), self._delivery_ns)
            self._delivery.add(at, kept.marked(QUALITY_STORED))

    def _publish(self, readings: Readings) -> None:
        self.counts.delivered += len(readings)
        self._bus.publish(
            TelemetryBatch(
                ts_event=Ns(int(readings.sim_time_ns.max())),
                kind=self.kind.kind,
                roster=self.roster,
                channels=self.kind.message_channels,
                device=readings.device,
                time_ns=readings.time_ns,
                values=readings.values,
                quality=readings.quality,
                seq=readings.seq,
                sim_time_ns=readings.sim_time_ns,
                battery=readings.battery,
            )
        )

"""All devices of one kind: one vector pass a tick from the truth to the bus.

A cohort knows the world only through the `Field` it reads, and the ops centre not at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from devices.clocks import DeviceClocks
from devices.cover import cover, expected_retries
from devices.deployment import Deployment
from devices.energy import YEAR_S, Batteries, life_d
from devices.faults import FaultOrder, FaultPlan, Faults
from devices.field import Field
from devices.imperfection import Imperfection
from devices.link import Radio
from devices.readings import Readings
from devices.route import Route
from devices.schedule import Reporting, Schedule
from devices.surroundings import Around, Surroundings
from devices.upkeep import Insides, Upkeep
from devices.uplink import Counts, Uplink
from sim.kernel.bus import Bus
from sim.kernel.clock import HOUR, SECOND, Clock, Ns, next_multiple, seconds, to_seconds
from sim.kernel.rng import Streams
from sim.messages.telemetry import (
    F64,
    I64,
    QUALITY_OK,
    Roster,
    TelemetryBatch,
)

AGEING_NS = HOUR
"""Drift, clock rates and empty batteries are brought up to date so often; an hour of them is
far below every resolution (assumed)."""


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
        self._route = Route(
            uplink,
            deployment,
            clock=clock,
            faults=self._faults,
            counts=self.counts,
            deliver=self._publish,
        )
        away_m = np.zeros(n)
        if uplink.gateways is not None:
            away_m = uplink.gateways.distance_m(deployment.xy_m, self._route.gateway)
        self.cover = cover(
            kind.network,
            away_m,
            is_under_cover=kind.is_under_cover,
            name=name,
            streams=streams,
            adr=uplink.adr,
        )
        self._loss = self.cover.loss if uplink.loss is None else np.broadcast_to(uplink.loss, (n,))
        self._radio = Radio(
            kind.network,
            name=name,
            n=n,
            delivery_s=uplink.delivery_s,
            loss=_one_or_each(self._loss),
            duplicate_share=uplink.duplicate_share,
            slowness=_each(self.cover.slowness),
        )
        self._reporting = uplink.reporting
        self._batteries = (
            Batteries(
                kind.energy,
                name=name,
                n=n,
                start=clock.now(),
                streams=streams,
                send_factor=_each(self.cover.send_factor),
                is_watching=self._reporting.mode != "interval",
            )
            if kind.energy is not None
            else None
        )
        timed = [
            uplink.reporting.born(device, gap_s)
            for device, gap_s in zip(devices, self.cover.gap_s.tolist(), strict=True)
        ]
        self._schedule = Schedule(
            np.array([seconds(device.interval_s) for device in timed], dtype=np.int64),
            np.array([seconds(device.alarm_interval_s) for device in timed], dtype=np.int64),
            alarm=kind.alarm,
            tick_ns=self._tick_ns,
            reporting=uplink.reporting,
            gap_ns=(self.cover.gap_s * SECOND).astype(np.int64),
        )
        self.intervals_s: F64 = np.array([device.interval_s for device in timed])
        longest_s = 0.0 if uplink.filtering is None else uplink.filtering.longest_s
        born = [Reporting().born(device, longest_s) for device in timed]
        self._alarm_row = 0 if kind.alarm is None else kind.alarm.channel

        self._start = clock.now()
        self._aged_until = clock.now()
        self._skew_ns: I64 = np.zeros(n, dtype=np.int64)
        self._is_out: NDArray[np.bool_] = ~self.cover.is_covered
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
        self.upkeep = Upkeep(born, insides, name=name, clock=clock, bus=bus, streams=streams)
        # Nobody has ever heard of a device that is out of reach: it has no birth.
        self.upkeep.is_hidden |= ~self.cover.is_covered

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
        is_off = self._faults.is_dead | self._is_out | self.upkeep.is_silent
        return not is_off[index] and self._route.reaches(index)

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

    def least_interval_s(self, index: int) -> float:
        """Return how often a device can report at most: its own looks, its network's rules [s]."""
        return max(to_seconds(self._tick_ns), float(self.cover.gap_s[index]))

    @property
    def dropped(self) -> int:
        """Readings that gateways and devices had no room to keep."""
        return self._route.dropped

    @property
    def under_way(self) -> int:
        """Readings that have been heard and not delivered yet."""
        return self._route.under_way

    @property
    def uncovered(self) -> int:
        """Devices that no gateway hears."""
        return int(np.count_nonzero(~self.cover.is_covered))

    def lives_d(self, temp_c: float = 20.0) -> F64 | None:
        """Return ``(n,)`` how long each device's new battery lasts when idle, whole days.

        By its own interval, loss and cover, at an air temperature [°C]; None where the kind has
        no battery.
        """
        if self.kind.energy is None:
            return None
        return life_d(
            self.kind.energy,
            self.intervals_s,
            expected_retries(self.kind.network, self._loss),
            send_factor=self.cover.send_factor,
            temp_c=temp_c,
            is_watching=self._reporting.mode != "interval",
        )

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

        is_off = self._faults.is_dead | self._is_out | self.upkeep.is_silent
        due = self._schedule.due(now, values[self._alarm_row], is_off if is_off.any() else None)
        if due is None or len(due):
            self._report(now, tick, values, due)

    def _age(self, now: Ns) -> None:
        """Bring what changes slowly up to date."""
        self._aged_until = next_multiple(now, AGEING_NS)
        self._errors.age(to_seconds(now - self._start) / YEAR_S)
        self._skew_ns = self._clocks.skew_ns(now)
        if self._batteries is not None:
            is_empty = self._batteries.is_empty(now, self._seq, self._around.temp_c())
            self._is_out = is_empty | ~self.cover.is_covered

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
            self._route.carry(at, part)

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


def _each(factor: F64) -> F64 | None:
    """Return what differs among devices, or None where it is once for all."""
    return None if (factor == 1.0).all() else factor


def _one_or_each(loss: F64) -> float | F64:
    """Return a loss that is the same for all as a number, which is faster to draw by."""
    is_one = len(loss) > 0 and bool((loss == loss[0]).all())
    return float(loss[0]) if is_one else loss

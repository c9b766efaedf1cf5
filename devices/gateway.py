"""Gateways: the nearest serves a device, keeps its readings while cut off, and is a device too.

A gateway hears its devices by radio and speaks to the broker over its own line. While that
line is down it keeps what it hears in a ring and forwards it afterwards, in order, with the
original times and marked as stored. Reports already on their way to the broker get through.
A gateway whose radio is jammed hears nothing of its devices; its own line is as good as ever.
One without mains power lives on its battery; when that is empty it neither hears nor speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from devices.backup import Backup
from devices.catalogue import GATEWAY
from devices.faults import OnFault
from devices.load import Load
from sim.kernel.bus import Bus
from sim.kernel.clock import Clock, Ns, seconds
from sim.kernel.errors import InputError
from sim.messages.telemetry import (
    F64,
    I32,
    DeviceBirth,
    DeviceDeath,
    DeviceInfo,
    Roster,
    TelemetryBatch,
)

BACKUP_S = 14_400.0
"""How long a gateway's battery lasts [s]; assumed: four hours, as a base station's at the most."""

WILL_AFTER_S = 15.0
"""Time from the loss of a gateway's line to its will [s]: a keep-alive of 10 s (assumed), which
a broker gives half as long again (MQTT 3.1.1, section 3.1.2.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOutage:
    """A gateway's line is down from `start` until `end`, or for good."""

    gateway_id: str
    start: Ns
    end: Ns | None


class Served(Protocol):
    """Devices that speak through gateways, and what is kept back of them."""

    def held(self, gateway: int) -> int:
        """Return how many readings of theirs `gateway` keeps."""

    def line_back(self, gateway: int) -> None:
        """Send what `gateway` kept back, now that its line is up."""

    def heard_again(self, gateway: int) -> None:
        """Send what the devices of `gateway` kept themselves, now that it hears them."""


class Gateways:
    """All gateways of the city.

    Start them before the cohorts they serve, so that a gateway is down before its devices
    speak at that instant.

    Parameters
    ----------
    devices
        The gateways' births, of the catalogue's kind ``gateway``.
    xy_m
        ``(n, 2)`` positions [m].
    outages
        In any order; those of one gateway may overlap.
    backup_s
        How long their batteries carry them over a loss of mains power [s].
    load
        How much they can take at once; None for any amount.
    on_fault
        Told when an outage begins and ends, as fault ``"outage"``, a jamming, ``"jammed"``, and
        a gateway's battery running out, ``"power"``.

    Attributes
    ----------
    is_down, is_deaf
        ``(n + 1,)`` whose line is down, and who hears nothing: jammed, or without power. The last
        stands for none, of devices that have no gateway, and is always well.
    on_line
        Called with a gateway, and whether its line is up from now on.

    Raises
    ------
    InputError
        When an outage names an unknown gateway.
    """

    def __init__(
        self,
        devices: Sequence[DeviceInfo],
        xy_m: F64,
        *,
        clock: Clock,
        bus: Bus,
        outages: Sequence[GatewayOutage] = (),
        backup_s: float = BACKUP_S,
        load: Load | None = None,
        on_fault: OnFault | None = None,
    ) -> None:
        self._devices = tuple(devices)
        self._xy_m = xy_m
        self._clock = clock
        self._bus = bus
        self._outages = tuple(outages)
        self._on_fault = on_fault
        self._roster = Roster(device.device_id for device in self._devices)
        n = len(self._devices)
        self.load = load
        self.on_line: list[Callable[[int, bool], None]] = []
        self._backup = Backup(n, backup_s, clock, self._turn)
        self.is_down: NDArray[np.bool_] = np.zeros(n + 1, dtype=np.bool_)
        self.is_jammed: NDArray[np.bool_] = np.zeros(n + 1, dtype=np.bool_)
        self.is_deaf: NDArray[np.bool_] = np.zeros(n + 1, dtype=np.bool_)
        self._has_power: NDArray[np.bool_] = np.ones(n + 1, dtype=np.bool_)
        self._outages_now = [0] * n
        self._down_since: list[Ns | None] = [None] * n
        self._is_given_up = [False] * n
        self._children = np.zeros(n + 1, dtype=np.int64)
        self._seq = np.zeros(n, dtype=np.int64)
        self._members: list[Served] = []
        for outage in self._outages:
            self._index(outage.gateway_id)

    def jam(self, gateway_id: str) -> None:
        """Let a gateway hear none of its devices from now on; what they send is lost."""
        self._set_jammed(self._index(gateway_id), True)

    def clear(self, gateway_id: str) -> None:
        """Let a jammed gateway hear again."""
        self._set_jammed(self._index(gateway_id), False)

    def children(self, gateway_id: str) -> int:
        """Return how many devices a gateway serves."""
        return int(self._children[self._index(gateway_id)])

    @property
    def ids(self) -> Sequence[str]:
        """Their identifiers, in order."""
        return self._roster.ids

    @property
    def reports(self) -> int:
        """Readings that gateways sent of themselves so far."""
        return int(self._seq.sum())

    def nearest(self, xy_m: F64) -> list[str | None]:
        """Return the identifier of the gateway nearest to each of ``(n, 2)`` positions [m]."""
        if not self._devices:
            return [None] * len(xy_m)
        found = np.asarray(cKDTree(self._xy_m).query(xy_m)[1])
        return [self._roster.ids[position] for position in found.tolist()]

    def join(self, gateway_ids: Sequence[str | None], member: Served) -> I32:
        """Serve devices; return ``(n,)`` their gateways, -1 for devices without.

        Parameters
        ----------
        gateway_ids
            The gateway of each device.
        member
            Told when a gateway's line is up again, and when it hears again.

        Raises
        ------
        InputError
            When there is no such gateway.
        """
        served = np.array(
            [-1 if found is None else self._index(found) for found in gateway_ids], dtype=np.int32
        )
        np.add.at(self._children, served, 1)
        self._members.append(member)
        return served

    def distance_m(self, xy_m: F64, served: I32) -> F64:
        """Return ``(n,)`` how far devices are from their gateways, 0 without any [m]."""
        if not self._devices:
            return np.zeros(len(xy_m))
        away: F64 = np.hypot(*(xy_m - self._xy_m[served]).T)
        return np.where(served < 0, 0.0, away)

    def start(self) -> None:
        """Publish births, and set timers for telemetry and outages."""
        if not self._devices:
            return
        self.republish()
        for outage in self._outages:
            index = self._index(outage.gateway_id)
            self._clock.call_at(outage.start, partial(self._begin, index), name="gateway outage")
            if outage.end is not None:
                self._clock.call_at(outage.end, partial(self._end, index), name="gateway back")
        self._clock.call_every(seconds(GATEWAY.interval_s), self._report_all, name="gateways")

    def set_line(self, index: int, *, up: bool) -> None:
        """Cut a gateway's line, or give it back; each cut needs a giving back of its own."""
        if up:
            self._end(index)
        else:
            self._begin(index)

    def cut(self, outage: GatewayOutage) -> None:
        """Let an outage begin now, whatever its `start` says."""
        index = self._index(outage.gateway_id)
        self._begin(index)
        if outage.end is not None:
            self._clock.call_at(outage.end, partial(self._end, index), name="gateway back")

    def set_mains(self, index: int, *, on: bool) -> None:
        """Take mains power from a gateway, or give it back; its battery carries it for a while."""
        self._backup.set_mains(index, on=on)

    def republish(self) -> None:
        """Publish what is retained, as after a broker's restart: births, and wills if given up."""
        is_up = [not given_up for given_up in self._is_given_up]
        up = tuple(compress(self._devices, is_up))
        if up:
            self._bus.publish(DeviceBirth(ts_event=self._clock.now(), devices=up))
        for index in compress(range(len(self._devices)), self._is_given_up):
            self._will(index)

    def _begin(self, index: int) -> None:
        self._outages_now[index] += 1
        if self._outages_now[index] > 1:
            return
        now = self._clock.now()
        self.is_down[index] = True
        self._down_since[index] = now
        self._tell(index, "outage", started=True)
        for told in self.on_line:
            told(index, False)
        self._clock.call_at(
            Ns(now + seconds(WILL_AFTER_S)), partial(self._give_up, index, now), name="will"
        )

    def _give_up(self, index: int, since: Ns) -> None:
        """Say the will, as the broker does for a client it no longer hears."""
        if self._down_since[index] != since:
            return
        self._is_given_up[index] = True
        self._will(index)

    def _will(self, index: int) -> None:
        device = self._devices[index]
        self._bus.publish(
            DeviceDeath(
                ts_event=self._clock.now(),
                device_id=device.device_id,
                kind=device.kind,
                domain=device.domain,
                district=device.district,
                reason="connection lost",
            )
        )

    def _end(self, index: int) -> None:
        self._outages_now[index] -= 1
        if self._outages_now[index] > 0:
            return
        self.is_down[index] = False
        self._down_since[index] = None
        self._tell(index, "outage", started=False)
        if self._is_given_up[index]:
            self._is_given_up[index] = False
            birth = DeviceBirth(ts_event=self._clock.now(), devices=(self._devices[index],))
            self._bus.publish(birth)
        # It says how much it kept back, then forwards it.
        self._report(np.array([index], dtype=np.int32))
        for member in self._members:
            member.line_back(index)
        for told in self.on_line:
            told(index, True)

    def _turn(self, index: int, on: bool) -> None:
        """Let a gateway go out, or come back; its line goes and comes with it."""
        self._has_power[index] = on
        self._tell(index, "power", started=not on)
        if on:
            self._end(index)
        else:
            self._begin(index)
        self._listen(index)

    def _listen(self, index: int) -> None:
        """Take note of whether a gateway hears anything."""
        was_deaf = self.is_deaf[index]
        self.is_deaf[index] = self.is_jammed[index] or not self._has_power[index]
        if was_deaf and not self.is_deaf[index]:
            for member in self._members:
                member.heard_again(index)

    def _set_jammed(self, index: int, jammed: bool) -> None:
        if self.is_jammed[index] != jammed:
            self.is_jammed[index] = jammed
            self._tell(index, "jammed", started=jammed)
            self._listen(index)

    def _tell(self, index: int, what: str, *, started: bool) -> None:
        if self._on_fault is not None:
            self._on_fault(self._roster.ids[index], what, started, self._clock.now())

    def _report_all(self) -> None:
        up = np.flatnonzero(~self.is_down[:-1]).astype(np.int32)
        if len(up):
            self._report(up)

    def _report(self, up: I32) -> None:
        """Publish the telemetry of gateways; their own clocks are right, their line is fibre."""
        now = self._clock.now()
        self._seq[up] += 1
        held = [sum(member.held(index) for member in self._members) for index in up.tolist()]
        at_ns = np.full(len(up), int(now), dtype=np.int64)
        self._bus.publish(
            TelemetryBatch(
                ts_event=now,
                kind=GATEWAY.kind,
                roster=self._roster,
                channels=GATEWAY.message_channels,
                device=up,
                time_ns=at_ns,
                values=np.array([self._children[up], held], dtype=np.float64),
                quality=np.zeros(len(up), dtype=np.uint8),
                seq=self._seq[up],
                sim_time_ns=at_ns,
            )
        )

    def _index(self, gateway_id: str) -> int:
        index = self._roster.find(gateway_id)
        if index is None:
            raise InputError("gateway", value=gateway_id, expected="one of the city's gateways")
        return index

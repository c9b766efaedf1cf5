"""What may be done to a device from afar: interval, calibration, restart, firmware, self-test.

It knows the parts of a cohort's devices that such work touches, not how orders reach them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from devices.energy import Batteries
from devices.faults import Faults
from devices.imperfection import Imperfection
from devices.schedule import Schedule
from sim.kernel.bus import Bus
from sim.kernel.clock import Clock, Ns, seconds
from sim.kernel.rng import Streams
from sim.messages.telemetry import I64, DeviceBirth, DeviceInfo

REBOOT_S = 30.0
"""Silence of a device that restarts: boot, then attach to its network (assumed) [s]."""

FIRMWARE = "1.0.0"
"""What devices leave the factory with, unless their births say otherwise."""

TRANSFER_S = {"lorawan": 3600.0, "nb-iot": 300.0}
"""Time to bring 100 kB of firmware to a device, by network [s]; assumed: LoRaWAN in fragments
(TS004-2.0.0) under its duty cycle, NB-IoT at 20 kbit/s with breaks for coverage."""
TRANSFER_ELSE_S = 60.0
"""The same over 4G and fibre; assumed: the check and the writing to flash take longer [s]."""

QUEUE = 16
"""Commands kept for a device that does not listen, the oldest dropped first; assumed: network
servers keep about as many."""

BATTERY_LOW = 10.0
"""Charge below which a device says that its battery is low (assumed) [%]."""

Done = Callable[[str], None]
"""Told once, with a remark, when something that takes time is over."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Insides:
    """The parts of one cohort's devices that upkeep reaches.

    Attributes
    ----------
    sent
        ``(n,)`` int64 reports that each has sent so far; the cohort's own array.
    batteries
        None where they have mains or solar power.
    """

    schedule: Schedule
    errors: Imperfection
    faults: Faults
    batteries: Batteries | None
    sent: I64


class Upkeep:
    """The settings of one cohort's devices, and who of them is silent on purpose.

    A restart leaves sequence numbers and counters as they were: both are kept in flash, as
    LoRaWAN's frame counters must be (LoRaWAN L2 1.0.4, section 4.3.1.5), so that a restart
    looks like no replay.

    Parameters
    ----------
    name
        Stem of the stream name; what a calibration leaves is drawn from ``<name>.calibration``
        at the device's position and its count of calibrations.
    devices
        Their births.

    Attributes
    ----------
    devices
        Their births as they would say them now.
    is_silent
        ``(n,)`` who sends nothing: those that restart, and those that are replaced.
    is_replaced
        ``(n,)`` whose place a real device has taken.
    is_hidden
        ``(n,)`` who has no birth: those, and others that nobody hears.
    """

    def __init__(
        self,
        devices: Sequence[DeviceInfo],
        insides: Insides,
        *,
        name: str,
        clock: Clock,
        bus: Bus,
        streams: Streams,
    ) -> None:
        self.devices = [replace(device, firmware=device.firmware or FIRMWARE) for device in devices]
        n = len(self.devices)
        self.is_silent: NDArray[np.bool_] = np.zeros(n, dtype=np.bool_)
        self.is_replaced: NDArray[np.bool_] = np.zeros(n, dtype=np.bool_)
        self.is_hidden: NDArray[np.bool_] = np.zeros(n, dtype=np.bool_)
        self._insides = insides
        self._stream = f"{name}.calibration"
        self._clock = clock
        self._bus = bus
        self._streams = streams
        self._calibrations = np.zeros(n, dtype=np.int64)
        self._updating: set[int] = set()
        self._waiting: dict[int, list[Callable[[], None]]] = {}

    def publish(self) -> None:
        """Publish the births of all but the hidden, as after a broker's restart."""
        present = list(compress(self.devices, (~self.is_hidden).tolist()))
        if present:
            self._say(present)

    def give_way(self, index: int) -> None:
        """Fall silent for good: a real device has taken this one's place."""
        self.is_silent[index] = self.is_replaced[index] = self.is_hidden[index] = True

    def is_updating(self, index: int) -> bool:
        """Return whether new firmware is on its way to a device."""
        return index in self._updating

    def after_report(self, index: int, act: Callable[[], None]) -> None:
        """Call `act` once the device has sent its next report, unless `QUEUE` others follow."""
        queue = self._waiting.setdefault(index, [])
        queue.append(act)
        del queue[:-QUEUE]

    def reported(self, due: I64 | None) -> None:
        """Call what waits for the devices `due` (None: all), which report now."""
        for index in [i for i in self._waiting if due is None or i in due]:
            for act in self._waiting.pop(index):
                act()

    def set_interval(self, index: int, interval_s: float, alarm_interval_s: float) -> None:
        """Let a device report at other intervals, and say so in a birth."""
        self._insides.schedule.set_interval(
            index, seconds(interval_s), seconds(alarm_interval_s), self._clock.now()
        )
        self._change(index, interval_s=interval_s, alarm_interval_s=alarm_interval_s)

    def calibrate(self, index: int) -> None:
        """Take a device's bias and drift out, as far as its reference is right."""
        insides, now = self._insides, self._clock.now()
        count = int(self._calibrations[index])
        self._calibrations[index] += 1
        generator = self._streams.at(f"{self._stream}.{self.devices[index].device_id}", count)
        insides.errors.adjust(index, generator)
        insides.faults.zero(index, now)

    def reboot(self, index: int, done: Done) -> None:
        """Silence a device for `REBOOT_S`; then it says its birth, and goes on."""
        self.is_silent[index] = True
        due = Ns(self._clock.now() + seconds(REBOOT_S))
        self._clock.call_at(due, lambda: self._come_back(index, done), name="reboot")

    def update(self, index: int, version: str, network: str, done: Done) -> None:
        """Bring new firmware to a device, which restarts with it and says so in its birth."""
        self._updating.add(index)
        due = Ns(self._clock.now() + seconds(TRANSFER_S.get(network, TRANSFER_ELSE_S)))
        self._clock.call_at(due, lambda: self._install(index, version, done), name="firmware")

    def self_test(self, index: int) -> str:
        """Return ``"ok"``, or what a device knows to be wrong with itself."""
        insides = self._insides
        wrong = list(insides.faults.known(index))
        if insides.batteries is not None:
            percent = insides.batteries.percent(self._clock.now(), insides.sent)[index]
            if percent < BATTERY_LOW:
                wrong.append(f"battery at {percent:.0f} %")
        return ", ".join(wrong) or "ok"

    def _install(self, index: int, version: str, done: Done) -> None:
        self._updating.discard(index)
        if self._insides.faults.is_dead[index]:
            return
        self.devices[index] = replace(self.devices[index], firmware=version)
        self.reboot(index, done)

    def _come_back(self, index: int, done: Done) -> None:
        self.is_silent[index] = False
        if self._insides.faults.is_dead[index]:
            return
        self._say([self.devices[index]])
        done("")

    def _change(self, index: int, *, interval_s: float, alarm_interval_s: float) -> None:
        self.devices[index] = replace(
            self.devices[index], interval_s=interval_s, alarm_interval_s=alarm_interval_s
        )
        self._say([self.devices[index]])

    def _say(self, devices: Sequence[DeviceInfo]) -> None:
        self._bus.publish(DeviceBirth(ts_event=self._clock.now(), devices=tuple(devices)))

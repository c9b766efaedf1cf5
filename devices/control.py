"""Orders to devices over the down-link: carried late, acted on once, answered.

``set_interval`` (``interval_s``, optional ``alarm_interval_s``), ``calibrate``, ``reboot``,
``update_firmware`` (``version``), ``self_test``. Answers are those of actuators: ``accepted`` or
``refused`` at once, ``done`` when it is over; a self-test's result is the reason of its ``done``.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from devices.cohort import Cohort
from devices.upkeep import Done
from sim.kernel.bus import Bus
from sim.kernel.clock import Clock, Ns, seconds
from sim.kernel.rng import Streams
from sim.messages.field import Ack, AckStatus, Command, Scalar

SLEEPERS = frozenset({"lorawan", "nb-iot"})
"""Networks on which a battery device listens only after it has spoken: LoRaWAN class A, NB-IoT
in power saving mode (3GPP TS 23.682, section 4.5.4)."""

INTERVAL_LONGEST_S = 86_400.0
"""Longest reporting interval that may be set (assumed: a device is heard once a day) [s]."""

REMEMBERED = 10_000
"""Commands whose answers are kept for later copies; assumed: days of a busy centre."""

_VERSION = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){1,3}")

Args = Mapping[str, Scalar]
Job = Callable[[Done], None]
"""What an accepted command comes to; calls back when it is over."""


class Refusal(Exception):  # noqa: N818 -- an answer, not a fault
    """A command that cannot be followed, and why."""


class DeviceDesk:
    """Take commands off the bus for all devices of the city.

    A command that finds its device asleep, dead, restarting or behind a gateway that is cut off
    waits for the device's next report, and is refused as expired when that came too late.
    Devices that are replaced answer for themselves.

    Parameters
    ----------
    cohorts
        Whose devices they are.
    streams
        The way's delay: ``devices.<kind>.downlink.<device>`` at the device's count of commands.
    """

    def __init__(
        self, cohorts: Sequence[Cohort], *, clock: Clock, bus: Bus, streams: Streams
    ) -> None:
        self._cohorts = {cohort.kind.kind: cohort for cohort in cohorts}
        self._clock = clock
        self._bus = bus
        self._streams = streams
        self._counts: dict[str, int] = {}
        self._answers: OrderedDict[str, Ack | None] = OrderedDict()
        bus.subscribe(Command, self._on_command)

    def _on_command(self, command: Command) -> None:
        cohort = self._cohorts.get(command.target_kind)
        if cohort is None:
            return
        index = cohort.roster.find(command.target_id)
        if index is None:
            self._answer(command, "refused", f"unknown target {command.target_id}")
        elif cohort.upkeep.is_replaced[index]:
            return
        elif _sleeps(cohort):
            cohort.upkeep.after_report(index, partial(self._carry, cohort, index, command))
        else:
            self._carry(cohort, index, command)

    def _carry(self, cohort: Cohort, index: int, command: Command) -> None:
        """Bring a command over the device's network, whose delay it takes."""
        count = self._counts.get(command.target_id, 0)
        self._counts[command.target_id] = count + 1
        stream = f"devices.{cohort.kind.kind}.downlink.{command.target_id}"
        draw = self._streams.at(stream, count).standard_normal(1)
        delay_s = cohort.kind.network.delay_s(draw, cohort.cover.slowness[index])
        due = Ns(self._clock.now() + seconds(float(delay_s[0])))
        self._clock.call_at(due, lambda: self._arrive(cohort, index, command), name="downlink")

    def _arrive(self, cohort: Cohort, index: int, command: Command) -> None:
        if not cohort.hears(index):
            cohort.upkeep.after_report(index, partial(self._carry, cohort, index, command))
            return
        if command.command_id in self._answers:
            earlier = self._answers[command.command_id]
            if earlier is not None:
                self._bus.publish(earlier)
            return
        self._answers[command.command_id] = None
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        if self._clock.now() > command.expires_at:
            self._answer(command, "refused", "expired")
            return
        try:
            job = _job(cohort, index, command)
        except Refusal as refusal:
            self._answer(command, "refused", str(refusal))
            return
        self._answer(command, "accepted")
        job(partial(self._answer, command, "done"))

    def _answer(self, command: Command, status: AckStatus, reason: str = "") -> None:
        ack = Ack(
            ts_event=self._clock.now(),
            cause=command.command_id,
            command_id=command.command_id,
            source_id=command.target_id,
            source_kind=command.target_kind,
            source_domain=command.target_domain,
            source_district=command.target_district,
            status=status,
            reason=reason,
        )
        if command.command_id in self._answers:
            self._answers[command.command_id] = ack
        self._bus.publish(ack)


def _sleeps(cohort: Cohort) -> bool:
    return cohort.kind.energy is not None and cohort.kind.network.name in SLEEPERS


def _job(cohort: Cohort, index: int, command: Command) -> Job:
    """Return what a command comes to; raises `Refusal` when it cannot be followed."""
    action = _ACTIONS.get(command.action)
    if action is None:
        raise Refusal(f"unknown action {command.action}, expected {', '.join(sorted(_ACTIONS))}")
    prepare, arguments = action
    for name in command.args:
        if name not in arguments:
            expected = ", ".join(arguments) or "none"
            raise Refusal(f"unknown argument {name} of {command.action}, expected {expected}")
    return prepare(cohort, index, command.args)


def _set_interval(cohort: Cohort, index: int, args: Args) -> Job:
    upkeep, least_s = cohort.upkeep, cohort.least_interval_s(index)
    interval_s = _span(args, "interval_s", least_s, INTERVAL_LONGEST_S)
    alarm_s = min(upkeep.devices[index].alarm_interval_s, interval_s)
    if "alarm_interval_s" in args:
        alarm_s = _span(args, "alarm_interval_s", least_s, interval_s)

    def job(done: Done) -> None:
        upkeep.set_interval(index, interval_s, alarm_s)
        done("")

    return job


def _calibrate(cohort: Cohort, index: int, _args: Args) -> Job:
    def job(done: Done) -> None:
        cohort.upkeep.calibrate(index)
        done("")

    return job


def _reboot(cohort: Cohort, index: int, _args: Args) -> Job:
    _must_not_update(cohort, index)
    return partial(cohort.upkeep.reboot, index)


def _update_firmware(cohort: Cohort, index: int, args: Args) -> Job:
    version = args.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise Refusal(f"version was {version!r}, expected digits and points, such as '1.2.0'")
    if cohort.upkeep.devices[index].firmware == version:
        return lambda done: done("already so")
    _must_not_update(cohort, index)
    return partial(cohort.upkeep.update, index, version, cohort.kind.network.name)


def _self_test(cohort: Cohort, index: int, _args: Args) -> Job:
    return lambda done: done(cohort.upkeep.self_test(index))


def _must_not_update(cohort: Cohort, index: int) -> None:
    if cohort.upkeep.is_updating(index):
        raise Refusal("an update of the firmware is under way")


def _span(args: Args, name: str, low_s: float, high_s: float) -> float:
    value = args.get(name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low_s <= value <= high_s:  # type: ignore[arg-type, operator]
        raise Refusal(f"{name} was {value!r}, expected {low_s:g} to {high_s:g} s")
    return float(value)  # type: ignore[arg-type]


_ACTIONS: Mapping[str, tuple[Callable[[Cohort, int, Args], Job], tuple[str, ...]]] = {
    "set_interval": (_set_interval, ("interval_s", "alarm_interval_s")),
    "calibrate": (_calibrate, ()),
    "reboot": (_reboot, ()),
    "update_firmware": (_update_firmware, ("version",)),
    "self_test": (_self_test, ()),
}
"""Each action, with the arguments it takes."""

ACTIONS = tuple(sorted(_ACTIONS))
"""What a device may be told."""

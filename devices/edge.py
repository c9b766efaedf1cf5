"""What gateways do by themselves while their line is down: alarms and commands on the spot.

A gateway knows the actuators near it by what they say of themselves on its local bus, and
commands them there, with the same messages as the centre. It acts only while its line is down.
What it did it undoes when the water, or whatever it was, has gone, unless the centre has
commanded that actuator since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from devices.gateway import Gateways
from devices.readings import Readings
from sim.kernel.bus import Bus
from sim.kernel.clock import MINUTE, Clock, Ns
from sim.messages.field import LOCAL_PREFIX, ActuatorStatus, Command, Scalar
from sim.messages.telemetry import I32

EXPIRES_NS = 10 * MINUTE
"""A local command must be acted on within this time; assumed: it is there within seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeAct:
    """One thing that a gateway lets an actuator of the place do.

    Attributes
    ----------
    kind
        Of the actuator.
    action, args
        What it does.
    undo
        What takes it back; None for what a person has to look at first.
    """

    kind: str
    action: str
    undo: str | None
    args: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRule:
    """When a gateway acts.

    Attributes
    ----------
    kind, channel
        Sensor kind, and the position of the channel that decides.
    warn_at, act_at, clear_below
        Readings from which a local alarm holds and from which it acts, and below which every
        sensor of the place must read before it takes that back; in the channel's unit.
    acts
        What it does, in this order.
    """

    kind: str
    channel: int = 0
    warn_at: float
    act_at: float
    clear_below: float
    acts: tuple[EdgeAct, ...]

    def __post_init__(self) -> None:
        assert self.clear_below <= self.warn_at <= self.act_at


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeEvent:
    """Something that a gateway did by itself.

    Attributes
    ----------
    what
        ``"alarm"``, ``"alarm_over"``, ``"act"`` or ``"undo"``.
    gateway_id, place_id
        Who, and where.
    value
        The reading that made it do so.
    command
        What it commanded; None for an alarm.
    """

    what: str
    gateway_id: str
    place_id: str
    value: float
    command: Command | None = None


@dataclass(slots=True)
class _Watch:
    """A place in alarm: the latest reading of each sensor, and what was done there."""

    gateway: int
    latest: dict[int, float]
    done: dict[str, EdgeAct]
    has_acted: bool = False


class EdgeControl:
    """The rules of all gateways of the city.

    Parameters
    ----------
    rules
        One a sensor kind.
    gateways
        Whose lines may be down.
    bus
        The local one: actuators say there where they stand, and hear commands.
    on_event
        Told whatever a gateway does.
    """

    def __init__(
        self,
        rules: Sequence[EdgeRule],
        gateways: Gateways,
        *,
        clock: Clock,
        bus: Bus,
        on_event: Callable[[EdgeEvent], None] | None = None,
    ) -> None:
        self._rules = {rule.kind: rule for rule in rules}
        assert len(self._rules) == len(rules), "one rule a sensor kind"
        self._gateways = gateways
        self._clock = clock
        self._bus = bus
        self._on_event = on_event
        self._actuators: dict[tuple[str, str], ActuatorStatus] = {}
        self._watched: dict[tuple[str, str], _Watch] = {}
        self._there: dict[str, Mapping[str, list[int]]] = {}
        self._count = 0
        bus.subscribe(ActuatorStatus, self._on_actuator)
        bus.subscribe(Command, self._on_command)

    def look(
        self, kind: str, places: Sequence[str | None], gateway: I32, readings: Readings
    ) -> None:
        """Act on what gateways hear.

        Parameters
        ----------
        kind
            Sensor kind.
        places
            The place that each device of the kind watches.
        gateway
            ``(m,)`` who hears each reading, -1 for none.
        readings
            The ``m`` readings.
        """
        rule = self._rules.get(kind)
        if rule is None or not (self._watched or self._gateways.is_down.any()):
            return
        values = readings.values[rule.channel]
        is_high = self._gateways.is_down[gateway] & (values >= rule.warn_at)
        watched = {place for of, place in self._watched if of == kind}
        if watched:
            there = self._devices_at(kind, places)
            at_them = np.concatenate([there[place] for place in sorted(watched)])
            is_high |= np.isin(readings.device, at_them)
        # Few places are in alarm behind a dead line, so a loop over their readings is short.
        for row in np.flatnonzero(is_high).tolist():
            place = places[readings.device[row]]
            if place is not None:
                device, value = int(readings.device[row]), float(values[row])
                self._note(rule, place, int(gateway[row]), device, value)

    def _devices_at(self, kind: str, places: Sequence[str | None]) -> Mapping[str, list[int]]:
        """Return the devices of a kind at each place, worked out once."""
        if kind not in self._there:
            there: dict[str, list[int]] = {}
            for device, place in enumerate(places):
                if place is not None:
                    there.setdefault(place, []).append(device)
            self._there[kind] = there
        return self._there[kind]

    def _note(self, rule: EdgeRule, place: str, gateway: int, device: int, value: float) -> None:
        watch = self._watched.get((rule.kind, place))
        if watch is None:
            watch = self._watched[rule.kind, place] = _Watch(gateway, {}, {})
            self._tell("alarm", watch, place, value)
        watch.latest[device] = value
        if value >= rule.act_at and not watch.has_acted and self._gateways.is_down[gateway]:
            watch.has_acted = True
            for act in rule.acts:
                actuator = self._actuators.get((place, act.kind))
                if actuator is not None:
                    watch.done[actuator.actuator_id] = act
                    self._command("act", watch, actuator, act.action, act.args, value)
        elif max(watch.latest.values()) < rule.clear_below:
            del self._watched[rule.kind, place]
            for act in list(watch.done.values()):
                if act.undo is not None:
                    actuator = self._actuators[place, act.kind]
                    self._command("undo", watch, actuator, act.undo, {}, value)
            self._tell("alarm_over", watch, place, value)

    def _command(
        self,
        what: str,
        watch: _Watch,
        actuator: ActuatorStatus,
        action: str,
        args: Mapping[str, Scalar],
        value: float,
    ) -> None:
        self._count += 1
        now, gateway_id = self._clock.now(), self._gateways.ids[watch.gateway]
        command = Command(
            ts_event=now,
            cause=gateway_id,
            command_id=f"{LOCAL_PREFIX}{gateway_id}-{self._count}",
            target_id=actuator.actuator_id,
            target_kind=actuator.kind,
            target_domain=actuator.domain,
            target_district=actuator.district,
            action=action,
            args=args,
            expires_at=Ns(now + EXPIRES_NS),
        )
        self._tell(what, watch, actuator.place_id, value, command)
        self._bus.publish(command)

    def _tell(
        self, what: str, watch: _Watch, place: str, value: float, command: Command | None = None
    ) -> None:
        if self._on_event is not None:
            gateway_id = self._gateways.ids[watch.gateway]
            self._on_event(
                EdgeEvent(
                    what=what, gateway_id=gateway_id, place_id=place, value=value, command=command
                )
            )

    def _on_actuator(self, status: ActuatorStatus) -> None:
        self._actuators[status.place_id, status.kind] = status

    def _on_command(self, command: Command) -> None:
        """Leave an actuator to the centre once that has commanded it."""
        if not command.command_id.startswith(LOCAL_PREFIX):
            for watch in self._watched.values():
                watch.done.pop(command.target_id, None)

"""Pumps, valves, barriers, signs: they move slowly, may fail, and answer.

It knows how actuators move and answer; what each kind does to the world is told by the part
of the world that it changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sim.kernel.basemap import BaseMap
from sim.kernel.bus import Bus
from sim.kernel.clock import Ns, Timer, seconds
from sim.messages.field import ActuatorStatus, Command
from sim.world.actuator_kinds import ACTUATOR_KINDS, ActuatorKind
from sim.world.commands import CommandDesk
from sim.world.engine import CITY, SimEngine
from sim.world.truth import Truth

FAULT = "fault"
"""Position of an actuator that knows it is out of order."""
TEXT_MAX = 64
"""Most characters a sign shows; assumed: four lines of sixteen."""

FaultKind = Literal["refuses", "silent"]
"""Known to itself, and so refusing; or doing nothing while it says it does."""


Effect = Callable[[int, str, bool], None]
"""What a kind of actuator does to the world: the place it serves, its identifier, and whether
it stands away from rest and works."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Actuator:
    actuator_id: str
    kind: ActuatorKind
    place: int
    place_id: str
    district: str
    lon: float
    lat: float
    position: str
    fault: FaultKind | None = None
    moving: Command | None = None
    timer: Timer | None = field(default=None, repr=False)


class Actuators:
    """All actuators of the city.

    Parameters
    ----------
    basemap
        Where they stand.
    engine, bus, desk, truth
        Time, where they report, where orders come from, and what is kept for scoring.

    Attributes
    ----------
    unfit
        Words of real actuators that were left alone, for their kind has no such position.
    """

    def __init__(
        self,
        basemap: BaseMap,
        *,
        engine: SimEngine,
        bus: Bus,
        desk: CommandDesk,
        truth: Truth,
    ) -> None:
        self._engine = engine
        self._clock = engine.clock(CITY)
        self._bus = bus
        self._desk = desk
        self._truth = truth
        self._by_id: dict[str, _Actuator] = {}
        self._replaced: set[str] = set()
        self.unfit = 0
        self._effects: dict[str, list[Effect]] = {}
        for index, place in enumerate(basemap.places):
            for kind in ACTUATOR_KINDS:
                if place.kind in kind.at:
                    actuator = _build(basemap, index, kind)
                    self._by_id[actuator.actuator_id] = actuator
        for kind in ACTUATOR_KINDS:
            ids = [a.actuator_id for a in self._by_id.values() if a.kind is kind]
            desk.serve(kind.kind, ids, self._on_command)

    def __len__(self) -> int:
        return len(self._by_id)

    def serve(self, kind: str, effect: Effect) -> None:
        """Let actuators of a kind do to the world what `effect` says, besides all others."""
        self._effects.setdefault(kind, []).append(effect)

    @property
    def ids(self) -> tuple[str, ...]:
        """Identifiers of all of them, in map order."""
        return tuple(self._by_id)

    def replace(self, actuator_id: str) -> None:
        """Give an actuator's place to a real one: it obeys and speaks, and the world follows it.

        From now on nothing is said in its name and no command to it is answered here; where it
        says that it stands is where the world has it. KeyError when there is none such.
        """
        actuator = self._by_id[actuator_id]
        if not self._replaced:
            self._bus.subscribe(ActuatorStatus, self._on_status)
        self._replaced.add(actuator_id)
        self._desk.leave(actuator.actuator_id)

    def publish_all(self) -> None:
        """Publish every actuator's status: its birth, or once more after a broker's loss."""
        for actuator in self._by_id.values():
            if actuator.actuator_id not in self._replaced:
                self._publish(actuator, cause=None)

    def position_of(self, actuator_id: str) -> str:
        """Return what an actuator says its position is; KeyError when there is none such."""
        return self._by_id[actuator_id].position

    def fail(self, actuator_id: str, kind: FaultKind) -> None:
        """Put an actuator out of order; one that knows it drops to rest and says ``fault``.

        Real ones have faults of their own.
        """
        if actuator_id in self._replaced:
            return
        actuator = self._by_id[actuator_id]
        actuator.fault = kind
        if kind == "refuses":
            self._abandon_move(actuator, "out of order")
            self._settle(actuator, FAULT, cause=None)
        else:
            self._apply(actuator)

    def repair(self, actuator_id: str) -> None:
        """Put an actuator in order again, at rest if it had dropped there."""
        if actuator_id in self._replaced:
            return
        actuator = self._by_id[actuator_id]
        actuator.fault = None
        if actuator.position == FAULT:
            self._settle(actuator, actuator.kind.at_rest, cause=None)
        else:
            self._apply(actuator)

    def _on_command(self, command: Command) -> None:
        actuator = self._by_id[command.target_id]
        refusal = _refusal(actuator, command)
        if refusal is not None:
            self._desk.answer(command, "refused", refusal)
            return
        self._abandon_move(actuator, f"superseded by {command.command_id}")
        self._desk.answer(command, "accepted")
        aim = actuator.kind.positions[command.action] or str(command.args["text"])
        if aim == actuator.position:
            self._desk.answer(command, "done", "already so")
            return
        actuator.moving = command
        actuator.timer = self._clock.call_at(
            Ns(self._engine.now() + seconds(actuator.kind.travel_s)),
            lambda: self._arrive(actuator, command, aim),
            name=actuator.actuator_id,
        )

    def _arrive(self, actuator: _Actuator, command: Command, aim: str) -> None:
        actuator.moving = None
        self._settle(actuator, aim, cause=command.command_id)
        self._desk.answer(command, "done")

    def _abandon_move(self, actuator: _Actuator, why: str) -> None:
        if actuator.moving is None or actuator.timer is None:
            return
        actuator.timer.cancel()
        command, actuator.moving = actuator.moving, None
        self._desk.answer(command, "failed", why)

    def _settle(self, actuator: _Actuator, position: str, cause: str | None) -> None:
        self._stand(actuator, position, cause)
        self._publish(actuator, cause)

    def _stand(self, actuator: _Actuator, position: str, cause: str | None) -> None:
        actuator.position = position
        self._apply(actuator)
        self._truth.write(
            "actuator",
            self._engine.now(),
            actuator=actuator.actuator_id,
            position=position,
            cause=cause,
        )

    def _on_status(self, status: ActuatorStatus) -> None:
        """Follow a real actuator."""
        if status.actuator_id not in self._replaced:
            return
        actuator = self._by_id[status.actuator_id]
        if status.kind != actuator.kind.kind or not _can_stand(actuator.kind, status.position):
            self.unfit += 1
        elif status.position != actuator.position:
            self._stand(actuator, status.position, status.cause)

    def _apply(self, actuator: _Actuator) -> None:
        """Let the world follow the actuator's position and fault."""
        is_idle = actuator.position in (actuator.kind.at_rest, FAULT)
        works = actuator.fault is None and not is_idle
        for effect in self._effects.get(actuator.kind.kind, ()):
            effect(actuator.place, actuator.actuator_id, works)

    def _publish(self, actuator: _Actuator, cause: str | None) -> None:
        self._bus.publish(
            ActuatorStatus(
                ts_event=self._engine.now(),
                cause=cause,
                actuator_id=actuator.actuator_id,
                kind=actuator.kind.kind,
                domain=actuator.kind.domain,
                district=actuator.district,
                place_id=actuator.place_id,
                lon=actuator.lon,
                lat=actuator.lat,
                position=actuator.position,
                actions=tuple(sorted(actuator.kind.positions)),
            )
        )


def _build(basemap: BaseMap, index: int, kind: ActuatorKind) -> _Actuator:
    """Return an actuator at rest: pumps at the bowl, barrier and sign where traffic enters."""
    place = basemap.places[index]
    x_m, y_m = place.x_m, place.y_m
    if kind.domain == "traffic" and place.links:
        x_m, y_m = basemap.roads.node_xy_m[basemap.roads.start[place.links[0]]].tolist()
    lon, lat = basemap.projection.point_to_lonlat(x_m, y_m)
    return _Actuator(
        actuator_id=f"{kind.prefix}-{place.place_id}",
        kind=kind,
        place=index,
        place_id=place.place_id,
        district=place.district_id,
        lon=lon,
        lat=lat,
        position=kind.at_rest,
    )


def _can_stand(kind: ActuatorKind, position: str) -> bool:
    """Return whether actuators of a kind may stand there: a text, or a position of theirs."""
    positions = kind.positions.values()
    is_text = None in positions and 1 <= len(position) <= TEXT_MAX
    return is_text or position == FAULT or position in positions


def _refusal(actuator: _Actuator, command: Command) -> str | None:
    """Return why the command can't be followed, or None."""
    if actuator.fault == "refuses":
        return "out of order"
    if command.action not in actuator.kind.positions:
        known = ", ".join(sorted(actuator.kind.positions))
        return f"unknown action {command.action}, expected {known}"
    if actuator.kind.positions[command.action] is None:
        text = command.args.get("text")
        if not isinstance(text, str) or not 1 <= len(text) <= TEXT_MAX:
            return f"{command.action} needs a text of 1 to {TEXT_MAX} characters"
    return None

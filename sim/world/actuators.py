"""Pumps, barriers and signs at the underpasses: they move slowly, may fail, and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sim.kernel.basemap import BaseMap
from sim.kernel.bus import Bus
from sim.kernel.clock import Ns, Timer, seconds
from sim.messages.field import ActuatorStatus, Command
from sim.world.commands import CommandDesk
from sim.world.engine import CITY, SimEngine
from sim.world.truth import Truth
from sim.world.water import Underpasses

FAULT = "fault"
"""Position of an actuator that knows it is out of order."""
TEXT_MAX = 64
"""Most characters a sign shows; assumed: four lines of sixteen."""

FaultKind = Literal["refuses", "silent"]
"""Known to itself, and so refusing; or doing nothing while it says it does."""


class RoadControl(Protocol):
    """What barriers and signs do to traffic."""

    def close(self, link: int, by: str) -> None:
        """Let nobody enter `link` until `by` reopens it."""

    def reopen(self, link: int, by: str) -> None:
        """Give up the hold of `by`."""

    def warn(self, link: int) -> None:
        """Advise drivers to avoid `link`."""

    def unwarn(self, link: int) -> None:
        """Take the advice away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorKind:
    """One kind of actuator.

    Attributes
    ----------
    kind, domain
        Topic levels.
    prefix
        Begins the identifier, followed by the place's.
    at_rest
        Position without a command.
    positions
        Position that each action leads to; None where the command brings the text.
    travel_s
        How long the mechanism takes.
    """

    kind: str
    domain: str
    prefix: str
    at_rest: str
    positions: Mapping[str, str | None]
    travel_s: float


ACTUATOR_KINDS = (
    ActuatorKind(
        kind="standby_pump",
        domain="municipal",
        prefix="pump",
        at_rest="off",
        positions={"start": "on", "stop": "off"},
        travel_s=30.0,  # assumed: soft start and opening of the pressure valve
    ),
    ActuatorKind(
        kind="barrier",
        domain="traffic",
        prefix="barrier",
        at_rest="open",
        positions={"close": "closed", "open": "open"},
        travel_s=8.0,  # assumed: boom of 6 m with its warning light beforehand
    ),
    ActuatorKind(
        kind="message_sign",
        domain="traffic",
        prefix="sign",
        at_rest="blank",
        positions={"show": None, "clear": "blank"},
        travel_s=1.0,  # assumed: the controller's refresh
    ),
)
"""Every underpass has one of each."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Actuator:
    actuator_id: str
    kind: ActuatorKind
    place: int
    place_id: str
    district: str
    lon: float
    lat: float
    links: tuple[int, ...]
    position: str
    fault: FaultKind | None = None
    moving: Command | None = None
    timer: Timer | None = field(default=None, repr=False)


class Actuators:
    """All actuators of the city.

    Parameters
    ----------
    basemap, water
        Where they stand, and the bowls that the standby pumps draw from.
    roads
        What barriers and signs act on.
    engine, bus, desk, truth
        Time, where they report, where orders come from, and what is kept for scoring.
    """

    def __init__(
        self,
        basemap: BaseMap,
        water: Underpasses,
        roads: RoadControl,
        *,
        engine: SimEngine,
        bus: Bus,
        desk: CommandDesk,
        truth: Truth,
    ) -> None:
        self._water = water
        self._roads = roads
        self._engine = engine
        self._clock = engine.clock(CITY)
        self._bus = bus
        self._desk = desk
        self._truth = truth
        self._by_id: dict[str, _Actuator] = {}
        for place in water.place.tolist():
            for kind in ACTUATOR_KINDS:
                actuator = _build(basemap, place, kind)
                self._by_id[actuator.actuator_id] = actuator
        for kind in ACTUATOR_KINDS:
            ids = [a.actuator_id for a in self._by_id.values() if a.kind is kind]
            desk.serve(kind.kind, ids, self._on_command)

    def __len__(self) -> int:
        return len(self._by_id)

    def publish_all(self) -> None:
        """Publish every actuator's status: its birth, or once more after a broker's loss."""
        for actuator in self._by_id.values():
            self._publish(actuator, cause=None)

    def position_of(self, actuator_id: str) -> str:
        """Return what an actuator says its position is; KeyError when there is none such."""
        return self._by_id[actuator_id].position

    def fail(self, actuator_id: str, kind: FaultKind) -> None:
        """Put an actuator out of order; one that knows it drops to rest and says ``fault``."""
        actuator = self._by_id[actuator_id]
        actuator.fault = kind
        if kind == "refuses":
            self._abandon_move(actuator, "out of order")
            self._settle(actuator, FAULT, cause=None)
        else:
            self._apply(actuator)

    def repair(self, actuator_id: str) -> None:
        """Put an actuator in order again, at rest if it had dropped there."""
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
        actuator.position = position
        self._apply(actuator)
        self._truth.write(
            "actuator",
            self._engine.now(),
            actuator=actuator.actuator_id,
            position=position,
            cause=cause,
        )
        self._publish(actuator, cause)

    def _apply(self, actuator: _Actuator) -> None:
        """Let the world follow the actuator's position and fault."""
        works = actuator.fault is None and actuator.position != actuator.kind.at_rest
        by, links, control = actuator.actuator_id, actuator.links, self._roads
        if actuator.kind.kind == "standby_pump":
            row = self._water.row_of(actuator.place)
            assert row is not None, f"{by} stands where no water gathers"
            self._water.standby_on[row] = works
        elif actuator.kind.kind == "barrier":
            turn = control.close if works else control.reopen
            for link in links:
                turn(link, by)
        else:
            advise = control.warn if works else control.unwarn
            for link in links:
                advise(link)

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
        links=place.links,
        position=kind.at_rest,
    )


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

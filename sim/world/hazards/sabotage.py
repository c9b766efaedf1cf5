"""Sabotage of devices: torn off, covered, jammed. The city itself is as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, Protocol

from sim.kernel.clock import Ns, seconds
from sim.kernel.errors import InputError
from sim.kernel.units import Seconds
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Labour
from sim.world.stage import Stage

SABOTAGE = HazardKind(
    kind="sabotage",
    title="Sabotage of devices · 设备破坏",
    domain="safety",
    quantity="devices affected",
    unit="devices",
    levels=(("IV", 1.0), ("III", 5.0), ("II", 20.0), ("I", 100.0)),
    source="assumed: a device, those of a corner, of a gateway, of a district",
)
SOONEST_S = 1.0
"""Nothing is done to devices before so long after the start: they are built after the world."""
RESTORE_S = 900.0
"""Time a network team takes to put up what was torn off or covered at one place; assumed."""
FIND_S = 600.0
"""Time network team or police take to find a jammer with a direction finder; assumed."""
CALL_SHARE = 0.2
"""Share of deeds that a passer-by reports; assumed: most are done by night, and a jammer is
heard by nobody."""


class Devices(Protocol):
    """What can be done to the devices of the city."""

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds of sensors there are."""

    def nearest(
        self, xy_m: tuple[float, float], count: int, kind: str | None = None
    ) -> Sequence[str]:
        """Return the devices nearest to a point [m]."""

    def gateway_near(self, xy_m: tuple[float, float]) -> str | None:
        """Return the gateway nearest to a point [m]."""

    def tamper(self, device_ids: Sequence[str]) -> None:
        """Tilt devices and tear them off."""

    def cover(self, device_ids: Sequence[str]) -> None:
        """Cover lenses."""

    def bias(self, device_ids: Sequence[str], per_h: float) -> float:
        """Falsify readings by `per_h` of full scale each hour; return how many a minute."""

    def restore(self, device_ids: Sequence[str]) -> None:
        """Undo what was done to devices."""

    def silence(self, gateway_id: str) -> int:
        """Jam all devices of a gateway; return how many."""

    def unsilence(self, gateway_id: str) -> None:
        """Stop jamming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SabotageOrder(Order):
    """Devices around a junction or a base station are torn off, covered or jammed.

    Attributes
    ----------
    act
        tamper, cover, or jam: all devices of the nearest gateway.
    sensor
        Kind of sensor; None for whatever is nearest. It means nothing to a jammer.
    devices
        How many are torn off or covered.
    lasts_s
        When a jammer gives up by himself; None for never.
    """

    word: ClassVar[str] = "sabotage"
    act: Literal["tamper", "cover", "jam"] = "tamper"
    sensor: str | None = None
    devices: int = 5
    lasts_s: Seconds | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class _Deed:
    event: Event
    act: str
    undo: Callable[[], None]


class Sabotage:
    """All deeds of sabotage.

    Parameters
    ----------
    stage
        Time, truth, callers.

    Attributes
    ----------
    devices
        What it acts on; set once the devices have been built.
    """

    orders: tuple[type[Order], ...] = (SabotageOrder,)
    step_s = 60.0

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._open: list[_Deed] = []
        self._count = 0
        self.devices: Devices | None = None
        self.works: Mapping[str, Work] = {
            "isolate": Labour(self._isolate_s, self._undo_one),
            "cordon": Labour(self._find_s, self._undo_one),
        }
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {}

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        place = choose_place(self._stage, name, order, ("base_station", "junction"))
        wait_until_built(self._stage, order.at_s, lambda: self._strike(name, order, place), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Follow the deeds that are not undone."""
        for deed in self._open:
            self._stage.events.update(deed.event, now, deed.event.severity, dt_s=dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return how many deeds there were."""
        return {"sabotages": self._count}

    def _strike(self, name: str, order: SabotageOrder, place: int) -> None:
        stage, devices = self._stage, self.devices
        assert devices is not None, "sabotage needs devices, set before time begins"
        at = stage.city.basemap.places[place]
        if order.act == "jam":
            gateway_id = devices.gateway_near((at.x_m, at.y_m))
            if gateway_id is None:
                raise InputError(
                    f"hazards.{name}.act", value="jam", expected="a city with gateways"
                )
            hit = devices.silence(gateway_id)
            undo: Callable[[], None] = partial(devices.unsilence, gateway_id)
        else:
            check_sensor(name, order.sensor, devices.kinds)
            ids = devices.nearest((at.x_m, at.y_m), order.devices, order.sensor)
            (devices.tamper if order.act == "tamper" else devices.cover)(ids)
            hit = len(ids)
            undo = partial(devices.restore, ids)
        self._count += 1
        event = stage.events.begin(
            SABOTAGE, stage.now, place, float(hit), cause=name, act=order.act
        )
        deed = _Deed(event=event, act=order.act, undo=undo)
        self._open.append(deed)
        luck = stage.streams.at("world.hazards.sabotage", self._count).random()
        if order.act != "jam" and luck < CALL_SHARE:
            stage.callers.report("110", SABOTAGE.kind, place)
        if order.lasts_s is not None:
            stage.after(order.lasts_s, lambda: self._end(deed, "itself"), name)

    def _at(self, place: int) -> list[_Deed]:
        return [deed for deed in self._open if deed.event.place == place]

    def _isolate_s(self, place: int) -> float | None:
        deeds = self._at(place)
        if not deeds:
            return None
        return FIND_S if deeds[0].act == "jam" else RESTORE_S

    def _find_s(self, place: int) -> float | None:
        # Police find a jammer; devices are put up again by those who know them.
        deeds = self._at(place)
        return FIND_S if deeds and deeds[0].act == "jam" else None

    def _undo_one(self, task: Task) -> None:
        self._end(self._at(task.place)[0], task.name)

    def _end(self, deed: _Deed, by: str) -> None:
        if deed not in self._open:
            return
        self._open.remove(deed)
        deed.undo()
        self._stage.events.end(deed.event, self._stage.now, by=by)


def wait_until_built(stage: Stage, at_s: float, act: Callable[[], None], name: str) -> None:
    """Run `act` at `at_s` after the scenario's start, but not before the devices are built."""
    due = int(stage.start) + int(seconds(at_s))
    stage.after(max((due - int(stage.now)) / 1e9, SOONEST_S), act, name)


def check_sensor(name: str, sensor: str | None, kinds: Sequence[str]) -> None:
    """Raise InputError when a city has no sensors of a kind that an order names."""
    if sensor is not None and sensor not in kinds:
        raise InputError(
            f"hazards.{name}.sensor", value=sensor, expected=f"one of {', '.join(kinds)}"
        )

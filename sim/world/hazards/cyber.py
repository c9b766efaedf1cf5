"""Attacks on the wire: forged, replayed, flooded, hijacked telemetry; readings falsified slowly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, Protocol

from sim.kernel.clock import Ns
from sim.kernel.units import Number, Seconds, Share
from sim.world.actuators import Effect
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.sabotage import Devices, check_sensor, wait_until_built
from sim.world.hazards.works import Labour
from sim.world.stage import Stage

CYBER_ATTACK = HazardKind(
    kind="cyber_attack",
    title="Cyber attack · 网络攻击",
    domain="safety",
    quantity="forged messages",
    unit="1/min",
    levels=(("IV", 1.0), ("III", 10.0), ("II", 100.0), ("I", 1000.0)),
    source="domain facts, vital signs of social safety: 1/10/100/1000 a minute",
)
ISOLATE_S = 180.0
"""Time a network team takes to quarantine the keys of an attack; assumed: with the drive there it
keeps to the domain facts' five minutes."""


class Wire(Protocol):
    """What somebody with a key can say in the devices' names; each returns the attack's number."""

    @property
    def kinds(self) -> Sequence[str]:
        """Kinds of sensors whose messages can be made."""

    def forge(self, kind: str, device_ids: Sequence[str], per_s: float) -> int:
        """Publish false alarming readings."""

    def replay(self, kind: str, device_ids: Sequence[str], per_s: float) -> int:
        """Publish old readings again."""

    def flood(self, kind: str, device_ids: Sequence[str], per_s: float) -> int:
        """Publish random readings."""

    def hijack(self, kind: str, device_ids: Sequence[str], per_s: float) -> int:
        """Publish calm readings over the true ones."""

    def stop(self, number: int) -> None:
        """End an attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CyberAttack(Order):
    """Somebody speaks in the name of sensors near a base station or a junction.

    Attributes
    ----------
    act
        forge: false alarms; replay: old readings again; flood: random readings; hijack: calm
        readings over the true ones; bias: the true ones falsified a little more each hour.
    sensor
        Kind of sensor.
    devices
        In the names of how many.
    per_min
        Messages a minute; a bias comes with the devices' own.
    bias_per_h
        Share of full scale by which a bias grows each hour: 0.5 %, domain facts.
    lasts_s
        When it ends by itself; None for never.
    """

    word: ClassVar[str] = "cyber_attack"
    act: Literal["forge", "replay", "flood", "hijack", "bias"] = "forge"
    sensor: str = "road_water_gauge"
    devices: int = 3
    per_min: Number = 60.0
    bias_per_h: Share = 0.005
    lasts_s: Seconds | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class _Attack:
    event: Event
    stop: Callable[[], None]


class CyberAttacks:
    """All attacks on the wire.

    Parameters
    ----------
    stage
        Time, truth.

    Attributes
    ----------
    devices, wire
        What it acts on; set once the devices have been built.
    """

    orders: tuple[type[Order], ...] = (CyberAttack,)
    step_s = 60.0

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._open: list[_Attack] = []
        self._count = 0
        self.devices: Devices | None = None
        self.wire: Wire | None = None
        self.works: Mapping[str, Work] = {"isolate": Labour(self._isolate_s, self._isolate)}
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {}

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        place = choose_place(self._stage, name, order, ("base_station", "junction"))
        wait_until_built(self._stage, order.at_s, lambda: self._strike(name, order, place), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Follow the attacks that last."""
        for attack in self._open:
            self._stage.events.update(attack.event, now, attack.event.severity, dt_s=dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return how many attacks there were."""
        return {"cyber_attacks": self._count}

    def _strike(self, name: str, order: CyberAttack, place: int) -> None:
        stage, devices, wire = self._stage, self.devices, self.wire
        assert devices is not None, "an attack needs devices, set before time begins"
        assert wire is not None, "an attack needs a wire, set before time begins"
        check_sensor(name, order.sensor, wire.kinds)
        at = stage.city.basemap.places[place]
        ids = devices.nearest((at.x_m, at.y_m), order.devices, order.sensor)
        if order.act == "bias":
            per_min = devices.bias(ids, order.bias_per_h)
            stop = partial(devices.restore, ids)
        else:
            per_min = order.per_min
            begin = {
                "forge": wire.forge,
                "replay": wire.replay,
                "flood": wire.flood,
                "hijack": wire.hijack,
            }[order.act]
            stop = partial(wire.stop, begin(order.sensor, ids, per_min / 60))
        self._count += 1
        event = stage.events.begin(
            CYBER_ATTACK,
            stage.now,
            place,
            per_min,
            cause=name,
            act=order.act,
            sensor=order.sensor,
            devices=list(ids),
        )
        attack = _Attack(event=event, stop=stop)
        self._open.append(attack)
        if order.lasts_s is not None:
            stage.after(order.lasts_s, lambda: self._end(attack, "itself"), name)

    def _at(self, place: int) -> list[_Attack]:
        return [attack for attack in self._open if attack.event.place == place]

    def _isolate_s(self, place: int) -> float | None:
        return ISOLATE_S if self._at(place) else None

    def _isolate(self, task: Task) -> None:
        self._end(self._at(task.place)[0], task.name)

    def _end(self, attack: _Attack, by: str) -> None:
        if attack not in self._open:
            return
        self._open.remove(attack)
        attack.stop()
        self._stage.events.end(attack.event, self._stage.now, by=by)

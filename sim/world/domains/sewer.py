"""Storm sewers and the water that they give back to the streets: events, crews, sensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.roads import ROAD_CLASSES
from sim.world.actuators import Effect
from sim.world.city.networks import SewerNet
from sim.world.city.spread import owners
from sim.world.crew import Work
from sim.world.domains.chance import Arrivals
from sim.world.domains.mending import Mending
from sim.world.domains.reaches import Reaches
from sim.world.domains.sewer_service import Guard, LevelField, PumpOut, TiltField
from sim.world.events import Event
from sim.world.fields import Field
from sim.world.hazards.manhole_overflow import (
    COVER_OFF,
    END_M,
    ONSET_M,
    STREET_FLOOD,
    CoverOff,
    SewerBlockage,
)
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Care
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

DIPS = 0.06
"""Share of streets with a dip in which water stays. Assumed: one in seven, so that storms of the
design flood a few places and not all the town."""
LOOSE = 0.15
"""Share of sewers with a cover that is not locked. Assumed: most have been changed since 2012."""
LOOK_S = 60.0
"""How often a dry network looks for rain [s]."""
DRY_M3 = 0.05
"""Water of a reach, in the mean, below which the network is dry. Assumed: a film a finger wide,
which would take hours to go by the rule for full flow."""
COVER_S, RAKE_S, CLEAN_SPREAD = 900.0, 2_700.0, 0.3
"""Median time to put a cover back or fence the hole in, and to rake debris out of the sewers
around. Assumed."""
FALL_PER_S, FALL_FLOODED = 0.002 / 3600, 10.0
"""Rate of falls into an open manhole, and factor where water hides it. Assumed: one in three
weeks of a usual street."""
PLACES = ("junction", "community")
WATCHED = ROAD_CLASSES.index("tertiary")
"""Least class of road whose flooding is an event. Assumed: side streets are left to drain."""


class Sewers:
    """The sewers of the city and the streets over them.

    A place stands for the sewers nearest to it: junctions and communities.

    Parameters
    ----------
    stage, net
        Time, truth, chance (``world.domains.sewer.streets``), and what lies under the streets.
    rain_at
        Given ``(r, 2)`` points, returns what tells the rain there so far, ``(r,)`` [mm].
    care
        Who takes up the wounded; None where nobody does.

    Attributes
    ----------
    reaches
        The water.
    inflow_m3s
        ``(links,)`` other water that comes onto each street, set from outside.
    street_depth_m
        ``(links,)`` water on each link, both ways of a street alike; changed in place [m].
    """

    orders: tuple[type[Order], ...] = (SewerBlockage, CoverOff)
    step_s = 5.0

    def __init__(
        self,
        stage: Stage,
        net: SewerNet,
        rain_at: Callable[[F64], Callable[[], F64]],
        *,
        care: Care | None = None,
    ) -> None:
        self._stage = stage
        self._care = care
        basemap, roads = stage.city.basemap, stage.city.basemap.roads
        middle_m = roads.node_xy_m[np.stack([roads.start, roads.end])].mean(axis=0)
        self.xy_m = middle_m[net.link]
        self._reach_of_link = owners(middle_m, self.xy_m)
        reach = np.full(len(roads), -1)
        reach[net.link] = np.arange(len(net.link))
        twin = _twins(roads.start, roads.end)
        other = np.where(twin >= 0, reach[twin], -1)
        self._over = np.where(reach >= 0, reach, other)
        lanes = roads.lanes + np.where(twin >= 0, roads.lanes[twin], 0)
        draw = stage.streams.at("world.domains.sewer.streets", 0)
        luck = draw.random((2, len(net.link)))
        self.reaches = Reaches(
            net,
            roads.length_m[net.link],
            lanes[net.link].astype(np.float64),
            dips=luck[0] < DIPS,
            loose=luck[1] < LOOSE,
            dt_s=self.step_s,
        )
        self._place_m = np.array([(p.x_m, p.y_m) for p in basemap.places]).reshape(-1, 2)
        kinds = [i for i, p in enumerate(basemap.places) if p.kind in PLACES]
        self._places = np.array(kinds or range(len(basemap.places)))
        self._at = self._places[owners(self.xy_m, self._place_m[self._places])]
        self._watched = roads.road_class[net.link] <= WATCHED
        self._rain = rain_at(self.xy_m)
        self._fallen_mm = self._rain()
        self._waited_s = 0.0
        self._wet = False
        self._floods: dict[int, Event] = {}
        self._covers: dict[int, tuple[int, Event]] = {}
        self._blocked: dict[int, int] = {}
        self._guards: dict[str, int] = {}
        self._count = 0
        self._lost = 0
        self._falls = Arrivals(stage.streams, "world.domains.sewer.falls")
        self._pumps: dict[str, tuple[int, float]] = {}
        self.inflow_m3s = np.zeros(len(roads))
        self.street_depth_m = np.zeros(len(roads))
        cleaning = Mending(
            stage.streams,
            "sewer",
            faults_at=self._faults_at,
            median_s=lambda n: COVER_S if n in self._covers else RAKE_S,
            spread=CLEAN_SPREAD,
            mend=self._mend,
        )
        self.works: Mapping[str, Work] = {
            "pump_out": PumpOut(self),
            "pump": PumpOut(self),
            "clean": cleaning,
            "inspect": Guard(self),
        }
        self.effects: Mapping[str, Effect] = {}
        self.fields: Mapping[str, Field] = {
            "sewer_level": LevelField(self, share=True),
            "manhole_level": LevelField(self, share=False),
            "cover_tilt": TiltField(self),
        }

    def plan(self, name: str, order: Any) -> None:
        """Put an order on the clock."""
        place = choose_place(self._stage, name, order, PLACES)
        if isinstance(order, CoverOff):

            def uncover() -> None:
                self.uncover(place, cause=name)

            self._stage.at(order.at_s, uncover, name)
            return

        def block() -> None:
            number = self.block(place, order.share)
            if order.lasts_s is not None:
                self._stage.after(order.lasts_s, lambda: self._mend(number), name)

        self._stage.at(order.at_s, block, name)

    def uncover(self, place: int, *, cause: str | None = None) -> Event | None:
        """Take the cover off a manhole near a place; None where it is off already."""
        reach = int(self._reaches_of(place)[0])
        if self.reaches.lifted[reach]:
            return None
        self.reaches.lifted[reach] = True
        return self._lift(reach, cause)

    def block(self, place: int, share: float) -> int:
        """Let debris take a share of the capacity near a place, and return the fault's number."""
        number, self._count = self._count, self._count + 1
        self._blocked[number] = place
        self.reaches.open_share[self._reaches_of(place)] = 1 - share
        return number

    def guard(self, place: int, unit_id: str, *, there: bool) -> None:
        """Let a unit keep people from the open manholes of a place, or leave."""
        self._guards.pop(unit_id, None)
        if there:
            self._guards[unit_id] = place

    def is_covered(self, place: int) -> bool:
        """Return whether no manhole of a place is open."""
        return all(event.place != place for _, event in self._covers.values())

    def depth_at(self, place: int) -> float:
        """Return the deepest water on the streets of a place [m]."""
        mine = self._at == place
        return float(self.reaches.street_depth_m[mine].max(initial=0.0))

    def step(self, now: Ns, dt_s: float) -> None:
        """Let rain run off, sewers flow, streets flood and drain."""
        self._open_holes(now, dt_s)
        self._waited_s += dt_s
        poured = bool(self.inflow_m3s.any())
        if not self._wet and not poured and self._waited_s < LOOK_S:
            return
        fallen_mm = self._rain()
        rain_mm, self._fallen_mm = fallen_mm - self._fallen_mm, fallen_mm
        self._waited_s = 0.0
        raining = bool(rain_mm.any())
        if not (self._wet or poured or raining):
            return
        self._wet = True
        inflow = np.bincount(
            self._reach_of_link, weights=self.inflow_m3s, minlength=len(self.xy_m)
        ).astype(np.float64)
        before = self.reaches.lifted.copy()
        self.reaches.step(dt_s, rain_mm, inflow)
        for place, capacity_m3s in self._pumps.values():
            mine = np.flatnonzero(self._at == place)
            if len(mine):
                deepest = int(mine[np.argmax(self.reaches.street_depth_m[mine])])
                self.reaches.pump(deepest, capacity_m3s * dt_s)
        if not (raining or poured) and self.reaches.stored_m3 < DRY_M3 * len(self.xy_m):
            self.reaches.settle()
            self._wet = False
        depth = self.reaches.street_depth_m
        self.street_depth_m[:] = np.where(self._over >= 0, depth[self._over], 0.0)
        self._tell(now, dt_s, depth)
        for reach in np.flatnonzero(self.reaches.lifted & ~before).tolist():
            flood = self._floods.get(int(self._at[reach]))
            self._lift(reach, flood.event_id if flood is not None else None)

    def totals(self) -> Mapping[str, float | int]:
        """Return the sewers' water balance, and how many covers came off."""
        reaches = self.reaches
        return {
            "sewer_in_m3": reaches.in_m3,
            "sewer_out_m3": reaches.out_m3,
            "sewer_pumped_m3": reaches.pumped_m3,
            "sewer_stored_m3": reaches.stored_m3,
            "covers_off": self._lost,
        }

    def pump(self, place: int, unit_id: str, capacity_m3s: float) -> None:
        """Let a unit draw water from the streets of a place; 0 takes it away."""
        self._pumps.pop(unit_id, None)
        if capacity_m3s > 0:
            self._pumps[unit_id] = (place, capacity_m3s)

    def reach_of(self, xy_m: F64, link: I32, place: I32) -> I64:
        """Return the reach under each link, else the one nearest to the place or the point."""
        at_m = np.where((place >= 0)[:, None], self._place_m[place], xy_m)
        near = owners(at_m, self.xy_m)
        reach: I64 = np.where(link >= 0, self._reach_of_link[link], near)
        return reach

    def _reaches_of(self, place: int) -> I64:
        """Return the reaches a place stands for, the nearest first; one at least."""
        gap_m = np.hypot(*(self.xy_m - self._place_m[place]).T)
        order = np.argsort(gap_m, kind="stable")
        mine = order[self._at[order] == place]
        return mine if len(mine) else order[:1]

    def _tell(self, now: Ns, dt_s: float, depth_m: F64) -> None:
        """Open, follow and close the floods of places."""
        watched_m = np.where(self._watched, depth_m, 0.0)
        if not self._floods and watched_m.max(initial=0.0) < ONSET_M:
            return
        deepest = np.zeros(len(self._place_m))
        np.maximum.at(deepest, self._at, watched_m)
        for place in np.flatnonzero(deepest >= ONSET_M).tolist():
            if place not in self._floods:
                self._floods[place] = self._stage.events.begin(
                    STREET_FLOOD, now, place, float(deepest[place])
                )
                self._stage.callers.report("12345", "street_flood", place)
        for place, event in list(self._floods.items()):
            depth = float(deepest[place])
            self._stage.events.update(event, now, depth, dt_s=dt_s)
            if depth < END_M:
                pumped = any(at == place for at, _ in self._pumps.values())
                self._stage.events.end(event, now, by="pump_out" if pumped else "itself")
                del self._floods[place]

    def _lift(self, reach: int, cause: str | None) -> Event:
        number, self._count, self._lost = self._count, self._count + 1, self._lost + 1
        x_m, y_m = self.xy_m[reach].tolist()
        event = self._stage.events.begin(
            COVER_OFF, self._stage.now, int(self._at[reach]), 1.0, xy_m=(x_m, y_m), cause=cause
        )
        self._covers[number] = (reach, event)
        self._stage.callers.report("12345", "cover_off", event.place, delay_s=(600.0, 3600.0))
        return event

    def _open_holes(self, now: Ns, dt_s: float) -> None:
        """Let people fall into manholes without a cover, the more where water hides them."""
        if not self._covers:
            return
        depth = self.reaches.street_depth_m
        holes = list(self._covers.values())
        guarded = set(self._guards.values())
        risk = [
            (FALL_FLOODED if depth[reach] >= END_M else 1.0) * (event.place not in guarded)
            for reach, event in holes
        ]
        for number in self._falls.pass_by(FALL_PER_S * sum(risk) * dt_s):
            draw = self._stage.streams.at("world.domains.sewer.hole", number)
            _, event = holes[int(draw.choice(len(holes), p=np.array(risk) / sum(risk)))]
            self._stage.events.hurt(event, now, "injured", 1)
            if self._care is not None:
                self._care.add(event.place, 1, cause=event.event_id)

    def _faults_at(self, place: int) -> list[int]:
        """Return the open manholes of a place that no deep water hides, then its blockages."""
        depth = self.reaches.street_depth_m
        holes = [
            number
            for number, (reach, event) in self._covers.items()
            if event.place == place and depth[reach] < END_M
        ]
        return holes + [number for number, at in self._blocked.items() if at == place]

    def _mend(self, number: int) -> None:
        """Put a cover back, or clear a blockage that is still there."""
        if number in self._covers:
            reach, event = self._covers.pop(number)
            self.reaches.lifted[reach] = False
            self._stage.events.end(event, self._stage.now, by="clean")
        elif number in self._blocked:
            self.reaches.open_share[self._reaches_of(self._blocked.pop(number))] = 1.0


def _twins(start: I32, end: I32) -> I64:
    """Return the link that leads back along each link, -1 for one-way streets."""
    n = int(max(start.max(), end.max())) + 1
    key = start.astype(np.int64) * n + end
    back = end.astype(np.int64) * n + start
    order = np.argsort(key, kind="stable")
    at = np.minimum(np.searchsorted(key, back, sorter=order), len(key) - 1)
    twin: I64 = np.where(key[order[at]] == back, order[at], -1)
    return twin

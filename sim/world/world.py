"""The simulated city put together: hazards, water, traffic, people, actuators, units.

It knows nothing of sensors and of the operations centre; it meets them on the bus, and
through the fields that sensors read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.kernel.bus import Bus
from sim.kernel.clock import Ns, seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.world.actuators import Actuators
from sim.world.cascades import Cascades
from sim.world.city.model import City
from sim.world.commands import CommandDesk
from sim.world.crew import Scene
from sim.world.driving import Navigator
from sim.world.engine import PHYSICS, SimEngine
from sim.world.events import SAMPLE_S
from sim.world.families import make_families
from sim.world.fields import (
    CountingField,
    DepthField,
    Field,
    LiveField,
    RainField,
    StandingWater,
    VehicleField,
)
from sim.world.hazards.flood import Floods
from sim.world.hazards.order import Family, Order
from sim.world.hazards.pump_fault import PumpFault
from sim.world.links import Links
from sim.world.people import People
from sim.world.priority import Priority
from sim.world.setting import Setting
from sim.world.stage import Stage
from sim.world.traffic import Traffic, TrafficConfig
from sim.world.truth import Truth
from sim.world.underpass_work import serve_underpasses
from sim.world.units import Units
from sim.world.water import SunkenLinks, Underpasses
from sim.world.weather import Storm, Weather

F64 = NDArray[np.float64]

STEP_S = 5.0
"""Length of a physics step, or less where traffic asks for it; traffic may take longer ones."""
TRAFFIC_SAMPLE_S = 300.0
"""Time between two truth samples of traffic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """What happens in the city, whoever watches it.

    Attributes
    ----------
    storms
        Rain; the storms' amounts add up.
    pump_faults
        Pumps that fail.
    orders
        What else happens: the name of each in the scenario, and the order.
    cascades_off
        Links between hazards that are cut, of `sim.world.links.LINKS`.
    traffic
        Demand and drivers.
    """

    storms: tuple[Storm, ...] = ()
    orders: tuple[tuple[str, Order], ...] = ()
    pump_faults: tuple[PumpFault, ...] = ()
    cascades_off: tuple[str, ...] = ()
    traffic: TrafficConfig = field(default_factory=TrafficConfig)


class World:
    """The city's physics and actors.

    Each physics step goes in this order: rain falls; bowls fill and are pumped; their water stands
    on the links; traffic moves; floods begin and end; people are exposed, trapped, freed; then each
    family that is due. At equal times a step comes before devices, units and actuators, and these
    before the centre.

    Parameters
    ----------
    city
        What stands.
    engine, bus, streams
        Time, talk, chance.
    config
        What happens.
    truth
        Takes what really happened.

    Attributes
    ----------
    fields
        What sensors may read, by sensor kind: those of streets, weather and air, and those of
        every family.
    ambient
        Air temperature [°C] and relative humidity [0 to 1], which sensors feel as well.
    standing_water
        Water over the ground, in which some drown [m].

    Raises
    ------
    InputError
        When a pump fault names a place without pumps.
    """

    def __init__(
        self,
        city: City,
        engine: SimEngine,
        bus: Bus,
        streams: Streams,
        config: WorldConfig,
        truth: Truth,
    ) -> None:
        basemap = city.basemap
        self._engine = engine
        self._truth = truth
        self._clock = engine.clock(PHYSICS)
        self.stage = Stage.of(city, engine, bus, streams, truth)
        self.weather = Weather(config.storms, city.cells.xy_m, streams)
        self.water = Underpasses(city.basins)
        self.traffic = Traffic(basemap.roads, city.zones, streams, config.traffic)
        self._sunken = SunkenLinks(basemap, self.water)
        self.standing_water: Field = StandingWater(basemap.roads, self._sunken.depth_m)
        self.people = People(
            basemap,
            self.water,
            self._sunken,
            self.traffic,
            engine=engine,
            callers=self.stage.callers,
            streams=streams,
            truth=truth,
        )
        self.floods = Floods(basemap, self.water, self.people, truth)
        desk = CommandDesk(engine, bus, streams)
        self.actuators = Actuators(basemap, engine=engine, bus=bus, desk=desk, truth=truth)
        links = Links(config.cascades_off)
        self.setting = Setting(self.stage)
        self.ambient: Field = self.setting.ambient
        self.rain_mm_h = 0.0
        self.families = make_families(
            self.stage,
            self.setting,
            self.traffic,
            links,
            self._rain_at,
        )
        crashed = self.families.crashes.blocked_links if links.hold("crash_roads") else set[int]()
        scene = Scene(engine, self.look)
        self.units = Units(
            basemap,
            Navigator(basemap.roads, self.traffic, self._sunken.depth_m, crashed),
            scene,
            engine=engine,
            bus=bus,
            desk=desk,
            streams=streams,
            truth=truth,
        )
        self.fields: dict[str, Field] = {
            "rain_gauge": RainField(self.weather, engine.now),
            "road_water_gauge": DepthField(self.water, len(basemap.places)),
            "vehicle_detector": VehicleField(self.traffic),
            **self._roadside(links),
            **self.setting.fields,
        }
        serve_underpasses(
            scene,
            self.actuators,
            basemap=basemap,
            water=self.water,
            people=self.people,
            streets=self.traffic,
            events=self.stage.events,
        )
        hospitals = self.families.hospitals
        priority = Priority(basemap, self.traffic)
        self.actuators.serve("signal_priority", priority.grant)
        self.units.arrange(hospitals.hospital_for, hospitals.deliver, priority)
        self.cascades = Cascades(
            links,
            stage=self.stage,
            setting=self.setting,
            families=self.families,
            traffic=self.traffic,
            underpasses=self.water,
            rain_mm_h=lambda: self.rain_mm_h,
        )
        self._streets_flood = links.hold("rain_streets")
        steps: list[Family | Cascades] = [*self.families.all(), self.cascades]
        step_s = self._step_s = min(self.traffic.step_s, STEP_S)
        self._traffic_every = round(self.traffic.step_s / step_s)
        self._due = [(max(1, round(family.step_s / step_s)), family) for family in steps]
        for family in self.families.all():
            self._join(family, scene)
        for name, order in config.orders:
            self.order(name, order)
        self._ticks = 0
        places = [basemap.places[i] for i in city.basins.place.tolist()]
        self._row_of_place_id = {place.place_id: row for row, place in enumerate(places)}
        self._catchments = self.weather.sites(
            np.array([(place.x_m, place.y_m) for place in places], dtype=float)
        )
        self._fallen_mm = self._catchments.total_mm(engine.now())
        self._sampled_mm = self._fallen_mm
        self._rain_before_mm = self.weather.mean_mm(engine.now())
        self._faults = config.pump_faults
        for fault in self._faults:
            self._check(fault)

    def look(self, place: int) -> dict[str, float | int]:
        """Return what anybody at a place sees: water, people trapped, hazards by severity."""
        seen: dict[str, float | int] = {
            kind: float(f"{severity:.3g}") for kind, severity in self.stage.events.at(place).items()
        }
        if self.water.row_of(place) is not None:
            seen["depth_m"] = round(self.water.depth_at(place), 2)
        families = self.families
        trapped = sum(
            by.trapped_at(place)
            for by in (
                self.people,
                families.fires,
                families.crashes,
                families.lifts,
                families.quakes,
            )
        )
        if trapped or seen:
            seen["trapped"] = trapped
        return seen

    def start(self) -> None:
        """Publish the births of units and actuators, set the faults, let time begin."""
        self.republish()
        for fault in self._faults:
            self._schedule(fault)
        self._clock.call_at(self._after(self._step_s), self._step, name="physics")
        self._clock.call_at(self._after(SAMPLE_S), self._sample, name="truth sample")
        self._clock.call_at(
            self._after(TRAFFIC_SAMPLE_S), self._sample_traffic, name="truth traffic"
        )

    def republish(self) -> None:
        """Publish the status of all units and actuators again, after a broker lost them."""
        self.units.publish_all()
        self.actuators.publish_all()

    def rain(self, storm: Storm) -> None:
        """Let one more storm come, from now or later."""
        self.weather.add(storm)

    def order(self, name: str, order: Order) -> None:
        """Let one more thing happen; what its time is past for, at once.

        Raises
        ------
        InputError
            When it names a place that is not there or does not fit.
        """
        self._family_of(order).plan(name, order)

    def fail(self, fault: PumpFault) -> None:
        """Let one more pump fail.

        Raises
        ------
        InputError
            When it names a place without pumps.
        """
        self._check(fault)
        self._schedule(fault)

    def finish(self) -> None:
        """Write the truth's last records: floods still open, and the totals."""
        now, water, traffic, people = self._engine.now(), self.water, self.traffic, self.people
        self.floods.finish(now)
        self.stage.events.finish(now)
        totals: dict[str, float | int] = dict(self.stage.events.harm)
        for family in self.families.all():
            totals |= family.totals()
        self._truth.write(
            "run_end",
            now,
            exposure_person_min=float(people.exposure_person_min.sum()),
            trapped_people=people.trapped_total,
            rescued_people=people.rescued_total,
            vehicles_entered=int(traffic.entered),
            vehicles_left=int(traffic.left),
            vehicles_removed=int(traffic.removed),
            vehicles_inside=int(traffic.inside),
            delay_vehicle_h=float(traffic.delay_vehicle_h),
            rain_mm=self.weather.mean_mm(now) - self._rain_before_mm,
            water_in_m3=water.in_m3,
            water_out_m3=water.out_m3,
            water_stored_m3=water.stored_m3,
            **totals,
        )

    def _rain_at(self, xy_m: F64) -> Callable[[], F64]:
        """Return what tells the rain at ``(n, 2)`` points since the start of time [mm]."""
        sites, now = self.weather.sites(xy_m), self._engine.now
        return lambda: sites.total_mm(now())

    def _roadside(self, links: Links) -> dict[str, Field]:
        power = self.families.power
        live = LiveField((lambda: power.live_at_place) if links.hold("power_signals") else None)
        counting = CountingField(self.traffic, live)
        return {"radar_camera": counting, "rsu": live, "signal_controller": live}

    def _after(self, span_s: float) -> Ns:
        return Ns(self._engine.now() + seconds(span_s))

    def _step(self) -> None:
        now, dt_s = self._engine.now(), self._step_s
        self._clock.call_at(self._after(dt_s), self._step, name="physics")
        fallen_mm = self._catchments.total_mm(now)
        fell_mm = fallen_mm - self._fallen_mm
        self.water.step(dt_s, fell_mm)
        self._fallen_mm = fallen_mm
        self.rain_mm_h = float(fell_mm.mean()) * 3600 / dt_s if np.count_nonzero(fell_mm) else 0.0
        street_m = self.families.sewers.street_depth_m if self._streets_flood else None
        if self._sunken.flood(self.water.depth_m, street_m):
            self.traffic.set_depth(self._sunken.depth_m)
        self._ticks += 1
        if self._ticks % self._traffic_every == 0:
            self.traffic.step(now)
        self.floods.step(now)
        self.people.step(dt_s)
        for every, family in self._due:
            if self._ticks % every == 0:
                family.step(now, every * dt_s)

    def _join(self, family: Family, scene: Scene) -> None:
        for task, work in family.works.items():
            scene.serve(task, work)
        for kind, effect in family.effects.items():
            self.actuators.serve(kind, effect)
        self.fields |= family.fields

    def _family_of(self, order: Order) -> Family:
        return next(family for family in self.families.all() if type(order) in family.orders)

    def _sample(self) -> None:
        self._clock.call_at(self._after(SAMPLE_S), self._sample, name="truth sample")
        fallen_mm = self._catchments.total_mm(self._engine.now())
        self.floods.sample(self._engine.now(), (fallen_mm - self._sampled_mm) * (3600 / SAMPLE_S))
        self.stage.events.sample(self._engine.now())
        self._sampled_mm = fallen_mm

    def _sample_traffic(self) -> None:
        self._clock.call_at(
            self._after(TRAFFIC_SAMPLE_S), self._sample_traffic, name="truth traffic"
        )
        traffic = self.traffic
        vehicles = int(traffic.on_link.sum())
        speed_mps = float(traffic.speed_mps @ traffic.on_link) / vehicles if vehicles else None
        self._truth.write(
            "traffic",
            self._engine.now(),
            vehicles_running=int(traffic.inside),
            vehicles_waiting=int(traffic.waiting),
            mean_speed_mps=speed_mps,
            traffic_index=float(traffic.index),
            delay_veh_h=float(traffic.delay_vehicle_h),
        )

    def _check(self, fault: PumpFault) -> None:
        if fault.place_id not in self._row_of_place_id:
            known = ", ".join(self._row_of_place_id) or "none in this city"
            raise InputError(
                "pump fault", place=fault.pump, value=fault.place_id, expected=f"one of {known}"
            )

    def _schedule(self, fault: PumpFault) -> None:
        """Put a fault's beginning and end on the clock; one that begins now begins at once."""
        self.stage.at(fault.start_s, lambda: self._turn(fault, failing=True), "fault")
        if fault.end_s is not None:
            self.stage.at(fault.end_s, lambda: self._turn(fault, failing=False), "repair")

    def _turn(self, fault: PumpFault, *, failing: bool) -> None:
        if fault.pump == "duty":
            target = f"duty-pump-{fault.place_id}"
            self.water.duty_ok[self._row_of_place_id[fault.place_id]] = not failing
        else:
            target = f"pump-{fault.place_id}"
            if not failing:
                self.actuators.repair(target)
            elif fault.kind != "stopped":
                self.actuators.fail(target, fault.kind)
        self._truth.write(
            "fault",
            self._engine.now(),
            target=target,
            fault=fault.kind,
            phase="start" if failing else "end",
        )

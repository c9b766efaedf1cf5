"""The composition root: the one place where the concrete classes of all islands meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from devices.attacker import Attacker
from devices.cohort import Cohort
from devices.control import DeviceDesk
from devices.deployment import Deployment
from devices.energy import YEAR_S
from devices.faults import FaultPlan
from devices.gateway import Gateways
from devices.saboteur import Saboteur
from devices.surroundings import Surroundings
from ops_center.core.config import CenterConfig
from scenarios import orders
from scenarios.networking import (
    BASE_STATION_LOOK_S,
    base_stations_look,
    build_field,
    uplinks,
)
from scenarios.plans import chosen_plans, without_gear
from scenarios.schema import CityPart, PoliciesPart, Scenario
from scenarios.siting.devices import place_gateways
from scenarios.siting.place import place_sensors
from sim.kernel import basemap as maps
from sim.kernel.bus import Bus
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.messages.city import MapPublished
from sim.world.city.cache import CityCache
from sim.world.city.load import load_city
from sim.world.city.model import City
from sim.world.engine import CITY, SimEngine
from sim.world.traffic import TrafficConfig
from sim.world.truth import Truth
from sim.world.world import World, WorldConfig


def build_city(
    scenario: Scenario,
    seed: int,
    source: str | None = None,
    *,
    scale: float | None = None,
    cache: CityCache | None = None,
) -> City:
    """Return the scenario's city, or another in its place.

    Parameters
    ----------
    source
        Another city than the scenario's, by its name or file.
    scale
        Share of the synthetic city to build, instead of the scenario's.
    cache
        Where cities that took long are kept; nothing is kept without one.

    Raises
    ------
    InputError
        As `load_city`: an unknown name or file, or a scale that does not fit.
    """
    part = scenario.city if source is None else CityPart(source=source)
    wanted = part.scale if scale is None else scale
    return load_city(part.source, SeededStreams(seed), scale=wanted, cache=cache)


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySide:
    """The city with its sensors, ready to start.

    Attributes
    ----------
    gateway_births
        The gateways' own births, for their connections and wills.
    """

    world: World
    cohorts: tuple[Cohort, ...]
    gateways: Gateways
    deployments: tuple[Deployment, ...]
    gateway_births: Deployment
    map_message: MapPublished
    bus: Bus

    def start(self) -> None:
        """Say who is there, and let time begin: map, units, gateways, then devices."""
        self.bus.publish(self.map_message)
        self.world.start()
        self.gateways.start()
        for cohort in self.cohorts:
            cohort.start()

    @property
    def sensors(self) -> int:
        """How many devices measure the city, gateways aside."""
        return sum(len(deployment.devices) for deployment in self.deployments)

    def counts(self) -> dict[str, int]:
        """Return what became of the sensors' reports so far, and how many gateways made."""
        names = ("sent", "lost", "duplicated", "filtered", "stored", "delivered")
        totals = {name: sum(getattr(c.counts, name) for c in self.cohorts) for name in names}
        totals["dropped"] = sum(cohort.dropped for cohort in self.cohorts)
        totals["uncovered"] = sum(cohort.uncovered for cohort in self.cohorts)
        return totals | {"by_gateways": self.gateways.reports}


def build_city_side(
    scenario: Scenario,
    city: City,
    seed: int,
    engine: SimEngine,
    bus: Bus,
    truth_sink: Callable[[dict[str, Any]], None],
    *,
    deployments: tuple[Deployment, ...] | None = None,
    replaced: Sequence[str] = (),
) -> CitySide:
    """Return world and devices of a scenario on a bus.

    Parameters
    ----------
    scenario, city, seed
        What to simulate.
    engine, bus
        Time and talk.
    truth_sink
        Takes the truth's records.
    deployments
        Sensors to use instead of those the scenario's rules place.
    replaced
        Sensors and actuators whose place real ones take: nothing is said in their name.

    Raises
    ------
    InputError
        When something does not fit the city, or `replaced` names what is not there.
    """
    streams = SeededStreams(seed)
    truth = Truth(truth_sink, engine.now())
    basemap = city.basemap
    clock = engine.clock(CITY)

    def on_fault(device_id: str, fault: str, started: bool, at: Ns) -> None:
        phase = "start" if started else "end"
        truth.write("fault", at, target=device_id, fault=fault, phase=phase)

    gateway_births = place_gateways(scenario, basemap)
    field = build_field(
        scenario, basemap, gateway_births, clock=clock, bus=bus, truth=truth, on_fault=on_fault
    )
    gateways = field.gateways
    world = World(
        city, engine, field.line, streams, _world_config(scenario, city, engine.now()), truth
    )
    if deployments is None:
        deployments = tuple(place_sensors(scenario, city, gateway_births, streams))
    uplink_of = uplinks(scenario, field)
    around = Surroundings(
        air=world.ambient,
        water=world.standing_water,
        calibrated_y=scenario.sensing.calibrated / YEAR_S,
    )
    orders.check_fault_targets(scenario.hazards, deployments)
    cohorts = tuple(
        Cohort(
            deployment,
            world.fields[deployment.kind.kind],
            clock=clock,
            bus=bus,
            streams=streams,
            uplink=uplink_of(deployment.kind.kind),
            faults=FaultPlan(
                orders=[
                    *orders.worn(scenario, deployment, engine.now(), streams),
                    *orders.fault_orders(scenario.hazards, deployment, engine.now()),
                ],
                on_fault=on_fault,
            ),
            around=around,
        )
        for deployment in deployments
    )
    _give_way(replaced, cohorts, world)
    DeviceDesk(cohorts, clock=clock, bus=bus, streams=streams)
    saboteur = Saboteur(cohorts, gateways, clock=clock)
    families = world.families
    families.sabotage.devices = families.cyber.devices = saboteur
    families.cyber.wire = Attacker(cohorts, bus=bus, clock=clock, streams=streams)
    clock.call_every(
        seconds(BASE_STATION_LOOK_S),
        base_stations_look(gateways, gateway_births, world),
        name="base stations",
    )
    # As the wire would carry it, so that a centre in this process and one behind a broker
    # reckon with the same numbers.
    public = maps.from_document(maps.to_document(basemap))
    return CitySide(
        world=world,
        cohorts=cohorts,
        gateways=gateways,
        deployments=deployments,
        gateway_births=gateway_births,
        map_message=MapPublished(ts_event=engine.now(), basemap=public),
        bus=bus,
    )


def _give_way(replaced: Sequence[str], cohorts: Sequence[Cohort], world: World) -> None:
    """Let real devices take the place of simulated ones."""
    sensors = {name: cohort for cohort in cohorts for name in cohort.roster.ids}
    known = [*sensors, *world.actuators.ids]
    for device_id in replaced:
        orders.check_known("--replace", device_id, known)
        cohort = sensors.get(device_id)
        if cohort is None:
            world.actuators.replace(device_id)
        else:
            cohort.upkeep.give_way(cohort.roster.add(device_id))


def center_config(policies: PoliciesPart) -> CenterConfig:
    """Return the centre's settings under a scenario's policies."""
    plans = chosen_plans(policies.plan)
    if policies.priority == "none":
        plans = without_gear(plans, "signal_priority")
    return CenterConfig(
        plans=plans,
        lateness_s=policies.lateness,
        acknowledge_after_s=policies.acknowledge_after,
    )


def _world_config(scenario: Scenario, city: City, start: Ns) -> WorldConfig:
    trips = scenario.city.trips
    traffic = TrafficConfig() if trips is None else TrafficConfig(peak_trips_per_h=trips * 3600)
    return WorldConfig(
        storms=orders.storms(scenario.hazards, start),
        orders=orders.orders(scenario.hazards),
        pump_faults=orders.pump_faults(scenario.hazards, city),
        cascades_off=scenario.cascades.off,
        traffic=traffic,
    )

"""All families of hazards and domains, in the order in which they step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import get_type_hints

import numpy as np
from numpy.typing import NDArray

from sim.world.background.climate import Change
from sim.world.domains.bridges import Bridges
from sim.world.domains.crowds import Crowds
from sim.world.domains.epidemic import Epidemic
from sim.world.domains.gas import Gas
from sim.world.domains.greenhouses import Greenhouses
from sim.world.domains.heat import Heat
from sim.world.domains.hospitals import Hospitals
from sim.world.domains.injuries import Injuries
from sim.world.domains.machines import Machines
from sim.world.domains.power import Power
from sim.world.domains.sewer import Sewers
from sim.world.domains.telecom import BaseStations
from sim.world.domains.water_supply import WaterSupply
from sim.world.hazards.air_episode import AirEpisodes
from sim.world.hazards.bridge import BridgeOverloads
from sim.world.hazards.crash import Crashes
from sim.world.hazards.crowd import CrowdWatch
from sim.world.hazards.cyber import CyberAttacks
from sim.world.hazards.fire import Fires
from sim.world.hazards.fog import FogAndGales
from sim.world.hazards.frost import Frosts
from sim.world.hazards.grid_case import GridCaseBook
from sim.world.hazards.heat_wave import TemperatureWaves
from sim.world.hazards.lift import Lifts
from sim.world.hazards.machine import MachineFailures
from sim.world.hazards.order import Family, Order
from sim.world.hazards.outbreak import Outbreaks
from sim.world.hazards.planned_works import PlannedWorks
from sim.world.hazards.plume import Plumes
from sim.world.hazards.quake import Quakes
from sim.world.hazards.road_collapse import RoadCollapses
from sim.world.hazards.sabotage import Sabotage
from sim.world.hazards.toxic_release import ToxicReleases
from sim.world.hazards.toxics import ToxicGas
from sim.world.links import Links
from sim.world.setting import Setting
from sim.world.stage import Stage
from sim.world.traffic import Traffic

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

RainAt = Callable[[F64], Callable[[], F64]]
"""Given ``(n, 2)`` points, returns what tells the rain there so far, ``(n,)`` [mm]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Families:
    """Every family of a city by name; they step in this order."""

    air_episodes: AirEpisodes
    temperature_waves: TemperatureWaves
    fog_and_gales: FogAndGales
    power: Power
    water: WaterSupply
    gas: Gas
    sewers: Sewers
    heat: Heat
    base_stations: BaseStations
    hospitals: Hospitals
    injuries: Injuries
    crowds: Crowds
    crowd_watch: CrowdWatch
    fires: Fires
    crashes: Crashes
    road_collapses: RoadCollapses
    lifts: Lifts
    grid_cases: GridCaseBook
    planned_works: PlannedWorks
    plumes: Plumes
    toxic_releases: ToxicReleases
    quakes: Quakes
    bridges: Bridges
    bridge_overloads: BridgeOverloads
    greenhouses: Greenhouses
    frosts: Frosts
    machines: Machines
    machine_failures: MachineFailures
    epidemic: Epidemic
    outbreaks: Outbreaks
    sabotage: Sabotage
    cyber: CyberAttacks

    def all(self) -> list[Family]:
        """Return them in the order in which they step."""
        return [getattr(self, field.name) for field in fields(self)]


def make_families(
    stage: Stage,
    setting: Setting,
    traffic: Traffic,
    links: Links,
    rain_at: RainAt,
) -> Families:
    """Return every family of a city, each given what it reads and acts on.

    What happens of one to another is joined by `sim.world.cascades`; here is what each reads.
    """
    networks = stage.city.networks
    lane_m = stage.city.basemap.roads.length_m
    power = Power(stage, networks.power)
    hospitals = Hospitals(stage)
    injuries = Injuries(stage, hospitals.admit)
    crowds = Crowds(stage, lambda: float(setting.background.footfall.factor(stage.now).mean()))
    water = WaterSupply(stage, networks.water)

    def if_held(link: str) -> Callable[[], Bools] | None:
        return (lambda: power.live_at_place) if links.hold(link) else None

    toxic_gas = ToxicGas()
    bridges = Bridges(stage, density_vpm=lambda: traffic.on_link / lane_m, temp_c=setting.temp_c)
    greenhouses = Greenhouses(
        stage,
        outdoor_c=setting.temp_at_c,
        sky=setting.light_and_cloud,
        powered=if_held("power_farms"),
    )
    machines = Machines(stage, powered=if_held("power_factories"))
    epidemic = Epidemic(stage, usual=setting.visits)
    made = Families(
        air_episodes=AirEpisodes(stage),
        temperature_waves=TemperatureWaves(
            stage, temp_c=lambda now: setting.background.climate.at(now).temp_c
        ),
        fog_and_gales=FogAndGales(
            stage,
            visibility_m=lambda: setting.sky().visibility_m,
            gust_mps=lambda: setting.sky().gust_mps,
        ),
        power=power,
        water=water,
        gas=Gas(stage, networks.gas, care=injuries),
        sewers=Sewers(stage, networks.sewer, rain_at, care=injuries),
        heat=Heat(stage, networks.heat, setting.temp_c),
        base_stations=BaseStations(stage, networks.telecom),
        hospitals=hospitals,
        injuries=injuries,
        crowds=crowds,
        crowd_watch=CrowdWatch(stage, crowds, injuries),
        fires=(
            Fires(stage, injuries, pressure_pa=water.pressure_at)
            if links.hold("pressure_fires")
            else Fires(stage, injuries)
        ),
        crashes=Crashes(stage, traffic, injuries),
        road_collapses=RoadCollapses(stage, traffic),
        lifts=Lifts(stage),
        grid_cases=GridCaseBook(stage, injuries),
        planned_works=PlannedWorks(stage, traffic),
        plumes=Plumes(
            stage, toxic_gas, care=injuries, wind=setting.wind, sky=setting.sun_and_cloud
        ),
        toxic_releases=ToxicReleases(stage, toxic_gas, care=injuries),
        quakes=Quakes(stage, care=injuries),
        bridges=bridges,
        bridge_overloads=BridgeOverloads(stage, bridges, care=injuries),
        greenhouses=greenhouses,
        frosts=Frosts(stage, greenhouses),
        machines=machines,
        machine_failures=MachineFailures(stage, machines, care=injuries),
        epidemic=epidemic,
        outbreaks=Outbreaks(stage, epidemic),
        sabotage=Sabotage(stage),
        cyber=CyberAttacks(stage),
    )
    _join_weather(setting, made)
    return made


def _join_weather(setting: Setting, made: Families) -> None:
    """Let hazards of the air be part of weather and air."""
    climate, frosts, waves = setting.background.climate, made.frosts, made.temperature_waves
    spells = made.fog_and_gales
    climate.add_anomaly("frost", lambda now: Change(temp_c=frosts.anomaly_c(now)))
    climate.add_anomaly("temperature_wave", lambda now: Change(temp_c=waves.anomaly_c(now)))
    climate.add_anomaly(
        "fog_and_gale",
        lambda now: Change(visibility_m=spells.sight_m(now), wind_factor=spells.wind_factor(now)),
    )
    setting.background.air.overlay("air_episode", made.air_episodes.overlay)


ORDERS: tuple[type[Order], ...] = tuple(
    order for family in get_type_hints(Families).values() for order in family.orders
)
"""Every type of order that a scenario may give to one of the families."""

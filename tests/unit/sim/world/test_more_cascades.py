"""The links of water, weather, gas, machines, crowds and roads, each held and cut."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.transport.memory import MemoryBus
from sim.world.background.climate import Change
from sim.world.city.model import City
from sim.world.engine import SimEngine
from sim.world.events import Event
from sim.world.hazards.fire_orders import FIRE
from sim.world.hazards.quake import Shake
from sim.world.traffic import TrafficConfig
from sim.world.truth import Truth
from sim.world.world import World, WorldConfig

START = Ns(1_784_624_400_000_000_000)
HOT_C, COLD_C = 40.0, -20.0


class Run:
    """A town without any order, with some links cut."""

    def __init__(self, city: City, *off: str) -> None:
        self.engine = SimEngine(START)
        self.records: list[dict[str, Any]] = []
        self.world = World(
            city,
            self.engine,
            MemoryBus(),
            SeededStreams(7),
            WorldConfig(cascades_off=off, traffic=TrafficConfig(peak_trips_per_h=60)),
            Truth(self.records.append, START),
        )
        self.world.start()
        self.families = self.world.families

    def run_to(self, t_s: float) -> Run:
        self.engine.run(Ns(START + seconds(t_s)))
        return self

    def sky(self, **changes: float) -> None:
        """Let the weather be so from now on."""
        usual = self.world.setting.background.climate.at(START)
        values = {name: getattr(usual, name) for name in usual.__slots__} | changes
        self.world.setting.sky = lambda: SimpleNamespace(**values)  # type: ignore[assignment,return-value]

    def rain(self, rain_mm_h: float) -> None:
        """Let it rain so hard as far as the links can tell."""
        self.world.cascades._rain_mm_h = lambda: rain_mm_h

    def event(self) -> Event:
        """Return some event that may be a cause."""
        return self.world.stage.events.begin(FIRE, self.engine.now(), 0, 1.0)

    def minute(self) -> None:
        self.world.cascades.step(self.engine.now(), 60.0)

    def onsets(self, hazard: str) -> list[dict[str, Any]]:
        return [r for r in self.records if r["type"] == "hazard_onset" and r["hazard"] == hazard]


def place_of(run: Run, kind: str) -> int:
    return run.world.stage.places(kind)[0]


def burst_streets(run: Run) -> float:
    run.families.water.street_flow_m3s[3] = 0.5
    run.minute()
    return float(run.families.sewers.inflow_m3s[3])


def burst_roads(run: Run) -> float:
    for hook in run.families.water.on_collapse:
        hook(run.event(), 3)
    return len(run.onsets("road_collapse"))


def rain_traffic(run: Run) -> float:
    run.rain(30.0)
    run.minute()
    return 1 - run.world.traffic._weather


def rain_crashes(run: Run) -> float:
    run.rain(30.0)
    run.minute()
    return float(run.families.crashes.is_wet)


def wind_power(run: Run) -> float:
    run.sky(gust_mps=25.0)
    run.minute()
    return run.families.power.fault_factor - 1


def heat_health(run: Run) -> float:
    run.sky(temp_c=HOT_C)
    run.minute()
    return float(run.families.hospitals.demand_factor[0] - 1)


def cold_mains(run: Run) -> float:
    run.sky(temp_c=COLD_C)
    run.minute()
    return run.families.water.burst_factor - 1


def gas_fires(run: Run) -> float:
    event = run.event()
    for hook in run.families.gas.on_explosion:
        hook(event, place_of(run, "gas_chamber"), 5.0)
    return len(run.onsets("fire")) - 1


def machine_breaks(outcome: str, hazard: str) -> Callable[[Run], float]:
    def breaks(run: Run) -> float:
        event, before = run.event(), len(run.onsets(hazard))
        for hook in run.families.machine_failures.on_break:
            hook(event, place_of(run, "factory"), outcome)
        return len(run.onsets(hazard)) - before

    return breaks


def crowd_traffic(run: Run) -> float:
    run.run_to(30)
    before = len(run.world.traffic._demand._due)
    for hook in run.families.crowds.on_egress:
        hook(place_of(run, "venue"), 2000)
    return len(run.world.traffic._demand._due) - before


def outbreak_hospitals(run: Run) -> float:
    for hook in run.families.outbreaks.on_admit:
        hook(place_of(run, "hospital"), 7)
    return run.families.hospitals.admitted


def bridge_roads(run: Run) -> float:
    bridge = place_of(run, "bridge")
    for hook in run.families.bridge_overloads.on_fall:
        hook(run.event(), bridge)
    links = list(run.world.stage.city.basemap.places[bridge].links)
    return float(np.isinf(run.world.traffic.link_time_s[links]).sum())


def quake_alert(run: Run) -> float:
    n_places = len(run.world.stage.city.basemap.places)
    n_cells = len(run.world.stage.city.cells.people)
    shake = Shake(
        event=None,
        magnitude=7.0,
        pga_at_place_ms2=np.full(n_places, 2.0),
        intensity_at_place=np.full(n_places, 7.5),
        pga_at_cell_ms2=np.full(n_cells, 2.0),
        intensity_at_cell=np.full(n_cells, 7.5),
    )
    for hook in run.families.quakes.on_alert:
        hook(shake, np.full(n_places, 15.0))
    return float(run.families.gas.closed.sum())


EFFECTS: dict[str, Callable[[Run], float]] = {
    "burst_streets": burst_streets,
    "burst_roads": burst_roads,
    "rain_traffic": rain_traffic,
    "rain_crashes": rain_crashes,
    "wind_power": wind_power,
    "heat_health": heat_health,
    "cold_mains": cold_mains,
    "gas_fires": gas_fires,
    "machine_fires": machine_breaks("fire", "fire"),
    "machine_gas": machine_breaks("toxic", "toxic_release"),
    "crowd_traffic": crowd_traffic,
    "outbreak_hospitals": outbreak_hospitals,
    "bridge_roads": bridge_roads,
    "quake_alert": quake_alert,
}


@pytest.mark.parametrize("link", EFFECTS)
def test_trouble_reaches_the_other_domain_only_by_its_link(city: City, link: str) -> None:
    assert EFFECTS[link](Run(city)) > 0
    assert EFFECTS[link](Run(city, link)) == 0


def test_heat_loads_feeders_only_by_its_link(city: City) -> None:
    loads = []
    for off in ((), ("heat_power",)):
        run = Run(city, *off)
        climate = run.world.setting.background.climate
        climate.add_anomaly("test", lambda now: Change(temp_c=12.0))
        run.minute()
        loads.append(run.families.power.feeders.load_factor)
    assert loads[0] > 1.1 * loads[1] > 0


def test_mains_without_pressure_starve_hoses_only_by_their_link(city: City) -> None:
    for off, starved in (((), True), (("pressure_fires",), False)):
        run = Run(city, *off)
        run.families.water.powered[:] = False
        run.run_to(120)
        home = place_of(run, "community")
        assert (run.families.fires._pressure_pa(home) < 100_000) is starved


def test_water_of_full_sewers_stands_on_the_roads_only_by_its_link(city: City) -> None:
    for off, wades in (((), True), (("rain_streets",), False)):
        run = Run(city, *off).run_to(5)
        run.families.sewers.street_depth_m[3] = 0.2
        run.world._step()
        assert bool(run.world._sunken.depth_m[3] > 0) is wades


def test_crash_over_all_lanes_is_a_wall_to_responders_only_by_its_link(city: City) -> None:
    for off, blocked in (((), True), (("crash_roads",), False)):
        run = Run(city, *off)
        run.families.crashes.happen(3, lanes=9, injured=0)
        assert run.world.units._navigator.is_shut(3, wade_m=0.5) is blocked


def test_weather_that_is_over_leaves_nothing_behind(city: City) -> None:
    run = Run(city)
    run.rain(30.0)
    run.sky(gust_mps=25.0, temp_c=HOT_C)
    run.minute()
    run.rain(0.0)
    run.sky(gust_mps=3.0, temp_c=20.0)
    run.minute()
    assert run.world.traffic._weather == run.families.power.fault_factor == 1.0
    assert not run.families.crashes.is_wet
    assert (run.families.hospitals.demand_factor == 1).all()

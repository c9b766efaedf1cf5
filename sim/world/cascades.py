"""How one domain's trouble becomes another's: every link in one place, each can be cut.

A link is physics, not a script: it reads the state of one domain and sets an input of another,
or hands a happening on. Domains know nothing of each other; only this file knows both ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.city.spread import owners
from sim.world.events import Event
from sim.world.families import Families
from sim.world.hazards import heat_wave, shaking
from sim.world.hazards.machine import Outcome
from sim.world.hazards.quake import Shake
from sim.world.links import Links
from sim.world.setting import Setting
from sim.world.stage import Stage
from sim.world.traffic import Traffic
from sim.world.water import Underpasses

F64 = NDArray[np.float64]

WET_MM_H = 0.5
"""Rain from which roads are wet; assumed: less dries as it falls."""
RAIN_PACE = ((6.4, 0.86), (2.5, 0.93), (WET_MM_H, 0.98))
"""Rain above which a share of free speed and capacity is left: HCM 2010 exhibit 10-15."""
FOG_M, FOG_PACE = 400.0, 0.88
"""Visibility below which traffic slows, and what is left: HCM 2010 exhibit 10-15, 10 to 12 % lost
below a quarter of a mile."""
PEAK_OVER_MEAN = 1.8
"""The greatest load, for which feeders are built, over the year's mean. Assumed: Beijing's 28 GW
over some 136 TWh a year."""
GUST_MPS, TRIPS_PER_MPS = 13.9, 0.5
"""Gust from which lines trip more often, and how much more for each m/s above: the warning's
blue level; assumed: branches and loose sheets."""
POUR_MM_H, POUR_TRIPS = 16.0, 3.0
"""Heavy rain, and how many times as many feeder faults come of it; assumed: water in joints and
lightning."""
QUAKE_FIRES_WITHIN_S = 3600.0
"""Most fires after shaking begin within the first hour: HAZUS-MH."""
BURST_OPENING, LEAK_HOLE_M = 0.2, 0.01
"""Open share of the section of a main that shaking breaks; hole in a gas main. Assumed."""
LIFTS_FROM, LIFTS_OVER, LIFTS_MOST = 5.0, 4.0, 0.2
"""Intensity from which shaking stops a community's lift between floors, how many degrees above it
until most do, and the share that then has; assumed: from VI on safety gear trips, and few ride."""
TANK_SHARE, TANK_GAS = 0.05, "ammonia"
"""Share of factories that hold toxic gas in a tank, and which; assumed: cold stores, the
commonest hazard registered in cities."""
PEOPLE_PER_CAR = 2.5
"""People in a car that comes from an event; assumed, friends and families."""
BY_CAR = 0.25
"""Share who came by car; assumed: venues of large cities are near the metro."""
HOLE_M2 = 20.0
"""Hole where a burst has washed a road out; assumed: a lane wide, a car and a half long."""
CALLS_MOST = 5.0
"""Most by which heat multiplies emergencies: the most that they are drawn for."""
WARNED_S, ALERT_INTENSITY, SHUT_FOR_S = 10.0, 5.0, 21_600.0
"""Warning that valves need to close by themselves (domain facts, response to a quake: 10 s at
most); intensity from which they do; and how long until they are opened again, by hand, street by
street. The last two assumed."""


class Cascades:
    """The links of one run.

    Parameters
    ----------
    links
        Which hold.
    stage, setting, families, traffic, underpasses
        What they join.
    rain_mm_h
        Rain now, mean over the city [mm/h].
    """

    step_s = 60.0

    def __init__(
        self,
        links: Links,
        *,
        stage: Stage,
        setting: Setting,
        families: Families,
        traffic: Traffic,
        underpasses: Underpasses,
        rain_mm_h: Callable[[], float],
    ) -> None:
        self._links = links
        self._stage = stage
        self._setting = setting
        self._families = families
        self._traffic = traffic
        self._underpasses = underpasses
        self._rain_mm_h = rain_mm_h
        self._grid = stage.city.networks.power
        self._shakes = self._departures = 0
        self._join_happenings()
        self._families.power.on_switch.append(self._switched)

    # --- what happens at once -------------------------------------------------------------

    def _join_happenings(self) -> None:
        """Let happenings of one family reach the others."""
        f = self._families
        if self._links.hold("burst_roads"):
            f.water.on_collapse.append(self._road_falls)
        if self._links.hold("gas_fires"):
            f.gas.on_explosion.append(self._explosion)
        if self._links.hold("power_lifts"):
            f.lifts.cause_of = f.power.why
        for link, family in (
            ("power_telecom", f.base_stations),
            ("power_water", f.water),
            ("power_heat", f.heat),
        ):
            if self._links.hold(link):
                family.why = f.power.why
        if self._links.hold("outbreak_hospitals"):
            f.outbreaks.on_admit.append(self._fall_ill)
        if self._links.hold("bridge_roads"):
            f.bridge_overloads.on_fall.append(self._bridge_falls)
        if self._links.hold("crowd_traffic"):
            f.crowds.on_egress.append(self._go_home)
        if self._links.hold("quake_alert"):
            f.quakes.on_alert.append(self._warn)
        f.machine_failures.on_break.append(self._machine_breaks)
        f.quakes.on_shake.append(self._shake)

    def _warn(self, shake: Shake, ahead_s: F64) -> None:
        """Let early warning shut gas chambers off, where it comes in time and shaking is strong."""
        net = self._stage.city.networks.gas
        in_time = (ahead_s >= WARNED_S) & (shake.intensity_at_place >= ALERT_INTENSITY)
        warned = np.flatnonzero(in_time[net.chamber])
        self._families.gas.shut_off(net.chamber[warned].tolist(), SHUT_FOR_S)

    def _road_falls(self, event: Event, link: int) -> None:
        self._families.road_collapses.fall_in(link, HOLE_M2, cause=event.event_id)

    def _bridge_falls(self, event: Event, place: int) -> None:
        for link in self._stage.city.basemap.places[place].links:
            self._traffic.close(link, event.event_id)

    def _explosion(self, event: Event, place: int, tnt_kg: float) -> None:
        del tnt_kg
        home = self._nearest_homes(place)
        if home is not None:
            self._families.fires.ignite(home, cause=event.event_id)

    def _fall_ill(self, hospital: int, people: int) -> None:
        self._families.hospitals.admit(hospital, people)

    def _go_home(self, place: int, people: int) -> None:
        self._departures += 1
        draw = self._stage.streams.at("world.cascades.egress", self._departures)
        cars = int(draw.binomial(people, BY_CAR / PEOPLE_PER_CAR))
        zones = self._stage.city.zones
        homes = draw.multinomial(cars, zones.people / zones.people.sum())
        node = int(self._stage.city.sites.node[place])
        for zone in np.flatnonzero(homes).tolist():
            goal = int(zones.node[zone])
            self._traffic.add_trips(node, goal, int(homes[zone]), self._families.crowds.step_s)

    def _machine_breaks(self, event: Event, place: int, outcome: Outcome) -> None:
        if outcome == "fire" and self._links.hold("machine_fires"):
            self._families.fires.ignite(place, cause=event.event_id)
        elif outcome == "toxic" and self._links.hold("machine_gas"):
            self._families.toxic_releases.release(place, cause=event.event_id)

    # --- power ----------------------------------------------------------------------------

    def _switched(self) -> None:
        """Hand on who has power now."""
        f, live = self._families, self._families.power.live_at_place
        networks = self._stage.city.networks
        if self._links.hold("power_pumps"):
            self._underpasses.powered = live[self._underpasses.place]
        if self._links.hold("power_signals"):
            self._traffic.set_dark(~f.power.live_at_node)
        if self._links.hold("power_telecom"):
            f.base_stations.powered = live[networks.telecom.station]
        if self._links.hold("power_water"):
            f.water.powered = live[networks.water.works]
        if self._links.hold("power_heat"):
            f.heat.powered = live[networks.heat.plant]
        if self._links.hold("power_hospitals"):
            f.hospitals.set_power(live)
        if self._links.hold("power_lifts"):
            f.lifts.live_at_place = live.copy()
        if self._links.hold("power_metro"):
            f.crowds.set_power(live)

    # --- shaking --------------------------------------------------------------------------

    def _shake(self, shake: Shake) -> None:
        """Let a quake break what it breaks, by chance around the expected numbers."""
        assert shake.event is not None, "it shakes only once it has come"
        stage, cause = self._stage, shake.event.event_id
        draw = stage.streams.at("world.cascades.quake", self._shakes)
        self._shakes += 1
        city, f = stage.city, self._families
        # Every part draws whether or not it holds, so that cutting one leaves the others alone.
        feeder_luck = draw.random(len(self._grid.feeder_substation))
        main_luck = draw.poisson(self._repairs(city.networks.water.main_link, shake))
        pipe_luck = draw.poisson(self._repairs(city.networks.gas.main_link, shake, ductile=True))
        fire_luck = draw.poisson(self._ignitions(shake))
        lift_luck = draw.random(len(city.basemap.places))
        if self._links.hold("quake_power"):
            peak = shake.pga_at_place_ms2[city.networks.power.substation]
            share = shaking.feeder_trip_share(peak)[self._grid.feeder_substation]
            for feeder in np.flatnonzero(feeder_luck < share).tolist():
                f.power.trip(feeder, cause=cause, permanent=True)
        if self._links.hold("quake_water"):
            for main in np.flatnonzero(main_luck).tolist():
                f.water.burst(main, BURST_OPENING, cause=cause)
        if self._links.hold("quake_gas"):
            self._open_gas(np.flatnonzero(pipe_luck), cause)
        if self._links.hold("quake_fires"):
            for place in np.flatnonzero(fire_luck).tolist():
                wait_s = float(draw.exponential(QUAKE_FIRES_WITHIN_S / 3))
                stage.after(wait_s, partial(self._ignite, place, cause), "quake fire")
        if self._links.hold("quake_lifts"):
            above = (shake.intensity_at_place - LIFTS_FROM) / LIFTS_OVER
            share = LIFTS_MOST * np.clip(above, 0.0, 1.0)
            homes = np.array([p.kind == "community" for p in city.basemap.places])
            for place in np.flatnonzero(homes & (lift_luck < share)).tolist():
                f.lifts.stop(place, cause=cause)
        self._break_masts(shake, cause)
        self._open_tanks(shake, cause)

    def _break_masts(self, shake: Shake, cause: str) -> None:
        station = self._stage.city.networks.telecom.station
        if not self._links.hold("quake_telecom"):
            return
        # A stream of its own: what others draw of the same quake stays as it is.
        draw = self._stage.streams.at("world.cascades.quake.masts", self._shakes)
        fails = draw.random(len(station)) < shaking.mast_failure_share(
            shake.pga_at_place_ms2[station]
        )
        for row in np.flatnonzero(fails).tolist():
            self._families.base_stations.fail(row, cause=cause)

    def _open_tanks(self, shake: Shake, cause: str) -> None:
        places = self._stage.city.basemap.places
        if not self._links.hold("quake_tanks"):
            return
        draw = self._stage.streams.at("world.cascades.quake.tanks", self._shakes)
        leaks = draw.random(len(places)) < TANK_SHARE * shaking.tank_leak_share(
            shake.pga_at_place_ms2
        )
        for place in self._stage.places("factory"):
            if leaks[place]:
                self._families.plumes.release(place, cause=cause, substance=TANK_GAS)

    def _ignite(self, place: int, cause: str) -> None:
        self._families.fires.ignite(place, cause=cause)

    def _repairs(self, link: NDArray[np.int32], shake: Shake, *, ductile: bool = False) -> F64:
        """Return ``(m,)`` the expected breaks of mains under the links."""
        roads = self._stage.city.basemap.roads
        middle_m = (roads.node_xy_m[roads.start] + roads.node_xy_m[roads.end])[link] / 2
        nearest = owners(middle_m, self._stage.city.cells.xy_m)
        per_km = shaking.pipe_repairs_per_km(shake.intensity_at_cell[nearest], ductile=ductile)
        breaks: F64 = per_km * shaking.BREAK_SHARE * roads.length_m[link] / 1000
        return breaks

    def _ignitions(self, shake: Shake) -> F64:
        """Return ``(places,)`` the expected fires in the homes of each community."""
        city = self._stage.city
        floor_m2 = np.where(
            [p.kind == "community" for p in city.basemap.places], city.sites.area_m2, 0.0
        )
        fires: F64 = shaking.ignitions_per_m2(shake.pga_at_place_ms2) * floor_m2
        return fires

    def _open_gas(self, mains: NDArray[np.intp], cause: str) -> None:
        net = self._stage.city.networks.gas
        for main in mains.tolist():
            near = np.flatnonzero(net.chamber_main == main)
            if len(near):
                self._families.gas.leak(int(net.chamber[near[0]]), LEAK_HOLE_M, cause=cause)

    def _nearest_homes(self, place: int) -> int | None:
        places = self._stage.city.basemap.places
        homes = self._stage.places("community")
        if not homes:
            return None
        at = places[place]
        gap_m = [math.hypot(places[i].x_m - at.x_m, places[i].y_m - at.y_m) for i in homes]
        return homes[int(np.argmin(gap_m))]

    # --- what changes slowly --------------------------------------------------------------

    def step(self, now: Ns, dt_s: float) -> None:
        """Hand on weather, use, water on the streets and patients; every minute will do."""
        del dt_s
        f, setting, traffic = self._families, self._setting, self._traffic
        sky, rain_mm_h = setting.sky(), self._rain_mm_h()
        f.water.demand_factor = setting.background.water.total(now)
        loads = setting.background.power
        hot = self._links.hold("heat_power")
        load = loads.total(now) if hot else loads.total_without_weather(now)
        f.power.feeders.load_factor = load / PEAK_OVER_MEAN
        if self._links.hold("cold_mains"):
            f.water.burst_factor = heat_wave.burst_factor(sky.temp_c)
        if self._links.hold("heat_health"):
            more = heat_wave.calls_factor(sky.temp_c)
            f.hospitals.demand_factor[:] = more
            f.injuries.call_factor = min(more, CALLS_MOST)
        if self._links.hold("burst_streets"):
            f.sewers.inflow_m3s[:] = f.water.street_flow_m3s
        f.crashes.is_wet = self._links.hold("rain_crashes") and rain_mm_h >= WET_MM_H
        if self._links.hold("rain_traffic"):
            traffic.set_weather(_pace(rain_mm_h, sky.visibility_m))
        if self._links.hold("wind_power"):
            gusty = TRIPS_PER_MPS * max(sky.gust_mps - GUST_MPS, 0.0)
            f.power.fault_factor = 1 + gusty + (POUR_TRIPS - 1) * (rain_mm_h >= POUR_MM_H)


def _pace(rain_mm_h: float, visibility_m: float) -> float:
    """Return what weather leaves of free speed and capacity."""
    rain = next((left for least, left in RAIN_PACE if rain_mm_h >= least), 1.0)
    return min(rain, FOG_PACE if visibility_m < FOG_M else 1.0)

"""All lifelines on the networks of a generated city, with everything ordered at once."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.transport.memory import MemoryBus
from sim.world.city.load import load_city
from sim.world.city.model import City
from sim.world.domains.gas import Gas
from sim.world.domains.heat import Heat, HeatFailure
from sim.world.domains.power import Power
from sim.world.domains.sewer import Sewers
from sim.world.domains.telecom import BaseStationFailure, BaseStations
from sim.world.domains.water_supply import WaterSupply
from sim.world.engine import PHYSICS, SimEngine
from sim.world.hazards.gas_leak import GasLeak, SewerGas
from sim.world.hazards.main_burst import MainBurst, PipeBreaks
from sim.world.hazards.manhole_overflow import CoverOff, SewerBlockage
from sim.world.hazards.outage import FeederFaults, Outage
from sim.world.stage import Stage
from sim.world.truth import Truth
from sim.world.weather import Storm, Weather

START = Ns(1_784_624_400_000_000_000)


@pytest.fixture(scope="module")
def beijing() -> City:
    return load_city("beijing", SeededStreams(3))


class Run:
    """Two hours of the city in a storm, everything going wrong."""

    def __init__(self, city: City, *, quiet: bool = False) -> None:
        self.engine, streams = SimEngine(START), SeededStreams(3)
        self.records: list[dict[str, object]] = []
        truth = Truth(self.records.append, START)
        self.stage = Stage.of(city, self.engine, MemoryBus(codec=True), streams, truth)
        storm = Storm(return_period_y=20, duration_s=3600, start=START)
        weather = Weather(() if quiet else (storm,), city.cells.xy_m, streams)
        nets, stage = city.networks, self.stage

        def rain_at(xy_m):
            sites = weather.sites(xy_m)
            return lambda: sites.total_mm(self.engine.now())

        self.power = Power(stage, nets.power)
        self.water = WaterSupply(stage, nets.water)
        self.gas = Gas(stage, nets.gas)
        self.sewers = Sewers(stage, nets.sewer, rain_at)
        self.heat = Heat(stage, nets.heat, lambda: -5.0)
        self.stations = BaseStations(stage, nets.telecom)
        self.families = (
            self.power,
            self.water,
            self.gas,
            self.sewers,
            self.heat,
            self.stations,
        )
        if not quiet:
            self.order()
        for family in self.families:
            self.engine.clock(PHYSICS).call_every(
                seconds(family.step_s), self.stepping(family), name="step"
            )
        self.engine.run(Ns(START + seconds(7200)))

    def stepping(self, family):
        return lambda: family.step(self.engine.now(), family.step_s)

    def order(self) -> None:
        self.power.plan("station", Outage(whole=True))
        self.power.plan("wear", FeederFaults(per_feeder_year=500))
        self.water.plan("burst", MainBurst())
        self.water.plan("age", PipeBreaks(per_km_year=50))
        self.gas.plan("leak", GasLeak(into_chamber=0.1))
        self.gas.plan("sewage", SewerGas())
        self.sewers.plan("leaves", SewerBlockage())
        self.sewers.plan("thief", CoverOff())
        self.heat.plan("boiler", HeatFailure())
        self.stations.plan("board", BaseStationFailure())

    def totals(self) -> dict[str, float]:
        return {k: float(v) for family in self.families for k, v in family.totals().items()}


def test_all_balances_close_when_everything_goes_wrong(beijing) -> None:
    run = Run(beijing)
    t = run.totals()
    assert t["mains_in_m3"] == pytest.approx(t["mains_served_m3"] + t["mains_leaked_m3"], rel=1e-6)
    assert t["sewer_in_m3"] == pytest.approx(
        t["sewer_out_m3"] + t["sewer_pumped_m3"] + t["sewer_stored_m3"]
    )
    assert t["gas_leaked_m3"] == pytest.approx(
        t["gas_chambers_m3"] + t["gas_vented_m3"] + t["gas_soil_m3"] + t["gas_burnt_m3"]
    )
    assert min(t["mains_leaked_m3"], t["sewer_in_m3"], t["gas_leaked_m3"]) > 0
    feeders = run.power.feeders
    assert feeders.carried_w.sum() == pytest.approx(feeders.load_w.sum())
    begun = {r["hazard"] for r in run.records if r["type"] == "hazard_onset"}
    assert begun >= {
        "outage",
        "main_burst",
        "gas_leak",
        "sewer_gas",
        "street_flood",
        "cover_off",
        "telecom_outage",
    }


def test_same_seed_tells_the_same(beijing) -> None:
    assert Run(beijing).records == Run(beijing).records


def test_quiet_city_has_nothing_to_tell(beijing) -> None:
    run = Run(beijing, quiet=True)
    assert run.records == []
    assert run.power.is_live.all()
    assert run.stations.is_up.all()
    assert (run.water.pressure_pa > 0.2e6).all()
    assert (run.sewers.street_depth_m == 0).all()
    assert run.heat.indoor_c == pytest.approx(np.full(len(run.heat.indoor_c), 20.0))
    assert run.gas.leaked_m3 == 0

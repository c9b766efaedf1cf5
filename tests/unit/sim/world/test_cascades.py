"""Each link: what it does to the other domain, and that nothing comes of it when it is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.kernel.clock import Ns, seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.transport.memory import MemoryBus
from sim.world.city.model import City
from sim.world.engine import SimEngine
from sim.world.hazards.order import Order
from sim.world.hazards.outage import Outage
from sim.world.hazards.quake import QuakeOrder, Shake
from sim.world.links import LINKS, Links
from sim.world.traffic import TrafficConfig
from sim.world.truth import Truth
from sim.world.world import World, WorldConfig

START = Ns(1_784_624_400_000_000_000)
OUTAGE = Outage(whole=True, at_s=60.0)
QUAKE = QuakeOrder(magnitude=7.5, distance_m=0.0, at_s=0.0, aftershocks=False)


@pytest.fixture(scope="module")
def lit(city: City) -> City:
    """Return the town with lights at every crossing."""
    roads = replace(city.basemap.roads, signal=np.ones(len(city.basemap.roads.signal), dtype=bool))
    return replace(city, basemap=replace(city.basemap, roads=roads))


class Run:
    """One town in which one thing is ordered, with some links cut."""

    def __init__(self, city: City, order: Order, *off: str) -> None:
        self.engine = SimEngine(START)
        self.records: list[dict[str, Any]] = []
        self.world = World(
            city,
            self.engine,
            MemoryBus(),
            SeededStreams(7),
            WorldConfig(
                orders=(("ordered", order),),
                cascades_off=off,
                traffic=TrafficConfig(peak_trips_per_h=60),
            ),
            Truth(self.records.append, START),
        )
        self.world.start()

    def run_to(self, t_s: float) -> Run:
        self.engine.run(Ns(START + seconds(t_s)))
        return self

    def onsets(self, *hazards: str) -> list[dict[str, Any]]:
        return [
            r
            for r in self.records
            if r["type"] == "hazard_onset" and (not hazards or r["hazard"] in hazards)
        ]


POWER: dict[str, Callable[[World], float]] = {
    "power_pumps": lambda w: float((~w.water.powered).sum()),
    "power_signals": lambda w: float(w.traffic._signals.dark.sum()),
    "power_telecom": lambda w: float((~w.families.base_stations.powered).sum()),
    "power_water": lambda w: float((~w.families.water.powered).sum()),
    "power_heat": lambda w: float((~w.families.heat.powered).sum()),
    "power_lifts": lambda w: float((~w.families.lifts.live_at_place).sum()),
    "power_hospitals": lambda w: float((w.families.hospitals.power_factor < 1).sum()),
    "power_metro": lambda w: float(w.families.crowds.stopped.sum()),
    "power_farms": lambda w: float((~w.families.greenhouses._burning()).sum()),
    "power_factories": lambda w: float((~w.families.machines.runs()).sum()),
}


@pytest.mark.parametrize("link", POWER)
def test_no_power_reaches_the_other_domain_only_by_its_link_and_until_power_is_back(
    lit: City, link: str
) -> None:
    effect = POWER[link]
    for off, reaches in (((), True), ((link,), False)):
        run = Run(lit, replace(OUTAGE, lasts_s=600.0), *off).run_to(50)
        assert effect(run.world) == 0
        run.run_to(90)
        assert (effect(run.world) > 0) is reaches
        run.run_to(900)
        assert effect(run.world) == 0


BROKEN = {
    "quake_power": "outage",
    "quake_water": "main_burst",
    "quake_gas": "gas_leak",
    "quake_fires": "fire",
    "quake_lifts": "lift_entrapment",
    "quake_telecom": "telecom_outage",
    "quake_tanks": "hazmat",
}
POWER_OFF = tuple(link for link in LINKS if link.startswith("power_"))


@pytest.fixture(scope="module")
def shaken(city: City) -> Callable[..., Run]:
    """Return what lets a town shake so hard that something of everything breaks."""

    def shake(*off: str) -> Run:
        run = Run(city, QUAKE, *off, *POWER_OFF)
        quakes, own = run.world.families.quakes, run.world.cascades._shake

        def harder(shake: Shake) -> None:
            own(
                replace(
                    shake,
                    pga_at_place_ms2=np.full_like(shake.pga_at_place_ms2, 500.0),
                    intensity_at_place=np.full_like(shake.intensity_at_place, 12.0),
                    intensity_at_cell=np.full_like(shake.intensity_at_cell, 14.0),
                )
            )

        # Chance alone, at one shock in a town of a thousand, would spare most things: the same
        # shaking comes forty times.
        quakes.on_shake[:] = [harder] * 40
        return run.run_to(3 * 3600)

    return shake


@pytest.fixture(scope="module")
def whole(shaken: Callable[..., Run]) -> Run:
    """Return the shaken town with all links of the quake."""
    return shaken()


def broken_by_quake(run: Run, hazard: str) -> list[dict[str, Any]]:
    """Return the onsets of a hazard whose cause is the quake itself."""
    return [r for r in run.onsets(hazard) if str(r["cause"]).startswith("quake-")]


@pytest.mark.parametrize(("link", "hazard"), BROKEN.items())
def test_a_quake_breaks_by_each_link_what_it_names_and_its_own_harm_stays(
    shaken: Callable[..., Run], whole: Run, link: str, hazard: str
) -> None:
    cut = shaken(link)
    assert broken_by_quake(whole, hazard)
    assert not broken_by_quake(cut, hazard)
    assert whole.onsets("quake", "collapse") == cut.onsets("quake", "collapse")


def test_nothing_is_caused_by_the_quake_when_all_links_are_cut(
    shaken: Callable[..., Run],
) -> None:
    run = shaken(*(link for link in LINKS if link not in POWER_OFF))
    kinds = {r["hazard"] for r in run.onsets() if str(r["cause"]).startswith("quake-")}
    # Homes that fall, and those hurt in them, are the quake itself.
    assert kinds <= {"quake", "collapse", "medical"}


def test_cutting_a_link_changes_nothing_before_its_cause(lit: City) -> None:
    late = replace(OUTAGE, at_s=1200.0)
    whole, cut = (Run(lit, late, *off).run_to(1190) for off in ((), POWER_OFF))
    assert whole.records == cut.records


def test_a_link_that_does_not_exist_cannot_be_cut() -> None:
    with pytest.raises(InputError, match="telepathy"):
        Links(("telepathy",))

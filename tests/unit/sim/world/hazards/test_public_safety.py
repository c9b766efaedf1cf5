"""All families of public safety at once, on real traffic, with real crews."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from sim.kernel.clock import Ns, seconds
from sim.world.crew import Scene
from sim.world.domains.crowds import Crowds
from sim.world.domains.hospitals import Hospitals
from sim.world.domains.injuries import Injuries, MedicalCalls
from sim.world.hazards.crash import Crash, Crashes, CrashRate
from sim.world.hazards.crowd import CrowdEvent, CrowdWatch
from sim.world.hazards.fire import Fires
from sim.world.hazards.fire_orders import Fire, FireRate
from sim.world.hazards.grid_case import GridCaseBook, GridCases
from sim.world.hazards.lift import LiftEntrapment, LiftEntrapments, Lifts
from sim.world.hazards.order import Family
from sim.world.hazards.planned_works import PlannedWorks, RoadWorks
from sim.world.traffic import Traffic, TrafficConfig

ORDERS = {
    "fires": FireRate(at_s=0, per_1000_people_year=20_000),
    "blaze": Fire(at_s=600, growth="fast"),
    "crashes": CrashRate(at_s=0, per_million_vehicle_km=300),
    "crash": Crash(at_s=900, injured=4, entrapped=1),
    "calls": MedicalCalls(at_s=0, per_1000_people_day=100),
    "lifts": LiftEntrapments(at_s=0, monthly=1.0),
    "cases": GridCases(at_s=0, per_1000_people_day=100),
    "dig": RoadWorks(at_s=1200),
    "stuck": LiftEntrapment(at_s=700),
    "fair": CrowdEvent(
        at_s=300,
        place="metro-station-01",
        attendance=2000,
        area_share=0.1,
        arrive_s=1800,
        lasts_s=1800,
    ),
}


class Whole:
    """The town with every family of public safety."""

    def __init__(self, town) -> None:
        stage = town.stage
        self.town = town
        self.traffic = Traffic(
            town.roads, town.city.zones, town.streams, TrafficConfig(peak_trips_per_h=2000.0)
        )
        self.hospitals = Hospitals(stage)
        self.injuries = Injuries(stage, self.hospitals.admit)
        self.crowds = Crowds(stage)
        care = self.injuries
        self.fires = Fires(stage, care)
        self.crashes = Crashes(stage, self.traffic, care)
        self.lifts = Lifts(stage)
        self.families: list[Family] = [
            self.hospitals,
            self.injuries,
            self.crowds,
            self.fires,
            CrowdWatch(stage, self.crowds, care),
            self.crashes,
            self.lifts,
            GridCaseBook(stage, care),
            PlannedWorks(stage, self.traffic),
        ]
        scene = Scene(town.engine, stage.events.at)
        for family in self.families:
            for task, work in family.works.items():
                scene.serve(task, work)

    def plan(self, orders: dict[str, Any]) -> None:
        for name, order in orders.items():
            (family,) = [one for one in self.families if type(order) in one.orders]
            family.plan(name, order)

    def run(self, hours: float) -> None:
        for tick in range(1, round(hours * 720) + 1):
            self.town.engine.run(Ns(self.town.engine.now() + seconds(5)))
            self.traffic.step(self.town.engine.now())
            for family in self.families:
                every = round(family.step_s / 5)
                if tick % every == 0:
                    family.step(self.town.engine.now(), family.step_s)

    def totals(self) -> dict[str, float | int]:
        found: dict[str, float | int] = {}
        for family in self.families:
            for name, value in family.totals().items():
                assert name not in found, f"two families tell of {name}"
                found[name] = value
        return found


def test_a_bad_afternoon_balances_in_all_its_parts_and_is_the_same_twice(town_class) -> None:
    told = []
    for _ in range(2):
        town = town_class(11)
        whole = Whole(town)
        whole.plan(ORDERS)
        whole.run(3)
        town.stage.events.sample(town.engine.now())
        town.stage.events.finish(town.engine.now())
        # Truth is written as JSON, which takes no NumPy numbers.
        msgspec.json.encode([town.records, whole.totals()])
        totals = whole.totals()
        told.append((town.records, totals))
        kinds = {r["hazard"] for r in town.records if r["type"] == "hazard_onset"}
        assert kinds >= {
            "fire",
            "crash",
            "medical",
            "lift_entrapment",
            "grid_case",
            "planned_works",
            "crowd",
        }
        patients = (
            "patients_transported",
            "patients_treated_on_scene",
            "patients_alone",
            "patients_dead_waiting",
            "patients_waiting",
            "patients_in_care",
        )
        assert totals["patients"] == sum(totals[name] for name in patients)
        # Nobody drives an ambulance here.
        assert totals["hospital_admitted"] == totals["patients_alone"]
        onsets = [r["event"] for r in town.records if r["type"] == "hazard_onset"]
        ends = [r["event"] for r in town.records if r["type"] == "hazard_end"]
        assert sorted(onsets) == sorted(ends)
        assert len(set(onsets)) == len(onsets)
    assert told[0] == told[1]


def test_without_orders_nothing_happens_but_everyday_life(town) -> None:
    whole = Whole(town)
    whole.run(1)
    assert [r for r in town.records if r["type"].startswith("hazard")] == []
    assert town.calls == []
    assert whole.totals()["crowd_arrived"] > 0


def test_a_blocked_street_passes_nobody_and_traffic_comes_back_when_it_is_cleared(town) -> None:
    whole = Whole(town)
    whole.run(0.25)
    link = int(np.argmax(whole.traffic.passed))
    before = int(whole.traffic.passed[link])
    assert before > 10
    whole.crashes.happen(link, lanes=1, injured=0)
    assert whole.crashes.blocked_links == {link}
    whole.run(0.05)
    # Those who stood at its end have left; nobody else does.
    shut = int(whole.traffic.passed[link])
    whole.run(0.1)
    assert int(whole.traffic.passed[link]) == shut
    # A further crash in the queue behind it may shut the street that leads here.
    while whole.crashes.blocked_links:
        whole.run(0.25)
    free = int(whole.traffic.passed[link])
    whole.run(0.5)
    assert int(whole.traffic.passed[link]) > free


def test_an_ambulance_takes_a_patient_to_the_hospital_and_comes_home(town) -> None:
    hospitals = Hospitals(town.stage)
    injuries = Injuries(town.stage, hospitals.admit)
    town.units._scene.serve("treat", injuries.works["treat"])
    town.units.arrange(hospital_of=hospitals.hospital_for, deliver=hospitals.deliver)
    place = town.stage.places("community")[0]
    place_id = town.city.basemap.places[place].place_id
    injuries.add(place, 1)
    town.order(
        "ambulance-01",
        "ambulance",
        "respond",
        order_id="a",
        place=place_id,
        task="treat",
        incident="inc-1",
    )
    town.run_until_state("ambulance-01", "on_scene")
    assert injuries.waiting(place) == 1
    town.run(4 * 3600)
    assert injuries.totals()["patients_transported"] == 1
    assert hospitals.admitted == 1
    assert town.answers("a")[-1][0] == "done"
    assert town.states("ambulance-01")[-1][1] == "idle"

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.kernel.clock import Ns, seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.messages.field import Ack, ActuatorStatus, Command, UnitStatus
from sim.transport.memory import MemoryBus
from sim.world.city.model import City
from sim.world.engine import CENTRE, SimEngine
from sim.world.hazards.pump_fault import PumpFault
from sim.world.traffic import TrafficConfig
from sim.world.truth import Truth
from sim.world.weather import Storm
from sim.world.world import World, WorldConfig

START = Ns(1_784_624_400_000_000_000)
FAILED = PumpFault(place_id="underpass-01", pump="duty", kind="stopped")
REFUSES = PumpFault(place_id="underpass-01", pump="standby", kind="refuses")


class Run:
    """One world, run for some hours, with what it said and what was true."""

    def __init__(
        self,
        city: City,
        *faults: PumpFault,
        seed: int = 7,
        period_y: float = 5,
        hours: float = 4,
        trips_per_h: float | None = None,
        orders: tuple[Command, ...] = (),
    ) -> None:
        traffic = TrafficConfig(peak_trips_per_h=trips_per_h)
        storm = Storm(return_period_y=period_y, duration_s=7200, start=START, uniform=True)
        self.engine = SimEngine(START)
        self.bus = MemoryBus()
        self.records: list[dict[str, Any]] = []
        self.said: list[UnitStatus | ActuatorStatus | Ack] = []
        for kind in (UnitStatus, ActuatorStatus, Ack):
            self.bus.subscribe(kind, self.said.append)
        self.world = World(
            city,
            self.engine,
            self.bus,
            SeededStreams(seed),
            WorldConfig(storms=(storm,), pump_faults=faults, traffic=traffic),
            Truth(self.records.append, START),
        )
        self.world.start()
        centre = self.engine.clock(CENTRE)
        for order in orders:
            centre.call_at(
                order.ts_event, lambda order=order: self.bus.publish(order), name="order"
            )
        self.engine.run(Ns(START + seconds(hours * 3600)))
        self.world.finish()

    def of(self, record_type: str) -> list[dict[str, Any]]:
        return [r for r in self.records if r["type"] == record_type]

    def depths(self, place: str) -> dict[float, float]:
        """Return sampled depth by seconds since the start."""
        return {r["t_s"]: r["depth_m"] for r in self.of("sample") if r["place"] == place}


@pytest.fixture(scope="module")
def failed(city: City) -> Run:
    """Return the run in which underpass-01 has no pump and nobody does anything."""
    return Run(city, FAILED, REFUSES, trips_per_h=300)


def order(at_s: float, target: str, kind: str, action: str, **args: Any) -> Command:
    at = Ns(START + seconds(at_s))
    return Command(
        ts_event=at,
        command_id=f"{target}-{action}",
        target_id=target,
        target_kind=kind,
        target_domain="municipal" if kind == "standby_pump" else "emergency",
        target_district="old-town",
        action=action,
        args=args,
        expires_at=Ns(at + seconds(300)),
    )


def test_start_publishes_the_birth_of_every_unit_and_actuator(city: City) -> None:
    run = Run(city, hours=0)
    births = [m for m in run.said if isinstance(m, UnitStatus | ActuatorStatus)]
    assert len(births) == 4 + len(run.world.actuators)
    run.world.republish()
    assert len(run.said) == 2 * len(births)


def test_five_year_storm_with_failed_pump_passes_27_cm_at_23_minutes(failed: Run) -> None:
    run = failed
    by_level = {
        r["level"]: r["t_s"] / 60
        for r in run.of("hazard_level")
        if r["event"] == "flood-underpass-01"
    }
    assert by_level["II"] == pytest.approx(23.2, abs=0.2)
    (end,) = (r for r in run.of("hazard_end") if r["event"] == "flood-underpass-01")
    assert end["peak_severity"] == pytest.approx(1.39, abs=0.005)
    assert end["ongoing"]
    healthy = run.depths("underpass-02")
    assert max(healthy.values()) == pytest.approx(0.25, abs=0.005)


def test_run_ends_with_totals_that_balance(failed: Run) -> None:
    (total,) = failed.of("run_end")
    assert total["water_in_m3"] == pytest.approx(
        total["water_out_m3"] + total["water_stored_m3"], rel=1e-6
    )
    rain_m3 = total["rain_mm"] * 1e-3 * 2 * 30_000 * 0.85
    assert total["water_in_m3"] == pytest.approx(rain_m3, rel=1e-6)
    towed = failed.world.traffic.removed
    assert total["vehicles_entered"] == total["vehicles_left"] + total["vehicles_inside"] + towed
    assert total["vehicles_left"] > 0
    assert failed.records[-1] is total


def test_traffic_and_places_are_sampled_at_their_intervals(city: City) -> None:
    run = Run(city, hours=1)
    assert [r["t_s"] for r in run.of("traffic")] == [300.0 * k for k in range(1, 13)]
    assert list(run.depths("underpass-01")) == [60.0 * k for k in range(1, 61)]
    rain_mm = sum(r["rain_mm_h"] for r in run.of("sample") if r["place"] == "underpass-01") / 60
    assert rain_mm == pytest.approx(run.world.weather.mean_mm(run.engine.now()), rel=1e-6)


def test_standby_pump_started_by_command_lowers_the_water(city: City, failed: Run) -> None:
    start = order(1200, "pump-underpass-01", "standby_pump", "start")
    active = Run(city, FAILED, orders=(start,), hours=1.5)
    assert max(active.depths("underpass-01").values()) < 0.6
    assert max(failed.depths("underpass-01").values()) > 1.3
    assert [m.status for m in active.said if isinstance(m, Ack)] == ["accepted", "done"]


def test_duty_pump_fault_begins_and_ends_on_time(city: City) -> None:
    run = Run(city, replace(FAILED, start_s=1500.0, end_s=3000.0), hours=2.5)
    assert [(r["t_s"], r["target"], r["phase"]) for r in run.of("fault")] == [
        (1500.0, "duty-pump-underpass-01", "start"),
        (3000.0, "duty-pump-underpass-01", "end"),
    ]
    depth = run.depths("underpass-01")
    assert depth[1500.0] < 0.05
    assert depth[3000.0] > 0.5


def test_pump_unit_sent_to_the_flood_pumps_it(city: City, failed: Run) -> None:
    respond = order(600, "pump-unit-01", "pump_unit", "respond", place="underpass-01", task="pump")
    sent = Run(city, FAILED, orders=(respond,), hours=1.5)
    without = failed.depths("underpass-01")[5400.0]
    assert sent.depths("underpass-01")[5400.0] < without - 0.2
    assert [r["state"] for r in sent.of("unit")][:3] == ["turnout", "en_route", "on_scene"]


def test_same_seed_gives_the_same_truth_and_another_does_not(city: City) -> None:
    first, again, other = (Run(city, FAILED, seed=s, hours=1) for s in (7, 7, 8))
    text = [json.dumps(run.records) for run in (first, again, other)]
    assert text[0] == text[1] != text[2]


def test_fields_offer_rain_depth_and_vehicles_with_their_channels(city: City) -> None:
    run = Run(city, FAILED, hours=0.5)
    xy_m, link, place = np.array([[0.0, 0.0]]), np.array([3]), np.array([0])
    shapes = {
        kind: field.bind(xy_m, link, place)().shape for kind, field in run.world.fields.items()
    }
    known = {"rain_gauge": (1, 1), "road_water_gauge": (1, 1), "vehicle_detector": (3, 1)}
    assert shapes | known == shapes
    assert all(n == 1 and channels >= 1 for channels, n in shapes.values())


def test_fault_at_an_unknown_place_is_refused(city: City) -> None:
    with pytest.raises(InputError, match="underpass-01, underpass-02"):
        Run(city, replace(FAILED, place_id="underpass-77"))


def test_fault_that_the_pump_cannot_have_is_refused() -> None:
    with pytest.raises(InputError, match="expected stopped"):
        PumpFault(place_id="underpass-01", pump="duty", kind="silent")
    with pytest.raises(InputError, match="expected refuses or silent"):
        PumpFault(place_id="underpass-01", pump="standby", kind="stopped")


def test_road_closed_in_time_spares_people_the_water(city: City) -> None:
    close = order(600, "barrier-underpass-01", "barrier", "close")
    open_road, closed_road = (
        Run(city, FAILED, REFUSES, period_y=100, hours=1, trips_per_h=2000, orders=orders)
        for orders in ((), (close,))
    )
    (without,), (spared,) = open_road.of("run_end"), closed_road.of("run_end")
    assert open_road.depths("underpass-01") == closed_road.depths("underpass-01")
    here = [r for r in open_road.of("trapped") if r["place"] == "underpass-01"]
    assert sum(r["people"] for r in here) > 0
    assert {r["event"] for r in here} == {"flood-underpass-01"}
    assert all(r["place"] != "underpass-01" for r in closed_road.of("trapped"))
    assert spared["exposure_person_min"] < 0.5 * without["exposure_person_min"]

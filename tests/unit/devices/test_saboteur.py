from dataclasses import replace

import numpy as np
import pytest

from devices.catalogue import RAIN_GAUGE, ROAD_WATER_GAUGE
from devices.cohort import Cohort
from devices.deployment import Deployment
from devices.faults import FaultPlan
from devices.gateway import Gateways
from devices.saboteur import Saboteur
from devices.uplink import Uplink
from sim.kernel.clock import SECOND, Ns
from sim.kernel.rng import SeededStreams


class Dry:
    """A field that is 0.1 everywhere."""

    def bind(self, xy_m, link, place):
        return lambda: np.full((1, len(xy_m)), 0.1)


@pytest.fixture
def street_of(births, gateway_births, clock, bus, start):
    """Return a saboteur, gateways, and gauges each 100 m along a street."""

    def cohort(kind, n, gateways) -> Cohort:
        ids = gateways.nearest(np.array([[100.0 * i, 0.0] for i in range(n)]))
        devices = [
            replace(device, gateway_id=gateway)
            for device, gateway in zip(births(kind, n, interval_s=60.0), ids, strict=True)
        ]
        none = np.full(n, -1, dtype=np.int32)
        made = Cohort(
            Deployment(
                kind=kind,
                devices=devices,
                xy_m=np.array([[100.0 * i, 0.0] for i in range(n)]),
                link=none,
                place=none,
                tick_s=60.0,
            ),
            Dry(),
            clock=clock,
            bus=bus,
            streams=SeededStreams(3),
            uplink=Uplink(gateways=gateways, loss=0.0, duplicate_share=0.0),
            faults=FaultPlan(),
        )
        made.start()
        return made

    gateways = Gateways(gateway_births, np.array([[0.0, 0.0], [900.0, 0.0]]), clock=clock, bus=bus)
    cohorts = [cohort(ROAD_WATER_GAUGE, 10, gateways), cohort(RAIN_GAUGE, 3, gateways)]
    return Saboteur(cohorts, gateways, clock=clock), gateways, cohorts


def at(clock, start, t_s: float) -> None:
    clock.advance_to(Ns(start + round(t_s * SECOND)), inclusive=True)


def test_the_nearest_devices_are_hit_of_one_kind_or_of_all(street_of) -> None:
    saboteur, _, _ = street_of
    assert saboteur.kinds == ("road_water_gauge", "rain_gauge")
    assert set(saboteur.nearest((0.0, 0.0), 2)) == {"road_water_gauge-0000", "rain_gauge-0000"}
    assert saboteur.nearest((510.0, 0.0), 2, "road_water_gauge") == (
        "road_water_gauge-0005",
        "road_water_gauge-0006",
    )
    assert len(saboteur.nearest((0.0, 0.0), 99, "rain_gauge")) == 3
    assert saboteur.nearest((0.0, 0.0), 3, "telescope") == ()
    assert saboteur.gateway_near((800.0, 0.0)) == "gateway-0001"


def test_what_is_torn_off_is_silent_until_it_is_restored(street_of, clock, start) -> None:
    saboteur, _, (gauges, _) = street_of
    at(clock, start, 120)
    saboteur.tamper(["road_water_gauge-0002"])
    saboteur.cover(["road_water_gauge-0003"])
    at(clock, start, 200)
    assert np.flatnonzero(gauges._faults.is_dead).tolist() == [2]
    saboteur.restore(["road_water_gauge-0002", "road_water_gauge-0003", "road_water_gauge-0004"])
    assert not gauges._faults.is_dead.any()
    assert gauges._faults._active == []


def test_a_bias_counts_the_readings_it_falsifies(street_of, clock, start) -> None:
    saboteur, _, (gauges, _) = street_of
    at(clock, start, 120)
    ids = saboteur.nearest((0.0, 0.0), 4, "road_water_gauge")
    assert saboteur.bias(ids, 0.005) == pytest.approx(4.0)
    assert {order.per_h for order in gauges._faults._active} == {0.005}


def test_jamming_hits_all_devices_of_one_gateway(street_of, clock, start) -> None:
    saboteur, gateways, _ = street_of
    at(clock, start, 60)
    assert saboteur.silence("gateway-0000") == gateways.children("gateway-0000") == 8
    assert gateways.is_jammed.tolist() == [True, False, False]
    saboteur.unsilence("gateway-0000")
    assert not gateways.is_jammed.any()

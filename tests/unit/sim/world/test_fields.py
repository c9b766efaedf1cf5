from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.clock import Ns, seconds
from sim.world.fields import (
    CountingField,
    DepthField,
    LiveField,
    RainField,
    StandingWater,
    VehicleField,
)
from sim.world.weather import Storm, Weather

NONE = np.array([-1, -1, -1], dtype=np.int32)
XY_M = np.array([[0.0, 0.0], [900.0, 400.0], [2000.0, 1000.0]])


def test_rain_field_gives_the_rain_fallen_until_now_at_each_site(town) -> None:
    storm = Storm(return_period_y=5, duration_s=7200, start=town.engine.now())
    weather = Weather([storm], town.roads.node_xy_m, town.streams)
    read = RainField(weather, town.engine.now).bind(XY_M, NONE, NONE)
    assert read().tolist() == [[0, 0, 0]]
    town.run(3600)
    now = Ns(town.engine.now())
    np.testing.assert_array_equal(read(), weather.sites(XY_M).total_mm(now)[None, :])
    assert read().min() > 0
    town.engine.run(Ns(now + seconds(7200)))
    assert read().mean() == pytest.approx(storm.depth_mm, rel=0.5)


def test_depth_field_gives_the_depth_of_the_place_and_zero_elsewhere(town) -> None:
    place = np.array([1, -1, 0], dtype=np.int32)
    read = DepthField(town.water, n_places=4).bind(XY_M, NONE, place)
    town.flood(0, 0.4)
    assert read().tolist() == [[0, 0, 0.4]]
    town.flood(1, 0.1)
    assert read().tolist() == [[0.1, 0, 0.4]]
    dry_place = np.array([3, 2, 1], dtype=np.int32)
    assert DepthField(town.water, 4).bind(XY_M, NONE, dry_place)().tolist() == [[0, 0, 0.1]]


class Detected:
    def __init__(self) -> None:
        self.passed = np.array([7, 8, 9], dtype=np.int64)
        self.speed_mps = np.array([10.0, 5.0, 1.0])
        self.occupancy = np.array([0.1, 0.2, 0.9])


def test_vehicle_field_gives_count_speed_and_occupancy_of_the_link() -> None:
    traffic = Detected()
    link = np.array([2, -1, 0], dtype=np.int32)
    read = VehicleField(traffic).bind(XY_M, link, NONE)
    np.testing.assert_array_equal(read(), [[9, 0, 7], [1, 0, 10], [0.9, 0, 0.1]])
    traffic.passed[2] = 11
    assert read()[0].tolist() == [11, 0, 7]


def test_each_reading_is_a_fresh_array(town) -> None:
    read = DepthField(town.water, 2).bind(XY_M, NONE, np.zeros(3, dtype=np.int32))
    first = read()
    first += 1
    assert read().tolist() == [[0, 0, 0]]


def test_roadside_is_online_where_there_is_power_and_counts_nothing_in_the_dark():
    class Streets:
        passed = np.array([7, 9])
        speed_mps = np.array([10.0, 12.0])
        occupancy = np.array([0.1, 0.2])

    live = np.array([True, False])
    xy, link = np.zeros((3, 2)), np.array([0, 1, 1], dtype=np.int32)
    place = np.array([0, 1, -1], dtype=np.int32)
    online = LiveField(lambda: live)
    assert online.bind(xy, link, place)().tolist() == [[1.0, 0.0, 1.0]]
    assert LiveField(None).bind(xy, link, place)().tolist() == [[1.0, 1.0, 1.0]]
    read = CountingField(Streets(), online).bind(xy, link, place)
    np.testing.assert_array_equal(read(), [[7.0, np.nan, 9.0], [1.0, 0.0, 1.0]])
    live[1] = True
    assert read()[0].tolist() == [7.0, 9.0, 9.0]


def test_water_stands_where_the_link_watched_or_the_nearest_one_is_wet(town) -> None:
    depth_m = np.zeros(len(town.roads))
    field = StandingWater(town.roads, depth_m)
    middle_m = np.array(town.roads.midpoint(3))
    link = np.array([3, -1, -1], dtype=np.int32)
    read = field.bind(np.stack([XY_M[2], middle_m, XY_M[2]]), link, NONE)
    assert not read().any()
    wet = [
        other
        for other in range(len(town.roads))
        if np.allclose(town.roads.midpoint(other), middle_m)
    ]
    depth_m[wet] = 0.4
    assert read()[0].tolist() == [0.4, 0.4, 0.0]

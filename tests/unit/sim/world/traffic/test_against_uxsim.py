"""Traffic against UXsim: its published example, and a grid where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from sim.world.traffic.links import JAM_PER_M, WAVE_MPS, Links


def drive(city, span_s: float) -> float:
    """Run and return the time that all trips took, waiting at the origin included [s]."""
    traffic, step_s, time_s = city.traffic, city.traffic.step_s, 0.0
    for _ in range(round(span_s / step_s)):
        city.run(step_s)
        time_s += (traffic.inside + traffic.waiting) * step_s
    return time_s


def test_y_merge_of_uxsims_readme(kit) -> None:
    """UXsim 1.15, README: 735 of 810 trips done, delay 62.6 s (its C++ engine 61.5 +- 0.9 s)."""
    roads = kit.roads([(0, 2, 1000, 1), (1, 2, 1000, 1), (2, 3, 1000, 1)], speed_mps=20)
    trips = kit.trips(np.arange(450) / 0.45, origin=0, goal=2)
    trips = trips.merge(kit.trips(400 + np.arange(360) / 0.6, origin=1, goal=2))
    city = kit.city(roads, kit.zones([0, 1, 3], [1, 1, 1], [1, 1, 1]), trips=trips)
    links = city.traffic._links
    # Its diagram: 0.2 vehicles a metre in a jam, a wave of 5 m/s, so 0.8 vehicles a second.
    links.out_per_s[:6] = links.in_per_s[:3] = 0.8
    links.storage[:3] = 0.2 * 1000 + 0.8 * city.traffic.step_s
    all_s = drive(city, 1200)
    fleet = city.traffic._queues.fleet
    done, running = city.traffic.left, fleet.link >= 0
    assert done == pytest.approx(735, rel=0.02)
    mean_s = (all_s - float((1200 - fleet.born_s[running]).sum())) / done
    assert mean_s == pytest.approx(162.6, rel=0.03)
    assert mean_s - 100 == pytest.approx(62.6, rel=0.06)


@pytest.mark.parametrize("trips_per_h", [3000, 9000])
def test_grid_within_a_tenth_of_uxsim(kit, trips_per_h) -> None:
    uxsim = pytest.importorskip("uxsim", reason="needs uxsim")
    side, horizon_s, tau_s = 8, 3600.0, 1 / (JAM_PER_M * WAVE_MPS)
    roads = kit.grid(side)
    nodes = list(range(0, side * side, 3))
    draw = np.random.default_rng(3)
    n = trips_per_h // 2
    origin, goal = draw.integers(0, len(nodes), (2, n))
    trips = kit.trips(draw.uniform(0, 1800, n))
    trips.origin[:], trips.goal[:] = origin, np.where(goal == origin, goal - 1, goal) % len(nodes)
    zones = kit.zones(nodes, [1] * len(nodes), [1] * len(nodes))
    city = kit.city(roads, zones, trips=trips)
    ours_s = drive(city, horizon_s)
    driven_m = float(city.traffic.passed @ roads.length_m)

    world = uxsim.World(
        deltan=1,
        reaction_time=tau_s,
        duo_update_time=300,
        tmax=horizon_s,
        random_seed=1,
        print_mode=0,
        save_mode=0,
        vehicle_logging_timestep_interval=-1,
        cpp=True,
    )
    links = Links(roads, zones, 5.0)
    for node in range(side * side):
        world.addNode(f"n{node}", node, 0)
    for i in range(len(roads)):
        world.addLink(
            f"l{i}",
            f"n{roads.start[i]}",
            f"n{roads.end[i]}",
            roads.length_m[i],
            roads.speed_mps[i],
            jam_density_per_lane=JAM_PER_M,
            capacity_out=links.out_per_s[i],
            capacity_in=links.in_per_s[i],
        )
    ends = np.array(nodes)
    for o, d, at_s in zip(ends[trips.origin], ends[trips.goal], trips.at_s, strict=True):
        world.addVehicle(f"n{o}", f"n{d}", float(at_s))
    world.exec_simulation()
    vehicles = world.VEHICLES.values()
    assert city.traffic.left == sum(v.state == "end" for v in vehicles) == n
    theirs_s = sum(v.travel_time for v in vehicles)
    their_m = sum(link.cum_departure[-1] * link.length for link in world.LINKS)
    assert ours_s == pytest.approx(theirs_s, rel=0.1)
    assert driven_m / ours_s == pytest.approx(their_m / theirs_s, rel=0.1)

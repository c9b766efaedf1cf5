"""Traffic beside UXsim and SUMO: the same networks, the same trips, one core, one run.

    python benchmarks/traffic.py [--roads DIR] [--sumo BIN] [--fine] [--python] [--grid-only]
                                 [--trips-per-h N] [--zones N]

A grid of 4,224 links and, where the SUMO files are at hand, the real Bologna (Acosta and
Pasubio) with an hour of its real peak, with and without its traffic lights. Beside ours runs
UXsim's C++ engine (``pip install uxsim``; without it the rows are left out), timed by its main
loop alone, and SUMO's mesoscopic mode where a binary is found. ``--fine`` adds UXsim with single
vehicles on the grid, ``--python`` its Python engine; a minute each.

Equal in ours and UXsim: nodes, links, lengths, lanes, free speeds, jam density, wave speed,
capacities at both ends of every link, greens, trips one by one, and, where routes are given, the
routes. Times are processor time, the best of three runs of ours and of UXsim's C++ engine.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from traffic_peers import REROUTE_S, Case, Row, run_sumo, run_uxsim, sumo_grid, sumo_trips

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.kernel.routing import Router
from sim.world.city.model import Zones
from sim.world.city.sumo_demand import SumoTrips, read_network, read_trips
from sim.world.traffic import Plans, Traffic, TrafficConfig, Trips

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

SIDE, BLOCK_M = 33, 250.0
PLATOON = 5
"""UXsim's own default; the grid's trips come five at a time, so that both drive the same."""
START = Ns(1_784_624_400_000_000_000)
BOLOGNA = "bologna_joined"


def no_lights() -> Plans:
    none = np.zeros(0)
    return Plans(link=none.astype(np.int64), cycle_s=none, start_s=none, green_s=none)


def some(trips: Trips, share: float) -> Trips:
    """Return every so manieth trip."""
    number = np.floor(np.arange(len(trips) + 1) * share)
    return trips.pick(np.flatnonzero(np.diff(number)))


def grid_case(trips_per_h: int, n_zones: int) -> Case:
    node = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    pairs = np.concatenate(
        [
            np.stack([a.ravel(), b.ravel()], axis=1)
            for a, b in ((node[:, :-1], node[:, 1:]), (node[:-1], node[1:]))
        ]
    )
    ends = np.concatenate((pairs, pairs[:, ::-1])).astype(np.int32)
    xy = np.stack(np.divmod(np.arange(SIDE * SIDE), SIDE), axis=1) * BLOCK_M
    n = len(ends)
    roads = Roads(
        node_xy_m=xy.astype(float),
        start=ends[:, 0],
        end=ends[:, 1],
        length_m=np.full(n, BLOCK_M),
        speed_mps=np.full(n, 11.1),
        lanes=np.ones(n, dtype=np.int32),
        road_class=np.full(n, ROAD_CLASSES.index("tertiary"), dtype=np.int32),
        signal=np.zeros(SIDE * SIDE, dtype=bool),
        names=("",) * n,
        shapes=tuple(xy[pair].astype(float) for pair in ends),
        source_ids=tuple(f"e{i}" for i in range(n)),
    )
    draw = SeededStreams(1).at("bench.trips", 0)
    nodes = np.sort(draw.permutation(SIDE * SIDE)[:n_zones]).astype(np.int32)
    m = trips_per_h // PLATOON
    origin = draw.integers(0, n_zones, m)
    goal = (origin + draw.integers(1, n_zones, m)) % n_zones
    trips = make_trips(np.sort(draw.uniform(0, 3600, m)), origin, goal, PLATOON)
    return Case(
        name=f"grid, {n:,} links, {trips_per_h:,} veh/h between {n_zones:,} zones",
        roads=roads,
        zones=make_zones(nodes),
        trips=trips,
        horizon_s=5400.0,
        step_s=5.0,
        platoon=PLATOON,
        plans=no_lights(),
        rerouted=True,
        sumo=lambda folder, sumo: sumo_grid(folder, sumo, roads, nodes, trips),
    )


def make_zones(nodes: NDArray[np.int32]) -> Zones:
    return Zones(node=nodes, people=np.ones(len(nodes)), jobs=np.ones(len(nodes)))


def make_trips(at_s: F64, origin: I64, goal: I64, times: int = 1) -> Trips:
    return Trips(
        origin=np.repeat(origin, times),
        goal=np.repeat(goal, times),
        at_s=np.repeat(at_s, times),
        luck=np.full(len(at_s) * times, 0.5),
    )


def bologna_cases(folder: Path) -> list[Case]:
    net, tls = folder / f"{BOLOGNA}_buslanes.net.xml.gz", folder / f"{BOLOGNA}_tls.add.xml.gz"
    roads, lights = read_network(net, tls)
    given = read_trips(folder / f"{BOLOGNA}.rou.xml.gz", roads)
    plans = Plans(
        link=lights.link,
        cycle_s=lights.cycle_s,
        start_s=lights.start_s,
        green_s=lights.green_s,
    )
    starts, ends = roads.start[given.origin], roads.end[given.goal]
    nodes, number = np.unique(np.concatenate((starts, ends)), return_inverse=True)
    origin, goal = np.split(number, 2)
    _, time_s = Router(roads).next_links(nodes.astype(np.int32), roads.free_time_s)
    # A junction that is taken apart leaves some ends of buses' roads without a way for cars.
    reach = np.isfinite(time_s[goal, starts]) & (origin != goal)
    trips = make_trips(given.depart_s[reach], origin[reach], goal[reach])
    kept = SumoTrips(
        origin=given.origin[reach],
        goal=given.goal[reach],
        depart_s=given.depart_s[reach],
        left_out=0,
    )

    def case(name: str, share: float, plans: Plans, rerouted: bool, *flags: str) -> Case:
        part = some(trips, share)
        picked = np.flatnonzero(np.diff(np.floor(np.arange(len(trips) + 1) * share)))
        return Case(
            name=name,
            roads=roads,
            zones=make_zones(nodes.astype(np.int32)),
            trips=part,
            horizon_s=9000.0,
            step_s=5.0,
            platoon=1,
            plans=plans,
            rerouted=rerouted,
            sumo=lambda folder, _: [
                *("-n", str(net), *flags),
                *("-r", str(sumo_trips(folder / "trips.rou.xml", roads, kept, picked))),
            ],
        )

    lit = ("-a", str(tls), "--meso-junction-control")
    off = ("--tls.all-off",)
    return [
        case("Bologna, the real peak, no lights", 1.0, no_lights(), True, *off),
        case("Bologna, no lights, same routes", 1.0, no_lights(), False, *off),
        case("Bologna, its lights, half the peak, same routes", 0.5, plans, False, *lit),
        case("Bologna, its lights, the real peak, same routes", 1.0, plans, False, *lit),
        case("Bologna, its lights, the real peak, rerouted", 1.0, plans, True, *lit),
    ]


def run_ours(case: Case) -> Row:
    config = TrafficConfig(
        step_s=case.step_s, reroute_s=REROUTE_S if case.rerouted else 86_400.0, compliance=0.0
    )
    traffic = Traffic(
        case.roads, case.zones, SeededStreams(1), config, trips=case.trips, plans=case.plans
    )
    steps = round(case.horizon_s / case.step_s)
    time_s = 0.0
    begin = time.process_time()
    for step in range(1, steps + 1):
        traffic.step(Ns(START + seconds(step * case.step_s)))
        time_s += (traffic.inside + traffic.waiting) * case.step_s
    cpu_s = time.process_time() - begin
    assert traffic.entered == traffic.left + traffic.removed + traffic.inside
    driven_m = float(traffic.passed @ case.roads.length_m)
    return Row(
        engine=f"ours, steps of {case.step_s:g} s",
        cpu_s=cpu_s,
        done=traffic.left,
        time_h=time_s / 3600,
        driven_km=driven_m / 1000,
    )


def best(run: Callable[[], Row]) -> Row:
    return min((run() for _ in range(3)), key=lambda row: row.cpu_s)


def report(case: Case, rows: list[Row]) -> None:
    peer = next((row for row in rows if row.engine.startswith("UXsim C++")), None)
    print(f"\n### {case.name}\n", flush=True)
    print(
        "| | CPU s | x real time | trips done | time h | mean m/s | time / UXsim | speed / UXsim |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        ratio = "| | |"
        if peer is not None:
            time_ratio, speed_ratio = row.time_h / peer.time_h, row.speed_mps / peer.speed_mps
            ratio = f"| {time_ratio:.3f} | {speed_ratio:.3f} |"
        print(
            f"| {row.engine} | {row.cpu_s:.3f} | {case.horizon_s / row.cpu_s:,.0f} "
            f"| {row.done:,} of {len(case.trips):,} | {row.time_h:,.0f} "
            f"| {row.speed_mps:.2f} {ratio}"
        )
    if peer is not None:
        print(f"\nUXsim's C++ engine takes {peer.cpu_s / rows[0].cpu_s:.1f} times our time.")


def find_sumo(given: Path | None) -> Path | None:
    found = shutil.which("sumo") if given is None else str(given)
    return Path(found) if found and os.access(found, os.X_OK) else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Traffic beside UXsim and SUMO.")
    parser.add_argument("--roads", type=Path, default=Path("../shared/data/roads"))
    parser.add_argument("--sumo", type=Path)
    parser.add_argument("--trips-per-h", type=int, default=40_000)
    parser.add_argument("--zones", type=int, default=100)
    parser.add_argument("--grid-only", action="store_true")
    parser.add_argument("--fine", action="store_true")
    parser.add_argument("--python", action="store_true")
    options = parser.parse_args()
    uxsim = importlib.util.find_spec("uxsim") is not None
    sumo = find_sumo(options.sumo)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if not uxsim:
        print("UXsim rows left out: pip install uxsim==1.15.1")
    if sumo is None:
        print("SUMO rows left out: no sumo on the path; give --sumo BIN")
    cases = [grid_case(options.trips_per_h, options.zones)]
    if options.grid_only:
        pass
    elif (options.roads / f"{BOLOGNA}.rou.xml.gz").exists():
        cases += bologna_cases(options.roads)
    else:
        print(f"Bologna left out: no {BOLOGNA} files in {options.roads}")
    for number, case in enumerate(cases):
        rows = [best(lambda case=case: run_ours(case))]  # type: ignore[misc]
        if uxsim:
            rows.append(best(lambda case=case: run_uxsim(case, case.platoon)))  # type: ignore[misc]
            if number == 0 and options.fine:
                rows.append(run_uxsim(case, 1))
            if number == 0 and options.python:
                rows.append(run_uxsim(case, case.platoon, cpp=False))
        if sumo is not None and (row := run_sumo(case, sumo)) is not None:
            rows.append(row)
        report(case, rows)


if __name__ == "__main__":
    main()

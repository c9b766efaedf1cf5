"""The peers of `traffic`: UXsim and SUMO on the same case, and what a case and a row are."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.routing import Router
from sim.world.city.model import Zones
from sim.world.city.sumo_demand import SumoTrips
from sim.world.traffic import Plans, Trips
from sim.world.traffic.links import JAM_PER_M, WAVE_MPS, Links
from sim.world.traffic.signals import Signals

I64 = NDArray[np.int64]

TAU_S = 1 / (JAM_PER_M * WAVE_MPS)
"""UXsim's reaction time that gives our backward wave; its step is this times the platoon."""
REROUTE_S = 300.0
BEST = {"departLane": "best", "departSpeed": "max"}
"""How SUMO lets a trip begin: on any lane, as fast as the road is."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One network with its trips."""

    name: str
    roads: Roads
    zones: Zones
    trips: Trips
    horizon_s: float
    step_s: float
    platoon: int
    plans: Plans
    rerouted: bool
    sumo: Callable[[Path, Path], list[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one engine made of a case."""

    engine: str
    cpu_s: float
    done: int
    time_h: float
    driven_km: float

    @property
    def speed_mps(self) -> float:
        """Distance over time, waiting at the origin included [m/s]."""
        return self.driven_km / self.time_h / 3.6


def run_uxsim(case: Case, platoon: int, *, cpp: bool = True) -> Row:
    """Run UXsim; its trips that do not end count up to the horizon, like ours."""
    from uxsim import World

    world = World(
        deltan=platoon,
        reaction_time=TAU_S,
        duo_update_time=REROUTE_S if case.rerouted else 10 * case.horizon_s,
        random_seed=1,
        print_mode=0,
        save_mode=0,
        tmax=case.horizon_s,
        vehicle_logging_timestep_interval=-1,
        cpp=cpp,
    )
    build_uxsim(world, case, platoon)
    world.finalize_scenario()
    # The engine itself, without what its wrapper gathers afterwards.
    engine = vars(world).get("_cpp_world")
    begin = time.process_time()
    if engine is None:
        world.exec_simulation()
    else:
        engine.main_loop(-1.0, case.horizon_s)
    cpu_s = time.process_time() - begin
    if engine is not None:
        vehicles, links = engine.VEHICLES, engine.LINKS
        gone = {link.name: link.departure_curve[-1] for link in links}
        spans = [(v.departure_time, v.arrival_time) for v in vehicles]
    else:
        gone = {link.name: link.cum_departure[-1] for link in world.LINKS}
        spans = [
            (v.departure_time * world.DELTAT, v.arrival_time * world.DELTAT)
            for v in world.VEHICLES.values()
        ]
    time_s = sum((to if to >= 0 else case.horizon_s) - since for since, to in spans)
    driven_m = sum(gone[str(i)] * length for i, length in enumerate(case.roads.length_m))
    return Row(
        engine=f"UXsim {'C++' if cpp else 'Python'}, platoons of {platoon}",
        cpu_s=cpu_s,
        done=sum(to >= 0 for _, to in spans) * platoon,
        time_h=time_s * platoon / 3600,
        driven_km=driven_m / 1000,
    )


def build_uxsim(world: Any, case: Case, platoon: int) -> None:
    roads, links = case.roads, Links(case.roads, case.zones, case.step_s)
    lights, groups = uxsim_lights(case.plans, roads.end, TAU_S * platoon)
    for node, (x, y) in enumerate(roads.node_xy_m.tolist()):
        if node in lights:
            phases, offset = lights[node]
            world.addNode(f"n{node}", x, y, signal=phases, signal_offset=offset)
        else:
            world.addNode(f"n{node}", x, y)
    for i in range(len(roads)):
        world.addLink(
            str(i),
            f"n{roads.start[i]}",
            f"n{roads.end[i]}",
            roads.length_m[i],
            roads.speed_mps[i],
            jam_density_per_lane=JAM_PER_M,
            number_of_lanes=int(roads.lanes[i]),
            capacity_out=links.out_per_s[i],
            capacity_in=links.in_per_s[i],
            merge_priority=links.out_per_s[i],
            signal_group=groups.get(i, [0]),
        )
    trips, node = case.trips, case.zones.node
    route = route_finder(case)
    for k in range(0, len(trips), platoon):
        a, b = int(trips.origin[k]), int(trips.goal[k])
        prefer = [] if case.rerouted else [str(link) for link in route(a, b)]
        at_s = float(trips.at_s[k])
        world.addVehicle(f"n{node[a]}", f"n{node[b]}", at_s, links_prefer=prefer)


def uxsim_lights(
    plans: Plans, end: NDArray[np.int32], dt_s: float
) -> tuple[dict[int, tuple[list[float], float]], dict[int, list[int]]]:
    """Return phases and offset of each node and the phases of each link, in whole steps.

    UXsim ends a phase with the first step beyond its length, so half a step is taken off.
    """
    lights: dict[int, tuple[list[float], float]] = {}
    groups: dict[int, list[int]] = {}
    for node in np.unique(end[plans.link]).tolist():
        rows = np.flatnonzero(end[plans.link] == node)
        cycle = round(float(plans.cycle_s[rows[0]]) / dt_s)
        begin = np.round(plans.start_s[rows] / dt_s).astype(int)
        green = np.round(plans.green_s[rows] / dt_s).astype(int)
        cuts = np.unique(np.concatenate((begin, begin + green)) % cycle)
        lengths = np.diff(np.append(cuts, cuts[0] + cycle))
        lights[node] = ((lengths - 0.5) * dt_s).tolist(), float(cuts[0] * dt_s)
        # An approach without a plan of its own is green in every phase.
        for link in np.flatnonzero(end == node).tolist():
            groups[link] = list(range(len(cuts)))
        for row, b, g in zip(rows.tolist(), begin, green, strict=True):
            groups[int(plans.link[row])] = np.flatnonzero((cuts - b) % cycle < g).tolist()
    return lights, groups


def route_finder(case: Case) -> Callable[[int, int], list[int]]:
    """Return a function that gives our own first route between two zones."""
    roads, nodes = case.roads, case.zones.node
    usual_s = roads.free_time_s.copy()
    usual_s[case.plans.link] += Signals(case.plans, roads.end, roads.free_time_s).red_wait_s
    table, _ = Router(roads).next_links(nodes, usual_s)
    known: dict[tuple[int, int], list[int]] = {}

    def route(origin: int, goal: int) -> list[int]:
        if (origin, goal) not in known:
            path, node = [], int(nodes[origin])
            while node != nodes[goal]:
                path.append(int(table[goal, node]))
                node = int(roads.end[path[-1]])
            known[origin, goal] = path
        return known[origin, goal]

    return route


def sumo_trips(path: Path, roads: Roads, trips: SumoTrips, picked: I64) -> Path:
    root = ET.Element("routes")
    for k in picked.tolist():
        ends = {"from": roads.source_ids[trips.origin[k]], "to": roads.source_ids[trips.goal[k]]}
        ET.SubElement(root, "trip", id=str(k), depart=f"{trips.depart_s[k]:.2f}", **ends, **BEST)
    ET.ElementTree(root).write(path)
    return path


def sumo_grid(
    folder: Path, sumo: Path, roads: Roads, nodes: NDArray[np.int32], trips: Trips
) -> list[str]:
    """Write the grid for SUMO; its headway is that of our exits, for it has one for all."""
    node, edge, route = (ET.Element(name) for name in ("nodes", "edges", "routes"))
    for i, (x, y) in enumerate(roads.node_xy_m.tolist()):
        ET.SubElement(node, "node", id=f"n{i}", x=f"{x}", y=f"{y}", type="unregulated")
    for i in range(len(roads)):
        ends = {"from": f"n{roads.start[i]}", "to": f"n{roads.end[i]}"}
        more = {"numLanes": "1", "speed": f"{roads.speed_mps[i]}", "length": f"{roads.length_m[i]}"}
        ET.SubElement(edge, "edge", id=f"e{i}", **ends, **more)
    for k in range(len(trips)):
        a, b = nodes[trips.origin[k]], nodes[trips.goal[k]]
        ends = {"fromJunction": f"n{a}", "toJunction": f"n{b}"}
        ET.SubElement(route, "trip", id=str(k), depart=f"{trips.at_s[k]:.2f}", **ends, **BEST)
    for name, root in (("n.xml", node), ("e.xml", edge), ("r.xml", route)):
        ET.ElementTree(root).write(folder / name)
    out = folder / "grid.net.xml"
    convert = [str(sumo.with_name("netconvert")), "-n", str(folder / "n.xml")]
    convert += ["-e", str(folder / "e.xml"), "-o", str(out), "--no-warnings"]
    subprocess.run(convert, check=True, capture_output=True)
    zones = Zones(node=nodes, people=np.ones(len(nodes)), jobs=np.ones(len(nodes)))
    links = Links(roads, zones, 5.0)
    headway_s = 1 / float(np.median(links.out_per_s[: len(roads)]))
    return [
        "-n",
        str(out),
        "-r",
        str(folder / "r.xml"),
        "--junction-taz",
        "--meso-tauff",
        f"{headway_s:.2f}",
    ]


def run_sumo(case: Case, sumo: Path) -> Row | None:
    """Run SUMO's mesoscopic mode, rerouted like ours; its time includes reading the files."""
    if case.sumo is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = case.sumo(folder, sumo)
        info = folder / "info.xml"
        period = f"{REROUTE_S if case.rerouted else 0:g}"
        command = [str(sumo), *given, "--mesosim", "--end", f"{case.horizon_s:g}"]
        command += [
            "--meso-taujj",
            f"{TAU_S:.3f}",
            "--no-step-log",
            "--no-warnings",
            "--ignore-route-errors",
        ]
        command += ["--device.rerouting.probability", "1", "--device.rerouting.period", period]
        command += [
            "--routing-algorithm",
            "astar",
            "--time-to-teleport",
            "-1",
            "--tripinfo-output",
            str(info),
        ]
        command += ["--tripinfo-output.write-unfinished"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if ran.returncode:
            errors = [line for line in ran.stderr.splitlines() if line.startswith("Error")]
            print(f"SUMO left out: {'; '.join(errors[:2])}")
            return None
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        done, time_s, driven_m = 0, 0.0, 0.0
        for _, element in ET.iterparse(info):
            if element.tag == "tripinfo":
                done += float(element.attrib["arrival"]) >= 0
                time_s += max(float(element.attrib["duration"]), 0.0)
                time_s += float(element.attrib["departDelay"])
                driven_m += float(element.attrib["routeLength"])
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Row(
        engine="SUMO meso", cpu_s=cpu_s, done=done, time_h=time_s / 3600, driven_km=driven_m / 1000
    )

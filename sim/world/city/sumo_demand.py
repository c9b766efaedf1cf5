"""Read SUMO demand: trips of ``.rou.xml``, and the network and lights that they are made for.

A city as the simulator wants it is made by `sim.world.city.sumo`; here the network stays as it
is, edge by edge, so that the same trips can be driven here and in SUMO.
"""

from __future__ import annotations

import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Roads
from sim.kernel.errors import InputError
from sim.world.city.graph import Street
from sim.world.city.sumo import read_streets

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SumoTrips:
    """Trips in the order in which they begin, ``(n,)`` each.

    Attributes
    ----------
    origin, goal
        int64 links: the one on which a trip begins, and the one at whose end it ends.
    depart_s
        When it begins, from the file's own zero [s].
    left_out
        How many vehicles of the file begin or end on an edge that the roads do not have.
    """

    origin: I64
    goal: I64
    depart_s: F64
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SumoLights:
    """Fixed-time plans of links that end at a light, ``(n,)`` each.

    Attributes
    ----------
    link
        int64 links, rising.
    cycle_s, start_s, green_s
        Cycle, begin of green within it, and its length [s].
    """

    link: I64
    cycle_s: F64
    start_s: F64
    green_s: F64


def read_trips(path: Path, roads: Roads) -> SumoTrips:
    """Return the vehicles and trips of a route file whose ends lie on the roads.

    Routes between the ends are left to the drivers.

    Raises
    ------
    InputError
        When the file cannot be read or a vehicle has no route, ends or departure.
    """
    number = {edge: i for i, edge in enumerate(roads.source_ids)}
    rows: list[tuple[float, int, int]] = []
    left_out = 0
    for element in _elements(path, "routes"):
        if element.tag not in ("vehicle", "trip"):
            continue
        try:
            depart_s = float(element.attrib["depart"])
            if element.tag == "trip":
                first, last = element.attrib["from"], element.attrib["to"]
            else:
                route = element.find("route")
                edges = ("" if route is None else route.get("edges", "")).split()
                first, last = edges[0], edges[-1]
        except (KeyError, ValueError, IndexError) as error:
            raise InputError(
                path.name,
                place=f"{element.tag} {element.get('id', '')}".strip(),
                value=str(error),
                expected="a departure in seconds and the edges of its ends",
            ) from error
        if first in number and last in number:
            rows.append((depart_s, number[first], number[last]))
        else:
            left_out += 1
    rows.sort(key=lambda row: row[0])
    return SumoTrips(
        origin=np.array([row[1] for row in rows], dtype=np.int64),
        goal=np.array([row[2] for row in rows], dtype=np.int64),
        depart_s=np.array([row[0] for row in rows], dtype=float),
        left_out=left_out,
    )


def read_network(path: Path, programs: Path | None = None) -> tuple[Roads, SumoLights]:
    """Return all edges for cars as links, and the greens of those that end at a light.

    A link is green while any of its turns is; of several greens in a cycle the longest stands
    for them, made longer by the others, for a link has one. The first program of a light
    counts; those of the additional file `programs` come before those of the network.

    Raises
    ------
    InputError
        As `read_sumo`, and when a light's plan is broken.
    """
    streets = read_streets(path)
    number = {street.source_id: i for i, street in enumerate(streets)}
    turns: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    plans: dict[str, _Program] = {}
    if programs is not None:
        for element in _elements(programs, "add"):
            _read_light(element, number, turns, plans, programs.name)
    for element in _elements(path, "net"):
        _read_light(element, number, turns, plans, path.name)
    rows = []
    for link, joints in sorted(turns.items()):
        name = joints[0][0]
        if name in plans:
            green = _green(plans[name], [index for light, index in joints if light == name])
            if green is not None:
                rows.append((link, *green))
    table = np.array(rows, dtype=float).reshape(-1, 4)
    lights = SumoLights(
        link=table[:, 0].astype(np.int64),
        cycle_s=table[:, 1],
        start_s=table[:, 2],
        green_s=table[:, 3],
    )
    return _roads(streets, lights.link), lights


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """A light's program: offset [s], and phases of a duration [s] and a state of each turn."""

    offset_s: float
    phases: tuple[tuple[float, str], ...]


def _read_light(
    element: ET.Element,
    number: dict[str, int],
    turns: defaultdict[int, list[tuple[str, int]]],
    plans: dict[str, _Program],
    source: str,
) -> None:
    try:
        if element.tag == "connection" and "tl" in element.attrib:
            link = number.get(element.attrib["from"])
            if link is not None:
                turns[link].append((element.attrib["tl"], int(element.attrib["linkIndex"])))
        elif element.tag == "tlLogic":
            phases = tuple(
                (float(p.attrib["duration"]), p.attrib["state"]) for p in element.iter("phase")
            )
            program = _Program(offset_s=float(element.get("offset", "0")), phases=phases)
            plans.setdefault(element.attrib["id"], program)
    except (KeyError, ValueError) as error:
        raise InputError(
            source,
            place=f"{element.tag} {element.get('id', element.get('from', ''))}",
            value=str(error),
            expected="a light's number, or phases of a duration and a state",
        ) from error


def _green(program: _Program, turns: list[int]) -> tuple[float, float, float] | None:
    """Return cycle, begin and length of a link's green; None where it never changes."""
    phases = program.phases
    cycle_s = sum(duration for duration, _ in phases)
    begin_s = np.cumsum([0.0, *(duration for duration, _ in phases)])
    green = [any(state[i : i + 1] in ("G", "g") for i in turns) for _, state in phases]
    if all(green) or not any(green):
        return None
    total_s = sum(duration for (duration, _), on in zip(phases, green, strict=True) if on)
    best = (0.0, 0.0)
    n = len(phases)
    for first in range(n):
        if green[first] and not green[first - 1]:
            length_s, i = 0.0, first
            while green[i % n]:
                length_s += phases[i % n][0]
                i += 1
            best = max(best, (length_s, -float(begin_s[first])))
    return cycle_s, (program.offset_s - best[1]) % cycle_s, total_s


def _roads(streets: list[Street], lit: I64) -> Roads:
    at: dict[int, F64] = {}
    for street in streets:
        at.setdefault(street.start, street.shape_m[0])
        at.setdefault(street.end, street.shape_m[-1])
    number = {key: i for i, key in enumerate(at)}
    end = np.array([number[street.end] for street in streets], dtype=np.int32)
    signal = np.zeros(len(at), dtype=bool)
    signal[end[lit]] = True
    return Roads(
        node_xy_m=np.array(list(at.values())),
        start=np.array([number[street.start] for street in streets], dtype=np.int32),
        end=end,
        length_m=np.array([street.length_m for street in streets]),
        speed_mps=np.array([street.speed_mps for street in streets]),
        lanes=np.array([street.lanes for street in streets], dtype=np.int32),
        road_class=np.array([street.road_class for street in streets], dtype=np.int32),
        signal=signal,
        names=tuple(street.name for street in streets),
        shapes=tuple(street.shape_m for street in streets),
        source_ids=tuple(street.source_id for street in streets),
    )


def _elements(path: Path, root: str) -> Iterator[ET.Element]:
    """Yield each element right below the root; raise `InputError` on any other file."""
    depth = 0
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            for event, element in ET.iterparse(stream, events=("start", "end")):
                depth += 1 if event == "start" else -1
                if event == "start" and depth == 1 and element.tag != root:
                    raise InputError(
                        path.name, place="root element", value=element.tag, expected=root
                    )
                if event == "end" and depth == 1:
                    yield element
                    element.clear()
    except (ET.ParseError, EOFError, zlib.error, OSError) as error:
        raise InputError(
            path.name, value=str(error), expected=f"a complete, readable SUMO {root} file"
        ) from error

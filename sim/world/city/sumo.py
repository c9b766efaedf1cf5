"""Read SUMO road networks: ``.net.xml``, plain or packed by gzip."""

from __future__ import annotations

import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.errors import InputError
from sim.kernel.geo import Projection
from sim.world.city.draft import Draft
from sim.world.city.graph import Street, build_roads, left_out
from sim.world.city.mercator import parse_utm, utm_to_lonlat
from sim.world.city.ways import MIN_LENGTH_M

F64 = NDArray[np.float64]

DEFAULT_ORIGIN = Projection(116.4, 39.9)
"""Where a network without a position on Earth is put: Beijing. Assumed: it must be somewhere."""

_FASTEST_FIRST = ((22.0, 0, "trunk"), (0.0, 3, "primary"), (0.0, 2, "secondary"))
"""Class of an edge that tells none: by least speed [m/s] and least lanes. Assumed."""
_TERTIARY_MPS = 11.0
"""A single lane of this speed (40 km/h) is a tertiary road, a slower one residential. Assumed."""


@dataclass(slots=True, kw_only=True)
class _Edge:
    """An edge that cars may use, in the network's own metres."""

    edge_id: str
    start: str
    end: str
    shape_m: list[tuple[float, float]]
    lanes: int
    speed_mps: float
    length_m: float
    road_class: int
    name: str


@dataclass(slots=True, kw_only=True)
class _Net:
    """What the file holds."""

    edges: dict[str, _Edge] = field(default_factory=dict)
    junctions: dict[str, tuple[str, float, float]] = field(default_factory=dict)
    connections: list[tuple[str, str]] = field(default_factory=list)
    offset_m: tuple[float, float] = (0.0, 0.0)
    proj: str = "!"


def read_sumo(path: Path) -> Draft:
    """Return what a SUMO network says about its city.

    Junctions are taken apart where no connection joins their roads, so that a way exists only
    if SUMO has one; turns forbidden within a junction whose roads are joined otherwise are
    allowed. At dead ends drivers turn round, as the city beyond would have them do.

    Raises
    ------
    InputError
        When the file cannot be read, is no SUMO network, or has no edge for cars.
    """
    net = _read(path)
    if not net.edges:
        raise InputError(
            path.name,
            place="edges",
            value=0,
            expected="at least one edge that passenger cars may use",
        )
    utm = parse_utm(net.proj)
    lines = [_line(edge, net.junctions, path.name) for edge in net.edges.values()]
    flat_m = np.concatenate(lines)
    lights_m = np.array(
        [(x, y) for kind, x, y in net.junctions.values() if kind.startswith("traffic_light")]
    ).reshape(-1, 2)
    if utm is None:
        projection = DEFAULT_ORIGIN
        origin_m = (flat_m.min(axis=0) + flat_m.max(axis=0)) / 2
        flat_m, lights_m = flat_m - origin_m, lights_m - origin_m
    else:
        zone, south = utm
        lonlat = utm_to_lonlat(flat_m - net.offset_m, zone, south=south)
        lon, lat = np.round((lonlat.min(axis=0) + lonlat.max(axis=0)) / 2, 6).tolist()
        projection = Projection(lon, lat)
        flat_m = projection.to_xy(lonlat)
        lights_m = projection.to_xy(utm_to_lonlat(lights_m - net.offset_m, zone, south=south))
    shapes = np.split(flat_m, np.cumsum([len(line) for line in lines])[:-1])
    streets = list(_streets(net, shapes))
    roads, level = build_roads(streets, lights_m, source=path.name)
    return Draft(
        name=path.name.split(".")[0].replace("_", " ").title(),
        source=path.name,
        attribution="",
        projection=projection,
        roads=roads,
        level=level,
        dropped=left_out(streets),
        assumed=() if utm else _no_position(net.proj),
    )


def _no_position(proj: str) -> tuple[str, ...]:
    at = f"{DEFAULT_ORIGIN.lon0} E, {DEFAULT_ORIGIN.lat0} N"
    return (f"The network's projection ({proj!r}) is not UTM; its middle was put at {at}.",)


def _read(path: Path) -> _Net:
    net = _Net()
    readers = {"location": _location, "junction": _junction, "edge": _edge, "connection": _joint}
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            for element in _elements(stream, path.name):
                if element.tag in readers:
                    try:
                        readers[element.tag](element, net)
                    except (KeyError, ValueError) as error:
                        raise _bad_element(path.name, element, error) from error
                    element.clear()
    except ET.ParseError as error:
        line, column = error.position
        raise InputError(
            path.name,
            place=f"line {line}, column {column + 1}",
            value=str(error),
            expected="well-formed XML to the file's end",
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error, OSError) as error:
        raise InputError(
            path.name, value=str(error), expected="a complete, readable SUMO network"
        ) from error
    return net


def _elements(stream: IO[bytes] | gzip.GzipFile, source: str) -> Iterator[ET.Element]:
    """Yield each element below the root as it ends; refuse any root but ``net``."""
    depth = 0
    for event, element in ET.iterparse(stream, events=("start", "end")):
        if event == "start":
            if depth == 0 and element.tag != "net":
                raise InputError(
                    source,
                    place="root element",
                    value=element.tag,
                    expected="net, as SUMO's netconvert writes it",
                )
            depth += 1
            continue
        depth -= 1
        if depth == 1:
            yield element


def _bad_element(source: str, element: ET.Element, error: Exception) -> InputError:
    missing = isinstance(error, KeyError)
    return InputError(
        source,
        place=f"{element.tag} {element.get('id', '')}".strip(),
        value=None if missing else str(error),
        expected=f"an attribute {error}" if missing else "numbers as SUMO writes them",
    )


def _location(element: ET.Element, net: _Net) -> None:
    (net.offset_m,) = _points(element.attrib["netOffset"])
    net.proj = element.get("projParameter", "!")


def _junction(element: ET.Element, net: _Net) -> None:
    kind = element.get("type", "")
    if kind != "internal":
        at = _number(element.attrib["x"]), _number(element.attrib["y"])
        net.junctions[element.attrib["id"]] = (kind, *at)


def _joint(element: ET.Element, net: _Net) -> None:
    net.connections.append((element.attrib["from"], element.attrib["to"]))


def _edge(element: ET.Element, net: _Net) -> None:
    if element.get("function", "normal") != "normal":
        return
    lanes = [lane for lane in element.iter("lane") if _for_cars(lane.attrib)]
    if not lanes:
        return
    speed_mps = max(_number(lane.attrib["speed"]) for lane in lanes)
    length_m = float(np.mean([_number(lane.attrib["length"]) for lane in lanes]))
    if speed_mps <= 0 or length_m <= 0:
        raise ValueError(f"speed {speed_mps}, length {length_m}")
    edge_id = element.attrib["id"]
    net.edges[edge_id] = _Edge(
        edge_id=edge_id,
        start=element.attrib["from"],
        end=element.attrib["to"],
        shape_m=_points(element.get("shape", "")),
        lanes=len(lanes),
        speed_mps=speed_mps,
        length_m=max(length_m, MIN_LENGTH_M),
        road_class=_road_class(element.get("type", ""), len(lanes), speed_mps),
        name=element.get("name", ""),
    )


def _for_cars(lane: Mapping[str, str]) -> bool:
    if "allow" in lane:
        return not {"passenger", "all"}.isdisjoint(lane["allow"].split())
    return {"passenger", "all"}.isdisjoint(lane.get("disallow", "").split())


def _road_class(kind: str, lanes: int, speed_mps: float) -> int:
    """Return the class from a type such as ``highway.primary_link``, else by lanes and speed."""
    for part in kind.replace("_link", "").split("."):
        if part in ROAD_CLASSES:
            return ROAD_CLASSES.index(part)
    for least_mps, least_lanes, name in _FASTEST_FIRST:
        if speed_mps >= least_mps and lanes >= least_lanes:
            return ROAD_CLASSES.index(name)
    return ROAD_CLASSES.index("tertiary" if speed_mps >= _TERTIARY_MPS else "residential")


def _points(text: str) -> list[tuple[float, float]]:
    """Return the points of a shape; a height, where there is one, is left out."""
    points = []
    for point in text.split():
        x, y, *_ = point.split(",")
        points.append((_number(x), _number(y)))
    return points


def _number(text: str) -> float:
    number = float(text)
    if not np.isfinite(number):
        raise ValueError(f"{text} is not finite")
    return number


def _line(edge: _Edge, junctions: dict[str, tuple[str, float, float]], source: str) -> F64:
    """Return the edge's polyline from junction to junction."""
    for end in (edge.start, edge.end):
        if end not in junctions:
            raise InputError(
                source, place=f"edge {edge.edge_id}", value=end, expected="the id of a junction"
            )
    first, last = (junctions[end][1:] for end in (edge.start, edge.end))
    inner = [point for point in edge.shape_m if point not in (first, last)]
    return np.array([first, *inner, last])


def _streets(net: _Net, shapes: list[F64]) -> Iterator[Street]:
    parts = _junction_parts(net)
    for edge, shape_m in zip(net.edges.values(), shapes, strict=True):
        yield Street(
            start=parts[edge.edge_id, False],
            end=parts[edge.edge_id, True],
            shape_m=shape_m,
            length_m=edge.length_m,
            lanes=edge.lanes,
            speed_mps=edge.speed_mps,
            road_class=edge.road_class,
            name=edge.name,
            source_id=edge.edge_id,
        )


def _junction_parts(net: _Net) -> dict[tuple[str, bool], int]:
    """Return the number of the junction part that connections hold together at each edge end.

    An end is (edge, whether it is the edge's last).
    """
    ends = [(edge, last) for edge in net.edges for last in (False, True)]
    number = {end: i for i, end in enumerate(ends)}
    joined = [
        (number[a, True], number[b, False])
        for a, b in net.connections
        if a in net.edges and b in net.edges
    ]
    by_junction: defaultdict[str, list[int]] = defaultdict(list)
    for edge in net.edges.values():
        by_junction[edge.start].append(number[edge.edge_id, False])
        by_junction[edge.end].append(number[edge.edge_id, True])
    for junction, members in by_junction.items():
        if not net.connections or net.junctions[junction][0] == "dead_end":
            joined.extend((members[0], other) for other in members[1:])
    rows, columns = np.array(joined).reshape(-1, 2).T
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(ends), len(ends)))
    _, part = connected_components(graph, directed=False)
    return dict(zip(ends, part.tolist(), strict=True))


def read_streets(path: Path) -> list[Street]:
    """Return every street of a network in the network's own metres: none joined, none left out.

    A city needs roads that all reach each other, see `read_sumo`; a comparison with SUMO needs
    the edges that it has.

    Raises
    ------
    InputError
        As `read_sumo`.
    """
    net = _read(path)
    lines = [_line(edge, net.junctions, path.name) for edge in net.edges.values()]
    return list(_streets(net, lines))

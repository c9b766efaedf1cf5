"""Small hand-made cities in each file format, and the real ones where they lie beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.rng import SeededStreams
from sim.world.city.graph import Street, polyline_length_m
from sim.world.city.load import load_city
from sim.world.city.model import City

GRID = 6
STEP_DEG = 0.004
"""Six streets each way, about 300 to 450 m apart."""


@pytest.fixture(scope="session")
def synthetic() -> City:
    return load_city(None, SeededStreams(7))


@pytest.fixture(scope="session")
def helsinki(shared_data: Path) -> City:
    return load_city(str(shared_data / "roads/helsinki.osm.pbf"), SeededStreams(7))


@pytest.fixture(scope="session")
def krems(shared_data: Path) -> City:
    return load_city(str(shared_data / "roads/krems.osm.gz"), SeededStreams(7))


@pytest.fixture(scope="session")
def bologna(shared_data: Path) -> City:
    path = shared_data / "roads/bologna_joined_buslanes.net.xml.gz"
    return load_city(str(path), SeededStreams(7))


@pytest.fixture(params=["synthetic", "helsinki", "krems", "bologna"])
def any_city(request: pytest.FixtureRequest) -> City:
    city: City = request.getfixturevalue(request.param)
    return city


@pytest.fixture(scope="session")
def street() -> Callable[..., Street]:
    """Make one direction of a straight street between two keyed points."""

    def make(start: int, end: int, *points: tuple[float, float], **changes: Any) -> Street:
        shape_m = np.array(points, dtype=float)
        values: dict[str, Any] = {
            "length_m": polyline_length_m(shape_m),
            "lanes": 1,
            "speed_mps": 10.0,
            "road_class": ROAD_CLASSES.index("residential"),
            "name": "",
            "source_id": f"{start}-{end}",
        }
        return Street(start=start, end=end, shape_m=shape_m, **(values | changes))

    return make


@pytest.fixture
def osm_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a grid of two-way tertiary streets as OSM XML, with more elements if wanted."""

    def write(extra: str = "", name: str = "grid.osm") -> Path:
        nodes = [
            f'<node id="{100 + i * GRID + j}" lat="{48 + j * STEP_DEG}" lon="{16 + i * STEP_DEG}"/>'
            for i in range(GRID)
            for j in range(GRID)
        ]
        ways = []
        for i in range(GRID):
            column = [100 + i * GRID + j for j in range(GRID)]
            row = [100 + j * GRID + i for j in range(GRID)]
            for way_id, refs, title in ((10 + i, column, f"C{i}"), (30 + i, row, f"R{i}")):
                members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
                tags = f'<tag k="highway" v="tertiary"/><tag k="name" v="{title}"/>'
                ways.append(f'<way id="{way_id}">{members}{tags}</way>')
        root = ET.fromstring(f'<osm version="0.6">{"".join(nodes + ways)}{extra}</osm>')
        root[:] = sorted(root, key=lambda e: (e.tag, int(e.attrib["id"])))
        path = tmp_path / name
        path.write_text(ET.tostring(root, encoding="unicode"), encoding="utf-8")
        return path

    return write


@pytest.fixture
def grid_features() -> list[dict[str, Any]]:
    """Return a grid of streets as GeoJSON features."""
    lines = []
    for i in range(GRID):
        column = [[16 + i * STEP_DEG, 48 + j * STEP_DEG] for j in range(GRID)]
        row = [[16 + j * STEP_DEG, 48 + i * STEP_DEG] for j in range(GRID)]
        lines += [column, row]
    return [
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": line},
            "properties": {"highway": "tertiary", "name": f"Street {n}"},
        }
        for n, line in enumerate(lines)
    ]


@pytest.fixture
def geojson_file(tmp_path: Path) -> Callable[..., Path]:
    """Write features as a collection."""

    def write(features: list[Any], **members: Any) -> Path:
        path = tmp_path / "grid.geojson"
        document = {"type": "FeatureCollection", "features": features, **members}
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write


@pytest.fixture
def sumo_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a grid of streets as a SUMO network, every movement allowed but turning round."""

    def write(
        location: str = 'netOffset="0.00,0.00" projParameter="!"',
        extra: str = "",
        *,
        connections: bool = True,
        edge: Callable[[str], str] = lambda text: text,
    ) -> Path:
        step_m = 250.0
        at = {(i, j): f"n{i}_{j}" for i in range(GRID) for j in range(GRID)}
        parts = [f"<location {location}/>"]
        out: dict[str, list[tuple[str, str]]] = {name: [] for name in at.values()}
        for (i, j), a in at.items():
            for di, dj in ((1, 0), (0, 1), (-1, 0), (0, -1)):
                b = at.get((i + di, j + dj))
                if b is None:
                    continue
                out[a].append((f"{a}>{b}", b))
                lane = f'<lane id="{a}>{b}_0" speed="13.89" length="{step_m - 12}"/>'
                text = f'<edge id="{a}&gt;{b}" from="{a}" to="{b}">{lane}</edge>'
                parts.append(edge(text.replace(f"{a}>{b}_0", "lane_0")))
        for (i, j), name in at.items():
            kind = "traffic_light" if 0 < i < GRID - 1 and 0 < j < GRID - 1 else "priority"
            parts.append(f'<junction id="{name}" type="{kind}" x="{i * step_m}" y="{j * step_m}"/>')
        if connections:
            parts += [
                f'<connection from="{first}" to="{second}"/>'.replace(">", "&gt;", 2).replace(
                    "/&gt;", "/>"
                )
                for a, edges in out.items()
                for first, b in edges
                for second, c in out[b]
                if c != a
            ]
        path = tmp_path / "grid.net.xml"
        path.write_text(f"<net>{''.join(parts)}{extra}</net>", encoding="utf-8")
        return path

    return write

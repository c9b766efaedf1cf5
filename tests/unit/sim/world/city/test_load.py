"""Every file that is not a city is refused in one line."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.city.load import READERS, load_city

OSM = b'<osm version="0.6"></osm>'
NET = b"<net></net>"


def refuse(path: Path | str) -> str:
    with pytest.raises(InputError) as error:
        load_city(str(path), SeededStreams(1))
    message = str(error.value)
    assert "\n" not in message
    return message


def test_nothing_named_gives_the_default_city() -> None:
    city = load_city(None, SeededStreams(2)).basemap
    assert (city.name, city.source) == ("Beijing 北京", "synthetic, scale 0.01, seed 2")


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no.osm', expected a file that exists" in refuse(tmp_path / "no.osm")


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / "town.osm").mkdir()
    assert "not a directory" in refuse(tmp_path / "town.osm")


def test_an_unknown_ending_lists_the_known(tmp_path: Path) -> None:
    path = tmp_path / "town.shp"
    path.write_bytes(b"x")
    message = refuse(path)
    assert all(ending in message for ending in READERS)


@pytest.mark.parametrize("ending", READERS)
def test_an_empty_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"town{ending}"
    path.touch()
    assert refuse(path).startswith(f"town{ending}: was '0 bytes'")


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize("content", [b"hello", b"\x00\xff\xfe\x80" * 99, b"{", b"<a><b></a>"])
def test_content_of_another_kind(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"town{ending}"
    packed = {".gz": gzip.compress(content), ".bz2": bz2.compress(content)}
    for each in (content, packed.get(path.suffix, content)):
        path.write_bytes(each)
        assert refuse(path).startswith(f"town{ending}: ")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("town.osm", NET, "Unknown top-level element: net"),
        ("town.net.xml", OSM, "root element: was 'osm', expected net"),
        ("town.osm", OSM, "ways: was 0, expected at least one way tagged as a drivable highway"),
        ("town.net.xml", NET, "edges: was 0, expected at least one edge that passenger cars"),
        ("town.geojson", b'{"type": "FeatureCollection", "features": []}', "features: was 0"),
        ("town.json", b"[]", "type: was 'list', expected FeatureCollection"),
        ("town.json", b'{"type": "Topology"}', "type: was 'Topology'"),
        ("town.json", b'{"type": "FeatureCollection"}', "with a list of features"),
        ("town.json", b'{"a":\n 1,}', "line 2, column "),
        ("town.osm", b"<osm version='0.6'>\n<node", "line 2, column"),
        ("town.net.xml", b"<net>\n<edge id='1'>", "line 2, column"),
    ],
)
def test_the_fault_is_named_with_its_place(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert expected in refuse(path)


@pytest.mark.parametrize(
    "name", ["helsinki.osm.pbf", "krems.osm.gz", "bologna_joined_buslanes.net.xml.gz"]
)
@pytest.mark.parametrize("share", [0.03, 0.5, 0.97])
def test_a_truncated_file(shared_data: Path, tmp_path: Path, name: str, share: float) -> None:
    whole = (shared_data / "roads" / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: int(len(whole) * share)])
    assert refuse(path).startswith(f"{name}: ")


def test_a_town_of_one_street_is_too_small(tmp_path: Path) -> None:
    path = tmp_path / "street.osm"
    path.write_text(
        '<osm version="0.6"><node id="1" lat="1" lon="2"/><node id="2" lat="1.001" lon="2"/>'
        '<way id="5"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>'
    )
    assert "road graph: was 2, expected at least 8 junctions" in refuse(path)


def test_the_ending_may_be_in_capitals(osm_file: Callable[..., Path]) -> None:
    assert load_city(str(osm_file(name="GRID.OSM")), SeededStreams(1)).basemap.source == "GRID.OSM"

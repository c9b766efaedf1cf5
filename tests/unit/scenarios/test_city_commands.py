"""``chengmai city``: what is counted, what is found wrong, and the map that is drawn."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from scenarios.__main__ import main
from scenarios.city.findings import Finding, examine
from scenarios.city.page import page
from scenarios.city.survey import road_length_m, survey, table
from sim.kernel.basemap import Roads, from_document
from sim.kernel.rng import SeededStreams
from sim.world.city.load import load_city
from sim.world.city.model import City

SMALL = ("--scale", "0.004")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CHENGMAI_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def city() -> City:
    return load_city("beijing", SeededStreams(1), scale=0.004)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(("city", *arguments))
    except SystemExit as ended:
        status = int(ended.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def osm_file(tmp_path: Path) -> Path:
    """Write nine streets in a grid, one of them named, and one cut off from all."""
    at = {(i, j): 10 * i + j for i in range(3) for j in range(3)}
    nodes = [
        f'<node id="{n}" lat="{48 + j / 300}" lon="{16 + i / 200}"/>' for (i, j), n in at.items()
    ]
    nodes += ['<node id="90" lat="48.1" lon="16"/>', '<node id="91" lat="48.1" lon="16.01"/>']
    nodes.append(
        '<node id="99" lat="48.001" lon="16.001"><tag k="amenity" v="hospital"/>'
        '<tag k="name" v="Saint Anne"/></node>'
    )
    rows = [[at[i, j] for i in range(3)] for j in range(3)]
    ways = [*rows, *zip(*rows, strict=True), [90, 91]]
    written = "".join(
        f'<way id="{number}">{"".join(f"<nd ref={chr(34)}{ref}{chr(34)}/>" for ref in way)}'
        f'<tag k="highway" v="primary"/><tag k="name" v="Way {number}"/></way>'
        for number, way in enumerate(ways, start=1)
    )
    path = tmp_path / "town.osm"
    path.write_text(f'<osm version="0.6">{"".join(nodes)}{written}</osm>', encoding="utf-8")
    return path


# --- build and import ---------------------------------------------------------------------


def test_build_counts_each_district(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "build", "beijing", *SMALL, "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert len(answer["districts"]) == 16
    for what in ("links", "population"):
        assert sum(d[what] for d in answer["districts"]) == answer[what]
    for what in ("stations", "places"):
        for kind, total in answer[what].items():
            assert sum(d[what].get(kind, 0) for d in answer["districts"]) == total
    assert answer["population"] == round(21_893_095 * 0.004)
    assert answer["area_km2"] == pytest.approx(16_377 * 0.004, rel=1e-3)
    assert [d["code"] for d in answer["districts"]][:2] == ["110101000000", "110102000000"]
    assert sum(answer["road_km_by_class"].values()) == pytest.approx(answer["road_km"], abs=0.5)
    assert answer["wall_s"] > 0
    assert sys.platform == "win32" or answer["peak_mb"] > 50


def test_build_tells_a_person_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "build", *SMALL)
    assert status == 0
    assert re.search(r"^Miyun 密云 +2,111 +8\.9 ", out, flags=re.M)
    assert re.search(r"^all +87,572 ", out, flags=re.M)
    assert re.search(r"^ambulance ", out, flags=re.M)
    assert re.search(r"^built in [\d.]+ s", out, flags=re.M)


def test_the_map_written_is_the_city(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, city: City
) -> None:
    path = tmp_path / "deep" / "map.json"
    run(capsys, "build", *SMALL, "--out", str(path))
    written = from_document(json.loads(path.read_text(encoding="utf-8")))
    assert len(written.roads) == len(city.basemap.roads)
    assert [a.code for a in written.areas] == [a.code for a in city.basemap.areas]


def test_import_tells_what_was_read_and_what_was_assumed(
    capsys: pytest.CaptureFixture[str], osm_file: Path
) -> None:
    status, out, _ = run(capsys, "import", str(osm_file), "--json")
    assert status == 0
    answer = json.loads(out)
    assert answer["read"] == {"hospital": 1}
    assert answer["nodes"] == 9
    assert any("Districts were made" in sentence for sentence in answer["assumed"])
    _, told, _ = run(capsys, "import", str(osm_file))
    assert "places and stations in the file: 1 hospital" in told
    assert told.count("  assumed: ") == len(answer["assumed"])


def test_a_city_that_took_long_is_kept_unless_not_wanted(
    capsys: pytest.CaptureFixture[str], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.world.city.cache.MIN_BUILD_S", 0.0)
    run(capsys, "build", *SMALL, "--no-cache")
    assert not own_cache.exists()
    run(capsys, "build", *SMALL)
    assert len(list(own_cache.iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build", "paris"], ["'paris'", "expected beijing"]),
        (["build", "--scale", "2"], ["2.0", "0.002 to 1"]),
        (["build", "--scale", "nan"], ["nan", "0.002 to 1"]),
        (["build", "--scale", "big"], ["--scale", "'big'"]),
        (["show", "town.osm", "--scale", "0.5"], ["--scale", "only beijing"]),
        (["build", "--seed", "-1"], ["--seed", "-1"]),
        (["build", *SMALL, "--out", "/dev/null/map.json"], ["--out", "/dev/null/map.json"]),
        (["show", *SMALL, "--out", "/dev/null/map.html"], ["--out", "/dev/null/map.html"]),
        (["show", "nowhere.osm"], ["nowhere.osm", "a file that exists"]),
        (["check", "nowhere"], ["'nowhere'", "beijing, or a file ending in .osm.pbf"]),
        (["import", "beijing"], ["'beijing'", "a file"]),
        (["import"], ["required: file"]),
        ([], ["required: COMMAND"]),
    ],
)
def test_what_is_wrong_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert err.count("\n") == 1
    assert all(word in err for word in words), err


# --- check --------------------------------------------------------------------------------


def _named(findings: list[Finding], check: str) -> tuple[str, ...]:
    (found,) = [finding for finding in findings if finding.check == check]
    return found.names


def test_a_sound_city_has_nothing_wrong_with_its_roads(city: City) -> None:
    findings = examine(city)
    for check in (
        "roads_dropped",
        "network_connected",
        "links_of_no_length",
        "links_twice",
        "expressways_end",
        "roads_without_name",
        "areas",
    ):
        assert _named(findings, check) == ()


def test_roads_cut_off_are_named(capsys: pytest.CaptureFixture[str], osm_file: Path) -> None:
    status, out, _ = run(capsys, "check", str(osm_file))
    assert status == 0
    assert "warning  1 roads or parts of them were left out: cut off from the others: Way 7" in out
    _, out, _ = run(capsys, "check", str(osm_file), "--json")
    answer = json.loads(out)
    (dropped,) = [c for c in answer["checks"] if c["check"] == "roads_dropped"]
    assert (dropped["ok"], dropped["names"]) == (False, ["Way 7"])
    assert answer["warnings"] == sum(not c["ok"] for c in answer["checks"])


def _with_roads(city: City, **columns: object) -> City:
    roads = replace(city.basemap.roads, **columns)
    return replace(city, basemap=replace(city.basemap, roads=roads))


def test_faults_of_links_are_named(city: City) -> None:
    roads = city.basemap.roads
    short = roads.length_m.copy()
    short[4] = 0.0
    name = f"{roads.names[4]} (link {roads.source_ids[4]})"
    assert name in _named(examine(_with_roads(city, length_m=short)), "links_of_no_length")
    twice = {
        column: np.concatenate([getattr(roads, column), getattr(roads, column)[:1]])
        for column in ("start", "end", "length_m", "speed_mps", "lanes", "road_class")
    }
    twice |= {one: getattr(roads, one) + getattr(roads, one)[:1] for one in ("names", "shapes")}
    found = examine(_with_roads(city, **twice, source_ids=(*roads.source_ids, "again")))
    assert _named(found, "links_twice") == (f"{roads.names[0]} (link again)",)


def test_a_junction_that_cannot_be_left_is_named(city: City) -> None:
    roads = city.basemap.roads
    # Whatever left the last link's end now leaves its start instead.
    node = int(roads.end[-1])
    start = np.where(roads.start == node, roads.start[-1], roads.start).astype(np.int32)
    names = _named(examine(_with_roads(city, start=start)), "network_connected")
    assert any(name.startswith(f"node {node} (") for name in names)


def test_a_site_mapped_twice_is_named_beside_the_first(city: City) -> None:
    one, other, *rest = city.basemap.places
    again = replace(other, kind=one.kind, x_m=one.x_m, y_m=one.y_m)
    basemap = replace(city.basemap, places=(one, again, *rest))
    found = _named(examine(replace(city, basemap=basemap)), "sites_twice")
    assert f"{other.place_id} (as {one.place_id})" in found


def test_a_site_off_the_road_is_named_with_its_distance(city: City) -> None:
    place = replace(city.basemap.places[0], x_m=90_000.0, y_m=0.0)
    basemap = replace(city.basemap, places=(place, *city.basemap.places[1:]))
    (name,) = _named(examine(replace(city, basemap=basemap)), "sites_off_the_road")
    gap_m = float(re.fullmatch(rf"{place.place_id} \((\d+) m\)", name).group(1))  # type: ignore[union-attr]
    assert 80_000 < gap_m < 90_000


def test_people_far_from_roads_are_counted_by_district(city: City) -> None:
    xy_m = city.cells.xy_m.copy()
    first = int(np.flatnonzero(city.cells.district == 3)[0])
    xy_m[first] += 50_000.0
    found = examine(replace(city, cells=replace(city.cells, xy_m=xy_m)))
    assert _named(found, "people_far_from_roads") == (
        f"Fengtai 丰台: {city.cells.people[first]:,.0f} people",
    )


def test_districts_without_a_station_are_named_where_each_could_have_one(city: City) -> None:
    stations = city.basemap.stations
    (one, *_) = [s for s in stations if s.kind == "ambulance"]
    everywhere = tuple(
        replace(one, station_id=f"a-{i}", district_id=d.district_id)
        for i, d in enumerate([*city.basemap.districts[1:], city.basemap.districts[1]])
    )
    basemap = replace(city.basemap, stations=everywhere)
    found = examine(replace(city, basemap=basemap))
    assert _named(found, "stations_ambulance") == ("Dongcheng 东城",)
    # Of two stations in sixteen districts nobody expects one in each.
    few = replace(city.basemap, stations=everywhere[:2])
    assert _named(examine(replace(city, basemap=few)), "stations_ambulance") == ()


def test_people_out_of_an_ambulances_reach_are_counted(city: City) -> None:
    slow = np.full(len(city.basemap.roads), 0.1)
    found = examine(_with_roads(city, speed_mps=slow))
    assert len(_named(found, "reach_ambulance")) == 16


# --- counting -----------------------------------------------------------------------------


def test_a_road_of_both_ways_is_counted_once() -> None:
    shape = np.zeros((2, 2))
    roads = Roads(
        node_xy_m=np.zeros((3, 2)),
        start=np.array([0, 1, 1], dtype=np.int32),
        end=np.array([1, 0, 2], dtype=np.int32),
        length_m=np.array([100.0, 100.0, 70.0]),
        speed_mps=np.ones(3),
        lanes=np.ones(3, dtype=np.int32),
        road_class=np.zeros(3, dtype=np.int32),
        signal=np.zeros(3, dtype=bool),
        names=("", "", ""),
        shapes=(shape, shape, shape),
        source_ids=("", "", ""),
    )
    assert road_length_m(roads).tolist() == [50.0, 50.0, 70.0]


def test_columns_line_up_under_chinese_names() -> None:
    assert table([["name", "n"], ["北京", 5], ["x", 12]]) == ["name   n", "北京   5", "x     12"]


# --- show ---------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects what a page would load, and its data."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.scripts: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script":
            self.scripts[-1] += data


def test_the_page_loads_nothing_and_holds_the_city(city: City) -> None:
    html = page(city)
    read = Page(html)
    assert read.loads == []
    assert "url(" not in html
    assert "@import" not in html
    data = json.loads(read.scripts[0])
    assert [d["name"] for d in data["districts"]] == [d.name for d in city.basemap.districts]
    assert sum(map(len, data["roads"].values())) == len(city.basemap.roads) / 2
    for what, sites in (("places", city.basemap.places), ("stations", city.basemap.stations)):
        assert sum(len(kind["names"]) for kind in data[what]) == len(sites)
    assert len(data["cells"]["rows"]) == 3 * len(city.cells.people)
    people = data["cells"]["rows"][2::3]
    assert sum(people) == pytest.approx(city.cells.people.sum(), rel=0.01)
    for sentence in city.assumed[:2]:
        assert sentence in html


def test_points_of_the_page_are_metres_from_its_corner(city: City) -> None:
    data = json.loads(Page(page(city)).scripts[0])
    wide, high = data["size"]
    for name in data["roads"]:
        for flat in data["roads"][name]:
            xy = np.cumsum(np.array(flat).reshape(-1, 2), axis=0)
            assert ((xy >= 0) & (xy <= (wide, high))).all()
    link = int(np.flatnonzero(city.basemap.roads.road_class == 0)[0])
    shape = city.basemap.roads.shapes[link]
    flat = np.cumsum(np.array(data["roads"]["motorway"][0]).reshape(-1, 2), axis=0)
    np.testing.assert_allclose(flat - flat[0], shape - shape[0], atol=1.0)


def test_names_cannot_break_out_of_the_page(city: City) -> None:
    evil = "</script><script>alert(1)</script><b>"
    place = replace(city.basemap.places[0], name=evil)
    district = replace(city.basemap.districts[0], name=evil)
    basemap = replace(
        city.basemap,
        name=evil,
        attribution=evil,
        places=(place, *city.basemap.places[1:]),
        districts=(district, *city.basemap.districts[1:]),
    )
    html = page(replace(city, basemap=basemap))
    assert "<script>alert" not in html
    read = Page(html)
    assert read.tags.count("script") == 2
    assert json.loads(read.scripts[0])["districts"][0]["name"] == evil


def test_show_writes_the_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, city: City
) -> None:
    path = tmp_path / "maps" / "beijing.html"
    status, out, _ = run(capsys, "show", *SMALL, "--out", str(path))
    assert status == 0
    assert str(path) in out
    assert path.read_text(encoding="utf-8") == page(city)


def test_a_survey_of_any_city_sums_up(osm_file: Path) -> None:
    city = load_city(str(osm_file), SeededStreams(1))
    found = survey(city)
    assert sum(d["links"] for d in found["districts"]) == found["links"] == len(city.basemap.roads)
    assert found["areas"]["city"] == 1

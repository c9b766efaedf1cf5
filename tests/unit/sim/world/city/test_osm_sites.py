"""What OpenStreetMap tags say about sites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.kernel.rng import SeededStreams
from sim.world.city import osm_sites
from sim.world.city.load import load_city
from sim.world.city.model import City
from sim.world.city.osm import read_osm
from support.places import places_of


@pytest.mark.parametrize(
    ("tags", "area_m2", "expected"),
    [
        ({"amenity": "hospital"}, 0, ["hospital", "ambulance?"]),
        ({"amenity": "hospital", "healthcare": "hospital"}, 0, ["hospital", "ambulance?"]),
        ({"amenity": "fire_station"}, 0, ["fire_engine", "pump_unit?"]),
        ({"amenity": "police"}, 0, ["police_patrol", "traffic_police?"]),
        ({"amenity": "kindergarten"}, 0, ["school"]),
        ({"healthcare": "clinic"}, 0, ["clinic"]),
        ({"leisure": "stadium"}, 0, ["venue"]),
        ({"leisure": "park"}, 30_000, ["venue"]),
        ({"leisure": "park"}, 3_000, []),
        ({"leisure": "park"}, 0, []),
        ({"man_made": "works"}, 0, ["factory"]),
        ({"landuse": "greenhouse_horticulture"}, 9_000, ["greenhouse"]),
        ({"power": "substation"}, 5_000, ["substation"]),
        ({"power": "substation"}, 0, ["substation"]),
        ({"power": "substation"}, 25, []),
        ({"power": "substation", "substation": "minor_distribution"}, 0, []),
        ({"power": "sub_station"}, 2_000, ["substation"]),
        ({"power": "plant", "plant:output:hot_water": "120 MW"}, 0, ["heat_plant"]),
        ({"power": "plant"}, 0, []),
        ({"railway": "station", "station": "subway"}, 0, ["metro_station"]),
        ({"railway": "station", "subway": "yes"}, 0, ["metro_station"]),
        ({"railway": "station"}, 0, []),
        ({"man_made": "mast", "tower:type": "communication"}, 0, ["base_station"]),
        ({"man_made": "monitoring_station", "monitoring:air_quality": "yes"}, 0, ["air_station"]),
        ({"man_made": "monitoring_station", "monitoring:water_level": "yes"}, 0, ["river_gauge"]),
        ({"man_made": "water_works"}, 0, ["waterworks"]),
        ({"place": "neighbourhood"}, 0, ["community"]),
        ({"place": "suburb"}, 0, []),
        ({"amenity": "cafe"}, 0, []),
    ],
)
def test_kinds_of_a_site(tags: dict[str, str], area_m2: float, expected: list[str]) -> None:
    found = [kind + "?" * doubtful for kind, doubtful in osm_sites.kinds(tags, area_m2)]
    assert found == expected
    assert osm_sites.is_site(tags) or not found


@pytest.mark.parametrize(
    ("kind", "tags", "held"),
    [
        ("hospital", {"beds": "420"}, 420.0),
        ("hospital", {"capacity:beds": "88"}, 88.0),
        ("school", {"capacity": "1200"}, 1_200.0),
        ("venue", {"capacity": "many"}, 0.0),
        ("venue", {"capacity": "-3"}, 0.0),
        ("clinic", {"beds": "3"}, 0.0),
    ],
)
def test_stated_counts(kind: str, tags: dict[str, str], held: float) -> None:
    assert osm_sites.capacity(tags, kind) == held


def test_a_site_drawn_as_an_area_tells_its_ground(osm_file: Callable[..., Path]) -> None:
    # 0.001 degrees each way at 48 degrees north: 111 m by 74.5 m.
    corners = [(16.010, 48.010), (16.011, 48.010), (16.011, 48.011), (16.010, 48.011)]
    nodes = "".join(
        f'<node id="{900 + i}" lon="{lon}" lat="{lat}"/>' for i, (lon, lat) in enumerate(corners)
    )
    members = "".join(f'<nd ref="{ref}"/>' for ref in (900, 901, 902, 903, 900))
    tags = "".join(
        f'<tag k="{k}" v="{v}"/>'
        for k, v in {"amenity": "hospital", "name": "General", "beds": "310"}.items()
    )
    path = osm_file(f'{nodes}<way id="95">{members}{tags}</way>')
    mark = next(mark for mark in read_osm(path).marks if mark.kind == "hospital")
    assert mark.area_m2 == pytest.approx(111.2 * 74.5, rel=0.01)
    city = load_city(str(path), SeededStreams(1))
    first = places_of(city, "hospital")[0]
    assert (first.name, first.assumed) == ("General", False)
    row = city.basemap.place_index[first.place_id]
    assert city.sites.capacity[row] == 310.0
    assert city.sites.area_m2[row] == mark.area_m2
    told = next(s for s in city.assumed if "kind hospital" in s)
    assert told.startswith("1 of 2 places of kind hospital were placed")


def test_krems_has_its_hospital_schools_and_works(krems: City) -> None:
    known = {p.name: p.kind for p in krems.basemap.places if not p.assumed}
    assert known["Landesklinikum Krems"] == "hospital"
    assert known["BRG Ringstraße"] == "school"
    assert known["Voest Alpine Krems"] == "factory"
    kinds = {(s.name, s.kind, s.assumed) for s in krems.basemap.stations}
    assert ("Freiwillige Feuerwehr Krems", "fire_engine", False) in kinds
    assert ("Polizeiinspektion", "police_patrol", False) in kinds


def test_helsinki_has_its_schools_clinics_and_park(helsinki: City) -> None:
    known = {p.name: p.kind for p in helsinki.basemap.places if not p.assumed}
    assert known["Ressun lukio"] == "school"
    assert known["Vita Lääkäriasema"] == "clinic"
    assert known["Kaisaniemen puisto"] == "venue"
    assert known["Pitkäsilta"] == "bridge"

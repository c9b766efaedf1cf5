from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.city.load import load_city
from sim.world.city.model import City
from sim.world.city.sumo import DEFAULT_ORIGIN, read_sumo

Write = Callable[..., Path]
UTM = 'netOffset="-600000.00,-5300000.00" projParameter="+proj=utm +zone=33 +datum=WGS84"'


def test_a_grid_keeps_its_crossings_lengths_and_lights(sumo_file: Write) -> None:
    draft = read_sumo(sumo_file(UTM))
    # The four corners are bends of one road, and go.
    assert len(draft.roads.node_xy_m) == 32
    assert draft.roads.signal.sum() == 16
    inner = draft.roads.length_m < 300
    # The file's length of an edge leaves out the crossings at its ends.
    np.testing.assert_allclose(draft.roads.length_m[inner], 238.0)
    np.testing.assert_allclose(draft.roads.length_m[~inner], 2 * 238.0)


def test_a_network_in_utm_lies_where_it_is(sumo_file: Write) -> None:
    west, south, *_ = load_city(str(sumo_file(UTM)), SeededStreams(1)).basemap.bounds_lonlat()
    # 33N 600000 5300000 is 16.3386 E, 47.8457 N.
    assert (west, south) == pytest.approx((16.337, 47.845), abs=0.005)


@pytest.mark.parametrize("proj", ["!", "-", "+proj=tmerc +lon_0=9"])
def test_a_network_without_a_position_is_put_somewhere_and_says_so(
    sumo_file: Write, proj: str
) -> None:
    location = f'netOffset="0.00,0.00" projParameter="{proj}"'
    city = load_city(str(sumo_file(location)), SeededStreams(1))
    assert city.basemap.projection == DEFAULT_ORIGIN
    assert city.assumed[0].endswith("its middle was put at 116.4 E, 39.9 N.")
    np.testing.assert_allclose(city.basemap.roads.node_xy_m.mean(axis=0), 0.0, atol=1e-6)


def test_roads_that_no_connection_joins_do_not_meet(sumo_file: Write) -> None:
    plain = read_sumo(sumo_file())
    text = sumo_file().read_text()
    # Through junction n2_2, traffic may only go straight on: one road crosses over the other.
    cut = text
    for a, b in (("n1_2", "n2_1"), ("n1_2", "n2_3"), ("n3_2", "n2_1"), ("n3_2", "n2_3")):
        for first, second in ((a, b), (b, a)):
            joint = f'<connection from="{first}&gt;n2_2" to="n2_2&gt;{second}"/>'
            assert joint in cut
            cut = cut.replace(joint, "")
    path = sumo_file()
    path.write_text(cut)
    apart = read_sumo(path)
    # The crossing is now two through roads, each without a decision there.
    assert len(apart.roads.node_xy_m) == len(plain.roads.node_xy_m) - 1
    assert (
        np.isclose(apart.roads.length_m, 2 * 238.0).sum()
        > np.isclose(plain.roads.length_m, 2 * 238.0).sum()
    )


def test_without_connections_roads_meet_at_junctions(sumo_file: Write) -> None:
    assert len(read_sumo(sumo_file(connections=False)).roads.node_xy_m) == 32


def test_drivers_turn_round_at_dead_ends(sumo_file: Write) -> None:
    spur = (
        '<junction id="gate" type="dead_end" x="-400" y="250"/>'
        '<edge id="in" from="gate" to="n0_1"><lane speed="20" length="390"/></edge>'
        '<edge id="out" from="n0_1" to="gate"><lane speed="20" length="390"/></edge>'
        '<connection from="in" to="n0_1&gt;n1_1"/><connection from="n1_1&gt;n0_1" to="out"/>'
    )
    assert {"in", "out"} <= set(read_sumo(sumo_file(extra=spur)).roads.source_ids)


def test_ways_for_others_are_left_out(sumo_file: Write) -> None:
    extra = "".join(
        f'<edge id="x{i}" from="n0_0" to="n5_5"{attribute}>'
        f'<lane speed="9" length="9" {lane}/></edge>'
        for i, (attribute, lane) in enumerate(
            [
                ("", 'allow="bus tram"'),
                ("", 'disallow="passenger truck"'),
                ("", 'disallow="all"'),
                (' function="walkingarea"', ""),
            ]
        )
    )
    plain, more = read_sumo(sumo_file()), read_sumo(sumo_file(extra=extra))
    assert more.roads.source_ids == plain.roads.source_ids


def test_only_the_lanes_for_cars_are_counted(sumo_file: Write) -> None:
    path = sumo_file(
        edge=lambda text: text.replace(
            "</edge>", '<lane speed="13.89" length="238" allow="bus"/></edge>'
        )
    )
    assert set(read_sumo(path).roads.lanes.tolist()) == {1}


@pytest.mark.parametrize(
    ("attributes", "lanes", "speed", "cls"),
    [
        (' type="highway.secondary_link"', 1, 10, "secondary"),
        ("", 3, 14, "primary"),
        ("", 2, 14, "secondary"),
        ("", 1, 14, "tertiary"),
        ("", 1, 8, "residential"),
        ("", 2, 25, "trunk"),
    ],
)
def test_class_of_an_edge(
    sumo_file: Write, attributes: str, lanes: int, speed: float, cls: str
) -> None:
    def change(text: str) -> str:
        lane = f'<lane speed="{speed}" length="238"/>'
        start = text.index("<edge ") + len("<edge")
        return (
            text[:start]
            + attributes
            + text[start : text.index("<lane")]
            + lane * lanes
            + ("</edge>")
        )

    roads = read_sumo(sumo_file(edge=change)).roads
    assert {ROAD_CLASSES[c] for c in roads.road_class} == {cls}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('speed="13.89"', 'speed="fast"', "edge n0_0>n1_0: was .*fast"),
        ('speed="13.89"', 'speed="0"', "edge n0_0>n1_0: was 'speed 0.0"),
        ('speed="13.89"', 'speed="nan"', "edge n0_0>n1_0: was 'nan is not finite"),
        ('length="238.0"', "", "edge n0_0>n1_0: expected an attribute 'length'"),
        ('to="n1_0"', 'to="nowhere"', "edge n0_0>n1_0: was 'nowhere', expected the id of a junc"),
        ('netOffset="0.00,0.00"', 'netOffset=""', "location: was "),
        ('netOffset="0.00,0.00"', 'netOffset="7"', "location: was "),
        (' x="0.0"', "", "junction n0_0: expected an attribute 'x'"),
    ],
)
def test_an_error_names_the_element(sumo_file: Write, old: str, new: str, message: str) -> None:
    path = sumo_file()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=message) as error:
        read_sumo(path)
    assert error.value.thing == "grid.net.xml"


def test_packed_networks_are_read_alike(sumo_file: Write) -> None:
    plain = sumo_file()
    packed = plain.with_name("grid.net.xml.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    np.testing.assert_array_equal(
        read_sumo(plain).roads.node_xy_m, read_sumo(packed).roads.node_xy_m
    )


def test_bologna_lies_in_bologna(bologna: City) -> None:
    basemap = bologna.basemap
    west, south, east, north = basemap.bounds_lonlat()
    assert 11.30 < west < 11.32 < east < 11.34
    assert 44.48 < south < 44.495 < north < 44.51
    assert 60 <= len(basemap.roads.node_xy_m) <= 110
    assert 130 <= len(basemap.roads) <= 196
    assert basemap.roads.signal.sum() >= 15
    # The convex boundary of the file is 2,164 m by 1,916 m, pruned dead ends included.
    extent_m = np.ptp(basemap.roads.node_xy_m, axis=0)
    assert ((extent_m > 1_400) & (extent_m < 2_200)).all()


def test_bologna_s_lengths_are_near_the_drawn_ones(bologna: City) -> None:
    roads = bologna.basemap.roads
    drawn_m = np.array([np.hypot(*np.diff(shape, axis=0).T).sum() for shape in roads.shapes])
    # The file's lengths leave out the crossings at each end.
    assert (roads.length_m <= 1.03 * drawn_m).all()
    assert roads.length_m.sum() > 0.8 * drawn_m.sum()

"""SUMO demand read as it is: ends of trips, greens of approaches, errors by name."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from sim.kernel.errors import InputError
from sim.world.city.sumo_demand import read_network, read_trips

NET = """<net>
  <location netOffset="0,0" projParameter="!"/>
  <edge id="in" from="a" to="m"><lane index="0" speed="10" length="100" shape="0,0 100,0"/></edge>
  <edge id="side" from="b" to="m">
    <lane index="0" speed="10" length="50" shape="100,50 100,0"/>
    <lane index="1" speed="10" length="50" shape="103,50 103,0"/>
  </edge>
  <edge id="out" from="m" to="c"><lane index="0" speed="20" length="80" shape="100,0 180,0"/></edge>
  <edge id="bus" from="m" to="c">
    <lane index="0" allow="bus" speed="20" length="80" shape="100,0 180,0"/>
  </edge>
  <tlLogic id="m" type="static" programID="0" offset="7">
    <phase duration="30" state="Gr"/><phase duration="5" state="yr"/>
    <phase duration="20" state="rg"/><phase duration="5" state="ry"/>
  </tlLogic>
  <junction id="a" type="dead_end" x="0" y="0"/>
  <junction id="b" type="dead_end" x="100" y="50"/>
  <junction id="m" type="traffic_light" x="100" y="0"/>
  <junction id="c" type="dead_end" x="180" y="0"/>
  <connection from="in" to="out" fromLane="0" toLane="0" tl="m" linkIndex="0"/>
  <connection from="side" to="out" fromLane="0" toLane="0" tl="m" linkIndex="1"/>
</net>"""
TRIPS = """<routes>
  <vType id="car"/>
  <vehicle id="1" depart="30"><route edges="in out "/></vehicle>
  <trip id="2" depart="10.5" from="side" to="out"/>
  <vehicle id="3" depart="40"><route edges="bus out"/></vehicle>
</routes>"""
OTHER = """<add><tlLogic id="m" programID="x" offset="0">
  <phase duration="10" state="rG"/><phase duration="40" state="Gr"/>
  <phase duration="10" state="rG"/>
</tlLogic></add>"""


def write(path: Path, text: str) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def test_network_is_read_edge_by_edge_with_its_greens(tmp_path) -> None:
    roads, lights = read_network(write(tmp_path / "n.net.xml.gz", NET))
    assert roads.source_ids == ("in", "side", "out")
    assert roads.length_m.tolist() == [100, 50, 80]
    assert roads.lanes.tolist() == [1, 2, 1]
    assert roads.end[0] == roads.end[1] == roads.start[2]
    assert roads.signal.tolist().count(True) == 1
    assert roads.signal[roads.end[0]]
    assert lights.link.tolist() == [0, 1]
    assert lights.cycle_s.tolist() == [60, 60]
    assert lights.start_s.tolist() == [7, 42]
    assert lights.green_s.tolist() == [30, 20]


def test_program_of_the_additional_file_comes_first_and_may_wrap(tmp_path) -> None:
    net, add = write(tmp_path / "n.net.xml", NET), write(tmp_path / "t.add.xml", OTHER)
    _, lights = read_network(net, add)
    assert lights.start_s.tolist() == [10, 50]
    assert lights.green_s.tolist() == [40, 20]


def test_trips_stand_in_order_between_the_ends_of_their_routes(tmp_path) -> None:
    roads, _ = read_network(write(tmp_path / "n.net.xml", NET))
    trips = read_trips(write(tmp_path / "t.rou.xml", TRIPS), roads)
    assert trips.depart_s.tolist() == [10.5, 30]
    assert trips.origin.tolist() == [1, 0]
    assert trips.goal.tolist() == [2, 2]
    assert trips.left_out == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<net/>", "root element"),
        ("<routes><vehicle id='7' depart='now'/></routes>", "vehicle 7"),
        ("<routes><vehicle id='7' depart='1'/></routes>", "vehicle 7"),
        ("<routes><trip id='7' depart='1' from='in'/></routes>", "trip 7"),
        ("<routes><vehicle", "readable SUMO routes"),
    ],
)
def test_broken_trips_are_refused_by_place(tmp_path, text, says) -> None:
    roads, _ = read_network(write(tmp_path / "n.net.xml", NET))
    with pytest.raises(InputError, match=says):
        read_trips(write(tmp_path / "t.rou.xml", text), roads)


def test_broken_program_is_refused_by_place(tmp_path) -> None:
    broken = NET.replace('duration="30"', 'duration="long"')
    with pytest.raises(InputError, match="tlLogic m"):
        read_network(write(tmp_path / "n.net.xml", broken))
    with pytest.raises(InputError, match=r"none\.xml"):
        read_network(write(tmp_path / "n.net.xml", NET), tmp_path / "none.xml")


def test_bologna_has_its_lights_and_an_hour_of_trips(shared_data) -> None:
    folder = shared_data / "roads"
    net = folder / "bologna_joined_buslanes.net.xml.gz"
    roads, lights = read_network(net, folder / "bologna_joined_tls.add.xml.gz")
    trips = read_trips(folder / "bologna_joined.rou.xml.gz", roads)
    assert (len(roads), len(lights.link), len(trips.depart_s)) == (243, 65, 10759)
    assert (lights.green_s < lights.cycle_s).all()
    assert np.diff(trips.depart_s).min() >= 0
    assert trips.depart_s[-1] < 3600

"""Stations: how many of each kind, where, and with which units."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sim.kernel.basemap import BaseMap
from sim.kernel.rng import SeededStreams
from sim.world.city.draft import Mark
from sim.world.city.model import City
from sim.world.city.station_kinds import KINDS, StationKind
from sim.world.city.stations import make_stations, wanted

HOUSES = {row.kind: row for row in KINDS}


@pytest.mark.parametrize("row", KINDS, ids=lambda row: row.kind)
def test_stations_and_units_follow_the_people(synthetic: City, row: StationKind) -> None:
    mine = [s for s in synthetic.basemap.stations if s.kind == row.kind]
    people = synthetic.cells.people.sum()
    houses = len([s for s in synthetic.basemap.stations if s.kind == row.houses])
    most = houses if row.houses else np.inf
    assert len(mine) == min(wanted(row, synthetic.cells), most)
    units = sum(s.units for s in mine)
    assert units >= row.units_at_least * len(mine)
    # Rounded to whole units a station.
    assert units <= people / row.people_per_unit + (0.5 + row.units_at_least) * len(mine)


def test_a_fire_brigade_covers_seven_square_kilometres(synthetic: City) -> None:
    brigades = sum(s.kind == "fire_engine" for s in synthetic.basemap.stations)
    km2 = len(synthetic.cells.people) / 100
    assert brigades == round(km2 / 7)


def test_units_without_houses_of_their_own_stand_in_those_of_others(any_city: City) -> None:
    at: dict[str, set[tuple[float, float]]] = {}
    for station in any_city.basemap.stations:
        at.setdefault(station.kind, set()).add((station.x_m, station.y_m))
    for row in KINDS:
        if row.houses is not None:
            assert at[row.kind] <= at[row.houses]


def test_identifiers_count_within_their_kind(synthetic: City) -> None:
    count: Counter[str] = Counter()
    for station in synthetic.basemap.stations:
        count[station.kind] += 1
        assert station.station_id == f"{station.kind}-station-{count[station.kind]:02d}"
    assert list(count) == [row.kind for row in KINDS]


def test_a_known_ladder_stands_where_the_source_says(synthetic: City) -> None:
    basemap: BaseMap = synthetic.basemap
    marks = (
        Mark(kind="fire_engine", name="Brigade 1", x_m=0.0, y_m=0.0),
        Mark(kind="ladder_truck", name="Ladder 1", x_m=500.0, y_m=0.0),
    )
    stations = make_stations(
        basemap.roads, synthetic.cells, marks, basemap.district_of, SeededStreams(7)
    )
    ladders = [s for s in stations if s.kind == "ladder_truck"]
    assert (ladders[0].name, ladders[0].x_m, ladders[0].assumed) == ("Ladder 1", 500.0, False)
    # The first brigade lodges another; that it has a ladder is assumed.
    assert (ladders[1].name, ladders[1].assumed) == ("Brigade 1", True)

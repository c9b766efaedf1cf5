"""The storm on real street networks: to the end, with incidents and units on real streets."""

from __future__ import annotations

import pytest

from scenarios.build import build_city
from scenarios.fast import FastRun, run_fast
from scenarios.load import load_scenario
from scenarios.output import REPORT


@pytest.mark.parametrize(
    "file", ["roads/helsinki.osm.pbf", "roads/bologna_joined_buslanes.net.xml.gz"]
)
def test_storm_runs_on_a_real_network(shared_data, tmp_path, file):
    scenario = load_scenario("storm")
    city = build_city(scenario, 7, str(shared_data / file))
    outcome = run_fast(
        FastRun(scenario=scenario, city=city, seed=7, until_s=scenario.clock.length), tmp_path
    )
    opened = [d for d in outcome.decisions if d["type"] == "incident" and d["state"] == "confirmed"]
    assert opened
    arrived = [d for d in outcome.decisions if d["type"] == "unit" and d["state"] == "on_scene"]
    assert arrived
    places = {place.place_id for place in city.basemap.places}
    assert {d["place"] for d in opened} <= places
    report = (tmp_path / REPORT).read_text(encoding="utf-8")
    assert all(city.basemap.get_place(d["place"]).name in report for d in opened)

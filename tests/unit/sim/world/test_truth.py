from __future__ import annotations

from typing import Any

from sim.kernel.clock import Ns, seconds
from sim.world.hazards.flood import Floods
from sim.world.truth import Truth


def test_record_tells_time_twice_then_type_then_its_fields() -> None:
    records: list[dict[str, Any]] = []
    start = Ns(1_784_624_400_000_000_000)
    Truth(records.append, start).write(
        "rescued", Ns(start + seconds(61.5)), place="underpass-01", people=2, depth_m=0.12345678
    )
    assert list(records[0].items()) == [
        ("at", "2026-07-21T17:01:01.500+08:00"),
        ("t_s", 61.5),
        ("type", "rescued"),
        ("place", "underpass-01"),
        ("people", 2),
        ("depth_m", 0.123457),
    ]


def test_flood_event_is_told_from_onset_to_end(town) -> None:
    floods = Floods(town.city.basemap, town.water, town.people, town.truth)
    for minute, depth_m in enumerate((0.05, 0.12, 0.16, 0.30, 0.55, 0.28, 0.12, 0.09, 0.0)):
        town.run(60)
        town.flood(0, depth_m)
        town.people.exposure_person_min[0] += minute
        floods.step(town.engine.now())
    told = [(r["type"], r["t_s"] / 60, r.get("level")) for r in town.records]
    assert told == [
        ("hazard_onset", 3, None),
        ("hazard_level", 3, "IV"),
        ("hazard_level", 3, "III"),
        ("hazard_level", 4, "II"),
        ("hazard_level", 5, "I"),
        ("hazard_end", 8, None),
    ]
    onset, end = town.records[0], town.records[-1]
    assert (onset["event"], onset["hazard"], onset["place"], onset["district"]) == (
        "flood-underpass-01",
        "flood",
        "underpass-01",
        "old-town",
    )
    assert (onset["severity"], onset["unit"]) == (0.16, "m")
    assert (end["peak_severity"], end["duration_s"]) == (0.55, 300)
    assert end["exposure_person_min"] == 3 + 4 + 5 + 6 + 7


def test_puddle_below_the_ponding_limit_is_no_event(town) -> None:
    floods = Floods(town.city.basemap, town.water, town.people, town.truth)
    for depth_m in (0.05, 0.14, 0.05):
        town.flood(0, depth_m)
        floods.step(town.engine.now())
    assert town.records == []


def test_event_open_at_the_end_of_the_run_is_closed_as_ongoing(town) -> None:
    floods = Floods(town.city.basemap, town.water, town.people, town.truth)
    town.flood(1, 0.2)
    floods.step(town.engine.now())
    town.run(30)
    floods.finish(town.engine.now())
    end = town.records[-1]
    assert (end["type"], end["event"], end["ongoing"]) == ("hazard_end", "flood-underpass-02", True)
    assert end["duration_s"] == 30


def test_only_wet_or_rained_on_places_are_sampled(town) -> None:
    floods = Floods(town.city.basemap, town.water, town.people, town.truth)
    town.flood(0, 0.02)
    floods.sample(town.engine.now(), town.water.depth_m * 0)
    assert [r["place"] for r in town.records] == ["underpass-01"]
    floods.sample(town.engine.now(), town.water.depth_m * 0 + 3)
    assert [(r["place"], r["rain_mm_h"]) for r in town.records[1:]] == [
        ("underpass-01", 3.0),
        ("underpass-02", 3.0),
    ]

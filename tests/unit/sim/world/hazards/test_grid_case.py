from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from sim.world.crew import Task
from sim.world.hazards.grid_case import CASES, PATROL_S, GridCase, GridCaseBook, GridCases
from support.care import AtWork, CountedCare


def make(town) -> tuple[GridCaseBook, int]:
    return GridCaseBook(town.stage, CountedCare()), town.stage.places("community")[0]


def of_type(town, what: str) -> list[dict[str, object]]:
    return [r for r in town.records if r["type"] == what]


def test_the_shares_of_all_kinds_make_a_whole_and_events_outnumber_components() -> None:
    assert sum(kind.share for kind in CASES.values()) == pytest.approx(1)
    events = sum(kind.share for kind in CASES.values() if kind.part == "event")
    assert events > 0.5


@pytest.mark.parametrize("word", list(CASES))
def test_each_kind_of_case_is_reported_and_solved_by_its_own_crew(town, word) -> None:
    book, place = make(town)
    place_id = town.city.basemap.places[place].place_id
    book.plan("one", GridCase(at_s=60, place=place_id, case=word))
    town.run(60 + PATROL_S[1])
    (call,) = town.calls
    assert (call.line, call.topic, call.place_id) == ("12345", "grid_case", place_id)
    (onset,) = of_type(town, "hazard_onset")
    assert (onset["case"], onset["part"]) == (word, CASES[word].part)
    if CASES[word].lasts_s == PATROL_S[1]:
        return
    other = "clean" if CASES[word].task == "inspect" else "inspect"
    idle = AtWork(book.works[other], Task(name=other, place=place)).begin()
    assert idle.tick(0.0)
    task = CASES[word].task
    work = AtWork(book.works[task], Task(name=task, place=place)).begin()
    assert not work.tick(CASES[word].work_s - 1)
    assert work.tick(1)
    assert of_type(town, "hazard_end")[0]["by"] == task
    assert town.stage.events.at(place) == {"grid_case": 0.0}


def test_daily_rounds_sweep_litter_and_leave_covers_missing(town) -> None:
    book, place = make(town)
    book.open_case(place, "litter")
    book.open_case(place, "cover_missing")
    town.run(2 * 86_400)
    assert book.totals() == {"grid_cases": 2, "grid_cases_open": 1}
    assert [case.word for case in book._open[place]] == ["cover_missing"]


def test_open_covers_hurt_people_at_their_rate(town) -> None:
    book, place = make(town)
    for _ in range(400):
        book.open_case(place, "cover_missing")
    town.run(24 * 3600)
    expected = 400 * (1 - math.exp(-0.24))
    assert abs(town.stage.events.harm["injured"] - expected) < 4 * math.sqrt(expected)
    assert book._care.waiting(place) == town.stage.events.harm["injured"]


def test_everyday_cases_come_at_their_rate_kind_by_kind_where_people_live(town) -> None:
    book, _ = make(town)
    book.plan("all", GridCases(at_s=0, per_1000_people_day=500.0))
    town.run(2 * 86_400)
    onsets = of_type(town, "hazard_onset")
    expected = 2 * 1.05 * 500
    assert abs(len(onsets) - expected) < 4 * math.sqrt(expected)
    kinds = Counter(r["case"] for r in onsets)
    assert kinds.most_common(1)[0][0] == "litter"
    assert kinds["litter"] / len(onsets) == pytest.approx(0.45, abs=0.07)
    to_xy = town.city.basemap.projection.point_to_xy
    xy_m = np.array([to_xy(r["lon"], r["lat"]) for r in onsets])
    gap_m = np.abs(xy_m[:, None, :] - town.city.cells.xy_m[None]).max(axis=2).min(axis=1)
    assert gap_m.max() <= town.city.cells.size_m / 2 + 1

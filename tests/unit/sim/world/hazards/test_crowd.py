from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.kernel.errors import InputError
from sim.world.crew import Task
from sim.world.hazards.crowd import HURT_PER_S, CrowdEvent, CrowdWatch
from support.care import AtWork, CountedCare


class Square:
    """Grounds whose people a test counts by hand, 1,000 m2 each."""

    def __init__(self, places: list[int]) -> None:
        self.place = np.array(places, dtype=np.int32)
        self.inside = np.zeros(len(places), dtype=np.int64)
        self.gathered: list[tuple[int, int, dict[str, float]]] = []
        self.over = False
        self.acts: list[tuple[str, int, str, bool]] = []

    @property
    def density(self) -> Any:
        return self.inside / 1000.0

    def area_m2(self, place: int) -> float:
        return 1000.0

    def gather(self, place: int, people: int, **how: float) -> None:
        self.gathered.append((place, people, how))

    def is_gathering(self, place: int) -> bool:
        return bool(self.gathered) and not self.over

    def hold(self, place: int, by: str, holds: bool) -> None:
        self.acts.append(("hold", place, by, holds))

    def disperse(self, place: int, by: str, tells: bool) -> None:
        self.acts.append(("disperse", place, by, tells))

    def carry_out(self, place: int, people: int) -> int:
        row = self.place.tolist().index(place)
        taken = min(people, int(self.inside[row]))
        self.inside[row] -= taken
        return taken


@pytest.fixture
def watched(town):
    """Return watch, grounds and the place of the first venue."""
    venues = town.stage.places("venue") + town.stage.places("metro_station")
    grounds = Square(venues)
    return CrowdWatch(town.stage, grounds, CountedCare()), grounds, venues[0]


def run(town, watch: CrowdWatch, minutes: float) -> None:
    for _ in range(round(minutes * 2)):
        town.run(30)
        watch.step(town.engine.now(), 30.0)


def of_type(town, what: str) -> list[dict[str, Any]]:
    return [r for r in town.records if r["type"] == what]


def test_a_crowd_is_an_event_from_control_start_until_it_is_loose_again(town, watched) -> None:
    watch, grounds, place = watched
    grounds.inside[0] = 1400
    run(town, watch, 1)
    assert of_type(town, "hazard_onset") == []
    grounds.inside[0] = 1600
    run(town, watch, 1)
    (onset,) = of_type(town, "hazard_onset")
    assert (onset["hazard"], onset["unit"]) == ("crowd", "persons/m2")
    assert [r["level"] for r in of_type(town, "hazard_level")] == ["IV", "III"]
    assert town.calls == []
    grounds.inside[0] = 3600
    run(town, watch, 10)
    assert {(c.line, c.topic) for c in town.calls} == {("110", "crowd")}
    assert of_type(town, "hazard_level")[-1]["level"] == "II"
    grounds.inside[0] = 900
    run(town, watch, 1)
    assert town.stage.events.at(place) == {"crowd": 0.0}


def test_nobody_is_hurt_below_five_a_square_metre(town, watched) -> None:
    watch, grounds, _ = watched
    grounds.inside[0] = 5000
    run(town, watch, 60)
    assert watch.hurt == 0


def test_a_crush_hurts_at_its_rate_and_takes_the_hurt_off_the_ground(town, watched) -> None:
    watch, grounds, place = watched
    hurt = 0.0
    expected = 0.0
    for _ in range(40):
        grounds.inside[0] = 6000
        expected += 6000 * HURT_PER_S * 1.0 * 30
        watch.step(town.engine.now(), 30.0)
        hurt += 6000 - grounds.inside[0]
    assert watch.hurt == hurt
    assert abs(hurt - expected) < 4 * np.sqrt(expected)
    harm = town.stage.events.harm
    assert harm["dead"] + harm["injured"] == hurt
    assert watch._care.waiting(place) == harm["injured"]
    assert harm["dead"] / hurt == pytest.approx(0.1, abs=0.08)


def test_who_is_packed_dies_more_often(town, watched) -> None:
    watch, grounds, _ = watched
    for _ in range(20):
        grounds.inside[0] = 7500
        watch.step(town.engine.now(), 30.0)
    assert town.stage.events.harm["dead"] / watch.hurt == pytest.approx(0.4, abs=0.08)


def test_a_gathering_in_order_is_a_decoy_and_as_large_as_the_ground_bears(town, watched) -> None:
    watch, grounds, place = watched
    place_id = town.city.basemap.places[place].place_id
    watch.plan("concert", CrowdEvent(at_s=60, place=place_id, attendance=10_000, harmless=True))
    run(town, watch, 2)
    ((at, people, _),) = grounds.gathered
    assert (at, people) == (place, int(0.9 * 3.5 * 1000))
    grounds.inside[0] = people
    run(town, watch, 30)
    (onset,) = of_type(town, "hazard_onset")
    assert (onset["hazard"], onset["decoy"], onset["cause"]) == ("gathering", True, "concert")
    assert of_type(town, "hazard_level") == []
    grounds.over = True
    grounds.inside[0] = 0
    run(town, watch, 1)
    assert len(of_type(town, "hazard_end")) == 1


def test_now_and_then_somebody_takes_a_full_ground_for_a_danger(town_class) -> None:
    called = 0
    for seed in range(60):
        town = town_class(seed)
        place = town.stage.places("venue")[0]
        grounds = Square([place])
        watch = CrowdWatch(town.stage, grounds, CountedCare())
        place_id = town.city.basemap.places[place].place_id
        watch.plan("concert", CrowdEvent(at_s=0, place=place_id, harmless=True))
        grounds.inside[0] = 1900
        run(town, watch, 10)
        assert town.calls == []
        grounds.inside[0] = 2500
        run(town, watch, 10)
        called += len(town.calls)
        assert all((c.line, c.topic) == ("110", "crowd") for c in town.calls)
    assert abs(called - 18) < 4 * np.sqrt(60 * 0.3 * 0.7)


def test_a_gathering_that_gets_out_of_hand_is_a_crowd_after_all(town, watched) -> None:
    watch, grounds, place = watched
    place_id = town.city.basemap.places[place].place_id
    watch.plan("concert", CrowdEvent(at_s=0, place=place_id, harmless=True))
    grounds.inside[0] = 3600
    run(town, watch, 1)
    assert [r["hazard"] for r in of_type(town, "hazard_onset")] == ["gathering", "crowd"]


def test_an_order_brings_as_many_as_it_says_or_the_place_holds(town, watched) -> None:
    watch, grounds, place = watched
    place_id = town.city.basemap.places[place].place_id
    watch.plan("a", CrowdEvent(at_s=0, place=place_id, attendance=7000, area_share=0.5))
    watch.plan("b", CrowdEvent(at_s=0, place=place_id, arrive_s=60, lasts_s=120))
    (_, first, how), (_, second, times) = grounds.gathered
    assert (first, how["area_share"]) == (7000, 0.5)
    assert second == int(town.city.sites.capacity[place])
    assert (times["arrive_s"], times["stay_s"]) == (60, 120)
    with pytest.raises(InputError, match="venue or metro_station"):
        watch.plan("c", CrowdEvent(place="underpass-01"))


def test_police_hold_the_gates_and_send_people_home_while_they_are_there(town, watched) -> None:
    watch, grounds, place = watched
    grounds.inside[0] = 4000
    run(town, watch, 1)
    work = AtWork(watch.works["cordon"], Task(name="cordon", place=place), "police-01").begin()
    assert not work.tick(5.0)
    assert grounds.acts == [
        ("hold", place, "police-01", True),
        ("disperse", place, "police-01", True),
    ]
    grounds.inside[0] = 500
    run(town, watch, 1)
    assert work.tick(5.0)
    work.end()
    assert grounds.acts[2:] == [
        ("hold", place, "police-01", False),
        ("disperse", place, "police-01", False),
    ]


def test_police_elsewhere_have_nothing_to_hold(town, watched) -> None:
    watch, grounds, _ = watched
    school = town.stage.places("school")[0]
    work = AtWork(watch.works["cordon"], Task(name="cordon", place=school)).begin()
    assert work.tick(5.0)
    work.end()
    assert grounds.acts == []

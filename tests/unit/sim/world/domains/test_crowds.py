from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.domains.crowds import Crowds
from sim.world.domains.walking import (
    JAM_PER_M2,
    MOST_PER_MS,
    PACKED_PER_M2,
    egress_per_ms,
    flow_per_ms,
    room_per_ms,
    walking_mps,
)


def test_flow_through_a_gate_peaks_where_weidmann_has_it() -> None:
    rho = np.linspace(0.01, JAM_PER_M2, 5000)
    flow = flow_per_ms(rho)
    assert rho[np.argmax(flow)] == pytest.approx(1.75, abs=0.05)
    assert flow.max() == pytest.approx(1.22, abs=0.02)
    assert flow_per_ms(np.array(4.0)) == pytest.approx(0.6, abs=0.05)
    assert flow[-1] == pytest.approx(0)


def test_people_walk_freely_alone_and_not_at_all_in_a_jam() -> None:
    assert walking_mps(np.array([0.0, JAM_PER_M2, 7.0])) == pytest.approx([1.34, 0, 0])


def test_a_ground_takes_in_less_past_the_peak_and_nothing_when_packed() -> None:
    rho = np.array([0.0, 1.0, 4.0, 6.0, PACKED_PER_M2])
    assert room_per_ms(rho) == pytest.approx([MOST_PER_MS, MOST_PER_MS, 0.62, 0.3, 0], abs=0.02)
    assert egress_per_ms(np.array([0.0, 1.75, 5.0])) == pytest.approx([0, MOST_PER_MS, MOST_PER_MS])


def make(town, *, area_m2: float = 1000.0, capacity: float = 4000.0, footfall=None) -> Crowds:
    """Return the town's crowds on grounds of one size, empty streets unless told otherwise."""
    sites = town.city.sites
    held, ground = sites.capacity.copy(), sites.area_m2.copy()
    rows = town.stage.places("venue") + town.stage.places("metro_station")
    held[rows], ground[rows] = capacity, area_m2
    city = replace(town.city, sites=replace(sites, capacity=held, area_m2=ground))
    return Crowds(replace(town.stage, city=city), footfall or (lambda: 0.0))


def run(town, crowds: Crowds, minutes: float) -> None:
    for _ in range(round(minutes * 2)):
        town.run(30)
        crowds.step(town.engine.now(), 30.0)


def is_balanced(crowds: Crowds) -> bool:
    parts = (crowds.inside, crowds.outside, crowds.left, crowds.carried)
    return bool((crowds.arrived == sum(parts)).all()) and all((part >= 0).all() for part in parts)


def test_a_gathering_fills_the_ground_stays_and_goes(town) -> None:
    crowds = make(town)
    place = town.stage.places("venue")[0]
    row = crowds.row_of(place)
    gone: list[tuple[int, int]] = []
    crowds.on_egress.append(lambda at, people: gone.append((at, people)))
    crowds.gather(place, 2000, arrive_s=1800, stay_s=3600)
    run(town, crowds, 15)
    assert crowds.inside[row] == pytest.approx(1000, abs=100)
    run(town, crowds, 20)
    assert crowds.inside[row] == 2000
    assert crowds.density[row] == pytest.approx(2.0)
    assert crowds.is_gathering(place)
    run(town, crowds, 50)
    assert crowds.inside[row] == 2000
    run(town, crowds, 20)
    assert crowds.inside[row] == 0
    assert sum(people for _, people in gone) == 2000
    assert {at for at, _ in gone} == {place}
    assert not crowds.is_gathering(place)


def test_part_of_the_ground_makes_the_same_people_denser_until_they_have_gone(town) -> None:
    crowds = make(town)
    place = town.stage.places("venue")[0]
    crowds.gather(place, 1000, arrive_s=3600, stay_s=600, area_share=0.25)
    run(town, crowds, 65)
    assert crowds.density[crowds.row_of(place)] == pytest.approx(4.0)
    run(town, crowds, 60)
    assert crowds.area_m2(place) == 1000.0


def test_closed_gates_keep_people_outside_until_they_give_up(town) -> None:
    crowds = make(town)
    place = town.stage.places("venue")[0]
    row = crowds.row_of(place)
    crowds.effects["gate"](place, "gate-1", True)
    crowds.gather(place, 1000, arrive_s=60, stay_s=36_000)
    run(town, crowds, 31)
    assert crowds.inside[row] == 0
    assert crowds.outside[row] == pytest.approx(1000 / np.e, abs=30)
    crowds.effects["gate"](place, "gate-1", False)
    run(town, crowds, 5)
    assert crowds.outside[row] == 0
    assert crowds.inside[row] > 300


def test_gates_let_in_at_most_what_weidmann_says(town) -> None:
    crowds = make(town, area_m2=1e6)
    place = town.stage.places("venue")[0]
    row = crowds.row_of(place)
    crowds.gather(place, 50_000, arrive_s=1, stay_s=36_000)
    run(town, crowds, 10)
    width_m = 0.0043 * 4000
    # The first half-minute passes before anybody stands at the gates.
    assert crowds.inside[row] == pytest.approx(MOST_PER_MS * width_m * 600, rel=0.06)


def test_without_trains_a_platform_fills(town) -> None:
    crowds = make(town, capacity=2000, footfall=lambda: 1.0)
    place = town.stage.places("metro_station")[0]
    row = crowds.row_of(place)
    run(town, crowds, 60)
    # Little's law: 12,300 a day for 240 s each.
    assert crowds.inside[row] == pytest.approx(34, abs=25)
    live = np.ones(len(town.city.basemap.places), dtype=bool)
    live[[place, town.stage.places("venue")[0]]] = False
    crowds.set_power(live)
    assert np.flatnonzero(crowds.stopped).tolist() == [row]
    run(town, crowds, 90)
    assert crowds.inside[row] > 150
    crowds.set_power(np.ones(len(live), dtype=bool))
    run(town, crowds, 30)
    assert crowds.inside[row] < 90


def test_skipped_stops_and_loud_speakers_do_their_part(town) -> None:
    crowds = make(town, footfall=lambda: 1.0)
    place = town.stage.places("metro_station")[0]
    row = crowds.row_of(place)
    run(town, crowds, 240)
    before = crowds.arrived[row]
    crowds.effects["skip_stop"](place, "sign-1", True)
    run(town, crowds, 240)
    assert (crowds.arrived[row] - before) / before == pytest.approx(0.4, abs=0.06)

    def to_empty(loud: bool) -> int:
        quiet = make(town, capacity=800)
        venue = town.stage.places("venue")[0]
        quiet.effects["broadcast"](venue, "speaker-1", loud)
        quiet.gather(venue, 2000, arrive_s=1, stay_s=1200)
        run(town, quiet, 20)
        minutes = 0
        while quiet.inside.any():
            run(town, quiet, 1)
            minutes += 1
        return minutes

    assert to_empty(loud=True) < to_empty(loud=False)


def test_people_told_to_go_do_so_in_ten_minutes_or_so(town) -> None:
    crowds = make(town)
    place = town.stage.places("venue")[0]
    row = crowds.row_of(place)
    crowds.gather(place, 2000, arrive_s=60, stay_s=36_000)
    run(town, crowds, 5)
    crowds.hold(place, "police-01", True)
    crowds.disperse(place, "police-01", True)
    run(town, crowds, 10)
    assert crowds.inside[row] == pytest.approx(2000 / np.e, rel=0.12)
    crowds.disperse(place, "police-01", False)
    before = crowds.inside[row]
    run(town, crowds, 5)
    assert crowds.inside[row] >= before - 1


acts = st.lists(
    st.tuples(
        st.sampled_from(["gather", "gate", "open", "tell", "stop", "carry"]), st.integers(0, 3000)
    ),
    max_size=8,
)


@given(seed=st.integers(0, 2**20), acts=acts)
def test_everybody_who_came_is_inside_outside_gone_or_carried_away(town_class, seed, acts) -> None:
    town = town_class(seed)
    crowds = make(town, area_m2=150.0, capacity=500.0, footfall=lambda: 2.0)
    for act, people in acts:
        place = int(crowds.place[people % len(crowds)])
        if act == "gather":
            crowds.gather(place, people, arrive_s=people % 900, stay_s=people % 700)
        elif act in {"gate", "open"}:
            crowds.hold(place, "g", act == "gate")
        elif act == "tell":
            crowds.disperse(place, "p", people % 2 == 0)
        elif act == "stop":
            crowds.stopped[:] = people % 2 == 0
        else:
            before = int(crowds.inside[crowds.row_of(place)])
            assert crowds.carry_out(place, people) == min(people, before)
        run(town, crowds, 5)
        assert is_balanced(crowds)
        assert (crowds.density <= PACKED_PER_M2).all()
    run(town, crowds, 30)
    assert is_balanced(crowds)


def test_cameras_see_density_where_crowds_gather(town) -> None:
    crowds = make(town)
    place = town.stage.places("venue")[0]
    crowds.gather(place, 500, arrive_s=60, stay_s=3600)
    at = np.array([place, town.stage.places("school")[0], -1], dtype=np.int32)
    density, count = (
        crowds.fields[name].bind(np.zeros((3, 2)), at, at)
        for name in ("crowd_camera", "passenger_counter")
    )
    run(town, crowds, 5)
    assert density().tolist() == [[0.5, 0.0, 0.0]]
    assert count().tolist() == [[500.0, 0.0, 0.0]]

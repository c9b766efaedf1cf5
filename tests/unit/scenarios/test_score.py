"""Incidents against true floods: who answers whom, and what is left over."""

from __future__ import annotations

import pytest

from scenarios.events import start_of
from scenarios.score import Score, score
from support.fake_run import LENGTH_S, START, Records, fake_run


def scored(out: Records) -> Score:
    truth, decisions = out.finished()
    return score(truth, decisions, horizon_s=LENGTH_S)


def confirmed(out: Records, at_s: float, name: str, place: str) -> None:
    out.incident(at_s, name, "suspected", place)
    out.incident(at_s + 30, name, "confirmed", place, **{"from": "suspected"})


def test_incident_opened_after_onset_answers_the_flood_with_all_its_times():
    out = Records()
    out.flood(1000, 3000, "a")
    confirmed(out, 1060, "inc-1", "a")
    out.incident(1150, "inc-1", "acknowledged", "a")
    out.decided(
        1200,
        "command",
        command="cmd-1",
        incident="inc-1",
        target="pump-unit-01",
        target_kind="pump_unit",
        action="respond",
    )
    out.true(1900, "unit", unit="pump-unit-01", state="on_scene", place="a", order="cmd-1")
    out.incident(3400, "inc-1", "closed", "a", **{"from": "controlled"})
    result = scored(out)
    (match,) = result.matches
    assert match.incident is not None
    assert match.incident.outcome == "matched"
    assert match.suspected_s == 1060
    assert match.reached_s("confirmed") == 1090
    assert match.reached_s("acknowledged") == 1150
    assert match.reached_s("dispatched") == 1200
    assert match.on_scene_s == 1900
    assert match.incident.end_s == 3400


def test_awareness_before_the_onset_counts_as_early():
    out = Records()
    confirmed(out, 900, "inc-1", "a")
    out.flood(1000, 3000, "a")
    (match,) = scored(out).matches
    assert match.suspected_s == 900


def test_incident_over_long_before_the_onset_answers_nothing():
    out = Records()
    confirmed(out, 100, "inc-1", "a")
    out.incident(200, "inc-1", "closed", "a", **{"from": "controlled"})
    out.flood(2000, 3000, "a")
    result = scored(out)
    assert result.matches[0].incident is None
    assert result.incidents[0].outcome == "false_alarm"


def test_second_confirmed_incident_of_one_flood_is_a_duplicate():
    out = Records()
    out.flood(1000, 3000, "a")
    confirmed(out, 1060, "inc-1", "a")
    confirmed(out, 1500, "inc-2", "a")
    result = scored(out)
    assert [incident.outcome for incident in result.incidents] == ["matched", "duplicate"]
    assert result.count("duplicate") == 1


def test_confirmed_incident_answers_before_a_nearer_suspicion():
    out = Records()
    out.flood(1000, 3000, "a")
    out.incident(1005, "inc-1", "suspected", "a")
    out.incident(1100, "inc-1", "false_alarm", "a", **{"from": "suspected"})
    confirmed(out, 1300, "inc-2", "a")
    result = scored(out)
    assert result.matches[0].incident is not None
    assert result.matches[0].incident.incident == "inc-2"
    assert [incident.outcome for incident in result.incidents] == ["suspicion", "matched"]


def test_flood_without_an_incident_is_a_miss():
    out = Records()
    out.flood(1000, 3000, "a")
    confirmed(out, 1060, "inc-1", "b")
    (match,) = scored(out).matches
    assert (match.incident, match.suspected_s, match.on_scene_s) == (None, None, None)


def test_incident_of_another_type_at_the_place_does_not_answer():
    out = Records()
    out.flood(1000, 3000, "a")
    out.incident(1060, "inc-1", "suspected", "a", incident_type="fire")
    assert scored(out).matches[0].incident is None


def test_two_places_flooding_at_once_each_get_their_own_incident():
    out = Records()
    out.flood(1000, 3000, "a")
    out.flood(1000, 3000, "b")
    confirmed(out, 1010, "inc-1", "b")
    confirmed(out, 1020, "inc-2", "a")
    found = {m.event.place: m.incident.incident for m in scored(out).matches if m.incident}
    assert found == {"a": "inc-2", "b": "inc-1"}


def test_one_incident_cannot_be_shared_when_another_fits_as_well():
    """Greedy by time would give inc-2 to the first flood and leave the second without."""
    out = Records()
    out.flood(1000, 1500, "a")
    out.flood(2200, 3000, "a")
    confirmed(out, 700, "inc-1", "a")
    out.incident(1400, "inc-1", "closed", "a", **{"from": "controlled"})
    confirmed(out, 1495, "inc-2", "a")
    out.incident(3100, "inc-2", "closed", "a", **{"from": "controlled"})
    result = scored(out)
    assert [m.incident and m.incident.incident for m in result.matches] == ["inc-1", "inc-2"]


def test_water_that_returns_within_ten_minutes_is_the_same_flood():
    out = Records()
    out.flood(1000, 1500, "a", peak_m=0.2)
    out.flood(2000, 2600, "a", peak_m=0.4)
    (match,) = scored(out).matches
    assert (match.event.onset_s, match.event.end_s) == (1000, 2600)
    assert match.event.peak == 0.4
    assert match.event.exposure_person_min == 20


def test_relapse_answers_the_flood_that_came_back_with_times_of_its_own():
    out = Records()
    out.flood(1000, 1500, "a")
    out.flood(4000, 5000, "a")
    confirmed(out, 1010, "inc-1", "a")
    out.incident(1900, "inc-1", "controlled", "a", **{"from": "confirmed"})
    out.incident(4030, "inc-1", "confirmed", "a", **{"from": "controlled"})
    out.true(4500, "unit", unit="u", state="on_scene", place="a", order=None)
    first, second = scored(out).matches
    assert (first.suspected_s, second.suspected_s) == (1010, 4030)
    assert (first.on_scene_s, second.on_scene_s) == (None, 4500)


def test_late_acknowledgement_of_a_controlled_incident_is_no_relapse():
    out = Records()
    out.flood(1000, 1500, "a")
    confirmed(out, 1010, "inc-1", "a")
    out.incident(1900, "inc-1", "controlled", "a", **{"from": "confirmed"})
    out.incident(2000, "inc-1", "acknowledged", "a", **{"from": "controlled"})
    (incident,) = scored(out).incidents
    assert len(incident.episodes) == 1


def test_incident_still_under_way_knows_the_next_flood_from_its_onset():
    out = Records()
    out.flood(1000, 1500, "a")
    out.flood(4000, 5000, "a")
    confirmed(out, 1010, "inc-1", "a")
    assert [m.suspected_s for m in scored(out).matches] == [1010, 4000]


def test_water_below_the_flood_limit_makes_an_incident_minor():
    out = Records()
    out.sample(1000, "a", 0.12)
    confirmed(out, 1000, "inc-1", "a")
    assert scored(out).incidents[0].outcome == "minor"


def test_confirmed_incident_without_water_is_a_false_alarm():
    out = Records()
    out.sample(1000, "a", 0.04)
    confirmed(out, 1000, "inc-1", "a")
    assert scored(out).incidents[0].outcome == "false_alarm"


def test_suspicion_that_was_never_confirmed_is_no_false_alarm():
    out = Records()
    out.incident(1000, "inc-1", "suspected", "a")
    assert scored(out).incidents[0].outcome == "suspicion"


def test_flood_is_contained_when_it_stays_shallow_for_ten_minutes():
    out = Records()
    out.flood(1000, 4000, "a")
    for t_s, depth_m in ((1020, 0.2), (1080, 0.14), (1140, 0.2), (1200, 0.14)):
        out.sample(t_s, "a", depth_m)
    (match,) = scored(out).matches
    assert match.event.contained_s == 1200


def test_flood_that_lasts_to_the_horizon_is_not_contained():
    out = Records()
    out.flood(LENGTH_S - 300, None, "a")
    (match,) = scored(out).matches
    assert (match.event.end_s, match.event.contained_s) == (None, None)


@pytest.mark.parametrize(("closed_s", "in_time"), [(1100, True), (1300, False)])
def test_barrier_counts_as_in_time_only_before_the_closing_depth(closed_s, in_time):
    out = Records()
    out.flood(1000, 3000, "a")
    out.true(1200, "hazard_level", event="flood-a", level="II", severity=0.27)
    confirmed(out, 1010, "inc-1", "a")
    out.decided(
        closed_s - 8,
        "command",
        command="cmd-1",
        incident="inc-1",
        target="barrier-a",
        target_kind="barrier",
        action="close",
    )
    out.true(closed_s, "actuator", actuator="barrier-a", position="closed", cause="cmd-1")
    (match,) = scored(out).matches
    assert (match.event.closed_s, match.event.closed_in_time) == (closed_s, in_time)


def test_police_on_scene_close_the_road_and_reopen_it_when_they_leave():
    out = Records()
    out.flood(1000, 3000, "a")
    out.true(1200, "hazard_level", event="flood-a", level="II", severity=0.27)
    out.decided(
        1010,
        "command",
        command="cmd-1",
        incident="inc-1",
        target="police-01",
        target_kind="traffic_police",
        action="respond",
    )
    out.true(1100, "unit", unit="police-01", state="on_scene", place="a", order="cmd-1")
    out.true(1150, "unit", unit="police-01", state="returning", place=None, order="cmd-1")
    (match,) = scored(out).matches
    assert match.event.closed_s == 1100
    assert match.event.closed_in_time is False


def test_nothing_happened_scores_as_nothing():
    result = score([], [], horizon_s=3600)
    assert (result.matches, result.incidents) == ((), ())


def test_start_is_read_from_truth_or_else_from_the_first_decision():
    out = Records()
    out.true(60.5, "run_end")
    out.decided(12, "plan")
    truth, decisions = out.finished()
    assert start_of(truth, decisions) == START
    assert start_of([], decisions) == START + 12_000_000_000


def test_whole_run_is_scored_by_place():
    truth, decisions = fake_run()
    result = score(truth, decisions, horizon_s=LENGTH_S)
    assert len(result.matches) == 5
    assert [m.event.place for m in result.matches if m.incident is None] == ["underpass-05"]
    assert result.count("false_alarm") == 1
    assert result.count("suspicion") == 1

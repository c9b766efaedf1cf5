"""Each key figure by its definition, on cases small enough to count by hand."""

from __future__ import annotations

import msgspec
import pytest

from scenarios.kpis import KPI_NAMES, Kpi, Sensing, compute
from scenarios.score import score
from scenarios.statistics import censored_quantile
from support.fake_run import LENGTH_S, Records, fake_run


def figures(out: Records, sensing: Sensing | None = None) -> dict[str, Kpi]:
    truth, decisions = out.finished()
    scored = score(truth, decisions, horizon_s=LENGTH_S)
    return {figure.name: figure for figure in compute(scored, truth, decisions, sensing=sensing)}


def detected(out: Records, place: str, onset_s: float, lag_s: float) -> None:
    out.flood(onset_s, onset_s + 1500, place)
    out.incident(onset_s + lag_s, f"inc-{place}", "suspected", place)
    out.incident(onset_s + lag_s + 20, f"inc-{place}", "confirmed", place)


def test_names_are_unique_and_always_the_same():
    assert len(set(KPI_NAMES)) == len(KPI_NAMES)
    assert tuple(figures(Records())) == KPI_NAMES


def test_every_figure_says_what_it_is():
    for figure in figures(Records()).values():
        assert figure.title
        assert figure.unit
        assert figure.description.endswith(".")


def test_quiet_run_leaves_undefined_what_it_does_not_define():
    quiet = figures(Records())
    assert quiet["floods"].value == 0
    assert quiet["false_alarms_per_day"].value == 0
    for name in ("detected_share", "time_to_detect_median_s", "peak_depth_m", "readings"):
        assert quiet[name].value is None


def test_median_time_to_detect_counts_the_missed_flood():
    out = Records()
    detected(out, "a", 1000, 60)
    detected(out, "b", 1000, 100)
    out.flood(1000, 2000, "c")
    found = figures(out)
    assert found["detected_share"].value == pytest.approx(2 / 3)
    assert found["time_to_detect_median_s"].value == 100
    assert found["time_to_detect_p90_s"].value is None


def test_median_is_undefined_when_most_floods_were_missed():
    out = Records()
    detected(out, "a", 1000, 60)
    out.flood(1000, 2000, "b")
    out.flood(1000, 2000, "c")
    assert figures(out)["time_to_detect_median_s"].value is None


def test_arrival_is_told_from_onset_and_from_alarm():
    out = Records()
    detected(out, "a", 1000, 60)
    out.true(1660, "unit", unit="u", state="on_scene", place="a", order=None)
    found = figures(out)
    assert found["first_on_scene_city_median_s"].value == 660
    assert found["first_on_scene_service_median_s"].value == 600


def test_false_alarms_are_counted_by_the_day():
    out = Records()
    out.incident(100, "inc-1", "suspected", "a")
    out.incident(130, "inc-1", "confirmed", "a")
    assert figures(out)["false_alarms_per_day"].value == pytest.approx(86_400 / LENGTH_S)


def test_totals_come_from_the_end_of_the_run_and_people_from_their_records():
    out = Records()
    out.true(500, "trapped", place="a", people=3, event="flood-a")
    out.true(900, "rescued", place="a", people=2, event="flood-a")
    out.true(LENGTH_S, "run_end", exposure_person_min=12.5, delay_vehicle_h=3.0)
    found = figures(out)
    assert found["exposure_person_min"].value == 12.5
    assert found["delay_vehicle_h"].value == 3.0
    assert found["trapped_people"].value == 3
    assert found["rescued_people"].value == 2


def test_verified_share_counts_verdicts_only():
    out = Records()
    for at_s, kind in ((1, "verified"), (2, "unverified"), (3, "verified"), (4, "verified")):
        out.decided(at_s, kind, incident="inc-1", step="s", command="c", fact="position", value=0)
    assert figures(out)["commands_verified_share"].value == 0.75


def test_sensing_is_told_from_the_counts_given():
    out = Records()
    out.true(0, "run_end")
    out.decided(LENGTH_S / 2, "device", device="d", status="silent", reason="")
    found = figures(out, Sensing(devices=4, readings_made=200, readings_accepted=190))
    assert found["readings"].value == 200
    assert found["readings_delivered_share"].value == 0.95
    assert found["device_availability"].value == pytest.approx(1 - 0.5 / 4)


def test_device_that_came_back_was_down_only_in_between():
    out = Records()
    out.true(0, "run_end")
    out.decided(1000, "device", device="d", status="silent", reason="")
    out.decided(1500, "device", device="d", status="offline", reason="")
    out.decided(2080, "device", device="d", status="online", reason="")
    found = figures(out, Sensing(devices=1, readings_made=0, readings_accepted=0))
    assert found["device_availability"].value == pytest.approx(1 - 1080 / LENGTH_S)
    assert found["readings_delivered_share"].value is None


def test_summary_form_is_plain_json_of_four_keys():
    truth, decisions = fake_run()
    scored = score(truth, decisions, horizon_s=LENGTH_S)
    for figure in compute(scored, truth, decisions):
        document = figure.document()
        assert list(document) == ["name", "value", "unit", "description"]
        assert msgspec.json.decode(msgspec.json.encode(document)) == document


def test_censored_quantile_agrees_with_a_case_worked_by_hand():
    """Kaplan and Meier: times 1, 3+, 4, 5+: S is 3/4 after 1, 3/8 after 4."""
    assert censored_quantile([1.0, 4.0], [3.0, 5.0], 0.25) == 1.0
    assert censored_quantile([1.0, 4.0], [3.0, 5.0], 0.5) == 4.0
    assert censored_quantile([1.0, 4.0], [3.0, 5.0], 0.9) is None
    assert censored_quantile([], [3.0], 0.5) is None

import pytest
from pydantic import ValidationError

from scenarios.network_parts import NetworkPart
from scenarios.schema import SensingPart


def part(kind="road_water_gauge", **said):
    return SensingPart.model_validate({"reporting": {kind: said}})


def test_kinds_report_by_event_unless_told_otherwise():
    assert part().reporting_of("gas_detector").mode == "event"
    assert part(report="interval").reporting_of("road_water_gauge").mode == "interval"


@pytest.mark.parametrize(
    ("kind", "deadband", "expected"),
    [
        ("road_water_gauge", "2 cm", 0.02),
        ("road_water_gauge", 0.03, 0.03),
        ("gas_detector", "5 %LEL", 5.0),
        ("gas_detector", 2, 2.0),
    ],
)
def test_a_dead_band_is_in_the_unit_of_the_channel_that_is_watched(kind, deadband, expected):
    found = part(kind, report="exception", deadband=deadband).reporting_of(kind)
    assert found.deadband == pytest.approx(expected)
    assert found.heartbeat_s == 3600.0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"report": "exception"}, "a dead-band in m above 0"),
        ({"report": "exception", "deadband": -1}, "a dead-band in m above 0"),
        ({"report": "exception", "deadband": "nan"}, "a number with a unit"),
        ({"report": "exception", "deadband": "2 kg"}, "a number with a unit"),
        ({"report": "exception", "deadband": "much"}, "a number with a unit"),
        ({"report": "interval", "deadband": "2 cm"}, "none unless by exception"),
        ({"report": "never"}, "'interval', 'event' or 'exception'"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(said, told):
    with pytest.raises(ValidationError, match=told):
        part(**said)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValidationError, match="one of"):
        part("road_water_gauges", report="interval")


@pytest.mark.parametrize(
    "said", [{"capacity": "0 1/s"}, {"queue": 0}, {"filter": "mean"}, {"actuators": "none"}]
)
def test_a_network_that_cannot_be_is_refused(said):
    with pytest.raises(ValidationError):
        NetworkPart.model_validate(said)

import pytest

from devices.catalogue import GATEWAY, KINDS, VEHICLE_DETECTOR, get_kind
from devices.energy import life_y
from sim.kernel.errors import InputError
from sim.kernel.ids import is_level
from sim.messages.senml import BATTERY, QUALITY, SEQ, SIM_TIME


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_row_can_go_over_the_wire(kind):
    assert is_level(kind.kind)
    assert is_level(kind.domain)
    names = [channel.name for channel in kind.channels]
    assert len(set(names)) == len(names)
    assert not {SEQ, SIM_TIME, BATTERY, QUALITY} & set(names)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_row_reports_no_oftener_than_it_looks(kind):
    assert 0 < kind.sense_s <= kind.alarm_interval_s <= kind.interval_s


def test_names_and_units_of_a_birth_are_the_row_s():
    assert [(c.name, c.unit) for c in VEHICLE_DETECTOR.message_channels] == [
        ("vehicles", "count"),
        ("speed", "m/s"),
        ("occupancy", "/"),
    ]


def test_vehicle_detector_s_battery_lasts_about_its_datasheet_s_five_years():
    assert 4.5 < life_y(VEHICLE_DETECTOR.energy, VEHICLE_DETECTOR.interval_s) < 5.5


def test_a_kind_is_found_by_its_topic_level():
    assert get_kind("gateway") is GATEWAY


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="'lamp', expected one of rain_gauge, road_water_gauge"):
        get_kind("lamp")

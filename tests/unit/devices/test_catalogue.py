import pytest

from devices.catalogue import GATEWAY, KINDS, VEHICLE_DETECTOR, Interference, get_kind
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


BATTERY_KINDS = {name: kind for name, kind in KINDS.items() if kind.energy is not None}


@pytest.mark.parametrize("kind", BATTERY_KINDS.values(), ids=BATTERY_KINDS)
def test_battery_lasts_as_long_as_the_datasheet_says(kind):
    least_y, most_y = kind.battery_life_y
    assert least_y <= life_y(kind.energy, kind.interval_s) <= most_y


def test_only_what_has_a_battery_has_a_battery_life():
    assert all((kind.energy is None) == (kind.battery_life_y is None) for kind in KINDS.values())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_row_says_what_a_ledger_asks(kind):
    english, _, chinese = kind.title.partition(" · ")
    assert english
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
    assert kind.price_cny >= 0
    assert kind.upkeep_cny_per_y > 0
    assert 3.0 <= kind.mtbf_y <= 8.0
    assert kind.failures
    assert kind.source


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_channel_has_a_range_that_its_alarm_and_errors_lie_in(kind):
    for channel in kind.channels:
        if channel.high is not None:
            assert channel.low < channel.high
            assert channel.accuracy < channel.span
            assert float(channel.resolution) <= channel.span
        assert channel.is_counter or channel.high is not None or kind is GATEWAY
        for cross in channel.cross:
            if isinstance(cross, Interference):
                assert cross.channel in {other.name for other in kind.channels} - {channel.name}
    if kind.alarm is not None:
        watched = kind.channels[kind.alarm.channel]
        assert watched.low <= kind.alarm.level <= (watched.high or kind.alarm.level)


def test_rows_cover_the_kinds_a_city_s_catalogue_must_have():
    wanted = [
        "gas_detector",
        "cover_tilt",
        "sewer_level",
        "manhole_level",
        "road_water_gauge",
        "rain_gauge",
        "water_pressure",
        "water_flow",
        "water_quality",
        "leak_noise_logger",
        "indoor_temperature",
        "feeder_terminal",
        "bridge_vibration",
        "strain",
        "crack",
        "weigh_in_motion",
        "vehicle_detector",
        "radar_camera",
        "rsu",
        "pm_station",
        "no2_o3_station",
        "air_station",
        "noise_meter",
        "weather_station",
        "smoke",
        "home_gas_alarm",
        "electrical_fire",
        "lift_monitor",
        "crowd_camera",
        "cell_heat_map",
        "vibration",
        "toxic_gas",
        "greenhouse",
        "soil",
        "seismic",
        "signal_controller",
    ]
    assert set(wanted) <= set(KINDS)


@pytest.mark.parametrize(
    ("kind", "accuracy", "share"),
    [
        ("gas_detector", 3.0, 0.0),
        ("sewer_level", 0.003, 0.0),
        ("manhole_level", 0.005 * 5.0, 0.0),
        ("water_pressure", 0.005 * 1.6e6, 0.0),
        ("indoor_temperature", 0.25, 0.0),
        ("strain", 0.005 * 1_500.0, 0.0),
        ("pm_station", 10.0, 0.10),
        ("noise_meter", 1.4, 0.0),
        ("crowd_camera", 0.05, 0.10),
        ("vibration", 0.1, 0.05),
        ("weigh_in_motion", 500.0, 0.10),
        ("electrical_fire", 5.0, 0.05),
    ],
)
def test_accuracy_of_a_row_is_its_datasheet_s(kind, accuracy, share):
    channel = KINDS[kind].channels[0]
    assert channel.accuracy == pytest.approx(accuracy)
    assert channel.accuracy_share == pytest.approx(share)


def test_a_kind_is_found_by_its_topic_level():
    assert get_kind("gateway") is GATEWAY


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="'lamp', expected one of rain_gauge, road_water_gauge"):
        get_kind("lamp")

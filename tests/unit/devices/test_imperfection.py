import json
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalogue import (
    KINDS,
    RAIN_GAUGE,
    ROAD_WATER_GAUGE,
    VEHICLE_DETECTOR,
    ChannelSpec,
    HumidGrowth,
)
from devices.imperfection import Imperfection, quantise
from sim.kernel.rng import SeededStreams

N = 40_000


def errors_of(kind, n=N, tick_s=60.0, seed=3):
    return Imperfection(kind, name="devices.x", n=n, tick_s=tick_s, streams=SeededStreams(seed))


def only(kind, **changes):
    """The kind with one channel, its first, changed."""
    return replace(kind, channels=(replace(kind.channels[0], **changes),))


def test_noise_is_normal_with_the_row_s_sigma_and_independent_from_tick_to_tick():
    errors = errors_of(only(ROAD_WATER_GAUGE, bias_sigma=0.0, drift_sigma_per_y=0.0))
    truth = np.full((1, N), 1.0)
    first, second = (errors.analogue(truth, tick)[0] - 1.0 for tick in (1, 2))
    sigma = ROAD_WATER_GAUGE.channels[0].noise_sigma
    assert abs(first.mean()) < 4 * sigma / math.sqrt(N)
    assert first.std() == pytest.approx(sigma, rel=4 / math.sqrt(2 * N))
    assert np.mean(np.abs(first) < sigma) == pytest.approx(0.6827, abs=4 * 0.466 / math.sqrt(N))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(N)


def test_bias_is_constant_in_a_device_and_normal_over_devices():
    errors = errors_of(only(ROAD_WATER_GAUGE, noise_sigma=0.0))
    truth = np.full((1, N), 1.0)
    bias = errors.analogue(truth, 1)[0] - 1.0
    assert bias.std() == pytest.approx(0.004, rel=4 / math.sqrt(2 * N))
    np.testing.assert_array_equal(bias, errors.analogue(truth, 99)[0] - 1.0)


def test_offset_after_a_year_is_off_by_the_yearly_drift_too():
    kind = replace(only(ROAD_WATER_GAUGE, noise_sigma=0.0, bias_sigma=0.0), calibration_y=None)
    errors = errors_of(kind)
    truth = np.full((1, N), 1.0)
    errors.age(0.25)
    quarter = errors.analogue(truth, 1)[0] - 1.0
    errors.age(1.0)
    year = errors.analogue(truth, 2)[0] - 1.0
    assert year.std() == pytest.approx(0.04, rel=4 / math.sqrt(2 * N))
    np.testing.assert_allclose(quarter, year / 4, atol=1e-12)


def drift_of(errors):
    return errors.analogue(np.full((1, N), 1.0), 1)[0] - 1.0


DRIFTING = only(ROAD_WATER_GAUGE, noise_sigma=0.0, bias_sigma=0.0)


def test_a_calibration_that_falls_due_takes_the_drift_away():
    errors = errors_of(replace(DRIFTING, calibration_y=0.5))
    spread = {}
    for years in (0.25, 0.49, 0.5, 0.75):
        errors.age(years)
        spread[years] = drift_of(errors).std()
    assert spread[0.5] == 0.0
    assert spread[0.25] == pytest.approx(spread[0.75])
    assert spread[0.49] == pytest.approx(1.96 * spread[0.25])


def test_a_visit_calibrates_some_devices_and_leaves_the_others():
    errors = errors_of(replace(DRIFTING, calibration_y=None))
    errors.age(1.0)
    before = drift_of(errors).copy()
    errors.calibrate(np.array([0, 2]))
    after = drift_of(errors).copy()
    assert after[[0, 2]].tolist() == [0.0, 0.0]
    np.testing.assert_array_equal(after[3:], before[3:])
    errors.age(2.0)
    assert drift_of(errors)[[0, 1]] == pytest.approx([before[0], 2 * before[1]])


def test_devices_calibrated_some_time_ago_have_drifted_at_the_start():
    def start_of(calibrated_y):
        return drift_of(
            Imperfection(
                replace(DRIFTING, calibration_y=None),
                name="devices.x",
                n=N,
                tick_s=60.0,
                streams=SeededStreams(3),
                calibrated_y=calibrated_y,
            )
        )

    assert not start_of(0.0).any()
    # A normal times a uniform age up to 1.
    assert start_of(1.0).std() == pytest.approx(0.04 / math.sqrt(3), rel=0.03)


def test_errors_grow_with_the_reading_above_where_accuracy_is_by_share():
    kind = only(KINDS["pm_station"], cross=(), drift_sigma_per_y=0.0)
    errors = errors_of(kind)
    for value, accuracy in [(20.0, 10.0), (100.0, 10.0), (300.0, 30.0)]:
        off = errors.analogue(np.full((1, N), value), 1)[0] - value
        assert 2 * off.std() == pytest.approx(accuracy, rel=0.03), value
        assert np.mean(np.abs(off) < accuracy) == pytest.approx(0.954, abs=0.01)
        errors = errors_of(kind)


def test_a_pointer_with_play_reads_lower_rising_than_falling():
    kind = only(KINDS["weather_station"], noise_sigma=0.0, bias_sigma=0.0, drift_sigma_per_y=0.0)
    kind = replace(only(kind, hysteresis=0.5), t90_s=0.0)
    errors = errors_of(kind, n=1)
    path = [0.0, 1.0, 2.0, 3.0, 2.8, 2.0, 1.0, math.nan, 5.0]
    shown = [errors.analogue(np.array([[value]]), tick)[0, 0] for tick, value in enumerate(path)]
    assert shown[:7] == [0.0, 0.5, 1.5, 2.5, 2.5, 2.5, 1.5]
    assert math.isnan(shown[7])
    assert shown[8] == 5.0


def air(temp_c, humidity, n):
    return np.stack([np.full(n, float(temp_c)), np.full(n, float(humidity))])


def test_damp_air_makes_particles_read_more_as_crilley_has_it():
    kind = only(KINDS["pm_station"], noise_sigma=0.0, bias_sigma=0.0, drift_sigma_per_y=0.0)
    kind = replace(only(kind, cross=(HumidGrowth(kappa=0.4),)), t90_s=0.0)
    shown = {
        humidity: errors_of(kind, n=1).analogue(np.array([[50.0]]), 1, air(20, humidity, 1))[0, 0]
        for humidity in (0.0, 0.5, 0.85, 0.95, 1.0)
    }
    assert shown[0.0] == pytest.approx(50.0)
    assert shown[0.5] == pytest.approx(50.0 * (1 + 0.4 / 1.65))
    assert shown[0.85] == pytest.approx(50.0 * (1 + 0.4 / 1.65 * 0.85 / 0.15))
    assert shown[1.0] == shown[0.95]


def test_strain_gauges_feel_the_temperature_each_in_its_own_way():
    kind = only(KINDS["strain"], noise_sigma=0.0, bias_sigma=0.0, drift_sigma_per_y=0.0)
    kind = replace(kind, t90_s=0.0)
    errors = errors_of(kind)
    calm, warm = (
        errors.analogue(np.full((1, N), 10.0), 1, air(temp_c, 0.5, N))[0].copy()
        for temp_c in (20.0, 40.0)
    )
    (cross,) = kind.channels[0].cross
    assert calm.std() == pytest.approx(0.0, abs=1e-9)
    assert (warm - calm).std() == pytest.approx(20.0 * cross.spread, rel=0.03)
    unknown = errors.analogue(np.full((1, N), 10.0), 1)[0]
    np.testing.assert_allclose(unknown, 10.0)


def test_electrochemical_cells_feel_each_other_and_the_damp():
    quiet = {"noise_sigma": 0.0, "bias_sigma": 0.0, "drift_sigma_per_y": 0.0, "hysteresis": 0.0}
    kind = KINDS["no2_o3_station"]
    kind = replace(
        kind, t90_s=0.0, channels=tuple(replace(channel, **quiet) for channel in kind.channels)
    )
    errors = errors_of(kind)
    truth = np.array([[0.0], [100.0]]) * np.ones((2, N))
    dry, damp = (
        errors.analogue(truth, 1, air(20.0, humidity, N)).copy() for humidity in (0.5, 0.9)
    )
    interference, humid, _ = kind.channels[0].cross
    np.testing.assert_allclose(dry[0], 100.0 * interference.share)
    assert (damp - dry)[0].mean() == pytest.approx(0.4 * humid.per, rel=0.05)
    assert (damp - dry)[0].std() == pytest.approx(0.4 * humid.spread, rel=0.05)


def test_gain_is_normal_and_cut_at_the_datasheet_s_limit():
    errors = errors_of(RAIN_GAUGE)
    caught = errors.analogue(np.full((1, N), 100.0), 1)[0]
    assert 91.0 - 1e-9 <= caught.min() < 91.1
    assert 98.9 < caught.max() <= 99.0 + 1e-9
    # The standard deviation of a normal cut at two sigma onto its limits is 0.9594 sigma.
    assert caught.mean() == pytest.approx(95.0, abs=4 * 2 / math.sqrt(N))
    assert caught.std() == pytest.approx(2.0 * 0.9594, rel=0.02)


def test_vehicle_detector_counts_at_least_97_percent_and_none_twice():
    errors = errors_of(VEHICLE_DETECTOR)
    truth = np.tile([[10_000.0], [10.0], [0.1]], (1, N))
    counted = errors.digital(errors.analogue(truth, 1))[0]
    assert counted.min() >= 9_700
    assert counted.max() <= 10_000


def test_lag_shows_ninety_percent_of_a_step_after_t90():
    kind = replace(
        only(ROAD_WATER_GAUGE, noise_sigma=0.0, bias_sigma=0.0, drift_sigma_per_y=0.0), t90_s=60.0
    )
    errors = errors_of(kind, n=1, tick_s=10.0)
    errors.analogue(np.zeros((1, 1)), 0)
    shown = [errors.analogue(np.ones((1, 1)), tick)[0, 0] for tick in range(1, 13)]
    assert shown[5] == pytest.approx(0.9)
    assert shown[11] == pytest.approx(0.99)


def test_lag_does_not_remember_a_missing_value():
    kind = replace(
        only(ROAD_WATER_GAUGE, noise_sigma=0.0, bias_sigma=0.0, drift_sigma_per_y=0.0), t90_s=60.0
    )
    errors = errors_of(kind, n=1, tick_s=10.0)
    assert math.isnan(errors.analogue(np.array([[math.nan]]), 0)[0, 0])
    assert errors.analogue(np.array([[0.5]]), 1)[0, 0] == 0.5


def test_a_sensor_faster_than_its_tick_shows_the_truth():
    kind = only(ROAD_WATER_GAUGE, noise_sigma=0.0, bias_sigma=0.0, drift_sigma_per_y=0.0)
    errors = errors_of(kind, n=1, tick_s=10.0)
    errors.analogue(np.zeros((1, 1)), 0)
    assert errors.analogue(np.ones((1, 1)), 1)[0, 0] == 1.0


def test_truth_is_never_written_to():
    truth = np.full((3, 10), 0.5)
    truth.flags.writeable = False
    errors = errors_of(VEHICLE_DETECTOR, n=10)
    errors.digital(errors.analogue(truth, 1))
    assert (truth == 0.5).all()


@pytest.mark.parametrize("kind", [RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR])
def test_first_hundred_devices_draw_alike_in_cohorts_of_100_and_250(kind):
    truth = np.full((len(kind.channels), 250), 0.7)
    small, large = errors_of(kind, n=100), errors_of(kind, n=250)
    for errors in (small, large):
        errors.age(0.5)
    for tick in (1, 2):
        np.testing.assert_array_equal(
            small.analogue(truth[:, :100], tick), large.analogue(truth, tick)[:, :100]
        )


def test_rain_comes_in_whole_tips_rounded_down():
    rain = np.array([0.0, 0.19, 0.2, 0.39, 0.6, 1.4, 99.99])
    quantise(rain, RAIN_GAUGE.channels[0])
    assert rain.tolist() == [0.0, 0.0, 0.2, 0.2, 0.6, 1.4, 99.8]


def test_depth_is_cut_to_its_range_and_stepped_by_half_centimetres():
    depth = np.array([-0.01, 0.0024, 0.0026, 0.268, 1.999, 2.7, math.nan])
    quantise(depth, ROAD_WATER_GAUGE.channels[0])
    assert depth[:-1].tolist() == [0.0, 0.0, 0.005, 0.27, 2.0, 2.0]
    assert math.isnan(depth[-1])


@given(
    st.lists(st.floats(0.0, 50.0), min_size=1, max_size=20),
    st.sampled_from(
        [Fraction(1), Fraction("0.2"), Fraction("0.005"), Fraction(5), Fraction("2.5")]
    ),
    st.booleans(),
)
def test_quantised_values_are_short_decimals_within_one_step(values, resolution, is_counter):
    spec = ChannelSpec(
        name="x", unit="1", span=50.0, high=100.0, resolution=resolution, is_counter=is_counter
    )
    out = np.array(values)
    quantise(out, spec)
    step = float(resolution)
    assert (np.abs(out - values) <= (step if is_counter else step / 2) + 1e-6).all()
    assert all(len(json.dumps(value)) <= 7 for value in out.tolist())
    again = out.copy()
    quantise(again, spec)
    np.testing.assert_array_equal(again, out)

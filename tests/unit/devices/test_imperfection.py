import json
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalogue import RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR, ChannelSpec
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
    errors = errors_of(only(ROAD_WATER_GAUGE, noise_sigma=0.0, bias_sigma=0.0))
    truth = np.full((1, N), 1.0)
    errors.age(0.25)
    quarter = errors.analogue(truth, 1)[0] - 1.0
    errors.age(1.0)
    year = errors.analogue(truth, 2)[0] - 1.0
    assert year.std() == pytest.approx(0.04, rel=4 / math.sqrt(2 * N))
    np.testing.assert_allclose(quarter, year / 4, atol=1e-12)


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

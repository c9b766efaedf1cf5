import math

import numpy as np
import pytest

from devices.catalogue import EnergySpec
from devices.energy import (
    CHARGE_LEAST,
    Batteries,
    life_d,
    life_y,
    lora_airtime_s,
    mean_power_w,
    withheld_share,
)
from sim.kernel.clock import HOUR, Ns
from sim.kernel.rng import SeededStreams

SPEC = EnergySpec(battery_wh=10.0, idle_w=1e-4, sample_j=0.02, send_j=0.3)


@pytest.mark.parametrize(
    ("payload_bytes", "spreading_factor", "airtime_ms"),
    [
        (33, 7, 71.9),
        (33, 12, 1810.4),
        (12 + 13, 7, 61.7),
        (12 + 13, 8, 113.2),
        (12 + 13, 9, 205.8),
        (12 + 13, 10, 411.6),
        (12 + 13, 11, 823.3),
        (12 + 13, 12, 1482.8),
        (51 + 13, 7, 118.0),
        (51 + 13, 8, 215.6),
        (51 + 13, 9, 390.1),
        (51 + 13, 10, 698.4),
        (51 + 13, 11, 1560.6),
        (51 + 13, 12, 2793.5),
    ],
)
def test_lora_airtime_is_semtech_s(payload_bytes, spreading_factor, airtime_ms):
    airtime_s = lora_airtime_s(payload_bytes, spreading_factor)
    assert airtime_s * 1000 == pytest.approx(airtime_ms, abs=0.051)


def test_mean_power_is_the_sum_of_its_parts():
    # 0.1 mW idle, (0.02 + 0.3 * 1.5) J each 600 s, 1 % of 10 Wh a year.
    expected_w = 1e-4 + 0.47 / 600 + 0.1 * 3600 / 31_557_600
    assert mean_power_w(SPEC, 600.0, retries=0.5) == pytest.approx(expected_w, rel=1e-12)


def test_life_is_usable_energy_over_mean_power():
    seconds_of_life = 10.0 * 0.8 * 3600 / mean_power_w(SPEC, 600.0)
    assert life_y(SPEC, 600.0) == pytest.approx(seconds_of_life / 31_557_600, rel=1e-12)


@pytest.mark.parametrize(("message_uah", "years"), [(1.8, 16.0), (17.6, 3.0)], ids=["SF7", "SF12"])
def test_budget_of_a_lora_node_reporting_each_quarter_hour(message_uah, years):
    # 2.4 Ah of which 85 % usable, 5 µA asleep, at 3.6 V: taken to our 80 % by a larger cell.
    volts = 3.6
    spec = EnergySpec(
        battery_wh=2.4 * volts * 0.85 / 0.8,
        idle_w=5e-6 * volts,
        sample_j=0.0,
        send_j=message_uah * 1e-6 * volts * 3600,
    )
    assert life_y(spec, 900.0) == pytest.approx(years, rel=0.05)


def batteries(n=1000, seed=1):
    return Batteries(SPEC, name="devices.x", n=n, start=Ns(0), streams=SeededStreams(seed))


def test_batteries_begin_between_half_used_and_new():
    percent = batteries().percent(Ns(0), np.zeros(1000, dtype=np.int64))
    assert percent.min() >= 100 * CHARGE_LEAST
    assert percent.max() <= 100
    assert percent.mean() == pytest.approx(75.0, abs=4 * 100 * 0.5 / math.sqrt(12 * 1000))


def test_reports_repeats_and_time_drain_a_battery_as_the_closed_form_says():
    cells = batteries(n=3)
    before = cells.percent(Ns(0), np.zeros(3, dtype=np.int64)).copy()
    reports = np.array([0, 20_000, 20_000])
    cells.repeated(np.array([2]), np.array([10_000]))
    after = cells.percent(Ns(24 * HOUR), reports)
    usable_j = 10.0 * 0.8 * 3600
    standing_j = (1e-4 + 0.1 * 3600 / 31_557_600) * 86_400
    spent = 100 * (standing_j + np.array([0, 0.32 * 20_000, 0.32 * 20_000 + 3_000])) / usable_j
    np.testing.assert_allclose(before - after, spent, atol=1.01)


def test_a_battery_is_empty_when_the_closed_form_says():
    cells = batteries(n=2)
    share = SeededStreams(1).at("devices.x.battery", 0).random(2) * 0.5 + 0.5
    reports = np.ceil(share * 10.0 * 0.8 * 3600 / 0.32).astype(np.int64)
    assert not cells.is_empty(Ns(0), reports - 1).any()
    assert cells.is_empty(Ns(0), reports).all()
    assert (cells.percent(Ns(0), reports + 5) == 0.0).all()


def test_life_in_days_is_life_in_years_cut_to_whole_days():
    assert float(life_d(SPEC, 600.0)) == math.floor(life_y(SPEC, 600.0) * 365.25)


def test_life_of_each_device_goes_with_its_retries_and_its_cover():
    lives = life_d(SPEC, np.array([600.0, 600.0, 600.0]), np.array([0.0, 0.5, 0.0]),
                   send_factor=np.array([1.0, 1.0, 16.0]))  # fmt: skip
    usable_j = 10.0 * 0.8 * 3600
    standing_w = 1e-4 + 0.1 * 3600 / 31_557_600
    by_hand = [usable_j / (standing_w + j / 600) / 86_400 for j in (0.32, 0.47, 4.82)]
    assert lives.tolist() == [math.floor(days) for days in by_hand]


def test_a_sampler_saves_the_power_of_watching():
    watcher = EnergySpec(battery_wh=10.0, idle_w=1e-4, sample_j=0.02, send_j=0.3, watch_w=8e-5)
    saved_w = mean_power_w(watcher, 600.0) - mean_power_w(watcher, 600.0, is_watching=False)
    assert saved_w == pytest.approx(8e-5)


def test_cold_withholds_a_hundredth_a_kelvin():
    assert withheld_share(np.array([30.0, 0.0, -15.0, -60.0])) == pytest.approx([0, 0, 0.15, 0.4])
    ratio = float(life_d(SPEC, 600.0, temp_c=-20.0)) / float(life_d(SPEC, 600.0))
    assert ratio == pytest.approx(0.8, abs=0.002)


def test_a_nearly_empty_battery_gives_out_in_frost_and_not_in_the_thaw():
    cells = batteries(n=1)
    share = SeededStreams(1).at("devices.x.battery", 0).random(1) * 0.5 + 0.5
    # A tenth of a new battery is left.
    reports = np.floor((share - 0.1) * 10.0 * 0.8 * 3600 / 0.32).astype(np.int64)
    assert not cells.is_empty(Ns(0), reports, np.array([-5.0])).any()
    assert cells.is_empty(Ns(0), reports, np.array([-15.0])).all()
    assert not cells.is_empty(Ns(0), reports, np.array([5.0])).any()


def test_devices_in_bad_cover_drain_their_batteries_faster():
    cells = Batteries(
        SPEC, name="devices.x", n=2, start=Ns(0), streams=SeededStreams(1),
        send_factor=np.array([1.0, 4.0]),
    )  # fmt: skip
    before = cells.percent(Ns(0), np.zeros(2, dtype=np.int64)).copy()
    cells.repeated(np.array([0, 1]), np.array([1_000, 1_000]))
    after = cells.percent(Ns(0), np.array([10_000, 10_000]))
    spent = np.array([0.32 * 10_000 + 300, 1.22 * 10_000 + 1_200]) / (10.0 * 0.8 * 36)
    np.testing.assert_allclose(before - after, np.minimum(spent, before), atol=1.01)

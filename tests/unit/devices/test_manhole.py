"""The gas in a manhole of the domain facts: a sampler against one that wakes up."""

import math

import numpy as np
import pytest

from devices.catalogue import get_kind
from devices.energy import life_d
from devices.schedule import Reporting
from devices.uplink import Uplink
from sim.kernel.clock import SECOND

DETECTOR = get_kind("gas_detector")
PHASES = 30
"""One device for each minute of the half-hour in which a sampler may happen to look."""
LEAK_AT_S = 3600
ALARM_LEL = 20.0


def methane_lel(t_s):
    """Return what stands in 4 m3 with 0.2 m3/h of gas and half a change of air an hour [%LEL]."""
    q, volume_m3, per_h = 0.2, 4.0, 0.5
    through = q + per_h * volume_m3
    share = q / through * -math.expm1(-through / volume_m3 * t_s / 3600)
    return 100 * share / 0.05


def seen_s(street, births, mode):
    """Return when each device's first reading of 20 %LEL reaches the bus, from the leak on [s]."""
    devices = births(DETECTOR, PHASES)
    uplink = Uplink(loss=0.0, duplicate_share=0.0, reporting=Reporting(mode=mode))
    made = street(kind=DETECTOR, devices=devices, uplink=uplink)
    made.cohort.start()
    for t_s in range(0, 7200, 10):
        made.truth.values = [methane_lel(max(0, t_s - LEAK_AT_S)), 0.0]
        made.at(t_s)
    first = np.full(PHASES, np.nan)
    for at_s, device, _, _, _, (methane, _) in made.readings():
        if methane >= ALARM_LEL and math.isnan(first[device]):
            first[device] = at_s - LEAK_AT_S
    return first


def test_chamber_fills_as_the_domain_facts_say():
    assert methane_lel(13 * 60) == pytest.approx(20, abs=0.5)
    assert methane_lel(87 * 60) == pytest.approx(100, abs=0.5)


def test_waking_up_finds_the_gas_at_once_and_sampling_a_quarter_of_an_hour_later(street, births):
    woken = seen_s(street, births, "event") / 60
    sampled = seen_s(street, births, "interval") / 60
    # It passes 20 %LEL at 13 min; accuracy is ±3 %LEL, 2 min of the rise; a look a minute.
    assert np.median(woken) == pytest.approx(13.5, abs=1.5)
    assert woken.max() < 17
    # A sampler looks at any moment of the half-hour that follows: 15 min later in the mean.
    assert np.mean(sampled - woken) == pytest.approx(15, abs=3)
    # The luckless one looks just before, and has half of the margin to the explosive limit left.
    assert 38 < sampled.max() < 46
    assert (sampled > woken - 3).all()


def test_sampling_is_paid_for_by_late_detection_and_pays_in_years_of_battery():
    watching = float(life_d(DETECTOR.energy, DETECTOR.interval_s))
    sampling = float(life_d(DETECTOR.energy, DETECTOR.interval_s, is_watching=False))
    low_y, high_y = DETECTOR.battery_life_y
    assert low_y <= watching / 365.25 <= high_y
    usable_j = DETECTOR.energy.battery_wh * 0.8 * 3600
    by_hand_w = 0.2e-3 + (0.15 + 0.4) / 1800 + DETECTOR.energy.battery_wh * 36 / 31_557_600
    assert sampling == math.floor(usable_j / by_hand_w / 86_400)
    assert sampling > 4 * watching


def test_messages_of_a_quiet_day_are_the_same(street, births):
    counts = []
    for mode in ("event", "interval"):
        uplink = Uplink(loss=0.0, duplicate_share=0.0, reporting=Reporting(mode=mode))
        made = street(kind=DETECTOR, devices=births(DETECTOR, PHASES), uplink=uplink)
        made.cohort.start()
        made.clock.advance_to(made.clock.now() + 86_400 * SECOND, inclusive=True)
        counts.append(made.cohort.counts.sent)
    assert counts[0] == pytest.approx(counts[1], rel=0.02)
    assert counts[0] == pytest.approx(PHASES * 48, rel=0.05)

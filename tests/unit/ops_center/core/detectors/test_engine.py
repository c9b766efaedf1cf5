from __future__ import annotations

import math
import random

import numpy as np

from ops_center.core.detectors.engine import DetectionEngine
from ops_center.core.ingest import Ingest
from ops_center.core.inventory import Inventory
from ops_center.core.presence import FAULTY, ONLINE
from support.telemetry import T0, Reading, after, batch, birth, device

LATENESS_S = 20.0


class Senses:
    def __init__(self, *devices):
        self.inventory = Inventory(LATENESS_S)
        self.ingest = Ingest(self.inventory, LATENESS_S)
        self.engine = DetectionEngine(self.inventory)
        self.inventory.birth(birth(list(devices)), T0)

    def feed(self, readings, kind="road_water_gauge", now_s=None):
        now_s = max(r.at_s for r in readings) + LATENESS_S if now_s is None else now_s
        self.ingest.push(batch(readings, kind), after(now_s))
        return self.engine.update(self.ingest.release(after(now_s)), after(now_s))


def told(findings):
    return [(f.device_id, f.detector, f.signal, f.active) for f in findings]


def depths(values, device_id="wg-0", start=1, step_s=60):
    return [Reading(device_id, start + i, (start + i) * step_s, (v,)) for i, v in enumerate(values)]


def test_flood_is_found_by_grade_and_by_its_rise_and_is_over_when_dry():
    senses = Senses(device("wg-0"))
    rising = [0.0] * 10 + [0.04, 0.08, 0.11, 0.16, 0.20, 0.16, 0.07] + [0.0] * 15
    findings = senses.feed(depths(rising))
    by_signal = {}
    for finding in findings:
        by_signal.setdefault(finding.signal, []).append((finding.active, finding.llr))
    assert by_signal["depth_high"] == [(True, 1.5), (True, 4.0), (False, 0.0)]
    assert [active for active, _ in by_signal["depth_rising"]] == [True, False]
    first = next(f for f in findings if f.signal == "depth_high")
    assert (first.at, first.value, first.unit) == (after(13 * 60), 0.11, "m")


def test_one_call_or_one_call_a_reading_find_the_same():
    rng = random.Random(11)
    table = [max(0.0, rng.gauss(0.08, 0.06)) for _ in range(60)]
    readings = depths(table) + depths(table[::-1], "wg-1")
    at_once = Senses(device("wg-0"), device("wg-1")).feed(readings)
    one_by_one = Senses(device("wg-0"), device("wg-1"))
    apart = []
    for at_s in sorted({r.at_s for r in readings}):
        apart += one_by_one.feed([r for r in readings if r.at_s == at_s])
    assert at_once == apart
    assert at_once == sorted(at_once, key=lambda f: (f.at, f.device_id))
    assert at_once


def test_order_of_births_does_not_change_what_is_found():
    readings = [r for i in range(4) for r in depths([0.0, 0.2, 0.0], f"wg-{i}")]
    names = [f"wg-{i}" for i in range(4)]
    one = Senses(*(device(n) for n in names)).feed(readings)
    other = Senses(*(device(n) for n in reversed(names))).feed(readings)
    assert one == other


def test_devices_born_among_others_keep_their_own_series():
    senses = Senses(device("wg-0"), device("r-0", "rain_gauge"), device("wg-1"))
    assert told(senses.feed(depths([0.2], "wg-1"))) == [("wg-1", "threshold", "depth_high", True)]
    senses.inventory.birth(birth([device("wg-2")]), after(200))
    findings = senses.feed(depths([0.2], "wg-2", start=5) + depths([0.0], "wg-1", start=5))
    assert told(findings) == [
        ("wg-1", "threshold", "depth_high", False),
        ("wg-2", "threshold", "depth_high", True),
    ]


def test_stuck_gauge_is_a_fault_and_takes_its_flood_back():
    senses = Senses(device("wg-0"))
    stuck = senses.feed(depths([0.20] * 40))
    assert told(stuck) == [
        ("wg-0", "threshold", "depth_high", True),
        ("wg-0", "cusum", "depth_rising", True),
        ("wg-0", "fault", "stuck", True),
        ("wg-0", "threshold", "depth_high", False),
        ("wg-0", "cusum", "depth_rising", False),
    ]
    assert senses.inventory.presence.status[0] == FAULTY
    (change,) = senses.inventory.silent(after(60 * 41))
    assert (change.status, change.reason) == ("faulty", "stuck")
    sound = senses.feed(depths([0.21, 0.22], start=41))
    assert told(sound)[:2] == [
        ("wg-0", "fault", "stuck", False),
        ("wg-0", "threshold", "depth_high", True),
    ]
    assert senses.inventory.presence.status[0] == ONLINE


def test_reading_out_of_range_is_a_fault_and_no_flood():
    senses = Senses(device("wg-0"))
    assert told(senses.feed(depths([0.0, 3.0, 0.3, 0.3, 0.3]))) == [
        ("wg-0", "fault", "out_of_range", True),
        ("wg-0", "fault", "out_of_range", False),
        ("wg-0", "threshold", "depth_high", True),
    ]


def test_reading_its_device_doubts_is_not_looked_at():
    senses = Senses(device("wg-0"))
    assert senses.feed([Reading("wg-0", 1, 60, (1.5,), quality=1)]) == []
    assert told(senses.feed([Reading("wg-0", 2, 120, (1.5,), quality=2)])) != []


def test_heavy_rain_is_found_from_the_tips():
    senses = Senses(device("r-0", "rain_gauge"))
    counts = [0.0] * 5 + [round(0.2 * 4 * k, 1) for k in range(1, 12)]
    readings = [Reading("r-0", i + 1, (i + 1) * 60, (c,)) for i, c in enumerate(counts)]
    findings = senses.feed(readings, "rain_gauge")
    assert told(findings) == [
        ("r-0", "threshold", "raining", True),
        ("r-0", "threshold", "rain_high", True),
    ]
    assert {finding.unit for finding in findings} == {"mm/h"}
    assert after(6 * 60) <= findings[0].at <= findings[1].at <= after(9 * 60)
    over = told(senses.feed([Reading("r-0", 40, 1500, (8.8,))], "rain_gauge"))
    assert ("r-0", "threshold", "rain_high", False) in over


def test_slow_road_is_found_and_minutes_without_vehicles_are_not_slow():
    senses = Senses(device("v-0", "vehicle_detector"))
    rng = np.random.default_rng(1)
    speeds = list(14 + rng.normal(0, 0.8, 60)) + [math.nan] * 10 + [4.0 + 0.1 * k for k in range(8)]
    readings = [
        Reading("v-0", i + 1, (i + 1) * 60, (float(i), round(v, 1), 0.1))
        for i, v in enumerate(speeds)
    ]
    findings = senses.feed(readings, "vehicle_detector")
    assert told(findings) == [("v-0", "ewma", "speed_low", True)]
    assert findings[0].at > after(70 * 60)


def test_kind_without_a_spec_is_let_by():
    senses = Senses(device("gw-1", "gateway"))
    assert senses.feed([Reading("gw-1", 1, 60, (2.0, 0.0))], "gateway") == []

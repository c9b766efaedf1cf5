import numpy as np
import pytest

from devices.catalogue import RAIN_GAUGE, ROAD_WATER_GAUGE
from devices.filtering import Filter, Filtering
from devices.readings import Readings
from sim.kernel.clock import SECOND, Ns


def one(value, device=0):
    return Readings(
        device=np.array([device], dtype=np.int32),
        time_ns=np.zeros(1, dtype=np.int64),
        values=np.array([[value]]),
        quality=np.zeros(1, dtype=np.uint8),
        seq=np.zeros(1, dtype=np.int64),
        sim_time_ns=np.zeros(1, dtype=np.int64),
        battery=None,
    )


def through(filtering, values, kind=ROAD_WATER_GAUGE, every_s=60):
    """Return what comes of one device's values, None for what is left out."""
    made = Filter(filtering, kind, 2)
    out = []
    for k, value in enumerate(values):
        found = made.apply(Ns(k * every_s * SECOND), one(value))
        out.append(float(found.values[0, 0]) if len(found) else None)
    return out


def test_a_median_takes_out_a_spike_and_lets_a_step_through_one_report_late():
    values = [0.0, 0.0, 1.5, 0.0, 0.3, 0.3, 0.3]
    assert through(Filtering(how="median"), values) == [0.0, 0.0, 0.0, 0.0, 0.3, 0.3, 0.3]


def test_a_median_leaves_registers_alone():
    assert through(Filtering(how="median"), [0.0, 5.0, 9.0], RAIN_GAUGE) == [0.0, 5.0, 9.0]


def test_a_dead_band_leaves_out_what_says_nothing_new_but_for_a_heartbeat():
    # A hundredth of the gauge's 2 m.
    filtering = Filtering(how="deadband", deadband=0.01, heartbeat_s=300.0)
    values = [0.0, 0.01, 0.019, 0.02, 0.01, 0.01, 0.01, 0.01, 0.01]
    told = through(filtering, values)
    assert told == [0.0, None, None, 0.02, None, None, None, None, 0.01]


def test_devices_are_filtered_apart():
    made = Filter(Filtering(how="deadband"), ROAD_WATER_GAUGE, 2)
    assert len(made.apply(Ns(0), one(0.5, device=0))) == 1
    assert len(made.apply(Ns(0), one(0.5, device=1))) == 1
    assert len(made.apply(Ns(SECOND), one(0.5, device=0))) == 0


@pytest.mark.parametrize(("how", "longest_s"), [("median", 0.0), ("deadband", 1800.0)])
def test_only_a_dead_band_makes_devices_silent(how, longest_s):
    assert Filtering(how=how).longest_s == longest_s

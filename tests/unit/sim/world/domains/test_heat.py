from __future__ import annotations

import numpy as np
import pytest

from sim.world.city.networks import HeatNet
from sim.world.domains.heat import DESIGN_C, Heat, HeatFailure


class Air:
    """Outdoor temperature by the test's hand."""

    def __init__(self, now_c: float) -> None:
        self.now_c = now_c

    def __call__(self) -> float:
        return self.now_c


def make_net() -> HeatNet:
    """Return one plant for the ten southern cells; the others heat themselves."""
    return HeatNet(
        plant=np.array([9], dtype=np.int32),
        plant_peak_w=np.array([1.15e6]),
        cell_plant=np.where(np.arange(15) < 10, 0, -1).astype(np.int32),
    )


@pytest.fixture
def air() -> Air:
    return Air(DESIGN_C)


@pytest.fixture
def heat(lifelines, air) -> Heat:
    heat = Heat(lifelines.stage, make_net(), air)
    lifelines.let(heat)
    return heat


def test_homes_stay_warm_on_the_design_day_and_a_little_beyond(lifelines, heat, air) -> None:
    lifelines.run(24 * 3600)
    assert heat.indoor_c == pytest.approx(np.full(15, 20.0))
    assert heat.output_w[0] == pytest.approx(1e6)
    air.now_c = 20 - 1.15 * 27.6
    lifelines.run(100 * 3600)
    assert heat.indoor_c == pytest.approx(np.full(15, 20.0))
    air.now_c = 5.0
    lifelines.run(600)
    assert heat.output_w[0] == pytest.approx(1e6 * 15 / 27.6)


def test_homes_cool_by_their_time_constant(lifelines, heat) -> None:
    heat.fail(0, 1.0)
    lifelines.run(10 * 3600)
    expected = DESIGN_C + 27.6 * np.exp(-10 * 3600 / heat._tau_s)
    assert heat.indoor_c[:10] == pytest.approx(expected[:10])
    assert heat.indoor_c[10:] == pytest.approx(np.full(5, 20.0))


def test_failure_is_an_event_once_homes_are_below_18_and_until_they_are_warm(
    lifelines, heat
) -> None:
    heat.plan("boiler", HeatFailure(at_s=0, place="heat-plant-01"))
    lifelines.run(2 * 3600)
    assert lifelines.told("hazard_onset") == []
    lifelines.run(6 * 3600)
    (onset,) = lifelines.told("hazard_onset")
    # The lightest building of at least 50 h cannot be below 18 °C before 3.7 h.
    assert 3.7 * 3600 <= onset["t_s"] <= 5.6 * 3600
    assert (onset["hazard"], onset["cause"]) == ("heat_failure", "boiler")
    (event,) = lifelines.stage.events.open_events("heat_failure")
    assert event.severity == pytest.approx(18 - heat.indoor_c.min())
    plant = lifelines.place("heat-plant-01")
    lifelines.work(heat.works["repair_machine"], "repair_machine", plant, at_most_s=24 * 3600)
    lifelines.run(200 * 3600)
    (end,) = lifelines.told("hazard_end")
    assert end["by"] == "repair_machine"
    assert heat.totals()["cold_person_h"] == pytest.approx(end["exposure_person_min"] / 60)
    assert [r["phase"] for r in lifelines.told("fault")] == ["start", "end"]
    assert lifelines.calls[0].topic == "heat_failure"


def test_boost_keeps_part_of_the_warmth_and_needs_power(lifelines, heat, air) -> None:
    air.now_c = 20 - 0.4 * 27.6
    heat.fail(0, 1.0)
    heat.effects["heat_boost"](lifelines.place("heat-plant-01"), "boost-1", True)
    lifelines.run(48 * 3600)
    assert heat.indoor_c == pytest.approx(np.full(15, 20.0))
    heat.powered[0] = False
    lifelines.run(48 * 3600)
    assert heat.indoor_c[:10].max() < 18


def test_failure_that_lasts_a_while_ends_by_itself(lifelines, heat) -> None:
    heat.plan("pump", HeatFailure(at_s=0, share=0.5, lasts_s=3600))
    lifelines.run(3000)
    assert heat.output_w[0] == pytest.approx(0.5e6 * 1.15)
    lifelines.run(1200)
    assert heat.output_w[0] == pytest.approx(1e6)


def test_sensor_reads_its_home(lifelines, heat) -> None:
    heat.fail(0, 1.0)
    lifelines.run(3600)
    place = np.array([lifelines.place("community-01"), -1], dtype=np.int32)
    read = heat.fields["indoor_temperature"].bind(
        np.array([(0.0, 0), (2000, 1000)]), np.full(2, -1, dtype=np.int32), place
    )
    assert read()[0].tolist() == pytest.approx([heat.indoor_c[1], 20.0])

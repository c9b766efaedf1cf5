from __future__ import annotations

import numpy as np
import pytest

from sim.world.city.networks import Telecom
from sim.world.domains.telecom import BaseStationFailure, BaseStations


@pytest.fixture
def stations(lifelines) -> BaseStations:
    """Stations at crossings 10 (0, 1000) and 11 (500, 1000), which reach 1,100 m and 2,000 m."""
    net = Telecom(
        station=np.array([10, 11], dtype=np.int32),
        battery_s=np.array([7200.0, 14400.0]),
        reach_m=np.array([1100.0, 2000.0]),
    )
    stations = BaseStations(lifelines.stage, net)
    lifelines.let(stations)
    return stations


def test_station_lives_on_its_battery_and_charges_again(lifelines, stations) -> None:
    stations.powered[:] = False
    lifelines.run(2 * 3600 - 120)
    assert stations.is_up.all()
    lifelines.run(180)
    assert stations.is_up.tolist() == [False, True]
    (onset,) = lifelines.told("hazard_onset")
    assert (onset["hazard"], onset["place"]) == ("telecom_outage", "base-station-01")
    stations.powered[:] = True
    lifelines.run(60)
    assert stations.is_up.all()
    lifelines.run(5 * 3600)
    assert stations.charge_s[0] == pytest.approx(3600, rel=0.01)
    lifelines.run(6 * 3600)
    assert stations.charge_s.tolist() == [7200, 14400]
    assert len(lifelines.told("hazard_end")) == 1


def test_people_are_out_of_reach_only_where_no_other_station_is(lifelines, stations) -> None:
    serves = stations.serving(np.array([(0.0, 1000), (2000, 0), (400, 1000), (9000, 9000)]))
    assert serves().tolist() == [True, True, True, False]
    stations.fail(0)
    assert serves().tolist() == [True, True, True, False]
    lifelines.run(3600)
    assert stations.totals()["no_phone_person_h"] == 0
    stations.fail(1)
    assert serves().tolist() == [False] * 4
    lifelines.run(3600)
    assert stations.totals()["no_phone_person_h"] == pytest.approx(1050)
    assert [e.severity for e in lifelines.stage.events.open_events()] == [210, 840]


def test_failed_station_is_mended_by_a_crew(lifelines, stations) -> None:
    stations.plan("board", BaseStationFailure(at_s=60, place="base-station-02"))
    lifelines.run(120)
    assert stations.is_up.tolist() == [True, False]
    lifelines.work(stations.works["isolate"], "isolate", 11, at_most_s=6 * 3600)
    assert stations.is_up.all()
    assert lifelines.told("hazard_end")[0]["by"] == "crew"
    # The crew of another place finds nothing to do there.
    assert lifelines.work(stations.works["repair_machine"], "repair_machine", 9, at_most_s=0) == 0


def test_failure_that_lasts_a_while_ends_by_itself(lifelines, stations) -> None:
    stations.plan("hiccup", BaseStationFailure(at_s=0, place="base-station-01", lasts_s=600))
    assert not stations.is_up[0]
    lifelines.run(601)
    assert stations.is_up.all()
    (end,) = lifelines.told("hazard_end")
    assert (end["by"], end["duration_s"]) == ("itself", 600)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.world.city.networks import SewerNet
from sim.world.crew import Task
from sim.world.domains.reaches import Reaches, full_flow_m3s
from sim.world.domains.sewer import Sewers
from sim.world.hazards.manhole_overflow import CoverOff, SewerBlockage


def make_net(
    diameter_m: tuple[float, ...] = (0.6, 0.8, 0.8), catchment_ha: tuple[float, ...] = (1, 1, 1)
) -> SewerNet:
    """Return three reaches in a row, under links from crossing 0 eastwards."""
    n = len(diameter_m)
    return SewerNet(
        link=np.array([0, 3, 6][:n], dtype=np.int32),
        diameter_m=np.array(diameter_m),
        slope=np.full(n, 0.003),
        cover_m=np.full(n, 2.0),
        catchment_m2=np.array(catchment_ha) * 1e4,
        runoff=np.full(n, 0.6),
        downstream=np.array([*range(1, n), -1], dtype=np.int32),
        outfall=np.array([3], dtype=np.int32),
        ground_m=np.zeros(15),
    )


def make_reaches(net: SewerNet, length_m: float = 100.0, *, dips: bool = True) -> Reaches:
    """Return the reaches under streets of two lanes, all with dips and loose covers, or none."""
    return Reaches(
        net,
        np.full(3, length_m),
        np.full(3, 2.0),
        dips=np.full(3, dips),
        loose=np.full(3, dips),
        dt_s=5.0,
    )


def all_alike(sewers: Sewers) -> Sewers:
    """Return sewers whose streets all have dips and loose covers."""
    sewers.reaches._dips[:] = sewers.reaches._loose[:] = True
    return sewers


class Sky:
    """Rain by the test's hand: the same everywhere."""

    def __init__(self, now_s) -> None:
        self._now_s = now_s
        self.mm_h = 0.0
        self.until_s = 0.0
        self.asked = 0

    def at(self, xy_m):
        def fallen():
            self.asked += 1
            return np.full(len(xy_m), self.mm_h / 3600 * min(self._now_s(), self.until_s))

        return fallen


@pytest.fixture
def sky(lifelines) -> Sky:
    return Sky(lambda: (lifelines.engine.now() - lifelines.stage.start) / 1e9)


@pytest.fixture
def sewers(lifelines, sky) -> Sewers:
    sewers = all_alike(Sewers(lifelines.stage, make_net(), sky.at))
    lifelines.let(sewers)
    return sewers


def kept(sewers: Sewers) -> float:
    """Return what is stored, gone and pumped, over what came."""
    t = sewers.totals()
    gone = float(t["sewer_out_m3"]) + float(t["sewer_pumped_m3"]) + float(t["sewer_stored_m3"])
    return gone / float(t["sewer_in_m3"])


def test_full_pipe_carries_what_manning_says() -> None:
    # 0.3117 / n D^(8/3) S^(1/2) for a pipe of a metre.
    golden = full_flow_m3s(np.array([1.0]), np.array([0.003]))[0]
    assert golden == pytest.approx(0.3117 / 0.013 * 0.003**0.5, rel=1e-3)


def test_pipe_gives_on_what_steady_rain_brings() -> None:
    reaches = make_reaches(make_net())
    rain_mm = np.full(3, 30.0 / 3600 * 5)
    for _ in range(3000):
        before = reaches.out_m3
        reaches.step(5.0, rain_mm, np.zeros(3))
    # 30 mm/h on 3 ha, six tenths of which run off.
    assert (reaches.out_m3 - before) / 5 == pytest.approx(0.15, rel=1e-6)
    assert (reaches.street_m3 == 0).all()
    # A pipe half full carries half of what a full one does.
    half = 0.5 * float(full_flow_m3s(np.array([0.8]), np.array([0.003]))[0])
    assert reaches.level_m[0] < reaches.level_m[1]
    assert (reaches.level_m[1] < 0.4) == (half > 0.1)


def test_narrow_reach_overflows_and_the_others_do_not() -> None:
    reaches = make_reaches(make_net((0.8, 0.3, 0.8)))
    for _ in range(720):
        reaches.step(5.0, np.full(3, 45.0 / 3600 * 5), np.zeros(3))
    assert reaches.street_depth_m[1] > 0.05
    assert reaches.street_depth_m[0] == 0
    # Only what runs over the kerb comes there.
    assert reaches.street_depth_m[2] < 0.01
    assert reaches.level_share[1] == 1
    assert reaches.level_share[2] < 0.5


def test_street_runs_over_its_kerb_to_the_next() -> None:
    net = make_net()
    reaches = make_reaches(net)
    reaches.open_share[:] = 0.0
    reaches.pipe_m3[:] = 1e6
    reaches.lifted[:] = False
    brim = reaches._brim_m3
    reaches.pipe_m3[:] = brim
    reaches.street_m3[0] = 1000.0
    total = reaches.stored_m3
    for _ in range(2000):
        reaches.step(5.0, np.zeros(3), np.zeros(3))
    assert reaches.stored_m3 + reaches.out_m3 == pytest.approx(total)
    # It goes on until it stands at the kerb, with 7 m by 100 m of street to each.
    assert reaches.street_depth_m == pytest.approx(np.full(3, 0.15), abs=0.01)


def test_street_without_a_dip_sheds_its_water_and_locked_covers_stay() -> None:
    reaches = make_reaches(make_net((0.3, 0.3, 0.3), (6, 0, 0)), dips=False)
    for _ in range(720):
        reaches.step(5.0, np.full(3, 100.0 / 720), np.zeros(3))
    assert not reaches.lifted.any()
    # One m3/s comes; what the pipe does not take runs along the streets, by Manning's formula
    # for a wide channel of 7 m.
    pipe_m3s = float(full_flow_m3s(np.array([0.3]), np.array([0.003]))[0])
    street_m3s = 0.003**0.5 / 0.016 * 7 * reaches.street_depth_m ** (5 / 3)
    assert street_m3s[1:] == pytest.approx(np.full(2, 1.0 - pipe_m3s), rel=0.02)


@given(
    rain=st.lists(st.floats(0, 200), min_size=1, max_size=40),
    diameters=st.tuples(*[st.sampled_from([0.3, 0.6, 1.0, 2.0])] * 3),
    length=st.floats(5, 500),
    inflow=st.floats(0, 2),
    blocked=st.floats(0, 1),
    dips=st.booleans(),
)
def test_no_water_is_lost_or_made(rain, diameters, length, inflow, blocked, dips) -> None:
    reaches = make_reaches(make_net(diameters), length, dips=dips)
    reaches.open_share[1] = 1 - blocked
    for mm_h in rain:
        for _ in range(12):
            reaches.step(5.0, np.full(3, mm_h / 720), np.array([inflow, 0, 0]))
            assert (reaches.pipe_m3 >= 0).all()
            assert (reaches.street_m3 >= -1e-9).all()
    assert reaches.stored_m3 + reaches.out_m3 == pytest.approx(reaches.in_m3, rel=1e-9, abs=1e-6)


def test_cloudburst_floods_the_street_which_drains_again(lifelines, sky) -> None:
    sewers = all_alike(Sewers(lifelines.stage, make_net(catchment_ha=(5, 5, 5)), sky.at))
    lifelines.let(sewers)
    sky.mm_h, sky.until_s = 150.0, 3600.0
    lifelines.run(3600)
    onsets = [r for r in lifelines.told("hazard_onset") if r["hazard"] == "street_flood"]
    assert {r["place"] for r in onsets} <= {"junction-01", "community-01", "community-02"}
    assert onsets
    assert all(r["severity"] >= 0.15 for r in onsets)
    roads = lifelines.city.basemap.roads
    flooded = int(sewers.street_depth_m.argmax())
    (back,) = np.flatnonzero(
        (roads.start == roads.end[flooded]) & (roads.end == roads.start[flooded])
    )
    assert sewers.street_depth_m[back] == sewers.street_depth_m[flooded] >= 0.15
    assert np.count_nonzero(sewers.street_depth_m) <= 6
    lifelines.run(4 * 3600)
    ended = [r["event"] for r in lifelines.told("hazard_end")]
    assert {r["event"] for r in onsets} <= set(ended)
    assert sewers.street_depth_m.max() == 0
    assert kept(sewers) == pytest.approx(1)
    lifelines.run(20 * 3600)
    asked = sky.asked
    lifelines.run(600)
    # Dry again, it looks for rain once a minute.
    assert sky.asked - asked == 10


def test_cover_lifts_under_pressure_and_is_put_back(lifelines, sky, crew_of) -> None:
    net = make_net((0.8, 0.3, 0.8), (1, 15, 1))
    sewers = all_alike(Sewers(lifelines.stage, net, sky.at))
    lifelines.let(sewers)
    sky.mm_h, sky.until_s = 200.0, 3600.0
    lifelines.run(3600)
    assert sewers.reaches.lifted.tolist() == [False, True, False]
    (onset,) = [r for r in lifelines.told("hazard_onset") if r["hazard"] == "cover_off"]
    read = sewers.fields["cover_tilt"].bind(sewers.xy_m, net.link, np.full(3, -1, dtype=np.int32))
    assert read().tolist() == [[0, 90, 0]]
    lifelines.run(12 * 3600)
    place = lifelines.place(onset["place"])
    took_s = lifelines.work(sewers.works["clean"], "clean", place, at_most_s=3600)
    assert took_s > 300
    assert not sewers.reaches.lifted.any()
    assert lifelines.told("hazard_end")[-1]["by"] == "clean"


def test_stolen_cover_is_an_event_and_people_fall_in(lifelines, sewers) -> None:
    sewers.plan("thief", CoverOff(at_s=60, place="junction-01"))
    lifelines.run(65)
    (event,) = lifelines.stage.events.open_events("cover_off")
    assert event.severity == 1
    assert sewers.uncover(event.place) is None
    sewers._open_holes(lifelines.stage.now, 10_000 / 0.002 * 3600)
    assert lifelines.stage.events.harm["injured"] == pytest.approx(10_000, abs=400)


def test_inspector_keeps_people_from_the_hole_and_debris_is_raked_out(
    lifelines, sewers, crew_of
) -> None:
    event = sewers.uncover(lifelines.place("junction-01"))
    work, task, crew = sewers.works["inspect"], Task(name="inspect", place=event.place), crew_of()
    work.begin(task, crew)
    sewers._open_holes(lifelines.stage.now, 10_000 / 0.002 * 3600)
    assert lifelines.stage.events.harm == {}
    assert not work.tick(task, crew, 5.0)
    sewers.block(event.place, 0.9)
    took_s = lifelines.work(
        sewers.works["clean"], "clean", event.place, at_most_s=7200, crew=crew_of("unit-2")
    )
    assert took_s > 1800
    assert work.tick(task, crew, 5.0)
    work.end(task, crew)
    assert (sewers.reaches.open_share == 1).all()


def test_blocked_sewer_floods_in_rain_that_it_would_have_borne(lifelines, sky) -> None:
    clear, blocked = (all_alike(Sewers(lifelines.stage, make_net(), sky.at)) for _ in range(2))
    blocked.plan("leaves", SewerBlockage(at_s=0, place="community-02", share=0.95, lasts_s=7200))
    lifelines.let(clear)
    lifelines.let(blocked)
    sky.mm_h, sky.until_s = 60.0, 3600.0
    lifelines.run(3600)
    assert clear.street_depth_m.max() < 0.02
    assert blocked.street_depth_m.max() > 0.1
    lifelines.run(6 * 3600)
    assert blocked.reaches.open_share.tolist() == [1, 1, 1]
    assert blocked.street_depth_m.max() == 0


def test_water_of_a_burst_goes_down_the_gullies_and_pumps_help(lifelines, sewers, crew_of) -> None:
    sewers.inflow_m3s[0] = 0.9
    lifelines.run(1200)
    assert sewers.street_depth_m[0] > 0.15
    place = int(sewers._at[0])
    work, task, crew = (
        sewers.works["pump_out"],
        Task(name="pump_out", place=place),
        crew_of(capacity=0.5),
    )
    work.begin(task, crew)
    sewers.inflow_m3s[0] = 0.0
    lifelines.run(1800)
    assert work.tick(task, crew, 5.0)
    work.end(task, crew)
    assert sewers.totals()["sewer_pumped_m3"] > 10
    assert kept(sewers) == pytest.approx(1)


def test_level_sensors_read_the_reach_under_their_link(lifelines, sewers, sky) -> None:
    sky.mm_h, sky.until_s = 40.0, 3600.0
    lifelines.run(3000)
    link = np.array([6, -1, -1], dtype=np.int32)
    place = np.array([-1, lifelines.place("junction-01"), -1], dtype=np.int32)
    read = sewers.fields["sewer_level"].bind(np.array([(0.0, 0)] * 2 + [(1250, 0)]), link, place)
    level, share = read()
    assert level.tolist() == sewers.reaches.level_m[[2, 0, 2]].tolist()
    assert share == pytest.approx(level / 2.0)
    manhole = sewers.fields["manhole_level"].bind(np.zeros((3, 2)), link, place)
    assert manhole()[0][:2].tolist() == level[:2].tolist()

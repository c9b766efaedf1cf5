"""Storm sewers: down to the water, sized by the storm, no drop drained twice."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.world.city.model import Cells, City
from sim.world.city.sewer_net import full_flow_m3s, make_sewers
from sim.world.city.streets import streets_of

STEP_M = 200.0


def row_of_streets(count: int, cls: str) -> Roads:
    """Return junctions in a row from west to east, both directions."""
    xy_m = np.stack([STEP_M * (np.arange(count) + 0.5), np.full(count, 100.0)], axis=1)
    start = np.concatenate([np.arange(count - 1), np.arange(1, count)]).astype(np.int32)
    end = np.concatenate([np.arange(1, count), np.arange(count - 1)]).astype(np.int32)
    n = len(start)
    return Roads(
        node_xy_m=xy_m,
        start=start,
        end=end,
        length_m=np.full(n, STEP_M),
        speed_mps=np.full(n, 10.0),
        lanes=np.ones(n, dtype=np.int32),
        road_class=np.full(n, ROAD_CLASSES.index(cls), dtype=np.int32),
        signal=np.zeros(count, dtype=bool),
        names=("",) * n,
        shapes=tuple(xy_m[[a, b]] for a, b in zip(start, end, strict=True)),
        source_ids=tuple(map(str, range(n))),
    )


def cells_along(count: int) -> Cells:
    """Return a row of 2 ha of dense land beside each street."""
    x, y = np.meshgrid(np.arange(2 * count) * 100.0 + 50, np.array([50.0, 150.0]), indexing="ij")
    xy_m = np.stack([x, y], axis=-1).reshape(-1, 2)
    return Cells(
        size_m=100.0,
        xy_m=xy_m,
        people=np.full(len(xy_m), 150.0),
        district=np.zeros(len(xy_m), dtype=np.int32),
    )


def test_a_full_pipe_carries_what_manning_says() -> None:
    # DN1000 at 2 per mille, n 0.013: v = 0.25^(2/3) sqrt(0.002) / 0.013 = 1.365 m/s.
    flow = full_flow_m3s(np.array([1.0]), np.array([0.002]))
    assert flow[0] == pytest.approx(1.365 * np.pi / 4, rel=1e-3)


@pytest.mark.parametrize(("cls", "period_y"), [("primary", 3.0), ("tertiary", 2.0)])
def test_pipes_are_the_least_that_carry_the_design_storm(cls: str, period_y: float) -> None:
    count = 6
    roads = row_of_streets(count, cls)
    # Falls by 4 per mille to the east, where the outfall is.
    ground_m = 10.0 - 0.004 * roads.node_xy_m[:, 0]
    net = make_sewers(
        roads, np.zeros(len(roads), dtype=np.int8), streets_of(roads), cells_along(count), ground_m
    )
    assert net.outfall.tolist() == [count - 1]
    np.testing.assert_array_equal(net.downstream, [1, 2, 3, 4, -1])
    np.testing.assert_allclose(net.slope, 0.004)
    np.testing.assert_allclose(net.cover_m, 1.8)
    np.testing.assert_allclose(net.runoff, 0.70)
    # By hand: q = 1602 (1 + 1.037 lg P) / (t + 11.593)^0.681 L/(s ha), t = 10 min + the way.
    minutes = 10 + STEP_M * np.arange(1, count) / 60
    litres = 1602 * (1 + 1.037 * np.log10(period_y)) / (minutes + 11.593) ** 0.681
    flow_m3s = litres / 1000 * 0.70 * np.cumsum(net.catchment_m2) / 1e4
    made = [0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0]
    capacity = full_flow_m3s(np.array(made), np.full(len(made), 0.004))
    least = [made[int(np.argmax(capacity >= flow))] for flow in flow_m3s]
    np.testing.assert_allclose(net.diameter_m, least)


def test_a_pipe_under_flat_streets_goes_deeper_with_every_block() -> None:
    roads = row_of_streets(6, "tertiary")
    ground_m = np.array([5.0, 5.0, 5.0, 5.0, 5.0, 4.9999])
    net = make_sewers(
        roads, np.zeros(len(roads), dtype=np.int8), streets_of(roads), cells_along(6), ground_m
    )
    # At least 2 per mille of fall: 0.4 m a block of 200 m.
    np.testing.assert_allclose(net.cover_m, 1.8 + 0.4 * np.arange(1, 6), atol=1e-3)


def test_every_drop_finds_an_outfall_without_a_circle(any_city: City) -> None:
    net, roads = any_city.networks.sewer, any_city.basemap.roads
    at = np.arange(len(net.link))
    for _ in range(len(net.link) + 1):
        flowing = at >= 0
        if not flowing.any():
            break
        at = np.where(flowing, net.downstream[at], -1)
    assert (at == -1).all()
    last = net.link[net.downstream < 0]
    ends = np.stack([roads.start[last], roads.end[last]], axis=1)
    assert np.isin(ends, net.outfall).any(axis=1).all()


def test_a_reach_flows_into_one_that_it_touches(any_city: City) -> None:
    net, roads = any_city.networks.sewer, any_city.basemap.roads
    on = net.downstream >= 0
    here, there = net.link[on], net.link[net.downstream[on]]
    ends = np.stack([roads.start, roads.end], axis=1)
    shared = (ends[here][:, :, None] == ends[there][:, None, :]).any(axis=(1, 2))
    assert shared.all()


def test_all_built_land_is_drained_once(any_city: City) -> None:
    net, cells = any_city.networks.sewer, any_city.cells
    assert net.catchment_m2.sum() == pytest.approx(len(cells.people) * cells.size_m**2)
    assert ((net.runoff >= 0.45) & (net.runoff <= 0.70)).all()


def test_pipes_widen_and_fall_on_the_way_down(any_city: City) -> None:
    net = any_city.networks.sewer
    on = net.downstream >= 0
    assert (net.diameter_m[on] <= net.diameter_m[net.downstream[on]]).all()
    assert (net.slope >= 0.002).all()
    assert ((net.cover_m >= 1.8) & (net.cover_m <= 8.0)).all()


def test_most_water_follows_the_ground(synthetic: City) -> None:
    net, roads = synthetic.networks.sewer, synthetic.basemap.roads
    middle_m = (net.ground_m[roads.start[net.link]] + net.ground_m[roads.end[net.link]]) / 2
    on = net.downstream >= 0
    assert (middle_m[net.downstream[on]] < middle_m[on]).mean() > 0.7
    assert net.ground_m.shape == (len(roads.node_xy_m),)
    # A plain: a metre a kilometre, and swells of a few metres.
    assert 3 < np.ptp(net.ground_m) < 30

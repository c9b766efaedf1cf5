from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.basemap import ROAD_CLASSES
from sim.kernel.errors import InputError
from sim.world.city.draft import BELOW, RAISED
from sim.world.city.graph import (
    Street,
    build_roads,
    draw_together,
    join,
    largest_component,
    polyline_length_m,
)

Make = Callable[..., Street]
NO_LIGHTS = np.empty((0, 2))


def both(make: Make, a: int, b: int, *points: tuple[float, float], **changes: Any) -> list[Street]:
    return [make(a, b, *points, **changes), make(b, a, *points[::-1], **changes)]


def grid(make: Make, side: int, step_m: float = 200.0) -> list[Street]:
    """A square grid of two-way streets; node keys are column * side + row."""
    streets = []
    for i in range(side):
        for j in range(side):
            here = (i * step_m, j * step_m)
            if i + 1 < side:
                there = ((i + 1) * step_m, j * step_m)
                streets += both(make, i * side + j, (i + 1) * side + j, here, there)
            if j + 1 < side:
                there = (i * step_m, (j + 1) * step_m)
                streets += both(make, i * side + j, i * side + j + 1, here, there)
    return streets


def test_a_one_way_spur_is_cut_off(street: Make) -> None:
    streets = [*grid(street, 3), street(0, 99, (0, 0), (-500, 0))]
    assert all(99 not in (s.start, s.end) for s in largest_component(streets))


def test_a_bend_in_a_two_way_road_is_no_node(street: Make) -> None:
    ab = both(street, 1, 2, (0, 0), (100, 0), lanes=2)
    bc = both(street, 2, 3, (100, 0), (100, 300), lanes=4, speed_mps=20.0)
    there, back = join([*ab, *bc])
    assert (there.start, there.end, back.start, back.end) == (1, 3, 3, 1)
    assert there.length_m == pytest.approx(400)
    # 10 s at 10 m/s and 15 s at 20 m/s; lanes by length: (2 * 100 + 4 * 300) / 400 = 3.5.
    assert there.length_m / there.speed_mps == pytest.approx(25)
    assert there.lanes == 4
    np.testing.assert_array_equal(there.shape_m, [(0, 0), (100, 0), (100, 300)])
    np.testing.assert_array_equal(back.shape_m, there.shape_m[::-1])


@pytest.mark.parametrize(
    "change",
    [{"road_class": ROAD_CLASSES.index("primary")}, {"name": "Other"}, {"level": BELOW}],
)
def test_a_node_where_the_road_changes_stays(street: Make, change: dict[str, object]) -> None:
    ab = both(street, 1, 2, (0, 0), (100, 0))
    bc = both(street, 2, 3, (100, 0), (200, 0), **change)
    assert len(join([*ab, *bc])) == 4


def test_a_loop_from_a_junction_to_itself_keeps_one_node_in_both_directions(street: Make) -> None:
    corners = [(0, 0), (100, 0), (100, 100), (0, 100)]
    loop = []
    for a in range(4):
        b = (a + 1) % 4
        loop += both(street, a, b, corners[a], corners[b])
    stub = both(street, 0, 9, (0, 0), (-100, 0))
    joined = join([*loop, *stub])
    nodes = {key for s in joined for key in (s.start, s.end)}
    assert len(nodes) == 3
    assert all(s.start != s.end for s in joined)
    assert sum(s.length_m for s in joined) == pytest.approx(1000)


def test_a_divided_junction_becomes_one_node(street: Make) -> None:
    # A dual carriageway crossed by a street: two nodes 12 m apart.
    streets = [
        street(1, 2, (-200, 0), (0, 0)),
        street(2, 3, (0, 0), (200, 0)),
        street(4, 5, (200, 12), (0, 12)),
        street(5, 6, (0, 12), (-200, 12)),
        *both(street, 2, 5, (0, 0), (0, 12)),
        *both(street, 7, 2, (0, -300), (0, 0)),
        *both(street, 5, 8, (0, 12), (0, 300)),
    ]
    drawn = draw_together(streets)
    nodes = {key for s in drawn for key in (s.start, s.end)}
    assert nodes == {1, 2, 3, 4, 6, 7, 8} or nodes == {1, 5, 3, 4, 6, 7, 8}
    assert len(drawn) == len(streets) - 2
    for s in drawn:
        assert s.length_m == pytest.approx(polyline_length_m(s.shape_m))
        assert [0.0, 6.0] in (s.shape_m[0].tolist(), s.shape_m[-1].tolist())


def test_a_stated_length_is_kept_when_its_junction_moves(street: Make) -> None:
    streets = [
        *both(street, 1, 2, (0, 0), (10, 0)),
        *both(street, 2, 3, (10, 0), (200, 0), length_m=150.0),
    ]
    assert {s.length_m for s in draw_together(streets)} == {150.0}


def test_a_short_bridge_is_no_part_of_a_junction(street: Make) -> None:
    streets = both(street, 1, 2, (0, 0), (10, 0), level=RAISED)
    assert draw_together(streets) == streets


def test_a_row_of_short_streets_does_not_collapse_into_one_node(street: Make) -> None:
    streets = []
    for i in range(20):
        streets += both(street, i, i + 1, (10.0 * i, 0), (10.0 * (i + 1), 0))
    nodes = {key for s in draw_together(streets) for key in (s.start, s.end)}
    assert len(nodes) >= 4


def test_a_light_at_the_stop_line_governs_its_junction(street: Make) -> None:
    lights = np.array([(200.0 + 20.0, 200.0), (300.0, 200.0)])
    roads, _ = build_roads(grid(street, 4), lights, source="test")
    lit = roads.node_xy_m[roads.signal]
    np.testing.assert_array_equal(lit, [(200.0, 200.0)])


@pytest.mark.parametrize("streets", [0, 1])
def test_too_small_a_graph_is_refused(street: Make, streets: int) -> None:
    few = both(street, 1, 2, (0, 0), (100, 0))[: 2 * streets]
    with pytest.raises(InputError, match=r"tiny\.osm: road graph.*at least 8 junctions"):
        build_roads(few, NO_LIGHTS, source="tiny.osm")


def test_a_graph_wider_than_the_flat_map_is_refused(street: Make) -> None:
    with pytest.raises(InputError, match="400 km across"):
        build_roads(grid(street, 5, step_m=100_000.0), NO_LIGHTS, source="land.osm")


@given(st.data())
def test_whatever_is_missing_the_graph_is_strongly_connected_and_keeps_its_metres(
    street: Make, data: st.DataObject
) -> None:
    streets = grid(street, 5)
    keep = data.draw(st.lists(st.booleans(), min_size=len(streets), max_size=len(streets)))
    kept = [s for s, wanted in zip(streets, keep, strict=True) if wanted]
    connected = largest_component(kept)
    joined = join(connected)
    assert sum(s.length_m for s in joined) == pytest.approx(sum(s.length_m for s in connected))
    assert largest_component(joined) == joined
    assert all(s.start != s.end for s in joined)
    for s in joined:
        assert s.length_m == pytest.approx(polyline_length_m(s.shape_m))

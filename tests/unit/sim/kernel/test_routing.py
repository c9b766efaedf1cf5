"""The router against networkx, on random graphs with parallel, closed and one-way roads."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.basemap import Roads
from sim.kernel.routing import Router

NODES = 7
link = st.tuples(
    st.integers(0, NODES - 1),
    st.integers(0, NODES - 1),
    st.one_of(st.just(np.inf), st.integers(1, 50).map(float)),
)


def roads(pairs: list[tuple[int, int]]) -> Roads:
    n = len(pairs)
    return Roads(
        node_xy_m=np.zeros((NODES, 2)),
        start=np.array([a for a, _ in pairs], dtype=np.int32),
        end=np.array([b for _, b in pairs], dtype=np.int32),
        length_m=np.ones(n),
        speed_mps=np.ones(n),
        lanes=np.ones(n, dtype=np.int32),
        road_class=np.zeros(n, dtype=np.int32),
        signal=np.zeros(NODES, dtype=bool),
        names=("",) * n,
        shapes=(np.zeros((2, 2)),) * n,
        source_ids=("",) * n,
    )


def oracle(links: list[tuple[int, int, float]]) -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(NODES))
    graph.add_weighted_edges_from((a, b, t) for a, b, t in links if np.isfinite(t))
    return graph


@given(links=st.lists(link, min_size=1, max_size=40), start=st.integers(0, NODES - 1))
def test_times_paths_and_tables_agree_with_networkx(links, start):
    router = Router(roads([(a, b) for a, b, _ in links]))
    times = np.array([t for _, _, t in links])
    graph = oracle(links)
    forth = nx.single_source_dijkstra_path_length(graph, start)
    back = nx.single_source_dijkstra_path_length(graph.reverse(), start)
    found_forth, found_back = router.times_from(start, times), router.times_to(start, times)
    _, table_s = router.next_links(np.array([start], dtype=np.int32), times)
    for node in range(NODES):
        assert found_forth[node] == pytest.approx(forth.get(node, np.inf), abs=0.01)
        assert found_back[node] == pytest.approx(back.get(node, np.inf), abs=0.01)
        assert table_s[0, node] == pytest.approx(back.get(node, np.inf), abs=0.01)
        path = router.path(start, node, times)
        if node not in forth:
            assert path is None
            continue
        assert path is not None
        at = start
        for index in path:
            assert links[index][0] == at
            at = links[index][1]
        assert at == node
        assert times[path].sum() == pytest.approx(forth[node], abs=0.01)


@given(links=st.lists(link, min_size=1, max_size=40), goal=st.integers(0, NODES - 1))
def test_following_the_table_reaches_the_goal_in_the_time_it_says(links, goal):
    router = Router(roads([(a, b) for a, b, _ in links]))
    times = np.array([t for _, _, t in links])
    (table,), (table_s,) = router.next_links(np.array([goal], dtype=np.int32), times)
    for node in range(NODES):
        at, spent = node, 0.0
        while table[at] >= 0 and at != goal:
            spent += times[table[at]]
            at = links[table[at]][1]
        assert (at == goal) == bool(np.isfinite(table_s[node]))
        if at == goal:
            assert spent == pytest.approx(table_s[node], abs=0.01)

"""The map of the made-up city."""

from __future__ import annotations

import numpy as np

from sim.kernel.basemap import BaseMap, District, Place, Roads, Station
from sim.kernel.geo import Projection

BLOCK_M = 620.0
DISTRICTS = (("hedong", "河东 Hedong"), ("hexi", "河西 Hexi"))
PLACE_NAMES = ("Guangming Road 光明路", "Station Street 站前街", "Second Canal Road 运河二路")


def fake_map(columns: int = 5, rows: int = 3) -> BaseMap:
    """A slightly crooked grid of two-way streets in two districts, with three underpasses."""
    draw = np.random.default_rng(5)
    grid = np.array([(x, y) for y in range(rows) for x in range(columns)], dtype=float)
    nodes = (grid - grid.mean(axis=0)) * BLOCK_M + draw.normal(0, BLOCK_M * 0.09, grid.shape)
    pairs = [(i, i + 1) for i in range(len(grid)) if grid[i, 0] < columns - 1]
    pairs += [(i, i + columns) for i in range(len(grid) - columns)]
    links = [way for a, b in pairs for way in ((a, b), (b, a))]
    start, end = (np.array(side, dtype=np.int32) for side in zip(*links, strict=True))
    arterial = np.array(
        [
            (grid[a, 1] == grid[b, 1] and grid[a, 1] == rows // 2)
            or (grid[a, 0] == grid[b, 0] and grid[a, 0] == columns // 2)
            for a, b in links
        ]
    )
    across = np.array([grid[a, 0] == grid[b, 0] for a, b in links])
    ranks = np.where(arterial, 2, np.where(across & (grid[start, 0] % 2 == 0), 3, 5))
    roads = Roads(
        node_xy_m=nodes,
        start=start,
        end=end,
        length_m=np.hypot(*(nodes[end] - nodes[start]).T),
        speed_mps=np.choose(ranks - 2, [16.7, 13.9, 11.1, 8.3]),
        lanes=np.where(arterial, 3, 1).astype(np.int32),
        road_class=ranks.astype(np.int32),
        signal=np.ones(len(nodes), dtype=bool),
        names=tuple(f"Street {min(a, b)}–{max(a, b)}" for a, b in links),
        shapes=tuple(nodes[[a, b]] for a, b in links),
        source_ids=tuple(f"{a}-{b}" for a, b in links),
    )
    half_x, half_y = (columns / 2 * BLOCK_M, rows / 2 * BLOCK_M)
    spots = np.flatnonzero(arterial)[:: max(2, int(arterial.sum() / 3) // 2 * 2)][:3]
    return BaseMap(
        name="某州 Mouzhou",
        source="fake",
        attribution="© Nobody, a made-up city",
        projection=Projection(116.66, 39.91),
        roads=roads,
        districts=tuple(
            District(
                district_id=district_id,
                name=name,
                outline_m=np.array(
                    [
                        (west, -half_y),
                        (west + half_x, -half_y),
                        (west + half_x, half_y),
                        (west, half_y),
                    ]
                ),
                population=120_000,
            )
            for (district_id, name), west in zip(DISTRICTS, (-half_x, 0.0), strict=True)
        ),
        places=tuple(
            Place(
                place_id=f"underpass-{n + 1:02d}",
                kind="underpass",
                name=PLACE_NAMES[n],
                x_m=roads.midpoint(int(link))[0],
                y_m=roads.midpoint(int(link))[1],
                district_id=DISTRICTS[int(roads.midpoint(int(link))[0] > 0)][0],
                links=(int(link), int(link) + 1),
                assumed=False,
            )
            for n, link in enumerate(spots)
        ),
        stations=tuple(
            Station(
                station_id=f"{kind}-{n + 1:02d}",
                kind=kind,
                name=f"{kind} {n + 1}",
                x_m=float(nodes[node, 0]),
                y_m=float(nodes[node, 1]),
                district_id=DISTRICTS[int(nodes[node, 0] > 0)][0],
                node=int(node),
                units=2,
                assumed=True,
            )
            for n, (kind, node) in enumerate(
                (("pump_unit", 1), ("traffic_police", len(nodes) // 2), ("ambulance", -3))
            )
        ),
    )

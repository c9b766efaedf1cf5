"""A road network in the making: nodes, and stretches that are driven both ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sim.kernel.basemap import ROAD_CLASSES, Roads
from sim.world.city.draft import GROUND, I8
from sim.world.city.ways import CLASS_SPEED_KMH

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


class Web:
    """Collects nodes and stretches in blocks, then gives them as a road graph."""

    def __init__(self) -> None:
        self._nodes: list[F64] = []
        self._ends: list[I32] = []
        self._columns: list[tuple[I32, I32, I8]] = []
        self._names: list[str] = []
        self._shapes: list[F64] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def xy_m(self) -> F64:
        """``(n, 2)`` all nodes so far [m]."""
        return np.concatenate(self._nodes)

    @property
    def ends(self) -> I32:
        """``(m, 2)`` the nodes of all stretches so far."""
        return np.concatenate(self._ends)

    def add_nodes(self, xy_m: F64) -> I32:
        """Add nodes; returns their numbers."""
        first = self._count
        self._nodes.append(np.asarray(xy_m, dtype=float).reshape(-1, 2))
        self._count += len(self._nodes[-1])
        return np.arange(first, self._count, dtype=np.int32)

    def add(
        self,
        ends: ArrayLike,
        *,
        road_class: ArrayLike,
        lanes: ArrayLike,
        names: Sequence[str],
        shapes: Sequence[F64] | None = None,
        level: int = GROUND,
    ) -> None:
        """Add stretches between nodes; straight ones where no shapes are given."""
        pairs = np.asarray(ends, dtype=np.int32).reshape(-1, 2)
        n = len(pairs)
        if not n:
            return
        self._ends.append(pairs)
        self._columns.append(
            (
                np.broadcast_to(np.asarray(road_class, dtype=np.int32), n),
                np.broadcast_to(np.asarray(lanes, dtype=np.int32), n),
                np.full(n, level, dtype=np.int8),
            )
        )
        self._names.extend(names)
        self._shapes.extend(list(self.xy_m[pairs]) if shapes is None else shapes)

    def components(self) -> I32:
        """Return ``(n,)`` the connected part that each node belongs to."""
        n, ends = self._count, self.ends
        graph = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
        _, label = connected_components(graph, directed=False)
        return np.asarray(label, dtype=np.int32)

    def to_roads(self, signal: NDArray[np.bool_]) -> tuple[Roads, I8]:
        """Return both directions of every stretch as links, and their levels."""
        ends = self.ends
        road_class, lanes, level = (
            np.concatenate([block[i] for block in self._columns]) for i in range(3)
        )
        points = np.concatenate(self._shapes)
        count = np.array([len(shape) for shape in self._shapes])
        steps_m = np.hypot(*np.diff(points, axis=0).T)
        # The step from one shape's last point to the next one's first belongs to neither.
        steps_m[np.cumsum(count)[:-1] - 1] = 0.0
        first = np.cumsum(count) - count
        length_m = np.add.reduceat(np.append(steps_m, 0.0), first)
        speed_mps = np.array([CLASS_SPEED_KMH[name] for name in ROAD_CLASSES])[road_class] / 3.6
        both = np.repeat(np.arange(len(ends)), 2)
        back = np.arange(len(both)) % 2 == 1
        roads = Roads(
            node_xy_m=self.xy_m,
            start=np.where(back, ends[both, 1], ends[both, 0]).astype(np.int32),
            end=np.where(back, ends[both, 0], ends[both, 1]).astype(np.int32),
            length_m=length_m[both],
            speed_mps=speed_mps[both],
            lanes=lanes[both].astype(np.int32),
            road_class=road_class[both].astype(np.int32),
            signal=signal,
            names=tuple(name for name in self._names for _ in (0, 1)),
            shapes=tuple(one for shape in self._shapes for one in (shape, shape[::-1])),
            source_ids=tuple(f"{i}{way}" for i in range(len(ends)) for way in "+-"),
        )
        return roads, level[both].astype(np.int8)

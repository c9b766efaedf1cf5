"""From stretches of street to one strongly connected road graph in arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sim.kernel.basemap import Roads
from sim.kernel.errors import InputError
from sim.world.city.draft import GROUND, I8
from sim.world.city.spread import owners

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

MIN_NODES = 8
"""Smallest graph worth simulating: two blocks of streets. Assumed."""

MAX_SPAN_M = 200_000.0
"""Beyond 100 km from its origin the flat map is wrong, see `sim.kernel.geo.Projection`."""

JUNCTION_STREET_M = 15.0
JUNCTION_WIDTH_M = 40.0
"""A street shorter than the one lies within a junction, of at most the other across. Assumed:
it holds two cars a lane, and six lanes with a median and refuges are this wide."""

_SAME_LENGTH_M = 0.5
"""A stated length this near to the drawn one says the same. Assumed."""

SIGNAL_REACH_M = 30.0
"""Maps put a light at the stop line; it governs the junction within this. Assumed: the depth
of a large junction's mouth."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Street:
    """One direction of a stretch of road between two nodes of the source.

    Attributes
    ----------
    start, end
        Keys of the nodes; any integers.
    shape_m
        ``(k, 2)`` polyline from start to end [m].
    length_m
        Driven length, where the source states one other than the polyline's.
    """

    start: int
    end: int
    shape_m: F64
    length_m: float
    lanes: int
    speed_mps: float
    road_class: int
    name: str
    source_id: str
    level: int = GROUND


def polyline_length_m(shape_m: F64) -> float:
    """Return the length of a ``(k, 2)`` polyline [m]."""
    return float(np.hypot(*np.diff(shape_m, axis=0).T).sum())


def build_roads(streets: Sequence[Street], signal_xy_m: F64, *, source: str) -> tuple[Roads, I8]:
    """Return the road graph and the level of each link.

    Keeps the largest strongly connected component, so that every trip has a way; joins
    stretches at nodes where a driver has nothing to decide and the road stays the same; and
    draws the nodes of one wide junction together, which maps split by carriageway.

    Parameters
    ----------
    signal_xy_m
        ``(k, 2)`` where traffic lights stand [m].
    source
        Named in errors.

    Raises
    ------
    InputError
        When fewer than `MIN_NODES` nodes remain, or they lie farther apart than `MAX_SPAN_M`.
    """
    _check_span(streets, source)
    joined = join(draw_together(join(largest_component(streets))))
    roads, level = _to_arrays(joined, signal_xy_m)
    if len(roads.node_xy_m) < MIN_NODES:
        raise InputError(
            source,
            place="road graph",
            value=len(roads.node_xy_m),
            expected=f"at least {MIN_NODES} junctions that drivers can reach from one another",
        )
    return roads, level


def _check_span(streets: Sequence[Street], source: str) -> None:
    if not streets:
        return
    span_m = float(np.ptp([street.shape_m[0] for street in streets], axis=0).max())
    if not span_m <= MAX_SPAN_M:
        raise InputError(
            source,
            place="road graph",
            value=f"{span_m / 1000:.0f} km across",
            expected=f"one city, at most {MAX_SPAN_M / 1000:.0f} km across",
        )


def largest_component(streets: Sequence[Street]) -> list[Street]:
    """Return the streets within the strongly connected component of most nodes."""
    if not streets:
        return []
    ends = np.array([(street.start, street.end) for street in streets])
    keys, inverse = np.unique(ends, return_inverse=True)
    rows, columns = inverse.reshape(-1, 2).T
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(keys), len(keys)))
    _, label = connected_components(graph, directed=True, connection="strong")
    largest = int(np.bincount(label).argmax())
    kept = (label[rows] == largest) & (label[columns] == largest) & (rows != columns)
    return [street for street, keep in zip(streets, kept.tolist(), strict=True) if keep]


def left_out(streets: Sequence[Street]) -> tuple[str, ...]:
    """Return the roads that drivers cannot reach from most others and leave again.

    By name, or by identifier where there is none, the longest first.
    """
    kept = {id(street) for street in largest_component(streets)}
    length_m: defaultdict[str, float] = defaultdict(float)
    for street in streets:
        if id(street) not in kept and street.start != street.end:
            length_m[street.name or street.source_id] += street.length_m
    return tuple(sorted(length_m, key=lambda name: (-length_m[name], name)))


def join(streets: Sequence[Street]) -> list[Street]:
    """Return the streets with those that only continue each other made one."""
    onward = _onward(streets)
    inner = set(onward.values())
    joined: list[Street] = []
    seen: set[int] = set()
    # Beginnings first; what is left then are rings, where every street continues another.
    for first in sorted(range(len(streets)), key=lambda i: (i in inner, i)):
        if first in seen:
            continue
        chain = [streets[first]]
        at = first
        seen.add(at)
        while (following := onward.get(at)) is not None and following not in seen:
            chain.append(streets[following])
            at = following
            seen.add(at)
        joined.extend(_as_one(part) for part in _open(chain))
    return joined


def _onward(streets: Sequence[Street]) -> dict[int, int]:
    """Return which street follows which where there is nothing to decide."""
    arriving: defaultdict[int, list[int]] = defaultdict(list)
    leaving: defaultdict[int, list[int]] = defaultdict(list)
    for i, street in enumerate(streets):
        arriving[street.end].append(i)
        leaving[street.start].append(i)
    onward: dict[int, int] = {}
    for node, into in arriving.items():
        out = leaving[node]
        neighbours = {streets[i].start for i in into} | {streets[i].end for i in out}
        if len(neighbours) != 2 or len(into) != len(out) or len(into) > 2:
            continue
        pairs = [(i, o) for i in into for o in out if streets[i].start != streets[o].end]
        if len(pairs) == len(into) and all(_alike(streets[i], streets[o]) for i, o in pairs):
            onward.update(pairs)
    return onward


def _alike(a: Street, b: Street) -> bool:
    return (a.road_class, a.name, a.level) == (b.road_class, b.name, b.level)


def _open(chain: list[Street]) -> Iterable[list[Street]]:
    """Cut a chain that returns to its own start, at the same node in either direction."""
    if chain[0].start != chain[-1].end:
        return [chain]
    cut = min(range(1, len(chain)), key=lambda i: chain[i].start)
    return [chain[:cut], chain[cut:]]


def _as_one(chain: list[Street]) -> Street:
    """Return a chain as one street; it keeps the chain's driving time and lane metres."""
    if len(chain) == 1:
        return chain[0]
    length_m = sum(street.length_m for street in chain)
    time_s = sum(street.length_m / street.speed_mps for street in chain)
    lane_m = sum(street.length_m * street.lanes for street in chain)
    parts = [chain[0].shape_m, *(street.shape_m[1:] for street in chain[1:])]
    return replace(
        chain[0],
        end=chain[-1].end,
        shape_m=np.concatenate(parts),
        length_m=length_m,
        lanes=max(1, round(lane_m / length_m)),
        speed_mps=length_m / time_s,
    )


def draw_together(streets: Sequence[Street]) -> list[Street]:
    """Return the streets with the nodes of each junction made one.

    Nodes that a street on the ground shorter than `JUNCTION_STREET_M` joins are one junction,
    shortest first, as far as it stays within `JUNCTION_WIDTH_M`. It stands at the mean of its
    nodes; the streets that lead there are drawn to it, with the length that this gives them
    where theirs was the drawn one.
    """
    at = {s.start: s.shape_m[0] for s in streets} | {s.end: s.shape_m[-1] for s in streets}
    members = {key: [key] for key in at}
    junction = {key: key for key in at}
    for street in sorted(streets, key=lambda s: s.length_m):
        if street.length_m >= JUNCTION_STREET_M:
            break
        a, b = junction[street.start], junction[street.end]
        both = members[a] + members[b]
        spread_m = np.ptp([at[key] for key in both], axis=0)
        if a != b and street.level == GROUND and np.hypot(*spread_m) <= JUNCTION_WIDTH_M:
            members[a] = both
            junction.update(dict.fromkeys(members.pop(b), a))
    middle = {key: np.mean([at[k] for k in keys], axis=0) for key, keys in members.items()}
    moved = {key for key, keys in members.items() if len(keys) > 1}
    drawn = []
    for street in streets:
        a, b = junction[street.start], junction[street.end]
        if a == b:
            continue
        if a in moved or b in moved:
            shape_m = np.concatenate([[middle[a]], street.shape_m[1:-1], [middle[b]]])
            stated = abs(street.length_m - polyline_length_m(street.shape_m)) > _SAME_LENGTH_M
            length_m = street.length_m if stated else polyline_length_m(shape_m)
            drawn.append(replace(street, start=a, end=b, shape_m=shape_m, length_m=length_m))
        else:
            drawn.append(street)
    return drawn


def _to_arrays(streets: list[Street], signal_xy_m: F64) -> tuple[Roads, I8]:
    """Return the streets as links; nodes are numbered as they first appear."""
    at: dict[int, F64] = {}
    for street in streets:
        at.setdefault(street.start, street.shape_m[0])
        at.setdefault(street.end, street.shape_m[-1])
    number = {key: i for i, key in enumerate(at)}
    node_xy_m = np.array(list(at.values())).reshape(-1, 2)
    start = np.array([number[street.start] for street in streets], dtype=np.int32)
    end = np.array([number[street.end] for street in streets], dtype=np.int32)
    roads = Roads(
        node_xy_m=node_xy_m,
        start=start,
        end=end,
        length_m=np.array([street.length_m for street in streets]),
        speed_mps=np.array([street.speed_mps for street in streets]),
        lanes=np.array([street.lanes for street in streets], dtype=np.int32),
        road_class=np.array([street.road_class for street in streets], dtype=np.int32),
        signal=_signals(node_xy_m, start, end, signal_xy_m),
        names=tuple(street.name for street in streets),
        shapes=tuple(street.shape_m for street in streets),
        source_ids=tuple(street.source_id for street in streets),
    )
    return roads, np.array([street.level for street in streets], dtype=np.int8)


def _signals(node_xy_m: F64, start: I32, end: I32, signal_xy_m: F64) -> NDArray[np.bool_]:
    """Give each light to the nearest junction; one with none near is a foot crossing's."""
    signal = np.zeros(len(node_xy_m), dtype=np.bool_)
    pairs = np.unique(np.sort(np.stack([start, end], axis=1), axis=1), axis=0)
    junctions = np.flatnonzero(np.bincount(pairs.ravel(), minlength=len(node_xy_m)) >= 3)
    if len(junctions) and len(signal_xy_m):
        nearest = junctions[owners(signal_xy_m, node_xy_m[junctions])]
        gap_m = np.hypot(*(signal_xy_m - node_xy_m[nearest]).T)
        signal[nearest[gap_m <= SIGNAL_REACH_M]] = True
    return signal

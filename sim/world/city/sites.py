"""Sites on their way onto the map: facilities of one kind as arrays, then places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Place, Roads
from sim.world.city.draft import Mark
from sim.world.city.model import PLACE_KINDS, Sites
from sim.world.city.spread import owners

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteGroup:
    """Sites of one kind, known ones first.

    Attributes
    ----------
    names
        ``(n,)``.
    xy_m
        ``(n, 2)`` [m].
    known
        How many of them, the first, the source states.
    links
        ``(n,)`` road links of each, empty but for bridges and junctions.
    capacity, area_m2
        ``(n,)`` as in `Sites`.
    rule
        How the others were made, the end of a sentence.
    """

    kind: str
    names: Sequence[str]
    xy_m: F64
    known: int
    links: Sequence[tuple[int, ...]]
    capacity: F64
    area_m2: F64
    rule: str

    def __len__(self) -> int:
        return len(self.xy_m)


def apart(marks: Sequence[Mark], gap_m: float = 100.0) -> list[Mark]:
    """Drop a mark within `gap_m` of one before: a site mapped both as point and as area."""
    kept: list[Mark] = []
    at = np.empty((len(marks), 2))
    for mark in marks:
        gaps_m = np.hypot(*(at[: len(kept)] - (mark.x_m, mark.y_m)).T)
        if (gaps_m > gap_m).all():
            at[len(kept)] = mark.x_m, mark.y_m
            kept.append(mark)
    return kept


def to_places(
    groups: Sequence[SiteGroup], district_of: Callable[[F64], list[str]]
) -> tuple[Place, ...]:
    """Return the places of all groups, numbered within their kind."""
    if not groups:
        return ()
    districts = iter(district_of(np.concatenate([group.xy_m for group in groups])))
    return tuple(
        Place(
            place_id=f"{group.kind.replace('_', '-')}-{i + 1:02d}",
            kind=group.kind,
            name=name,
            x_m=x_m,
            y_m=y_m,
            district_id=next(districts),
            links=links,
            assumed=i >= group.known,
        )
        for group in groups
        for i, (name, (x_m, y_m), links) in enumerate(
            zip(group.names, group.xy_m.tolist(), group.links, strict=True)
        )
    )


def in_map_order(groups: Sequence[SiteGroup]) -> list[SiteGroup]:
    """Return the groups as the map lists their kinds."""
    return sorted((g for g in groups if len(g)), key=lambda g: PLACE_KINDS.index(g.kind))


def to_sites(underpasses: Sequence[Place], groups: Sequence[SiteGroup], roads: Roads) -> Sites:
    """Return what each place holds; a vehicle stops at the nearest junction.

    Nobody stays in an underpass, and none of its ground means anything.
    """
    low_m = np.array([(p.x_m, p.y_m) for p in underpasses]).reshape(-1, 2)
    none = np.zeros(len(low_m))
    xy_m = np.concatenate([low_m, *(group.xy_m for group in groups)])
    node = owners(xy_m, roads.node_xy_m).astype(np.int32)
    at = len(low_m)
    for group in groups:
        if group.kind == "junction":
            # Where two junctions stand at one point, the links tell which is meant.
            node[at : at + len(group)] = [roads.end[links[0]] for links in group.links]
        at += len(group)
    return Sites(
        capacity=np.concatenate([none, *(group.capacity for group in groups)]),
        area_m2=np.concatenate([none, *(group.area_m2 for group in groups)]),
        node=node,
    )

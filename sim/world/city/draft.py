"""What a source says about a city, before the gaps are filled.

Every reader ends in a `Draft`; `complete` turns any draft into a `City`. A reader writes
down what its source states and never makes anything up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import District, Roads
from sim.kernel.geo import Projection
from sim.world.city.areas import AreaPlan
from sim.world.city.cells import Settlement

F64 = NDArray[np.float64]
I8 = NDArray[np.int8]

BELOW, GROUND, RAISED = -1, 0, 1
"""Level of a road: in a tunnel or cutting, on the ground, on a bridge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point that the source names: a place or a station.

    Attributes
    ----------
    kind
        One of `model.PLACE_KINDS`, or the kind of unit that a station houses.
    assumed
        Whether the kind is our reading of another tag, such as a fire station's.
    capacity, area_m2
        As in `model.Sites`; 0 where the source does not say.
    """

    kind: str
    name: str
    x_m: float
    y_m: float
    assumed: bool = False
    capacity: float = 0.0
    area_m2: float = 0.0


RAILWAY_RANK = -1
"""A railway ranks above every class of road: it can climb least of all."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overhead:
    """A bridge, or a railway on its bank.

    Attributes
    ----------
    line_m
        ``(k, 2)`` polyline [m].
    rank
        Index into the road classes of what it carries, or `RAILWAY_RANK`.
    """

    line_m: F64
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draft:
    """A city as its source tells it; an empty field is something the source lacks.

    Attributes
    ----------
    level
        ``(n_links,)`` int8, one of `BELOW`, `GROUND`, `RAISED`.
    overhead
        Bridges and railways that roads pass under.
    districts
        Outlines; a population of 0 is unknown.
    floors_m2
        ``(k, 3)`` x, y [m] and floor area [m2] of buildings that people may live in.
    settlement
        People by cell, where the source knows them.
    area_plan
        Codes and counts of the areas within the districts, where the source knows them.
    dropped
        Roads left out because drivers cannot reach them from the others and come back.
    assumed
        What the reader itself had to assume, a sentence each.
    """

    name: str
    source: str
    attribution: str
    projection: Projection
    roads: Roads
    level: I8
    overhead: tuple[Overhead, ...] = ()
    districts: tuple[District, ...] = ()
    marks: tuple[Mark, ...] = ()
    floors_m2: F64 = field(default_factory=lambda: np.empty((0, 3)))
    settlement: Settlement | None = None
    area_plan: AreaPlan | None = None
    dropped: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

"""Place the facilities of the catalogue: those the source states, then as many as people need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from sim.kernel.rng import Streams
from sim.world.city.cells import Settlement
from sim.world.city.curve import shares, spots
from sim.world.city.draft import Mark
from sim.world.city.facility_kinds import FACILITIES, FacilityKind, Near
from sim.world.city.sites import SiteGroup, apart
from sim.world.city.spread import middles, owners, totals

F64 = NDArray[np.float64]

_RULE = {
    "homes": "near homes",
    "jobs": "near work places",
    "load": "near homes and work places",
    "rim": "at the thinly settled edge",
    "low": "on low ground",
    "even": "evenly over the built-up area",
}
_EDGE = 4.0
"""Power of the rank by distance from the middle of the people, and by thinness of settlement:
nine in ten of the sites at the rim lie in the outer half. Assumed."""
_LOW = 8.0
"""Power of the rank by height: most gauges lie on the lowest tenth of the ground. Assumed."""
_LARGEST = 5.0
"""A site whose ground the source tells holds what stands on one floor of it, at most so many
times the mean of its kind. Assumed: low schools and halls; campuses are mostly lawn."""
_JOBS_OF_LOAD = 0.5
"""Share of electricity used at work and in shops. Assumed: homes use about as much at the
evening's peak."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Land:
    """What the ground offers, a row a cell.

    Attributes
    ----------
    size_m, xy_m
        Side and ``(n, 2)`` centres [m].
    people, jobs
        ``(n,)`` residents, and work places as a share of the city's.
    height_m
        ``(n,)`` of the ground [m].
    """

    size_m: float
    xy_m: F64
    people: F64
    jobs: F64
    height_m: F64

    @property
    def km2(self) -> float:
        """Built-up area [km2]."""
        return len(self.people) * self.size_m**2 / 1e6

    def draw_of(self, near: Near) -> F64:
        """Return ``(n,)`` how strongly each cell draws a facility."""
        match near:
            case "homes":
                return self.people
            case "jobs":
                return self.jobs if self.jobs.sum() > 0 else self.people
            case "load":
                return load_share(self.people, self.jobs)
            case "rim":
                middle = np.average(self.xy_m, axis=0, weights=self.people)
                far = _rank(np.hypot(*(self.xy_m - middle).T))
                return far**_EDGE * (1.0 - _rank(self.people)) ** 2 + 1e-9
            case "low":
                return _rank(-self.height_m) ** _LOW
            case "even":
                return np.ones(len(self.people))


def land_of(settlement: Settlement, height_m: F64) -> Land:
    """Return the land of a settlement whose cells lie `height_m` high."""
    cells = settlement.cells
    return Land(
        size_m=cells.size_m,
        xy_m=cells.xy_m,
        people=cells.people,
        jobs=settlement.jobs / max(float(settlement.jobs.sum()), 1e-9),
        height_m=height_m,
    )


def load_share(people: F64, jobs: F64) -> F64:
    """Return ``(n,)`` each cell's share of the city's use of electricity; it sums to 1."""
    at_home = people / people.sum()
    total = jobs.sum()
    at_work = jobs / total if total > 0 else at_home
    share: F64 = (1 - _JOBS_OF_LOAD) * at_home + _JOBS_OF_LOAD * at_work
    return share


def place_facilities(land: Land, marks: Sequence[Mark], streams: Streams) -> list[SiteGroup]:
    """Return a group for each row of the catalogue."""
    return [_group(row, land, _known(row, marks), streams) for row in FACILITIES]


def _known(row: FacilityKind, marks: Sequence[Mark]) -> list[Mark]:
    """Return what the source states of a kind, doubtful ones last."""
    mine = sorted((mark for mark in marks if mark.kind == row.kind), key=lambda m: m.assumed)
    return apart(mine)


def wanted(row: FacilityKind, land: Land) -> int:
    """Return how many of a kind the people and the land ask for."""
    asked = land.people.sum() / row.people_each if row.people_each else land.km2 / row.km2_each
    return max(row.at_least, round(float(asked)))


def _group(row: FacilityKind, land: Land, known: list[Mark], streams: Streams) -> SiteGroup:
    draw = streams.at(f"city.facilities.{row.kind}", 0)
    known_m = np.array([(m.x_m, m.y_m) for m in known]).reshape(-1, 2)
    count = wanted(row, land)
    made_m = _made(row, land, known_m, count, draw)
    xy_m = np.concatenate([known_m, made_m])
    capacity = _capacity(row, land, xy_m, known, draw)
    area_m2 = np.array([m.area_m2 for m in known] + [0.0] * len(made_m))
    spread = np.exp(row.spread * draw.standard_normal(len(xy_m))) if row.area_m2_each else 1.0
    drawn_m2 = row.area_m2_each * spread + row.area_m2_held * capacity
    return SiteGroup(
        kind=row.kind,
        names=[
            (known[i].name if i < len(known) else "") or f"{row.label} {i + 1}"
            for i in range(len(xy_m))
        ],
        xy_m=xy_m,
        known=sum(not mark.assumed for mark in known),
        links=[()] * len(xy_m),
        capacity=capacity,
        area_m2=np.where(area_m2 > 0, area_m2, drawn_m2),
        rule=f"placed {_RULE[row.near]}",
    )


def _made(
    row: FacilityKind, land: Land, known_m: F64, count: int, draw: np.random.Generator
) -> F64:
    """Return ``(k, 2)`` sites that the known ones leave wanting [m]."""
    missing = count - len(known_m)
    if missing <= 0:
        return np.empty((0, 2))
    weight = land.draw_of(row.near)
    if len(known_m):
        # A known site serves the land nearest to it, up to its fair share of the whole.
        reach_m = np.sqrt(land.km2 * 1e6 / count / np.pi)
        nearest_m = known_m[owners(land.xy_m, known_m)]
        served = np.hypot(*(land.xy_m - nearest_m).T) < reach_m
        weight = np.where(served & ~served.all(), 0.0, weight)
        if not weight.sum() > 0:
            weight = land.draw_of("even")
    if row.serves_area:
        cell = owners(_parted(land.xy_m, weight, missing), land.xy_m)
    else:
        cell = spots(land.xy_m, weight, missing, draw)
    made_m: F64 = land.xy_m[cell] + draw.uniform(-0.4, 0.4, (missing, 2)) * land.size_m
    return made_m


def _parted(xy_m: F64, weight: F64, count: int) -> F64:
    """Return the middles of `count` compact parts of equal weight [m]."""
    peopled = weight > 0
    xy_m, weight = xy_m[peopled], weight[peopled]
    parts, part = np.unique(shares(xy_m, weight, count), return_inverse=True)
    return middles(part, weight, xy_m, len(parts))[np.arange(count) % len(parts)]


def _capacity(
    row: FacilityKind, land: Land, xy_m: F64, known: list[Mark], draw: np.random.Generator
) -> F64:
    """Return ``(n,)`` what each holds: as stated, the rest of the city's total shared out."""
    if row.kind == "community":
        # People live in the community nearest to their cell, so that none is counted twice.
        return totals(owners(land.xy_m, xy_m), land.people, len(xy_m))
    total = float(land.people.sum()) * row.held_per_1000 / 1000
    size = np.exp(row.spread * draw.standard_normal(len(xy_m)))
    held: F64 = np.maximum(np.rint(total * size / size.sum()), 1.0 if total else 0.0)
    for i, mark in enumerate(known):
        if mark.capacity > 0:
            held[i] = mark.capacity
        elif mark.area_m2 > 0 and row.area_m2_held > 0:
            most = _LARGEST * total / len(xy_m)
            held[i] = max(1.0, min(round(mark.area_m2 / row.area_m2_held), most))
    return held


def _rank(values: F64) -> F64:
    """Return ``(n,)`` ranks from just above 0 to 1."""
    ranks: F64 = rankdata(values) / len(values)
    return ranks

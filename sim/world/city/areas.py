"""Streets and communities within districts: the roll-up levels that no road map tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel import citycode
from sim.kernel.areas import Area
from sim.kernel.basemap import District
from sim.world.city.apportion import apportion
from sim.world.city.model import Cells
from sim.world.city.place_names import community_name, street_name
from sim.world.city.spread import centres, owners

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

PEOPLE_PER_STREET, PEOPLE_PER_COMMUNITY = 64_000, 3_000
"""Residents of a street (街道) and of a community (社区). Beijing: 21.9 million people in 343
streets and towns; communities assumed, see `beijing.facts.COMMUNITIES`."""

ASSUMED = (
    f"Streets of about {PEOPLE_PER_STREET:,} and communities of about {PEOPLE_PER_COMMUNITY:,} "
    "people were made by dividing each district; their city codes are ours."
)

_TOWN_CODES, _VILLAGE_CODES = 100, 200
"""First numbers of towns (镇) and of villages (村), as the statistical division code has them."""
_MOST_STREETS = _MOST_COMMUNITIES = 799
"""Three digits, of which towns and villages begin at 100 and 200."""
_SETTLING = 3
"""Rounds in which communities move to the middle of their people. Measured: none is left empty
in the largest cities, and more change little."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaPlan:
    """What is known beforehand about the areas of a city, an entry a district.

    Attributes
    ----------
    prefixes
        Six digits of each district's code.
    streets, subdistricts, communities
        Counts; `subdistricts` of the streets are urban, the others towns.
    towns_m
        ``(streets, 2)`` middles of the streets [m], or ``(0, 2)`` where none are known.
    """

    prefixes: tuple[str, ...]
    streets: tuple[int, ...]
    subdistricts: tuple[int, ...]
    communities: tuple[int, ...]
    towns_m: tuple[F64, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Leaves:
    """Communities of one district: middle, street and whole people of each.

    Streets are numbered by falling density, so that the urban ones come first.
    """

    xy_m: F64
    street: I64
    people: I64


def make_areas(
    name: str, districts: Sequence[District], cells: Cells, plan: AreaPlan | None = None
) -> tuple[Area, ...]:
    """Return the city, its districts, streets and communities, in order of code.

    Each area's population is that of the cells nearest to its communities within its district,
    in whole people that sum to the district's.

    Parameters
    ----------
    name
        The city's.
    """
    made: list[Area] = []
    streets_before = 0
    for number, district in enumerate(districts):
        prefix = plan.prefixes[number] if plan else f"{number + 1:06d}"
        mine = np.flatnonzero(cells.district == number)
        leaves = _leaves(number, district, cells.xy_m[mine], cells.people[mine], plan)
        urban = plan.subdistricts[number] if plan else citycode.MAX_SERIAL
        label = _Label(district, prefix, urban, streets_before if plan else None)
        streets = list(_streets(label, leaves))
        made.append(_above(streets, citycode.area_code(prefix), district.name, district))
        made += streets
        made += _communities(label, leaves)
        streets_before += len(streets)
    tops = [area for area in made if area.level == citycode.DISTRICT]
    city = _above(tops, citycode.roll_up(tops[0].code, citycode.CITY), name, None)
    return tuple(sorted([city, *made], key=lambda area: area.code))


@dataclass(frozen=True, slots=True)
class _Label:
    """Names and numbers of what lies in one district.

    Attributes
    ----------
    urban
        How many of its streets are urban.
    named_from
        Number of the first street's name; None where areas are only numbered.
    """

    district: District
    prefix: str
    urban: int
    named_from: int | None

    def street_code(self, street: int) -> str:
        number = street + 1 if street < self.urban else street - self.urban + _TOWN_CODES
        return citycode.area_code(self.prefix, number)

    def street_name(self, street: int) -> str:
        if self.named_from is None:
            return f"{self.district.name} street {street + 1}"
        return street_name(self.named_from + street, town=street >= self.urban)

    def community_code(self, street: int, place: int) -> str:
        number = place + (1 if street < self.urban else _VILLAGE_CODES)
        return citycode.area_code(self.prefix, int(self.street_code(street)[6:9]), number)

    def community_name(self, leaf: int, street: int, place: int) -> str:
        if self.named_from is None:
            return f"{self.district.name} community {street + 1}-{place + 1}"
        # Started elsewhere, so that a street and its first community are not namesakes.
        return community_name(leaf + 7 * self.named_from, village=street >= self.urban)


def _leaves(
    number: int, district: District, xy_m: F64, people: F64, plan: AreaPlan | None
) -> _Leaves:
    """Divide one district: cells to streets, streets to communities, people to the nearest."""
    if not len(xy_m):
        none = np.empty(0, dtype=np.int64)
        return _Leaves(xy_m=np.empty((0, 2)), street=none, people=none)
    street = _street_of(number, xy_m, people, plan)
    held = np.bincount(street, weights=people)
    wanted = plan.communities[number] if plan else round(held.sum() / PEOPLE_PER_COMMUNITY)
    middles, owner = [], []
    for one, share in enumerate(apportion(wanted, held, at_least=1).tolist()):
        inside = np.flatnonzero(street == one)
        for group in split_evenly(xy_m[inside], people[inside], min(share, _MOST_COMMUNITIES)):
            chosen = inside[group]
            middles.append(np.average(xy_m[chosen], axis=0, weights=people[chosen]))
            owner.append(one)
    at, residents = _settled(xy_m, people, np.array(middles))
    return _Leaves(
        xy_m=at,
        street=np.array(owner, dtype=np.int64),
        people=apportion(round(district.population), residents),
    )


def _settled(xy_m: F64, people: F64, middle_m: F64) -> tuple[F64, F64]:
    """Return middles moved among the people nearest to them, and how many those are."""
    at = middle_m.copy()
    for _ in range(_SETTLING):
        owner = owners(xy_m, at)
        residents = np.bincount(owner, weights=people, minlength=len(at))
        sums = [np.bincount(owner, weights=people * axis, minlength=len(at)) for axis in xy_m.T]
        live = residents > 0
        at[live] = np.stack(sums, axis=1)[live] / residents[live, None]
        # One that all its neighbours lie nearer to begins again where people have it farthest.
        far = people * ((xy_m - at[owner]) ** 2).sum(axis=1)
        at[~live] = xy_m[np.argsort(-far, kind="stable")[: np.count_nonzero(~live)]]
    owner = owners(xy_m, at)
    return at, np.bincount(owner, weights=people, minlength=len(at)).astype(float)


def _street_of(number: int, xy_m: F64, people: F64, plan: AreaPlan | None) -> I64:
    """Return the street of each cell, by falling density of the streets."""
    if plan is not None and len(plan.towns_m[number]):
        middle_m = plan.towns_m[number]
    else:
        count = plan.streets[number] if plan else round(people.sum() / PEOPLE_PER_STREET)
        middle_m = centres(xy_m, people, int(np.clip(count, 1, _MOST_STREETS)))
    # A town may have no people of its own left; the others close the gap in the numbers.
    _, street = np.unique(owners(xy_m, middle_m), return_inverse=True)
    density = np.bincount(street, weights=people) / np.bincount(street)
    rank = np.argsort(np.argsort(-density, kind="stable"), kind="stable")
    return np.asarray(rank[street], dtype=np.int64)


def split_evenly(xy_m: F64, weight: F64, count: int) -> list[I64]:
    """Return the points in `count` compact groups of about equal weight, none empty.

    Cuts the longer side in two, each half with its share of the groups, until there is one a
    part (a k-d tree: Bentley 1975, doi:10.1145/361002.361007). Fewer groups than points.
    """
    groups: list[I64] = []
    waiting = [(np.arange(len(xy_m)), min(count, len(xy_m)))]
    while waiting:
        mine, parts = waiting.pop()
        if parts <= 1:
            groups.append(mine)
            continue
        axis = int(np.argmax(np.ptp(xy_m[mine], axis=0)))
        ordered = mine[np.argsort(xy_m[mine, axis], kind="stable")]
        first = parts // 2
        filled = np.cumsum(weight[ordered])
        cut = int(np.searchsorted(filled, filled[-1] * first / parts, side="right"))
        # Each side keeps at least as many points as it must make groups of.
        cut = int(np.clip(cut, first, len(mine) - (parts - first)))
        waiting += [(ordered[cut:], parts - first), (ordered[:cut], first)]
    return groups


def _streets(label: _Label, leaves: _Leaves) -> Iterator[Area]:
    for street in range(int(leaves.street.max(initial=-1)) + 1):
        inside = np.flatnonzero(leaves.street == street)
        yield _area(
            label.street_code(street),
            label.street_name(street),
            label.district,
            leaves.xy_m[inside],
            leaves.people[inside],
        )


def _communities(label: _Label, leaves: _Leaves) -> Iterator[Area]:
    seen: Counter[int] = Counter()
    for leaf, street in enumerate(leaves.street.tolist()):
        place = seen[street]
        seen[street] += 1
        yield _area(
            label.community_code(street, place),
            label.community_name(leaf, street, place),
            label.district,
            leaves.xy_m[[leaf]],
            leaves.people[[leaf]],
        )


def _above(below: Sequence[Area], code: str, name: str, district: District | None) -> Area:
    """Return the district, or the city where there is none, above some areas."""
    people = np.array([area.population for area in below])
    xy_m = np.array([(area.x_m, area.y_m) for area in below])
    if not len(below):
        assert district is not None
        xy_m, people = district.outline_m, np.zeros(len(district.outline_m))
    return _area(code, name, district, xy_m, people)


def _area(code: str, name: str, district: District | None, xy_m: F64, people: F64 | I64) -> Area:
    """Return an area of people at points; it stands in their middle."""
    total = float(people.sum())
    x_m, y_m = np.average(xy_m, axis=0, weights=people if total else None).tolist()
    return Area(
        code=code,
        level=citycode.level_of(code),
        name=name,
        parent=next(iter(citycode.parents(code)), ""),
        district_id=district.district_id if district else "",
        x_m=x_m,
        y_m=y_m,
        population=total,
    )

"""What is missing, out of place or out of reach in a city, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from sim.kernel.basemap import ROAD_CLASSES, BaseMap, Place, Station
from sim.world.city.model import City

F64 = NDArray[np.float64]

OFF_ROAD_M = 300.0
"""A site farther than this from every road has no address. Assumed: a large compound's depth."""
WALK_M = 500.0
"""People farther than this from every road are beyond reach. Assumed: a few minutes' walk."""
REACH_S = {"ambulance": 720.0, "fire_engine": 300.0}
"""Driving time on empty roads within which a unit should be. Ambulance: the mean of 12 min that
Beijing's siting plan for emergency care, 2020-2022, asks for; fire: the 4 min of travel within
the 5 min to an area's edge (建标 152-2017), and one for the way in."""
_UNNAMED = "unnamed"
_SHORT_M = 1.0
_RIM = 0.03
"""What lies this near to the edge, as a share of the city's width, may lead out of it. Assumed."""
_EXPRESSWAY, _ARTERIAL = ROAD_CLASSES.index("trunk"), ROAD_CLASSES.index("secondary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    check
        A short, closed word for programs.
    text
        What was found, for people.
    names
        What it concerns, by name; empty when all is well.
    """

    check: str
    text: str
    names: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.names


def examine(city: City, dropped: Sequence[str] = ()) -> list[Finding]:
    """Return a finding for everything that is checked, well or not.

    Parameters
    ----------
    dropped
        Names of roads that the reader left out because they are cut off.
    """
    basemap = city.basemap
    return [
        _dropped(dropped),
        _parts(basemap),
        _short(basemap),
        _double(basemap),
        _dead_ends(basemap),
        _nameless(basemap),
        _sites_twice(basemap),
        _off_road(basemap),
        _far_from_roads(city),
        *_out_of_reach(city),
        *_without_stations(basemap),
        _not_in_source(basemap),
        _empty_areas(basemap),
    ]


def _found(check: str, names: Sequence[str], wrong: str, well: str) -> Finding:
    if not names:
        return Finding(check=check, text=well)
    return Finding(check=check, text=wrong.format(n=f"{len(names):,}"), names=tuple(names))


def _dropped(dropped: Sequence[str]) -> Finding:
    return _found(
        "roads_dropped",
        dropped,
        "{n} roads or parts of them were left out: cut off from the others",
        "no road was left out for being cut off",
    )


def _parts(basemap: BaseMap) -> Finding:
    """Find nodes that cannot be reached from the others and left again."""
    roads = basemap.roads
    n = len(roads.node_xy_m)
    graph = csr_array((np.ones(len(roads)), (roads.start, roads.end)), shape=(n, n))
    _, label = connected_components(graph, directed=True, connection="strong")
    out = np.flatnonzero(label != np.bincount(label).argmax())
    return _found(
        "network_connected",
        [_node(basemap, node) for node in out.tolist()],
        "{n} junctions cannot be reached from the others and left again",
        f"all {n:,} junctions can be reached from one another",
    )


def _node(basemap: BaseMap, node: int) -> str:
    roads = basemap.roads
    links = np.flatnonzero((roads.start == node) | (roads.end == node))[:2].tolist()
    streets = sorted({roads.names[link] for link in links} - {""})
    return f"node {node} ({' / '.join(streets) or _UNNAMED})"


def _link(basemap: BaseMap, link: int) -> str:
    return f"{basemap.roads.names[link] or _UNNAMED} (link {basemap.roads.source_ids[link]})"


def _short(basemap: BaseMap) -> Finding:
    short = np.flatnonzero(basemap.roads.length_m < _SHORT_M).tolist()
    return _found(
        "links_of_no_length",
        [_link(basemap, link) for link in short],
        f"{{n}} links are shorter than {_SHORT_M:g} m",
        f"every link is at least {basemap.roads.length_m.min():.1f} m long",
    )


def _double(basemap: BaseMap) -> Finding:
    """Find links that say the same as one before: same ends, class and length."""
    roads = basemap.roads
    said = np.stack(
        [roads.start, roads.end, roads.road_class, np.rint(roads.length_m).astype(np.int64)], axis=1
    )
    _, first = np.unique(said, axis=0, return_index=True)
    again = np.setdiff1d(np.arange(len(roads)), first).tolist()
    return _found(
        "links_twice",
        [_link(basemap, link) for link in again],
        "{n} links are there twice",
        "no link is there twice",
    )


def _dead_ends(basemap: BaseMap) -> Finding:
    """Find expressways that end away from the city's edge and lead to nothing."""
    roads = basemap.roads
    out = np.bincount(roads.start, minlength=len(roads.node_xy_m))
    onward = np.empty(len(out), dtype=np.int64)
    onward[roads.start] = roads.end
    turns = (out[roads.end] == 1) & (onward[roads.end] == roads.start)
    whole = shapely.union_all([shapely.Polygon(d.outline_m).buffer(0) for d in basemap.districts])
    at = np.asarray(shapely.points(roads.node_xy_m[roads.end]))
    inner = shapely.distance(shapely.boundary(whole), at) > _RIM * np.sqrt(whole.area)
    ends = turns & inner & (roads.road_class <= _EXPRESSWAY)
    return _found(
        "expressways_end",
        [_link(basemap, link) for link in np.flatnonzero(ends).tolist()],
        "{n} expressways end within the city",
        "no expressway ends within the city",
    )


def _nameless(basemap: BaseMap) -> Finding:
    roads = basemap.roads
    missing = Counter(
        int(cls)
        for cls, name in zip(roads.road_class.tolist(), roads.names, strict=True)
        if not name and cls <= _ARTERIAL
    )
    return _found(
        "roads_without_name",
        [f"{count} {ROAD_CLASSES[cls]} links" for cls, count in sorted(missing.items())],
        "arterials without a name",
        "every arterial has a name",
    )


def _without_stations(basemap: BaseMap) -> list[Finding]:
    """Find the districts without a station of a kind of which there could be one in each."""
    found = []
    districts = basemap.districts
    for kind in sorted({station.kind for station in basemap.stations}):
        homes = [s.district_id for s in basemap.stations if s.kind == kind]
        without = [d.name for d in districts if d.district_id not in homes]
        few = len(homes) < len(districts)
        found.append(
            _found(
                f"stations_{kind}",
                [] if few else without,
                f"{{n}} of {len(districts)} districts have no station of kind {kind},"
                f" of which there are {len(homes)}",
                f"{len(homes)} stations of kind {kind} "
                + (f"serve all {len(districts)} districts" if few else "leave no district out"),
            )
        )
    return found


def _sites_twice(basemap: BaseMap) -> Finding:
    """Find sites that stand where another of their kind does: the same thing mapped twice."""
    seen: dict[tuple[str, int, int], str] = {}
    again = []
    for one in _sites(basemap):
        name = one.place_id if isinstance(one, Place) else one.station_id
        first = seen.setdefault((one.kind, round(one.x_m), round(one.y_m)), name)
        if first != name:
            again.append(f"{name} (as {first})")
    return _found(
        "sites_twice",
        again,
        "{n} places or stations stand where another of their kind does",
        "no two places or stations of a kind stand on one spot",
    )


def _off_road(basemap: BaseMap) -> Finding:
    sites = [(one.x_m, one.y_m) for one in _sites(basemap)]
    names = [p.place_id for p in basemap.places] + [s.station_id for s in basemap.stations]
    gap_m = _to_road_m(basemap, np.array(sites, dtype=float).reshape(-1, 2))
    far = np.flatnonzero(gap_m > OFF_ROAD_M)
    return _found(
        "sites_off_the_road",
        [f"{names[i]} ({gap_m[i]:.0f} m)" for i in far[np.argsort(-gap_m[far])].tolist()],
        f"{{n}} places or stations stand more than {OFF_ROAD_M:g} m from every road",
        f"all {len(names):,} places and stations stand within {OFF_ROAD_M:g} m of a road",
    )


def _far_from_roads(city: City) -> Finding:
    far = _to_road_m(city.basemap, city.cells.xy_m) > WALK_M
    return _found(
        "people_far_from_roads",
        _people(city, far),
        f"people in {{n}} districts live more than {WALK_M:g} m from every road",
        f"everybody lives within {WALK_M:g} m of a road",
    )


def _out_of_reach(city: City) -> list[Finding]:
    """Find the people that units cannot be with in time, on empty roads."""
    basemap = city.basemap
    roads = basemap.roads
    n = len(roads.node_xy_m)
    home = basemap.nearest_node(city.cells.xy_m)
    graph = csr_array((roads.free_time_s, (roads.start, roads.end)), shape=(n, n))
    found = []
    for kind, limit_s in REACH_S.items():
        start = sorted({s.node for s in basemap.stations if s.kind == kind})
        if not start:
            continue
        time_s = dijkstra(graph, indices=start, min_only=True)
        late = time_s[home] > limit_s
        share = city.cells.people[late].sum() / city.cells.people.sum()
        minutes = limit_s / 60
        found.append(
            _found(
                f"reach_{kind}",
                _people(city, late),
                f"{share:.1%} of all people, in {{n}} districts, live more than {minutes:g} min"
                f" on empty roads from any station of kind {kind}",
                f"everybody lives within {minutes:g} min of a station of kind {kind}, roads empty",
            )
        )
    return found


def _people(city: City, chosen: NDArray[np.bool_]) -> list[str]:
    """Return how many of the people in these cells live in each district that has any."""
    held = np.bincount(
        city.cells.district[chosen],
        weights=city.cells.people[chosen],
        minlength=len(city.basemap.districts),
    )
    named = zip(city.basemap.districts, held.tolist(), strict=True)
    return [f"{d.name}: {people:,.0f} people" for d, people in named if people >= 0.5]


def _sites(basemap: BaseMap) -> list[Place | Station]:
    return [*basemap.places, *basemap.stations]


def _to_road_m(basemap: BaseMap, xy_m: F64) -> F64:
    lines = np.array([shapely.LineString(shape) for shape in basemap.roads.shapes])
    points = np.asarray(shapely.points(xy_m))
    if not len(points):
        return np.empty(0)
    tree = shapely.STRtree(lines)
    found: F64 = np.asarray(shapely.distance(points, lines[tree.nearest(points)]), dtype=float)
    return found


def _not_in_source(basemap: BaseMap) -> Finding:
    total = Counter(one.kind for one in _sites(basemap))
    made = Counter(one.kind for one in _sites(basemap) if one.assumed)
    return _found(
        "kinds_all_assumed",
        [f"{kind} ({total[kind]:,})" for kind in sorted(made) if made[kind] == total[kind]],
        "{n} kinds of places and stations are in no source and were all generated",
        "the source tells some of every kind of place and station",
    )


def _empty_areas(basemap: BaseMap) -> Finding:
    if not basemap.areas:
        return Finding(check="areas", text="there are no areas", names=("streets", "communities"))
    empty = [f"{area.code} {area.name}" for area in basemap.areas if area.population < 1]
    return _found("areas", empty, "nobody lives in {n} areas", "people live in every area")

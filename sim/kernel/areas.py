"""Areas of a city: districts, streets and towns, communities, each with its people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.kernel import citycode
from sim.kernel.geo import Projection

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One area of the four roll-up levels.

    Attributes
    ----------
    code
        Twelve digits, see `sim.kernel.citycode`.
    level
        One of `sim.kernel.citycode.LEVELS`.
    parent
        Code of the area above; empty for the city.
    district_id
        The district that holds it, a topic level; empty for the city.
    x_m, y_m
        Middle of its people [m].
    outline_m
        ``(k, 2)`` outline [m] where one is known.
    """

    code: str
    level: str
    name: str
    parent: str
    district_id: str
    x_m: float
    y_m: float
    population: float
    outline_m: F64 | None = field(default=None, repr=False, compare=False)


class AreaFinder:
    """Finds the lowest area around a point: of those in its district, the one nearest."""

    def __init__(self, areas: Sequence[Area], district_ids: Sequence[str]) -> None:
        held = {area.parent for area in areas}
        leaves: defaultdict[str, list[Area]] = defaultdict(list)
        for area in areas:
            if area.code not in held and area.district_id:
                leaves[area.district_id].append(area)
        self._codes = []
        self._trees = []
        for number, district_id in enumerate(district_ids, start=1):
            mine = leaves[district_id]
            # A map without areas still has its districts, counted from 1.
            alone = citycode.area_code(f"{number:06d}")
            self._codes.append(np.array([area.code for area in mine] or [alone]))
            self._trees.append(KDTree([(area.x_m, area.y_m) for area in mine] or [(0.0, 0.0)]))

    def find(self, xy_m: F64, district: NDArray[np.int64]) -> list[str]:
        """Return the code of the area of each of ``(n, 2)`` points in the districts given."""
        found = np.empty(len(xy_m), dtype="<U12")
        for number, (codes, tree) in enumerate(zip(self._codes, self._trees, strict=True)):
            mine = np.flatnonzero(district == number)
            if len(mine):
                found[mine] = codes[tree.query(xy_m[mine])[1]]
        return [str(code) for code in found.tolist()]


def areas_to_document(areas: Sequence[Area], projection: Projection) -> list[dict[str, Any]]:
    """Return areas as plain JSON values, positions in degrees."""
    written = []
    for area in areas:
        entry = {
            "code": area.code,
            "level": area.level,
            "name": area.name,
            "parent": area.parent,
            "district": area.district_id,
            "at": list(projection.point_to_lonlat(area.x_m, area.y_m)),
            "population": area.population,
        }
        if area.outline_m is not None:
            entry["outline"] = projection.to_lonlat(area.outline_m).tolist()
        written.append(entry)
    return written


def areas_from_document(
    entries: Sequence[dict[str, Any]], projection: Projection
) -> tuple[Area, ...]:
    """Return the areas that `areas_to_document` wrote; raises KeyError or ValueError."""
    found = []
    for entry in entries:
        x_m, y_m = projection.point_to_xy(*entry["at"])
        outline = entry.get("outline")
        found.append(
            Area(
                code=entry["code"],
                level=entry["level"],
                name=entry["name"],
                parent=entry["parent"],
                district_id=entry["district"],
                x_m=x_m,
                y_m=y_m,
                population=float(entry["population"]),
                outline_m=None if outline is None else projection.to_xy(np.asarray(outline)),
            )
        )
    codes = {area.code for area in found}
    if len(codes) != len(found):
        raise ValueError("every area needs a code of its own")
    for area in found:
        if citycode.level_of(area.code) != area.level:
            raise ValueError(f"area {area.code} must be of level {citycode.level_of(area.code)}")
        if area.parent and area.parent not in codes:
            raise ValueError(f"area {area.code} names a parent that is not there: {area.parent}")
    return tuple(found)

"""What OpenStreetMap tags say about a site: which facilities and which units it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Tags = Mapping[str, str]

KEYS = (
    "amenity",
    "emergency",
    "healthcare",
    "landuse",
    "leisure",
    "man_made",
    "place",
    "power",
    "railway",
    "communication:mobile_phone",
)
"""Keys of which one at least is on every site that is read."""

_KIND_OF = {
    ("amenity", "fire_station"): (("fire_engine", False), ("pump_unit", True)),
    ("amenity", "police"): (("police_patrol", False), ("traffic_police", True)),
    ("amenity", "hospital"): (("hospital", False), ("ambulance", True)),
    ("emergency", "ambulance_station"): (("ambulance", False),),
    ("amenity", "clinic"): (("clinic", False),),
    ("healthcare", "clinic"): (("clinic", False),),
    ("healthcare", "hospital"): (("hospital", False),),
    ("amenity", "school"): (("school", False),),
    ("amenity", "kindergarten"): (("school", False),),
    ("amenity", "college"): (("school", False),),
    ("amenity", "university"): (("school", False),),
    ("leisure", "stadium"): (("venue", False),),
    ("man_made", "works"): (("factory", False),),
    ("man_made", "water_works"): (("waterworks", False),),
    ("man_made", "bridge"): (("bridge", False),),
    ("landuse", "greenhouse_horticulture"): (("greenhouse", False),),
    ("place", "neighbourhood"): (("community", False),),
    ("place", "quarter"): (("community", False),),
    ("communication:mobile_phone", "yes"): (("base_station", False),),
    ("tower:type", "communication"): (("base_station", False),),
    ("monitoring:air_quality", "yes"): (("air_station", False),),
    ("monitoring:water_level", "yes"): (("river_gauge", False),),
}
"""Kinds that a tag stands for, and whether that is our reading of it: a fire station is known to
have engines, but its pumps may stand elsewhere."""

_PARK_M2 = 20_000.0
"""A smaller park does not fill. Assumed: two hectares."""
_KIOSK_M2 = 400.0
"""A smaller substation is a street's transformer. Assumed."""
_LOCAL = frozenset({"minor_distribution", "traction", "industrial", "minor"})
_COUNTS = {
    "hospital": ("beds", "capacity:beds"),
    "school": ("capacity", "capacity:pupils"),
    "venue": ("capacity", "capacity:persons"),
}


def kinds(tags: Tags, area_m2: float) -> Iterator[tuple[str, bool]]:
    """Yield each kind of place or unit that a site holds, and whether that is our reading.

    `area_m2` is the site's ground, 0 for a point.
    """
    seen = set()
    for (key, value), held in _KIND_OF.items():
        if tags.get(key) == value:
            for kind, assumed in held:
                if kind not in seen:
                    yield kind, assumed
                seen.add(kind)
    if tags.get("leisure") == "park" and area_m2 >= _PARK_M2:
        yield "venue", False
    if tags.get("power") in ("substation", "sub_station") and not _is_local(tags, area_m2):
        yield "substation", False
    if tags.get("power") == "plant" and tags.get("plant:output:hot_water", "no") != "no":
        yield "heat_plant", False
    if tags.get("railway") == "station" and "subway" in (
        tags.get("station"),
        "subway" if tags.get("subway") == "yes" else None,
    ):
        yield "metro_station", False


def is_site(tags: Tags) -> bool:
    """Return whether a thing with these tags may be a site, whatever its size."""
    return any(True for _ in kinds(tags, _PARK_M2))


def capacity(tags: Tags, kind: str) -> float:
    """Return the beds, pupils or spectators that the tags state, 0 where they do not."""
    for key in _COUNTS.get(kind, ()):
        if re.fullmatch(r"\d{1,6}", tags.get(key, "")):
            return float(tags[key])
    return 0.0


def _is_local(tags: Tags, area_m2: float) -> bool:
    return tags.get("substation") in _LOCAL or 0 < area_m2 < _KIOSK_M2

"""What OpenStreetMap tags say about a road, as its wiki defines them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sim.kernel.basemap import ROAD_CLASSES
from sim.world.city.draft import BELOW, GROUND, RAISED
from sim.world.city.ways import CLASS_LANES, CLASS_SPEED_KMH

Tags = Mapping[str, str]

_CLASS_OF = {
    **{name: name for name in ROAD_CLASSES},
    **{f"{name}_link": name for name in ROAD_CLASSES[:5]},
    "unclassified": "residential",
    "living_street": "residential",
    "road": "residential",
}
_NOT_THROUGH = frozenset({"driveway", "parking_aisle", "drive-through", "emergency_access"})
_CLOSED = frozenset({"no", "private"})
_MPS_PER_KMH = 1 / 3.6
_KMH_PER_MPH = 1.609344
_WALKING_KMH = 7.0
"""``maxspeed=walk``: about 7 km/h by German courts, OpenStreetMap wiki "Key:maxspeed"."""
_SPEED_RANGE_KMH = (5.0, 130.0)
"""Beyond these a limit is a typing error. Assumed: walking pace and the highest limit that
is common."""


def road_class(tags: Tags) -> str | None:
    """Return the class of a road that cars may use, or None."""
    found = _CLASS_OF.get(tags.get("highway", ""))
    if found is None or tags.get("area") == "yes" or tags.get("service") in _NOT_THROUGH:
        return None
    # The most specific key decides, as the wiki's "Key:access" says.
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:
            return None if tags[key] in _CLOSED else found
    return found


def lanes(tags: Tags, cls: str) -> tuple[int, int]:
    """Return lanes forward and backward, 0 where that direction is not driven."""
    oneway = tags.get("oneway")
    default = "yes" if tags.get("junction") in ("roundabout", "circular") else "no"
    if tags.get("highway") in ("motorway", "motorway_link"):
        default = "yes"
    forward, backward = {
        "yes": (True, False),
        "true": (True, False),
        "1": (True, False),
        "-1": (False, True),
        "reverse": (False, True),
        "no": (True, True),
        "false": (True, True),
        "0": (True, True),
    }.get(oneway or default, (True, True))
    total = _count(tags.get("lanes"))
    if not (forward and backward):
        n = total or CLASS_LANES[cls]
        return (n, 0) if forward else (0, n)
    # An odd count leaves the middle lane to neither: it is for turning.
    half = max(1, total // 2) if total else CLASS_LANES[cls]
    return (
        _count(tags.get("lanes:forward")) or half,
        _count(tags.get("lanes:backward")) or half,
    )


def speed_mps(tags: Tags, cls: str) -> float:
    """Return the speed limit [m/s]; the class's where none is stated in figures."""
    limits = [_limit_kmh(part) for part in tags.get("maxspeed", "").split(";")]
    stated = [limit for limit in limits if limit is not None]
    low, high = _SPEED_RANGE_KMH
    kmh = min(max(min(stated), low), high) if stated else float(CLASS_SPEED_KMH[cls])
    return kmh * _MPS_PER_KMH


def level(tags: Tags) -> int:
    """Return whether the road runs below ground, on it, or on a bridge."""
    if tags.get("bridge", "no") != "no":
        return RAISED
    layer = re.fullmatch(r"\s*(-?\d+)\s*", tags.get("layer", ""))
    # A passage through a building is at street level, whatever it is a tunnel of.
    if tags.get("tunnel", "no") not in ("no", "building_passage"):
        return BELOW
    return BELOW if layer and int(layer.group(1)) < 0 else GROUND


def street_name(tags: Tags) -> str:
    """Return the name on the sign, else the road's number, else an empty text."""
    return tags.get("name") or tags.get("ref") or ""


def _count(text: str | None) -> int:
    match = re.match(r"\s*(\d{1,2})\b", text or "")
    return int(match.group(1)) if match else 0


def _limit_kmh(text: str) -> float | None:
    if text.strip() == "walk":
        return _WALKING_KMH
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?\s*", text)
    if match is None:
        return None
    return float(match.group(1)) * (_KMH_PER_MPH if match.group(2) == "mph" else 1.0)

"""Tools to break good traffic, and the list of feeds that are broken with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sim.kernel.clock import Ns
from sim.probe.arrival import Arrival
from support.feed import Feed, small

Break = Callable[[], Feed]
Edit = Callable[[Any, int], Any]

BROKEN: dict[str, list[tuple[str, Break]]] = {}
"""By rule: how else a feed breaks it, and the feed."""


def breaks(rule: str) -> Callable[[Break], Break]:
    def enter(make: Break) -> Break:
        BROKEN.setdefault(rule, []).append((make.__name__, make))
        return make

    return enter


def victim() -> str:
    """A vehicle detector: on battery, over LoRaWAN, a report a minute, always."""
    return next(a.topic.split("/")[5] for a in small().arrivals if "/vehicle_detector/" in a.topic)


def who() -> str:
    return f"vehicle_detector/{victim()}"


def edited(channel: str, edit: Edit, *, feed: Feed | None = None) -> Feed:
    """Return the feed with the victim's JSON of one channel edited; None drops the message."""

    def change(arrival: Arrival, number: int) -> Arrival | None:
        document = edit(json.loads(arrival.payload), number)
        if document is None:
            return None
        return replace(arrival, payload=json.dumps(document).encode())

    return (feed or small()).each(victim(), channel, change)


def packs(edit: Edit) -> Feed:
    return edited("telemetry", edit)


def birth(**fields: Any) -> Feed:
    return edited("state", lambda state, _: state | fields)


def raw(change: Callable[[bytes], bytes], channel: str = "telemetry", every: int = 7) -> Feed:
    """Return the feed with the bytes of some of the victim's messages changed."""

    def changed(arrival: Arrival, number: int) -> Arrival:
        return replace(arrival, payload=change(arrival.payload)) if number % every == 3 else arrival

    return small().each(victim(), channel, changed)


def of(pack: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(record for record in pack if record["n"] == name)


def without(pack: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [record for record in pack if record["n"] != name]


def put(pack: Any, name: str, value: Any, key: str = "v") -> Any:
    of(pack, name)[key] = value
    return pack


def shifted(pack: Any, by_s: float) -> Any:
    pack[0]["bt"] += by_s
    return pack


def renamed(place: int, level: str, channels: Iterable[str] = ("telemetry",)) -> Feed:
    """Return the feed with one level of the victim's topics replaced."""
    device = victim()

    def moved(arrival: Arrival) -> Arrival:
        levels = arrival.topic.split("/")
        if levels[5] != device or levels[6] not in channels:
            return arrival
        levels[place] = level
        return replace(arrival, topic="/".join(levels))

    return small().with_(moved(arrival) for arrival in small().arrivals)


def at(feed: Feed, share: float) -> Ns:
    return Ns(feed.start + int((feed.end - feed.start) * share))


def first_birth() -> Arrival:
    return small().of(victim(), "state")[0]


BOTH = ("telemetry", "state")

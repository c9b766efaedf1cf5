"""Pick places of a city by kind."""

from __future__ import annotations

from sim.kernel.basemap import Place
from sim.world.city.model import City


def places_of(city: City, kind: str) -> list[Place]:
    """Return the places of a kind, in map order."""
    return [place for place in city.basemap.places if place.kind == kind]

"""All families of hazards and domains, in the order in which they step."""

from __future__ import annotations

from sim.world.events import HazardKind
from sim.world.hazards.flood import FLOOD
from sim.world.hazards.order import Family, Order
from sim.world.stage import Stage
from sim.world.traffic import Traffic

ORDERS: tuple[type[Order], ...] = ()
"""Every type of order that a scenario may give to one of the families."""

KINDS: dict[str, HazardKind] = {kind.kind: kind for kind in (FLOOD,)}
"""Every kind of event that truth may tell of, by its word."""


def make_families(stage: Stage, traffic: Traffic) -> list[Family]:
    """Return every family of a city, each given what it acts on."""
    del stage, traffic
    return []

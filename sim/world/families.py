"""All families of hazards and domains, in the order in which they step."""

from __future__ import annotations

from sim.world.hazards.order import Family, Order
from sim.world.stage import Stage
from sim.world.traffic import Traffic

ORDERS: tuple[type[Order], ...] = ()
"""Every type of order that a scenario may give to one of the families."""


def make_families(stage: Stage, traffic: Traffic) -> list[Family]:
    """Return every family of a city, each given what it acts on."""
    del stage, traffic
    return []

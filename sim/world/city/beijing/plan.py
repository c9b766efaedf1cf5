"""The numbers of a synthetic Beijing at a scale, before anything is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.kernel.errors import InputError
from sim.world.city.apportion import apportion
from sim.world.city.beijing.facts import COMMUNITIES, DISTRICTS, STREETS, DistrictFacts

MIN_SCALE = 0.002
"""Smallest scale that still tells the rings from the streets: blocks keep their 250 m, and the
second ring would be narrower than two of them. Assumed."""
DEFAULT_SCALE = 0.01
"""About 1,450 links and 220,000 people: a city that a scenario runs over in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictPlan:
    """What a district of the scaled city holds; `facts` tells the true one."""

    facts: DistrictFacts
    population: int
    area_m2: float
    streets: int
    subdistricts: int
    communities: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The city at a scale: people, area, streets and communities times `scale`.

    Lengths of the whole, such as those of the rings, shrink by its root. Blocks, cells and
    densities stay as they are, so a small city is a patch of true texture.
    """

    scale: float
    districts: tuple[DistrictPlan, ...]

    @property
    def shrink(self) -> float:
        """Factor of lengths."""
        return math.sqrt(self.scale)

    @property
    def population(self) -> int:
        """Residents of the city."""
        return sum(d.population for d in self.districts)

    @property
    def area_m2(self) -> float:
        """Area of the city [m2]."""
        return math.fsum(d.area_m2 for d in self.districts)


def make_plan(scale: float) -> Plan:
    """Return the plan of a scale.

    Raises
    ------
    InputError
        When the scale does not lie from `MIN_SCALE` to 1.
    """
    if not MIN_SCALE <= scale <= 1.0:
        raise InputError("scale", value=scale, expected=f"a number from {MIN_SCALE} to 1")
    people = np.array([d.population for d in DISTRICTS])
    population = apportion(round(int(people.sum()) * scale), people)
    by_streets = [d.streets for d in DISTRICTS]
    streets = apportion(round(STREETS * scale), by_streets, at_least=1)
    # Every street has a community; beyond that they follow the people.
    wanted = max(round(COMMUNITIES * scale), int(streets.sum()))
    communities = streets + apportion(wanted - int(streets.sum()), people)
    return Plan(
        scale=scale,
        districts=tuple(
            DistrictPlan(
                facts=facts,
                population=int(population[i]),
                area_m2=facts.area_km2 * 1e6 * scale,
                streets=int(streets[i]),
                subdistricts=round(int(streets[i]) * facts.subdistricts / facts.streets),
                communities=int(communities[i]),
            )
            for i, facts in enumerate(DISTRICTS)
        ),
    )

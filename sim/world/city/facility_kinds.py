"""The catalogue of facilities: how many a city has, where they stand, what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Near = Literal["homes", "jobs", "load", "rim", "low", "even"]
"""What draws a kind of facility: homes; work places; both, as electricity is used; the thinly
settled edge; low ground; or nothing, so that it is spread over the built-up area."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityKind:
    """A row of the catalogue.

    Attributes
    ----------
    people_each, km2_each
        Residents, or built-up area, that one serves; one of the two is 0.
    at_least
        How many even a small town has.
    near
        What draws it.
    held_per_1000
        People, beds or seats of all of them together for each 1,000 residents; see
        `sim.world.city.model.Sites.capacity`.
    spread
        Standard deviation of the logarithm of their sizes.
    area_m2_each, area_m2_held
        Ground or floor of each, and for each person or bed it holds [m2].
    serves_area
        Whether it stands in the middle of what it serves, instead of by lot within.
    """

    kind: str
    label: str
    people_each: float = 0.0
    km2_each: float = 0.0
    at_least: int = 1
    near: Near = "homes"
    held_per_1000: float = 0.0
    spread: float = 0.0
    area_m2_each: float = 0.0
    area_m2_held: float = 0.0
    serves_area: bool = False


FACILITIES = (
    # A block of homes holds 1,000 to 3,000 people: GB 50180-2018, 2.0.5. All residents live in
    # one; 30 m2 of floor each, a little below the mean of Chinese cities (assumed).
    FacilityKind(
        kind="community",
        label="Community",
        people_each=3_000,
        at_least=4,
        held_per_1000=1_000,
        area_m2_held=30,
    ),
    # 5.9 beds for 1,000 people as in Beijing; 110 m2 a bed: 建标 110-2021, general hospitals.
    # One for 30,000 people: about 730 hospitals for 21.8 million (assumed from memory).
    FacilityKind(
        kind="hospital",
        label="Hospital",
        people_each=30_000,
        at_least=2,
        near="jobs",
        held_per_1000=5.9,
        spread=0.8,
        area_m2_held=110,
    ),
    # A health station in each 5-minute neighbourhood of 5,000 to 12,000 people: GB 50180-2018,
    # appendix B. Assumed: 30 patients and staff at its fullest, 10 m2 each.
    FacilityKind(
        kind="clinic",
        label="Clinic",
        people_each=10_000,
        at_least=2,
        held_per_1000=3,
        spread=0.3,
        area_m2_held=10,
    ),
    # Nurseries, primary and middle schools together: about 3,600 with 2.4 million children for
    # 21.8 million people (assumed, Beijing's order of size); 8 m2 of floor a pupil (assumed).
    FacilityKind(
        kind="school",
        label="School",
        people_each=6_000,
        at_least=3,
        held_per_1000=110,
        spread=0.5,
        area_m2_held=8,
    ),
    # Stadiums, park gates, squares, malls. Assumed: one for 25,000 people, 5,000 visitors in
    # the mean, and ground for one person a square metre at which watching begins.
    FacilityKind(
        kind="venue",
        label="Venue",
        people_each=25_000,
        at_least=2,
        near="jobs",
        held_per_1000=200,
        spread=0.8,
        area_m2_held=1,
    ),
    # About 3,000 plants above the statistical size for 21.8 million people (assumed, Beijing's
    # order of size); 600 workers in the mean, 50 m2 of hall each (assumed).
    FacilityKind(
        kind="factory",
        label="Factory",
        people_each=7_500,
        at_least=2,
        near="rim",
        held_per_1000=80,
        spread=0.8,
        area_m2_held=50,
    ),
    # Assumed: a farm of half a hectare under glass or film, one for 20,000 people at the edge.
    FacilityKind(
        kind="greenhouse",
        label="Greenhouse farm",
        people_each=20_000,
        at_least=2,
        near="rim",
        spread=0.5,
        area_m2_each=5_000,
    ),
    # 110 kV: two transformers of 63 MVA, one of which must carry the load alone, so about 50 MW
    # each, which is 38,000 people at 1.3 kW. Assumed, by the N-1 rule of DL/T 256.
    FacilityKind(
        kind="substation",
        label="Substation",
        people_each=38_000,
        near="load",
        area_m2_each=4_000,
        serves_area=True,
    ),
    # A pumping station for each pressure zone. Assumed: 80,000 people.
    FacilityKind(
        kind="waterworks",
        label="Water pumping station",
        people_each=80_000,
        area_m2_each=8_000,
        serves_area=True,
    ),
    # A regional boiler house of about 150 MW for 100,000 people (assumed).
    FacilityKind(
        kind="heat_plant",
        label="Heating plant",
        people_each=100_000,
        area_m2_each=10_000,
        serves_area=True,
    ),
    # Macro sites 700 m apart (assumed: one operator's outdoor layer in a built-up area).
    FacilityKind(kind="base_station", label="Base station", km2_each=0.5, at_least=3, near="even"),
    # Over 1,000 micro-stations in the 343 streets and towns of Beijing's 21.8 million people.
    FacilityKind(kind="air_station", label="Air station", people_each=20_000, at_least=2),
    # Assumed: a gauge where a brook or canal leaves each part of the city.
    FacilityKind(kind="river_gauge", label="River gauge", people_each=100_000, near="low"),
)
"""Facilities that are placed by people and land; bridges, junctions, metro stations and gas
chambers follow the roads and mains instead."""

"""Turn what a source says into a whole city; say what had to be made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.kernel.basemap import BaseMap, Place, Station
from sim.kernel.rng import Streams
from sim.world.city.areas import ASSUMED as AREAS_ASSUMED
from sim.world.city.areas import make_areas
from sim.world.city.basins import make_basins
from sim.world.city.cells import PEOPLE_PER_KM2, settle
from sim.world.city.districts import divide
from sim.world.city.draft import Draft
from sim.world.city.furnish import furnish
from sim.world.city.model import City
from sim.world.city.station_kinds import KINDS
from sim.world.city.stations import make_stations
from sim.world.city.underpasses import make_underpasses
from sim.world.city.zones import make_zones


def complete(draft: Draft, streams: Streams) -> City:
    """Return the city of a draft, every gap filled by rule and by the seed's draws."""
    settlement = draft.settlement or settle(
        draft.roads, draft.floors_m2, draft.districts or divide(draft.roads.node_xy_m)
    )
    basemap = BaseMap(
        name=draft.name,
        source=draft.source,
        attribution=draft.attribution,
        projection=draft.projection,
        roads=draft.roads,
        districts=settlement.districts,
        places=(),
        stations=(),
        areas=make_areas(draft.name, settlement.districts, settlement.cells, draft.area_plan),
    )
    people = float(settlement.cells.people.sum())
    low = make_underpasses(draft, people, basemap.district_of, streams)
    furnished = furnish(draft, settlement, low, basemap.district_of, streams)
    stations = make_stations(
        draft.roads, settlement.cells, draft.marks, basemap.district_of, streams
    )
    return City(
        basemap=replace(basemap, places=furnished.places, stations=stations),
        cells=settlement.cells,
        zones=make_zones(draft.roads, settlement),
        basins=make_basins(furnished.places, streams),
        sites=furnished.sites,
        networks=furnished.networks,
        assumed=(
            *draft.assumed,
            *_assumed_land(draft, population_given=settlement.population_given),
            *_assumed_low(low),
            *furnished.assumed,
            *_assumed_stations(stations),
        ),
    )


def _assumed_land(draft: Draft, *, population_given: bool) -> list[str]:
    told = []
    if not draft.districts:
        told.append("Districts were made by dividing the road network into compact parts.")
    if not population_given:
        told.append(
            f"People were assumed at {PEOPLE_PER_KM2:,.0f} per km² of built-up area, spread by "
            "buildings where the source has enough of them, else by roads."
        )
    told.append(AREAS_ASSUMED)
    told.append("Trip ends and their weights were made from people, road classes and the edge.")
    return told


def _assumed_low(places: tuple[Place, ...]) -> list[str]:
    made = sum(place.assumed for place in places)
    told = ["Catchments, bowls and pumps of the underpasses were drawn around a reference of 3 ha."]
    if made:
        told.insert(0, f"{made} of {len(places)} underpasses were placed on arterial roads.")
    return told


def _assumed_stations(stations: tuple[Station, ...]) -> list[str]:
    told = []
    for row in KINDS:
        mine = [s for s in stations if s.kind == row.kind]
        made = int(np.sum([s.assumed for s in mine]))
        if made:
            told.append(
                f"{made} of {len(mine)} stations of kind {row.kind} were assumed: placed near "
                "the people, or housed where the source has a related site."
            )
    told.append("The number of units at each station follows the residents served.")
    return told

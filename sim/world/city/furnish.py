"""Furnish a city: its facilities on the map, what they hold, and the networks between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import Place
from sim.kernel.rng import Streams
from sim.world.city.cells import Settlement
from sim.world.city.draft import Draft
from sim.world.city.facilities import land_of, place_facilities
from sim.world.city.gas_net import draft_gas, gas_net
from sim.world.city.ground import make_ground
from sim.world.city.heat_net import make_heat_net
from sim.world.city.metro import make_metro, metro_net
from sim.world.city.model import Sites
from sim.world.city.networks import Networks
from sim.world.city.power_grid import make_power_grid
from sim.world.city.roadside import make_bridges, make_junctions
from sim.world.city.sewer_net import make_sewers
from sim.world.city.sites import SiteGroup, in_map_order, to_places, to_sites
from sim.world.city.streets import streets_of
from sim.world.city.telecom import make_telecom
from sim.world.city.water_net import make_water_net

F64 = NDArray[np.float64]

_NETWORKS_ASSUMED = (
    "The ground was made a smooth plain that falls by a metre a kilometre, with gentle swells.",
    "Feeders were drawn as compact groups of cells of about 5 MW, tied to their neighbours.",
    "Water mains and pressure zones were drawn under the streets and around pumping stations.",
    "Gas mains were drawn under the streets, with pressures by class of road.",
    "District heat was drawn from each heating plant to the densely built cells nearest to it.",
    "Storm sewers were drawn under the streets down to the nearest water, for storms of 1 to 3 "
    "years.",
    "Base stations were given batteries of 2 to 4 hours, and reach to the cells nearest to them.",
    "Metro lines were drawn through their stations.",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Furnishing:
    """Places beyond the underpasses, what all hold, the networks, and what was assumed."""

    places: tuple[Place, ...]
    sites: Sites
    networks: Networks
    assumed: tuple[str, ...]


def furnish(
    draft: Draft,
    settlement: Settlement,
    underpasses: Sequence[Place],
    district_of: Callable[[F64], list[str]],
    streams: Streams,
) -> Furnishing:
    """Return the places of a city, the underpasses first, and its networks."""
    roads, cells = draft.roads, settlement.cells
    streets = streets_of(roads)
    people = float(cells.people.sum())
    heights_m = make_ground(np.concatenate([roads.node_xy_m, cells.xy_m]), streams)
    ground_m, cell_height_m = np.split(heights_m, [len(roads.node_xy_m)])
    land = land_of(settlement, cell_height_m)
    gas = draft_gas(roads, streets, people, draft.marks, streams)
    stations, lines = make_metro(roads, land, draft.marks, streams)
    low_links = [link for place in underpasses for link in place.links]
    groups = in_map_order(
        [
            make_bridges(draft, streets, low_links, people, streams),
            make_junctions(roads),
            stations,
            gas.chambers,
            *place_facilities(land, draft.marks, streams),
        ]
    )
    places = (*underpasses, *to_places(groups, district_of))
    networks = Networks(
        power=make_power_grid(places, settlement, roads),
        water=make_water_net(places, cells, streets, streams),
        gas=gas_net(places, streets, gas),
        heat=make_heat_net(places, cells),
        sewer=make_sewers(roads, draft.level, streets, cells, ground_m),
        telecom=make_telecom(places, cells, streams),
        metro=metro_net(places, lines),
    )
    return Furnishing(
        places=places,
        sites=to_sites(underpasses, groups, roads),
        networks=networks,
        assumed=(*_told(groups), *_NETWORKS_ASSUMED),
    )


def _told(groups: Sequence[SiteGroup]) -> list[str]:
    """Return a sentence for each kind of which some were made up."""
    return [
        f"{len(g) - g.known} of {len(g)} places of kind {g.kind} were {g.rule}."
        for g in groups
        if len(g) > g.known
    ]

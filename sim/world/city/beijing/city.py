"""The synthetic Beijing as a draft: land, people, areas and roads at a scale."""

from __future__ import annotations

import shapely

from sim.kernel.basemap import District
from sim.kernel.rng import SeededStreams, Streams
from sim.world.city.areas import AreaPlan
from sim.world.city.beijing.facts import NAME
from sim.world.city.beijing.land import PROJECTION, city_shape, district_shapes
from sim.world.city.beijing.people import Peopled, settle_beijing
from sim.world.city.beijing.plan import DEFAULT_SCALE, Plan, make_plan
from sim.world.city.beijing.roads import lay_roads
from sim.world.city.cells import Settlement
from sim.world.city.draft import Draft

_ASSUMED = (
    "Population, area and position of the 16 districts, lengths of the rings and the number of "
    "streets and towns are published; outlines, courses, streets, names and homes are made up.",
)


def beijing_draft(streams: Streams, scale: float = DEFAULT_SCALE) -> Draft:
    """Return the synthetic Beijing of a seed, to be completed.

    Parameters
    ----------
    scale
        Share of the true city's people, area, streets and kilometres of road.

    Raises
    ------
    InputError
        When the scale is out of range.
    """
    plan = make_plan(scale)
    shapes = tuple(_scaled(shape, plan.shrink) for shape in district_shapes())
    peopled = settle_beijing(plan, shapes, streams)
    laid = lay_roads(peopled.cells.xy_m, _scaled(city_shape(), plan.shrink), plan.shrink, streams)
    districts = tuple(
        District(
            district_id=district.facts.district_id,
            name=district.facts.name,
            outline_m=shapely.get_coordinates(shape),
            population=float(district.population),
        )
        for district, shape in zip(plan.districts, shapes, strict=True)
    )
    seed = f", seed {streams.seed}" if isinstance(streams, SeededStreams) else ""
    return Draft(
        name=NAME,
        source=f"synthetic, scale {scale:g}{seed}",
        attribution="",
        projection=PROJECTION,
        roads=laid.roads,
        level=laid.level,
        overhead=laid.overhead,
        districts=districts,
        settlement=Settlement(
            cells=peopled.cells, jobs=peopled.jobs, districts=districts, population_given=True
        ),
        area_plan=_area_plan(plan, peopled),
        assumed=_ASSUMED,
    )


def _area_plan(plan: Plan, peopled: Peopled) -> AreaPlan:
    return AreaPlan(
        prefixes=tuple(d.facts.code for d in plan.districts),
        streets=tuple(d.streets for d in plan.districts),
        subdistricts=tuple(d.subdistricts for d in plan.districts),
        communities=tuple(d.communities for d in plan.districts),
        towns_m=peopled.towns_m,
    )


def _scaled(shape: shapely.Polygon, shrink: float) -> shapely.Polygon:
    scaled = shapely.transform(shape, lambda xy: xy * shrink)
    assert isinstance(scaled, shapely.Polygon)
    return scaled

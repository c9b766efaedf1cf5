"""What each link between hazards does to a run: the same run once more without it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from scenarios.fast import FastRun, run_fast
from scenarios.kpi_given import Value
from scenarios.report.material import LinkEffect
from scenarios.schema import CascadesPart
from sim.world.links import LINKS

WORKERS = 2
"""Runs at a time; assumed: the small machines this is meant for have two cores."""
MEASURES = (
    "events",
    "exposure_person_min",
    "hazard_exposure_person_min",
    "trapped_people",
    "held_people",
    "injured_people",
    "dead_people",
    "power_person_h",
    "low_pressure_person_h",
    "no_phone_person_h",
    "cold_person_h",
    "mains_leaked_m3",
    "gas_leaked_m3",
    "toxic_released_kg",
    "road_collapses",
    "covers_off",
    "outbreak_cases",
    "crop_lost_share",
    "machine_down_h",
    "first_on_scene_city_median_s",
    "delay_vehicle_h",
    "readings_delivered_share",
)
"""Key figures in which a link may show."""


def effects_of(
    spec: FastRun, *, on_progress: Callable[[float], None] | None = None
) -> list[LinkEffect]:
    """Run a scenario once without each link that it has, and return their effects.

    The seed, and so every draw, is the same in all of them.
    """
    links = [link for link in LINKS if link not in spec.scenario.cascades.off]
    effects = []
    with ProcessPoolExecutor(WORKERS) as pool:
        runs = pool.map(_figures, [_without(spec, link) for link in links])
        for number, (link, figures) in enumerate(zip(links, runs, strict=True), start=1):
            effects.append(LinkEffect(link=link, meaning=LINKS[link], without=figures))
            if on_progress is not None:
                on_progress(number / len(links))
    return effects


def _without(spec: FastRun, link: str) -> FastRun:
    off = CascadesPart(off=(*spec.scenario.cascades.off, link))
    return replace(spec, scenario=spec.scenario.model_copy(update={"cascades": off}))


def _figures(spec: FastRun) -> dict[str, Value]:
    return {
        figure["name"]: figure["value"]
        for figure in run_fast(spec, None).summary["kpis"]
        if figure["name"] in MEASURES
    }

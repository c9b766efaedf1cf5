"""The rules of key figures that say what a run cost people, one a row."""

from __future__ import annotations

from scenarios.kpi_given import Given, Row, Value

FREED = (
    "rescued_people",
    "fire_people_rescued",
    "lift_released_people",
    "crash_freed",
    "quake_rescued",
)
"""Totals that count people who were held and came out."""


def _peak_depth(given: Given) -> Value:
    depths = [r["depth_m"] for r in given.truth if r["type"] == "sample"]
    return max([*depths, *(m.event.peak for m in given.floods)], default=None)


LOSSES: tuple[Row, ...] = (
    (
        "peak_depth_m",
        "Greatest depth",
        "m",
        "Deepest water at any watched place.",
        _peak_depth,
    ),
    (
        "exposure_person_min",
        "Exposure",
        "person min",
        "Person-minutes spent in water of at least 0.25 m.",
        lambda g: g.total("exposure_person_min"),
    ),
    (
        "trapped_people",
        "People trapped",
        "count",
        "People in vehicles that stalled in water.",
        lambda g: g.people("trapped"),
    ),
    (
        "rescued_people",
        "People freed",
        "count",
        "Of those, brought out by a crew or able to walk out as the water fell.",
        lambda g: g.people("rescued"),
    ),
    (
        "hazard_exposure_person_min",
        "Exposure to other hazards",
        "person min",
        "Person-minutes within reach of all hazards but floods, each by its own rule.",
        lambda g: (
            sum(m.event.exposure_person_min for m in g.matches)
            - sum(m.event.exposure_person_min for m in g.floods)
        ),
    ),
    (
        "injured_people",
        "People injured",
        "count",
        "People injured by all hazards.",
        lambda g: g.harmed("injured"),
    ),
    (
        "dead_people",
        "People killed",
        "count",
        "People killed by all hazards.",
        lambda g: g.harmed("dead"),
    ),
    (
        "held_people",
        "People held, all kinds",
        "count",
        "People trapped in water, fires, lifts, wrecks and rubble.",
        lambda g: g.people("trapped") + g.harmed("trapped"),
    ),
    (
        "freed_people",
        "People freed, all kinds",
        "count",
        "Of those, brought out or able to get out by the end.",
        lambda g: g.added(*FREED),
    ),
    (
        "power_person_h",
        "Without power",
        "person h",
        "Person-hours without power at home.",
        lambda g: g.total("power_person_h"),
    ),
    (
        "low_pressure_person_h",
        "With little water",
        "person h",
        "Person-hours at homes with less than 0.14 MPa in the mains.",
        lambda g: g.total("low_pressure_person_h"),
    ),
    (
        "no_phone_person_h",
        "Without telephone",
        "person h",
        "Person-hours out of reach of any base station.",
        lambda g: g.total("no_phone_person_h"),
    ),
    (
        "cold_person_h",
        "In cold homes",
        "person h",
        "Person-hours at home below 18 °C.",
        lambda g: g.total("cold_person_h"),
    ),
    (
        "mains_leaked_m3",
        "Drinking water lost",
        "m3",
        "Water that ran out of burst mains.",
        lambda g: g.total("mains_leaked_m3"),
    ),
    (
        "gas_leaked_m3",
        "Gas leaked",
        "m3",
        "Natural gas that escaped from mains.",
        lambda g: g.total("gas_leaked_m3"),
    ),
    (
        "toxic_released_kg",
        "Toxic gas released",
        "kg",
        "Toxic gas let out of tanks and lines into the open.",
        lambda g: g.added("toxic_released_kg"),
    ),
    (
        "road_collapses",
        "Roads fallen in",
        "count",
        "Holes that opened in streets.",
        lambda g: g.total("road_collapses"),
    ),
    (
        "covers_off",
        "Covers thrown off",
        "count",
        "Manhole covers that full sewers lifted away.",
        lambda g: g.total("covers_off"),
    ),
    (
        "outbreak_cases",
        "Cases of outbreaks",
        "count",
        "People who fell ill in outbreaks.",
        lambda g: g.added("outbreak_cases"),
    ),
    (
        "crop_lost_share",
        "Crop lost",
        "1",
        "Mean share of the crop lost to frost over all greenhouses.",
        lambda g: g.total("crop_lost_share"),
    ),
    (
        "machine_down_h",
        "Machines standing",
        "h",
        "Hours that factories' machines stood still, broken, stopped or without power, added up.",
        lambda g: g.total("machine_down_h"),
    ),
    (
        "delay_vehicle_h",
        "Traffic delay",
        "vehicle h",
        "Time in the network beyond free flow, vehicles still running or waiting included.",
        lambda g: g.total("delay_vehicle_h"),
    ),
)
"""Name, title, unit, description, rule. A new figure is a new row."""

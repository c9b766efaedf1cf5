"""The incident types that the centre knows, as rows of a table: a new type is a row and a plan.

What the world calls a hazard has the same word here, and callers and crews use it. The levels
stand here as they stand in the standards, for the centre never asks the world.
"""

from __future__ import annotations

from dataclasses import replace

from ops_center.core.incidents.signature import FLOOD, Signature, probability

CREW_SIGNAL = "crew"
"""Before a colon and the type: what crews on scene see of it."""
LIFE_WEIGHT = 1.5
"""One caller confirms what threatens life at once: a log-odds of -4.5 + 1.5 × 4 = 1.5. False
alarms cost an engine's drive, doubt may cost a life (assumed; every fire call is answered)."""
REPORT_WEIGHT = 1.0
"""One caller raises a suspicion, -0.5, two confirm, 3.5; a crew on scene confirms (assumed)."""
NOTHING_LEFT = 1e-9
"""Crews report 0 when it is over; anything above is not."""

HOUR_S = 3600.0
DAY_S = 86_400.0


def reported(
    incident: str,
    unit: str,
    levels: dict[str, float],
    *,
    life: bool = False,
    sensed: str | None = None,
    assumed: float | None = None,
    stands_s: float = HOUR_S,
    unheard_for_s: float = 6 * HOUR_S,
) -> Signature:
    """Return the signature of a type that people call about and crews see.

    Parameters
    ----------
    unit
        Unit of the severity.
    levels
        Severity from which each response level holds, in that unit.
    life
        Whether a single caller confirms it.
    sensed
        Signal of sensors that speaks for it, too.
    assumed
        Severity on callers' words alone; None for the threshold of level III (assumed: people
        call about what is worse than general), or the lowest where there is none.
    stands_s
        How long a call counts [s].
    unheard_for_s
        See `Signature`.
    """
    rising = tuple((threshold, level) for level, threshold in levels.items())
    weight = {
        f"call:{incident}": LIFE_WEIGHT if life else REPORT_WEIGHT,
        f"{CREW_SIGNAL}:{incident}": 1.0,
    }
    if sensed is not None:
        weight[sensed] = 1.0
    usual = levels.get("III", rising[0][0])
    return Signature(
        type=incident,
        severity_unit=unit,
        seen_by="crews",
        assumed_severity=usual if assumed is None else assumed,
        prior=probability(-4.5),
        weight=weight,
        suspect_at=probability(-2.0),
        confirm_at=probability(0.6),
        drop_at=probability(-3.2),
        levels=rising,
        controlled_below=NOTHING_LEFT,
        controlled_for_s=120.0,
        closing_below=NOTHING_LEFT,
        closing_for_s=600.0,
        relapse_at=NOTHING_LEFT,
        word_stands_s=stands_s,
        unheard_for_s=unheard_for_s,
    )


def _levels(iv: float, iii: float, ii: float, i: float) -> dict[str, float]:
    return {"IV": iv, "III": iii, "II": ii, "I": i}


MUNICIPAL = (
    # Utility-tunnel rule: alarm 20 %LEL, cut-off 25 %LEL; 5 and 10 assumed as early warning.
    reported("gas_leak", "%LEL", _levels(5, 10, 20, 25), life=True, sensed="methane_high"),
    # TNT equivalent: a cover thrown, a street, a building front, a block (assumed).
    reported("gas_explosion", "kg", _levels(0.0, 0.5, 5.0, 50.0), life=True),
    # A service pipe, a street's, a district's and a trunk main (assumed).
    reported("main_burst", "m3/s", _levels(0.02, 0.1, 0.3, 0.8)),
    # People whose taps hardly run: a community, a town, a district, more (assumed).
    reported("low_pressure", "people", _levels(1e3, 1e4, 5e4, 2e5), unheard_for_s=DAY_S),
    # Ground gone: a manhole's ring, a car's length, all lanes, a building's footing (assumed).
    reported("road_collapse", "m2", _levels(1, 10, 50, 200), life=True),
    # Lives at stake where a house comes down, by the steps of deaths that raise a level.
    reported("collapse", "people", _levels(1, 3, 10, 30), life=True, assumed=1.0),
    # Decree 599: load lost 5/10/20/50 % of a municipality, read as people; see `for_city`.
    replace(
        reported("outage", "people", _levels(0.05, 0.10, 0.20, 0.50)),
        levels_are_shares=True,
        callers_count=True,
    ),
    # Indoor heat by Beijing's heating rules 18 °C; K below that, as 16/14/12 °C.
    reported("heat_failure", "K", _levels(0, 2, 4, 6), unheard_for_s=DAY_S),
    # People in dead cells: a station, a town, a district, a large part of a city (assumed).
    reported("telecom_outage", "people", _levels(1e3, 1e4, 5e4, 2e5), unheard_for_s=DAY_S),
    # One is a case for the day, twenty are a drive across the district (assumed).
    reported(
        "cover_off",
        "covers",
        {"IV": 1.0, "III": 5.0, "II": 20.0},
        assumed=1.0,
        stands_s=4 * HOUR_S,
        unheard_for_s=DAY_S,
    ),
    # A grid case is general by nature.
    reported("grid_case", "1", {"IV": 1.0}, stands_s=8 * HOUR_S, unheard_for_s=2 * DAY_S),
    # A lift or two, and a block whose power has gone (assumed).
    reported("lift_entrapment", "people", {"IV": 1.0, "III": 10.0}, life=True, assumed=1.0),
)

TRAFFIC = (
    # Depth on the street as in an underpass, GB 51222-2017 and the depth at which cars float.
    reported("street_flood", "m", _levels(0.10, 0.15, 0.27, 0.50)),
    # Injured, held or dead, 1 for the wreck itself; steps of deaths that raise a level.
    reported("crash", "people", _levels(1, 3, 10, 30), life=True, assumed=1.0),
    # Strain over design strain, domain facts section 2.
    reported("bridge_overload", "1", _levels(0.6, 0.8, 1.0, 1.2)),
)

ECOLOGY = (
    # PM2.5 by the hour, the classes of moderate, heavy and severe pollution: HJ 633-2026.
    reported(
        "air_episode",
        "ug/m3",
        {"III": 150.0, "II": 200.0, "I": 250.0},
        stands_s=4 * HOUR_S,
        unheard_for_s=DAY_S,
    ),
    # Highest of the day; yellow, which counts days, is left out.
    reported("heat_wave", "degC", {"IV": 35.0, "II": 37.0, "I": 40.0}, unheard_for_s=DAY_S),
    # CMA Order 16: drop of temperature, sight as extinction 3.912 by km, gusts.
    reported("cold_wave", "degC", _levels(8, 10, 12, 16), unheard_for_s=DAY_S),
    reported("fog", "1/km", _levels(3.912, 7.824, 19.56, 78.24), unheard_for_s=DAY_S),
    reported("gale", "m/s", _levels(13.9, 20.8, 28.5, 37), unheard_for_s=DAY_S),
)

HEALTH = (
    # A single patient is always general (assumed).
    reported("medical", "people", {"IV": 1.0}, life=True),
    # Infectious a 100,000: a season's beginning, rise, crest, twice any usual crest (assumed).
    reported("outbreak", "1/100000", _levels(10, 50, 200, 1000), unheard_for_s=7 * DAY_S),
    reported("hospital_overload", "1", _levels(0.85, 0.90, 0.95, 1.0), unheard_for_s=DAY_S),
)

SAFETY = (
    reported("crowd", "persons/m2", _levels(1.0, 1.5, 3.5, 5.0), life=True),
    reported("sabotage", "devices", _levels(1, 5, 20, 100), unheard_for_s=DAY_S),
    reported("cyber_attack", "1/min", _levels(1, 10, 100, 1000), unheard_for_s=DAY_S),
)

EMERGENCY = (
    reported("fire", "W", _levels(1e5, 1e6, 5e6, 20e6), life=True),
    reported("hazmat", "mg/m3", _levels(10, 30, 60, 210), life=True),
    reported("toxic_release", "mg/m3", _levels(5, 10, 30, 140), life=True),
    reported("quake", "1", _levels(3, 5, 6, 7), life=True, unheard_for_s=DAY_S),
)

INDUSTRY = (
    reported("machine_failure", "mm/s", _levels(1.4, 2.8, 4.5, 7.1), unheard_for_s=DAY_S),
    # Below 10 °C: alarms at 10, 5, 2 °C, and -1 °C where leaves freeze.
    reported("frost", "degC", _levels(0.1, 5, 8, 11), unheard_for_s=DAY_S),
)

SIGNATURES: tuple[Signature, ...] = (
    FLOOD,
    *MUNICIPAL,
    *TRAFFIC,
    *ECOLOGY,
    *HEALTH,
    *SAFETY,
    *EMERGENCY,
    *INDUSTRY,
)
"""What the centre is told at its start."""

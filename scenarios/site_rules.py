"""Where each kind of sensor belongs, unless a scenario says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.kernel.roads import ROAD_CLASSES
from sim.world.city.model import PLACE_KINDS

By = Literal["chance", "risk"]
"""Which spots are taken where not all are: by a draw a spot, or those with most at stake."""

NETWORKS = ("water_main", "gas_main", "sewer", "road", *ROAD_CLASSES)
"""What sensors can stand along; a class of roads means that class alone, ``road`` tertiary ones
and greater."""

SPOTS = (*PLACE_KINDS, "manhole", "feeder")
"""Kinds of places, and what is no place of the map: a manhole of each sewer, the middle of what
each medium-voltage feeder serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where the sensors of a kind stand.

    One of: at `every` place of some kinds; `along` a network, one for each `spacing_m` of it; or
    on a square grid of `spacing_m`.

    Attributes
    ----------
    every
        Kinds of spots, of `SPOTS`.
    along
        A network, of `NETWORKS`.
    spacing_m
        Length of the network, or side of the grid, for each spot [m].
    share, count
        How much of the spots is taken: a share of them, or a number, several to a spot where
        there are too few.
    by
        Which are taken.
    each
        Sensors to a spot.
    """

    every: tuple[str, ...] = ()
    along: str | None = None
    spacing_m: float | None = None
    share: float = 1.0
    count: int | None = None
    by: By = "chance"
    each: int = 1


_HOMES = ("community",)
_BUILDINGS = ("community", "hospital", "school", "venue", "factory")
_BRIDGES = ("bridge",)
_CROWDS = ("venue", "metro_station")

RULES: dict[str, Rule] = {
    "rain_gauge": Rule(spacing_m=2_000.0),
    "road_water_gauge": Rule(every=("underpass",), each=2),
    "sewer_level": Rule(every=("manhole",), share=0.05, by="risk"),
    "manhole_level": Rule(every=("manhole",), share=0.1),
    "water_pressure": Rule(along="water_main", spacing_m=500.0),
    "water_flow": Rule(every=("waterworks",)),
    "water_quality": Rule(every=("waterworks", "hospital")),
    "leak_noise_logger": Rule(along="water_main", spacing_m=300.0),
    "gas_detector": Rule(every=("gas_chamber",)),
    "cover_tilt": Rule(every=("manhole",), share=0.3),
    "indoor_temperature": Rule(every=_HOMES, each=2),
    "feeder_terminal": Rule(every=("feeder",)),
    "bridge_vibration": Rule(every=_BRIDGES),
    "strain": Rule(every=_BRIDGES, each=2),
    "crack": Rule(every=_BRIDGES),
    "lift_monitor": Rule(every=_HOMES),
    "electrical_fire": Rule(every=_BUILDINGS),
    "vehicle_detector": Rule(along="road", spacing_m=1_000.0),
    "weigh_in_motion": Rule(every=_BRIDGES, share=0.3, by="risk"),
    "radar_camera": Rule(every=("junction",), share=0.1, by="risk"),
    "rsu": Rule(every=("junction",), share=0.2, by="risk"),
    "signal_controller": Rule(every=("junction",)),
    "pm_station": Rule(every=("air_station",)),
    "no2_o3_station": Rule(every=("air_station",), share=0.3),
    "air_station": Rule(every=("air_station",), share=0.05, by="risk"),
    "noise_meter": Rule(along="road", spacing_m=5_000.0),
    "weather_station": Rule(spacing_m=5_000.0),
    "smoke": Rule(every=_BUILDINGS, each=2),
    "heat": Rule(every=_BUILDINGS),
    "home_gas_alarm": Rule(every=_HOMES),
    "crowd_camera": Rule(every=_CROWDS),
    "passenger_counter": Rule(every=_CROWDS),
    "cell_heat_map": Rule(every=("base_station",)),
    "clinic_counts": Rule(every=("clinic", "hospital", "school")),
    "hospital_load": Rule(every=("hospital",)),
    "vibration": Rule(every=("factory",)),
    "toxic_gas": Rule(every=("factory",)),
    "greenhouse": Rule(every=("greenhouse",)),
    "soil": Rule(every=("greenhouse",), each=4),
    "seismic": Rule(spacing_m=5_000.0),
}
"""Default rule of each kind. Spacings of mains are assumed: pressure loggers one for a 500 m block,
noise loggers as far apart as they hear; the others stand where what they watch is."""

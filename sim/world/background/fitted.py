"""The fitted figures, as the fit script wrote them into ``fitted.json`` beside this module."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.world.background.marginal import Marginal
from sim.world.background.persistence import Part

F64 = NDArray[np.float64]

WEATHER = ("temperature", "dew_point_gap", "pressure", "wind_east", "wind_north", "wind_speed")
POLLUTANTS = ("pm25", "pm10", "so2", "no2", "co", "o3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skies:
    """Weather and air.

    Attributes
    ----------
    weather, air
        Distributions by name of `WEATHER` and `POLLUTANTS`: °C, °C, hPa, m/s; µg/m³.
    city
        Parts of the scores of all `WEATHER` and `POLLUTANTS`, the same all over the city.
    local
        Parts of the scores of `POLLUTANTS`, fading over `length_m` between two points.
    gradient_per_m
        ``(6,)`` change of each pollutant's level away from the middle, on its own scale.
    ozone_with_dust
        ``(12, 24)`` correlation of the scores of ozone and fine dust by month and hour: against
        each other in winter and at night, together on summer afternoons.
    heat_island_c
        ``(24,)`` how much warmer the city's middle is than the plain, by hour.
    """

    weather: dict[str, Marginal]
    air: dict[str, Marginal]
    city: tuple[Part, ...]
    local: tuple[Part, ...]
    length_m: float
    gradient_per_m: F64
    ozone_with_dust: F64
    heat_island_c: F64


@cache
def document() -> dict[str, Any]:
    """Return the whole file."""
    text = files("sim.world.background").joinpath("fitted.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def skies() -> Skies:
    """Return weather and air."""
    part = document()["skies"]
    marginals = {name: _marginal(written) for name, written in part["variables"].items()}
    return Skies(
        weather={name: marginals[name] for name in WEATHER},
        air={name: marginals[name] for name in POLLUTANTS},
        city=_parts(part["city"]),
        local=_parts(part["local"]),
        length_m=part["length_m"],
        gradient_per_m=np.array([part["gradient_per_km"][name] for name in POLLUTANTS]) / 1000,
        ozone_with_dust=np.array(part["ozone_with_dust"]),
        heat_island_c=np.array(part["heat_island_c"]),
    )


def _parts(written: list[dict[str, Any]]) -> tuple[Part, ...]:
    return tuple(
        Part(memory=row["memory_h"], smooth=row["smooth"], loading=np.array(row["loading"]))
        for row in written
    )


def _marginal(written: dict[str, Any]) -> Marginal:
    return Marginal(
        scale=written["scale"],
        weekend=written["weekend"],
        level=np.array(written["level"]),
        spread=np.array(written["spread"]),
        quantile=np.array(written["quantile"]),
    )

"""Weather, air and noise as sensors meet them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.background.city import Background
from sim.world.background.fitted import POLLUTANTS
from sim.world.background.noise import KINDS
from sim.world.fields import Field, Reader
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

PER_PPB_UGM3 = {"no2": 1.88, "o3": 1.96}
"""µg/m3 of one ppb at 25 °C and 101.3 kPa, the reference of HJ 633."""


def environment_fields(background: Background, stage: Stage) -> dict[str, Field]:
    """Return the fields by sensor kind, with their channels in this order.

    ``air_station``: PM2.5, PM10, SO2, NO2, CO, O3 [µg/m3]. ``pm_station``: PM2.5, PM10 [µg/m3].
    ``no2_o3_station``: NO2, O3 [ppb]. ``weather_station``: temperature [°C], relative humidity
    [0 to 1], wind [m/s]. ``noise_meter``: level of the minute [dB(A)].
    """
    no2, o3 = (POLLUTANTS.index(name) for name in ("no2", "o3"))
    ppb = np.array([[1 / PER_PPB_UGM3["no2"]], [1 / PER_PPB_UGM3["o3"]]])
    return {
        "air_station": _At(lambda xy: _air(background, stage, xy, lambda all6: all6)),
        "pm_station": _At(lambda xy: _air(background, stage, xy, lambda all6: all6[:2])),
        "no2_o3_station": _At(
            lambda xy: _air(background, stage, xy, lambda all6: all6[[no2, o3]] * ppb)
        ),
        "weather_station": _At(lambda xy: _weather(background, stage, xy)),
        "noise_meter": _Noise(background, stage),
    }


def ambient_field(background: Background, stage: Stage) -> Field:
    """Return air temperature [°C] and relative humidity [0 to 1] at the point."""
    return _At(lambda xy: _weather(background, stage, xy, channels=2))


class _At:
    """A field that depends on the point alone."""

    def __init__(self, make: Callable[[F64], Reader]) -> None:
        self._make = make

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(channels, n)``."""
        del link, place
        return self._make(xy_m)


def _air(background: Background, stage: Stage, xy_m: F64, pick: Callable[[F64], F64]) -> Reader:
    read = background.air.bind(xy_m)
    return lambda: pick(read(stage.now))


def _weather(background: Background, stage: Stage, xy_m: F64, channels: int = 3) -> Reader:
    climate = background.climate

    def read() -> F64:
        now: Ns = stage.now
        sky = climate.at(now)
        warmth = climate.temperature_c(xy_m, now)
        same = np.ones(len(warmth))
        return np.stack([warmth, sky.rh * same, sky.wind_mps * same])[:channels]

    return read


class _Noise:
    """Sound at the kerb of a link by its class, else of a quiet quarter."""

    def __init__(self, background: Background, stage: Stage) -> None:
        self._noise = background.noise
        self._stage = stage

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del place
        roads = self._stage.city.basemap.roads
        kind = np.where(link < 0, len(KINDS) - 1, roads.road_class[np.maximum(link, 0)])
        read = self._noise.bind(xy_m, np.minimum(kind, len(KINDS) - 1).astype(np.int32))
        return lambda: read(self._stage.now, None)[None, :]

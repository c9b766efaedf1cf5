"""The background of every run: weather, air, and what people use, from minute to minute."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.background.city import Background
from sim.world.background.climate import Sky
from sim.world.background.clinics import day_of
from sim.world.background.sun import sun_height
from sim.world.environment_fields import ambient_field, environment_fields
from sim.world.fields import Field
from sim.world.stage import Stage

F64 = NDArray[np.float64]

SAME_FOR_S = 60
"""The weather of a minute stands for all of it."""


class Setting:
    """Weather, air and use of one city, as of now.

    Parameters
    ----------
    stage
        The city, its time, its chance.

    Attributes
    ----------
    background
        All that goes on when nothing happens; hazards add their own to weather and air.
    fields
        What sensors of weather, air and noise may read.
    ambient
        What sensors of other things feel as well: air temperature [°C], relative humidity.
    """

    def __init__(self, stage: Stage) -> None:
        cells = stage.city.cells
        centre_m: F64 = np.average(cells.xy_m, axis=0, weights=np.maximum(cells.people, 1e-9))
        self._stage = stage
        self.background = Background(stage.streams, centre_m)
        self.fields: Mapping[str, Field] = environment_fields(self.background, stage)
        self.ambient: Field = ambient_field(self.background, stage)
        self._minute = -1
        self._sky: Sky | None = None

    def sky(self) -> Sky:
        """Return the weather of this minute."""
        minute = int(self._stage.now) // (SAME_FOR_S * 10**9)
        if self._sky is None or minute != self._minute:
            self._minute = minute
            self._sky = self.background.climate.at(self._stage.now)
        return self._sky

    def temp_c(self) -> float:
        """Return the air's temperature in the middle of the city [°C]."""
        return self.sky().temp_c

    def temp_at_c(self, xy_m: F64) -> F64:
        """Return ``(n,)`` the air's temperature at ``(n, 2)`` points [°C]."""
        return self.background.climate.temperature_c(xy_m, self._stage.now)

    def wind(self) -> tuple[float, float]:
        """Return where the air goes at 10 m, east and north [m/s]."""
        sky = self.sky()
        heading = math.radians(sky.wind_from_deg + 180)
        return sky.wind_mps * math.sin(heading), sky.wind_mps * math.cos(heading)

    def sun_and_cloud(self) -> tuple[float, float]:
        """Return the sine of the sun's height and the share of sky covered."""
        return float(sun_height(self._stage.now)), self.sky().cloud

    def light_and_cloud(self) -> tuple[float, float]:
        """Return sunlight on level ground [W/m2] and the share of sky covered."""
        sky = self.sky()
        return sky.solar_wm2, sky.cloud

    def visits(self, now: Ns) -> F64:
        """Return ``(5,)`` visits to clinics a day for 1,000 people when nothing goes round."""
        return self.background.clinics.expected(day_of(now))

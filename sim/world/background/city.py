"""The background of one city, put together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.rng import Streams
from sim.world.background.air import Air
from sim.world.background.calls import Calls
from sim.world.background.city_hours import CityHours
from sim.world.background.climate import Climate
from sim.world.background.clinics import Clinics
from sim.world.background.fitted import POLLUTANTS, skies
from sim.world.background.footfall import Footfall
from sim.world.background.noise import Noise
from sim.world.background.use import HeatUse, PowerUse, WaterUse

F64 = NDArray[np.float64]

_DUST = POLLUTANTS.index("pm25")


class Background:
    """All that goes on when nothing happens.

    Every value depends on the seed and the time alone, whatever was asked before and whenever
    a run began; two runs of one seed agree wherever they meet.

    Parameters
    ----------
    streams
        Chance, all under ``world.background``.
    centre_xy_m
        ``(2,)`` the city's middle.

    Attributes
    ----------
    climate, air, noise
        Fields of the environment.
    water, power, heat, footfall
        Factors of use and of people on foot.
    calls, clinics
        Rates and draws of calls and of visits.
    """

    def __init__(self, streams: Streams, centre_xy_m: F64) -> None:
        figures = skies()
        city = CityHours(figures, streams)
        centre = np.asarray(centre_xy_m, dtype=float)
        self.air = Air(city, figures, streams, centre)
        middle = self.air.bind(centre)
        self.climate = Climate(
            city, figures, streams, centre, lambda now: float(middle(now)[_DUST, 0])
        )
        self.noise = Noise(streams)
        self.water = WaterUse(streams, self.climate, figures)
        self.power = PowerUse(streams, self.climate, figures)
        self.heat = HeatUse(self.climate, figures)
        self.footfall = Footfall(streams)
        self.calls = Calls(streams)
        self.clinics = Clinics(streams)

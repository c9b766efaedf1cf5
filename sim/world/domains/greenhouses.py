"""Greenhouses: their air follows the weather, heated by day's sun and by night's burner."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.domains.soil import SoilField
from sim.world.fields import Field, Reader
from sim.world.hazards.order import Order
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
Bools = NDArray[np.bool_]

TAU_S = 3_600.0
"""Time in which a house that stands open to the night loses two thirds of its lead: domain
facts, hazard 17."""
LOSS_WM2K = 6.0
"""Heat lost by a square metre of floor and degree: single film or glass over a cover 1.5 times
the floor at 4 W/m2K (assumed, middle of usual values)."""
CURTAIN = 0.55
"""What is left of loss and radiation under a drawn thermal curtain; assumed: screens save 40 to
50 %."""
SUN_SHARE = 0.35
"""Share of sunlight that warms the air; assumed: the cover passes 70 %, half feeds the soil and
the leaves' own water."""
NIGHT_WM2 = 60.0
"""Heat radiated to a clear night sky by a square metre of floor; assumed: clear skies radiate
about 100 W/m2 less than the ground, through a cover that holds part of it back."""
KEPT_C, SPARE_C = 12.0, 15.0
"""The heater runs by its own thermostat to keep this at night, and is built for such a house at
this many degrees below 0 outside; assumed: tomato wants 15 °C at night, growers save fuel."""
VENT_C = 28.0
"""Vents open above this: tomato wants 20 to 28 °C, domain facts, source S32."""
RH_DAY, RH_NIGHT = 0.65, 0.90
"""Usual relative humidity in the sun and at night; assumed."""
CO2_DAY_PPM, CO2_NIGHT_PPM = 380.0, 600.0
"""Carbon dioxide: leaves take it by day and give it by night; assumed."""
LUX_PER_WM2 = 110.0 * 0.7
"""Light inside by sunlight outside: 110 lm/W of daylight through a cover that passes 70 %."""


class Greenhouses:
    """All greenhouses of a city, one row each, in map order.

    ``dT/dt = (To - T) / tau + (heater + sun - radiation) / C`` per square metre of floor, with
    ``C = tau * loss``; solved exactly while weather and heater stay as they are over a step.

    Parameters
    ----------
    stage
        What families share.
    outdoor_c
        ``(n,)`` air temperature at ``(n, 2)`` points now [°C].
    sky
        Sunlight on level ground [W/m2] and share of sky covered now.
    powered
        ``(places,)`` whether each place has electricity, without which burners stand still.

    Attributes
    ----------
    place
        ``(g,)`` index into the map's places.
    temp_c
        ``(g,)`` air inside [°C].
    heater_ok
        ``(g,)`` false while its own heater is broken.
    portable_w
        ``(g,)`` heat that crews have brought along [W].
    """

    orders: tuple[type[Order], ...] = ()
    step_s = 60.0
    works: Mapping[str, Work] = {}

    def __init__(
        self,
        stage: Stage,
        *,
        outdoor_c: Callable[[F64], F64],
        sky: Callable[[], tuple[float, float]],
        powered: Callable[[], Bools] | None = None,
    ) -> None:
        places = stage.city.basemap.places
        self.place = np.array(stage.places("greenhouse"), dtype=np.intp)
        self._row = {place: row for row, place in enumerate(self.place.tolist())}
        self._xy_m = np.array([(places[p].x_m, places[p].y_m) for p in self.place]).reshape(-1, 2)
        self._area_m2 = np.maximum(stage.city.sites.area_m2[self.place], 1.0)
        self._outdoor_c = outdoor_c
        self._sky = sky
        self._powered = powered
        self.heater_ok = np.ones(len(self.place), dtype=bool)
        self.portable_w = np.zeros(len(self.place))
        self._boost = np.zeros(len(self.place), dtype=bool)
        self._curtain = np.zeros(len(self.place), dtype=bool)
        self.temp_c = np.maximum(self.outside_c(), KEPT_C)
        self.effects: Mapping[str, Effect] = {"heater": self._turn_heater, "curtain": self._draw}
        self.fields: Mapping[str, Field] = {
            "greenhouse": _Inside(self, len(places)),
            "soil": SoilField(stage),
        }

    def plan(self, name: str, order: Order) -> None:
        """Nothing is ordered of what only stands there."""
        raise AssertionError(f"{name} orders {order} of the greenhouses")

    def step(self, now: Ns, dt_s: float) -> None:
        """Let the air inside follow its driving for `dt_s`."""
        del now
        if len(self.place):
            self.temp_c = self.after(self.temp_c, self.outside_c(), dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return nothing: no key figure lies in warm air."""
        return {}

    def find_row(self, place: int) -> int | None:
        """Return the row of a place, None when it is no greenhouse."""
        return self._row.get(place)

    def outside_c(self) -> F64:
        """Return ``(g,)`` the air outside each [°C]."""
        return self._outdoor_c(self._xy_m)

    def after(self, temp_c: F64, outside_c: F64, dt_s: float) -> F64:
        """Return the temperature `dt_s` later, the weather staying as it is ``(g,)`` [°C]."""
        sun_wm2, cloud = self._sky()
        kept = np.where(self._curtain, CURTAIN, 1.0)
        loss = LOSS_WM2K * kept
        gain = SUN_SHARE * sun_wm2 - (NIGHT_WM2 * (1 - cloud) * kept if sun_wm2 <= 0 else 0.0)
        passive = outside_c + (gain + self.portable_w / self._area_m2) / loss
        # The thermostat gives what holds its set point, up to what the burner can.
        most_wm2 = LOSS_WM2K * (KEPT_C + SPARE_C) * (1.0 + 0.5 * self._boost)
        wanted = np.clip((KEPT_C + 3.0 * self._boost - passive) * loss, 0.0, most_wm2)
        heated = passive + np.where(self._burning(), wanted, 0.0) / loss
        steady = np.minimum(heated, np.maximum(VENT_C, outside_c))
        fade = np.exp(-dt_s * kept / TAU_S)
        later: F64 = steady + (temp_c - steady) * fade
        return later

    def _burning(self) -> Bools:
        if self._powered is None:
            return self.heater_ok
        return self.heater_ok & self._powered()[self.place]

    def _turn_heater(self, place: int, by: str, works: bool) -> None:
        del by
        self._boost[self._row[place]] = works

    def _draw(self, place: int, by: str, works: bool) -> None:
        del by
        self._curtain[self._row[place]] = works

    def climate(self) -> F64:
        """Return ``(4, g)`` temperature [°C], humidity [0 to 1], CO2 [ppm], light [lux]."""
        sun_wm2, _ = self._sky()
        day = min(1.0, sun_wm2 / 200.0)
        n = len(self.place)
        return np.stack(
            [
                self.temp_c,
                np.full(n, RH_NIGHT + day * (RH_DAY - RH_NIGHT)),
                np.full(n, CO2_NIGHT_PPM + day * (CO2_DAY_PPM - CO2_NIGHT_PPM)),
                np.full(n, sun_wm2 * LUX_PER_WM2),
            ]
        )


class _Inside:
    """Four channels: temperature [°C], humidity [0 to 1], CO2 [ppm], light [lux]; 0 elsewhere."""

    def __init__(self, houses: Greenhouses, n_places: int) -> None:
        self._houses = houses
        # The last entry serves -1; places without glass point at a column of zeros.
        self._column = np.full(n_places + 1, len(houses.place))
        self._column[houses.place] = np.arange(len(houses.place))

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(4, n)``."""
        del xy_m, link
        column, houses, none = self._column[place], self._houses, np.zeros((4, 1))
        return lambda: np.concatenate([houses.climate(), none], axis=1)[:, column]

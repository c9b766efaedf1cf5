"""Air over the city: six pollutants at any point, with the statistics of real stations.

A pollutant's score is a part that all the city shares plus a part that fades with distance; the
score is mapped to the distribution that real stations showed at that hour of that month. What
hazards add or hold back lies on top, by name, and can be taken away again.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR, Ns
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.world.background.calendar import Hours, hour_of, hours
from sim.world.background.city_hours import CityHours
from sim.world.background.fitted import POLLUTANTS, WEATHER, Skies
from sim.world.background.persistence import Persistence
from sim.world.background.waves import Waves

F64 = NDArray[np.float64]

Overlay = Callable[[F64, Ns], F64]
"""Takes ``(n, 2)`` points [m] and the time; gives ``(6, n)`` what is added [µg/m³]."""
Stagnation = Callable[[Ns], float]
"""Takes the time; gives the factor on all pollutants but ozone."""
AirReader = Callable[[Ns], F64]
"""Takes the time; gives ``(6, n)`` concentrations in the order of `POLLUTANTS` [µg/m³]."""

_WAVES = 48
"""assumed: holds the local part's correlation to within 0.05, the stations' to within 0.01."""
_OZONE = POLLUTANTS.index("o3")
_DUST = POLLUTANTS.index("pm25")


class Air:
    """The six pollutants.

    Between two hours the concentration goes in a straight line, as hourly means are all that
    was fitted.

    Parameters
    ----------
    city
        What all the city shares.
    skies
        The fitted figures.
    streams
        The local part draws from ``world.background.air``.
    centre_xy_m
        ``(2,)`` the city's middle; away from it the air changes as fitted.
    """

    def __init__(self, city: CityHours, skies: Skies, streams: Streams, centre_xy_m: F64) -> None:
        self._city = city
        self._skies = skies
        self._centre_m = np.asarray(centre_xy_m, dtype=float)
        self._waves = Waves(skies.length_m, _WAVES)
        self._local = Persistence(
            streams, "world.background.air", skies.local, self._waves.amplitudes
        )
        dust = len(WEATHER) + _DUST
        ozone = len(WEATHER) + _OZONE
        self._ozone_with_dust = sum(
            float(part.loading[dust] @ part.loading[ozone]) for part in skies.city
        ) + sum(float(part.loading[_DUST] @ part.loading[_OZONE]) for part in skies.local)
        self._overlays: dict[str, Overlay] = {}
        self._stagnations: dict[str, Stagnation] = {}

    def overlay(self, name: str, added: Overlay) -> None:
        """Add a hazard's pollution to the background until it is removed.

        Raises
        ------
        InputError
            When the name is taken.
        """
        self._claim(name)
        self._overlays[name] = added

    def stagnation(self, name: str, factor: Stagnation) -> None:
        """Let still air hold the background's pollution back until it is removed.

        Raises
        ------
        InputError
            When the name is taken.
        """
        self._claim(name)
        self._stagnations[name] = factor

    def remove(self, name: str) -> None:
        """Take an overlay or a stagnation away.

        Raises
        ------
        InputError
            When there is none of that name.
        """
        here = self._overlays if name in self._overlays else self._stagnations
        if name not in here:
            raise InputError("air overlay", value=name, expected="one that was added before")
        del here[name]

    def bind(self, xy_m: F64) -> AirReader:
        """Return a reader for ``(n, 2)`` fixed points, cheap to call again and again."""
        xy = np.asarray(xy_m, dtype=float).reshape(-1, 2)
        weights, reach_m = self._placed(xy)
        return _Reader(
            lambda hour: self._background(weights, reach_m, hour, 2),
            lambda background, now: self._on_top(background, xy, now),
        ).read

    def series(self, xy_m: F64, first: int, count: int) -> F64:
        """Return ``(6, n, count)`` the background alone at whole hours from `first` on."""
        weights, reach = self._placed(np.asarray(xy_m, dtype=float).reshape(-1, 2))
        return self._background(weights, reach, first, count)

    def _placed(self, xy_m: F64) -> tuple[F64, F64]:
        offset = xy_m - self._centre_m
        return self._waves.at(offset), np.hypot(offset[:, 0], offset[:, 1])

    def _background(self, weights: F64, reach_m: F64, first: int, count: int) -> F64:
        when = hours(first, count)
        city = self._city.air(first, count)
        # Waves and their amplitudes meet in one matrix product.
        steps = self._local.steps(first, count)
        local = (weights @ steps.reshape(len(steps), -1)).reshape(-1, *steps.shape[1:])
        scores = city[:, None] + local.transpose(1, 0, 2)
        self._tilt_ozone(scores, when)
        shift = self._skies.gradient_per_m[:, None, None] * reach_m[:, None]
        return np.stack(
            [
                marginal.values(scores[p], when, shift[p])
                for p, marginal in enumerate(self._skies.air.values())
            ]
        )

    def _tilt_ozone(self, scores: F64, when: Hours) -> None:
        """Give ozone the hour's own correlation with dust, in place; it stays standard normal."""
        wanted = when.of_day(self._skies.ozone_with_dust)
        always = self._ozone_with_dust
        # Ozone is `always` parts dust and `alone` parts of its own; only the first is changed.
        alone = np.sqrt(1 - always**2)
        more = alone * wanted / np.sqrt(1 - wanted**2) - always
        norm = np.sqrt(1 + 2 * more * always + more**2)
        scores[_OZONE] = (scores[_OZONE] + more * scores[_DUST]) / norm

    def _on_top(self, background: F64, xy_m: F64, now: Ns) -> F64:
        """Return what stands in the air once hazards have had their say; may write in place."""
        for factor in self._stagnations.values():
            background[:_OZONE] *= factor(now)
        for added in self._overlays.values():
            background = background + added(xy_m, now)
        return background

    def _claim(self, name: str) -> None:
        if name in self._overlays or name in self._stagnations:
            raise InputError("air overlay", value=name, expected="a name not in use")


class _Reader:
    """The two hours around now at fixed points."""

    def __init__(self, pair_from: Callable[[int], F64], on_top: Callable[[F64, Ns], F64]) -> None:
        self._pair_from = pair_from
        self._on_top = on_top
        self._hour: int | None = None
        self._pair = np.empty(0)

    def read(self, now: Ns) -> F64:
        hour = hour_of(now)
        if hour != self._hour:
            self._pair, self._hour = self._pair_from(hour), hour
        late = (int(now) - hour * HOUR) / HOUR
        mixed = self._pair[:, :, 0] * (1 - late) + self._pair[:, :, 1] * late
        return self._on_top(mixed, now)

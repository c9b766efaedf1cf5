"""Sound level of each minute beside roads and away from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import MINUTE, Ns
from sim.kernel.rng import Streams
from sim.kernel.roads import ROAD_CLASSES
from sim.world.background.fitted import document
from sim.world.background.marginal import SCORES
from sim.world.background.persistence import Part, Persistence
from sim.world.background.shapes import at
from sim.world.background.waves import Waves

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

KINDS = (*ROAD_CLASSES, "area")
"""Where one listens: beside a road of each class, or away from all roads."""

LEVEL_DBA = {
    "motorway": 72.0,
    "trunk": 71.0,
    "primary": 69.0,
    "secondary": 66.0,
    "tertiary": 63.0,
    "residential": 57.0,
    "service": 55.0,
    "area": 53.5,
}
"""Mean level by day, 06 to 22 h. assumed: 69 beside arterials and 53.5 over built-up areas are
what Beijing's yearly reports give, to within 1 dB; the others lie by rank in between, and within
5 dB of the limits of GB 3096-2008 (70 beside arterials, 55 for homes, by day)."""

_QUIETEST_FLOW = 0.05
"""assumed: below a twentieth of the mean flow a road is no longer what one hears."""
_ALIKE_M = 100.0
"""assumed: what adds to the usual level, a lorry, a schoolyard, is heard this far."""
_WAVES = 24

NoiseReader = Callable[[Ns, F64 | None], F64]
"""Takes the time and, where known, the ``(n,)`` flow of the road over its mean of the day;
gives ``(n,)`` LAeq of the minute [dB(A)]."""


class Noise:
    """LAeq of a minute.

    The level of the place, plus the hour's shape or, where the road's flow is known, ten times
    the logarithm of it, plus a residual with the fitted spread, distribution and memory. Points
    far apart have residuals of their own.

    Parameters
    ----------
    streams
        Draws come from ``world.background.noise``.

    References
    ----------
    The ten times logarithm of flow: Calculation of Road Traffic Noise (UK Department of
    Transport 1988), chart 2. The rest is fitted to 11.4 days of one place.
    """

    def __init__(self, streams: Streams) -> None:
        figures = _figures()
        self._spread_db = figures.spread_db
        self._quantile = figures.quantile
        # The shape of one week's place serves every day; it has no days off of its own.
        by_day = figures.hourly_db - figures.hourly_db[6:22].mean()
        self._shape_db = np.broadcast_to(by_day, (1, 3, 24))
        self._waves = Waves(_ALIKE_M, _WAVES)
        self._score = Persistence(
            streams, "world.background.noise", figures.parts, self._waves.amplitudes
        )

    def bind(self, xy_m: F64, kind: I32) -> NoiseReader:
        """Return a reader for ``(n, 2)`` points and ``(n,)`` indices into `KINDS`."""
        weights = self._waves.at(np.asarray(xy_m, dtype=float).reshape(-1, 2))
        level = np.array([LEVEL_DBA[name] for name in KINDS])[np.asarray(kind)]

        def read(now: Ns, flow: F64 | None = None) -> F64:
            score = weights @ self._score.steps(int(now) // MINUTE, 1)[:, 0, 0]
            residual = self._spread_db * np.interp(score, SCORES, self._quantile)
            if flow is None:
                usual = at(self._shape_db, now)[0]
            else:
                usual = 10 * np.log10(np.maximum(flow, _QUIETEST_FLOW))
            loud: F64 = level + usual + residual
            return loud

        return read


class _Figures(NamedTuple):
    hourly_db: F64
    spread_db: float
    quantile: F64
    parts: list[Part]


def _figures() -> _Figures:
    written = document()["noise"]
    return _Figures(
        np.array(written["hourly_db"]),
        written["spread_db"],
        np.array(written["quantile"]),
        [
            Part(memory=float(tau), smooth=False, loading=np.full((1, 1), np.sqrt(share)))
            for tau, share in written["memory_min"].items()
        ],
    )

"""What a weighbridge in the road feels: the heaviest vehicle that has just passed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import SECOND
from sim.world.fields import Reader
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

GRAVITY = 9.80665
LOOK_S = 10
"""Time over which the heaviest is kept. As the catalogue's look."""
LORRY_SHARE, LORRY_KG, LORRY_SPREAD = 0.06, 18_000.0, 0.35
"""Share of lorries, their median weight, and standard deviation of its logarithm. Assumed, as the
bridges' own traffic; 49 t is the most that GB 1589 lets six axles carry."""
LEGAL_KG, CAR_KG = 49_000.0, 1_500.0
AXLE_SHARE = {"car": 0.55, "lorry": 0.35, "convoy": 0.20}
"""Share of the weight on the heaviest axle: two axles, three to four, six. Assumed."""
SPREAD_OUT = 0.72
"""What of a heavy lorry's weight acts in the middle of a span of 30 m. Assumed: six axles over
14 m by the influence line of a simple beam."""


class Spans(Protocol):
    """What is known of bridges."""

    place: NDArray[np.intp]
    overweight_n: F64
    on_span: F64


class WeighingField:
    """Two channels: heaviest axle and heaviest vehicle of the last ten seconds [kg].

    It lies in the road before a bridge, so it feels those too that are then turned back.

    Parameters
    ----------
    spans
        The bridges: what is on each, and what beyond ordinary traffic.
    """

    def __init__(self, spans: Spans, stage: Stage) -> None:
        self._spans = spans
        self._stage = stage
        self._row = {place: row for row, place in enumerate(spans.place.tolist())}

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(2, n)``; 0 away from bridges, and while none passes."""
        del xy_m, link
        rows = np.array([self._row.get(p, -1) for p in place.tolist()], dtype=np.intp)
        return lambda: np.append(self._heaviest(), np.zeros((2, 1)), axis=1)[:, rows]

    def _heaviest(self) -> F64:
        """Return ``(2, b)`` heaviest axle and vehicle at each bridge."""
        spans, n = self._spans, len(self._spans.place)
        look = int(self._stage.now) // (LOOK_S * SECOND)
        draw = self._stage.streams.at("world.domains.weighing", look)
        chance, luck = draw.random((2, n)), draw.standard_normal(n)
        has_lorry = chance[0] < -np.expm1(-spans.on_span * LORRY_SHARE)
        has_car = chance[1] < -np.expm1(-spans.on_span)
        lorry = np.minimum(LORRY_KG * np.exp(LORRY_SPREAD * luck), LEGAL_KG)
        gross = np.where(has_lorry, lorry, np.where(has_car, CAR_KG, 0.0))
        axle = np.where(has_lorry, AXLE_SHARE["lorry"], AXLE_SHARE["car"]) * gross
        convoy = spans.overweight_n / GRAVITY / SPREAD_OUT
        heavier = convoy > gross
        return np.stack(
            [
                np.where(heavier, AXLE_SHARE["convoy"] * convoy, axle),
                np.where(heavier, convoy, gross),
            ]
        )

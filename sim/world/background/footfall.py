"""People on foot by kind of place, as factors with mean 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import HOUR, Ns
from sim.kernel.rng import Streams
from sim.world.background.fitted import document
from sim.world.background.residual import Residual
from sim.world.background.shapes import at

F64 = NDArray[np.float64]

PLACE_KINDS = ("office", "transit", "shopping", "nightlife", "leisure")
"""Kinds of place whose weeks were fitted."""


class Footfall:
    """How many people are on foot at places of each kind, over the mean of an ordinary week.

    The week's shape and what differs from it are those of 11 places in the centre of Auckland:
    no open series of Beijing is at hand. assumed: offices, stations, shops and bars keep
    similar hours; the levels are not carried over, only the shapes.

    Parameters
    ----------
    streams
        Draws come from ``world.background.footfall``.
    """

    def __init__(self, streams: Streams) -> None:
        written = document()["footfall"]
        self._shape = np.array([written["shape"][kind] for kind in PLACE_KINDS])
        self._residual = Residual(
            streams,
            "world.background.footfall",
            [written["spread_log"][kind] for kind in PLACE_KINDS],
            {float(tau): share for tau, share in written["memory_h"].items()},
            HOUR,
            written["together"],
        )

    def factor(self, now: Ns) -> F64:
        """Return ``(5,)`` by `PLACE_KINDS`."""
        return at(self._shape, now) * self._residual.at(now)

    def usual(self, now: Ns) -> F64:
        """Return ``(5,)`` what an ordinary week has at this hour, without a residual."""
        return at(self._shape, now)

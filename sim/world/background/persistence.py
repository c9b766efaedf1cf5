"""Chance that lasts: Gaussian series whose value at any step can be had without the steps before.

A series is a sum of parts, each with its own memory. Time is cut into blocks. A block's values
come from the innovations of the block and of some blocks before it, each drawn from its own
tick of a stream, so a value depends on seed, name and step only, and two runs that start at
different times agree where they meet.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from sim.kernel.rng import Streams

F64 = NDArray[np.float64]

BLOCK = 768
"""Steps a block: 32 days of hours."""
_MEMORIES = 8.0
"""Blocks reach back this many memories: what is cut off is exp(-8), 0.03 % of a standard
deviation, and so is the seam between two blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a set of series, with its own memory.

    Attributes
    ----------
    memory
        Correlation time [steps].
    smooth
        False for a first-order process, which moves by jumps of chance; True for two such
        filters one after the other, whose course has no corners.
    loading
        ``(series, latent)`` how independent latent series make up the series; the part's
        covariance is ``loading @ loading.T``.
    """

    memory: float
    smooth: bool
    loading: F64

    def correlation(self, lag: F64) -> F64:
        """Return the latent series' own correlation at lags, any shape [steps]."""
        return correlation(lag, self.memory, self.smooth)


def correlation(lag: F64, memory: float, smooth: bool) -> F64:
    """Return ``d**lag``, d = exp(-1 / memory), or where smooth more than that.

    Smooth is ``d**lag (1 + lag (1 - d**2) / (1 + d**2))``, the correlation of an autoregression
    of second order with both roots at d.
    """
    decay = math.exp(-1.0 / memory)
    falling: F64 = decay**lag
    if not smooth:
        return falling
    rounded: F64 = falling * (1 + lag * (1 - decay**2) / (1 + decay**2))
    return rounded


class Persistence:
    """Stationary Gaussian series with the sum of their parts' covariances.

    Parameters
    ----------
    streams, name
        Draws come from ``{name}.{part}`` at the block, plus a fixed offset.
    parts
        All with as many series.
    copies
        How many independent sets.
    """

    def __init__(self, streams: Streams, name: str, parts: Sequence[Part], copies: int = 1) -> None:
        self._parts = [_Drawn(streams, f"{name}.{k}", part, copies) for k, part in enumerate(parts)]
        self._blocks: OrderedDict[int, F64] = OrderedDict()

    def steps(self, first: int, count: int) -> F64:
        """Return ``(copies, series, count)`` from step `first` on, not negative, in deviations.

        It may be a view of what is kept for later calls: not to be written to.
        """
        blocks = range(first // BLOCK, (first + count - 1) // BLOCK + 1)
        if len(blocks) == 1:
            joined = self._block(blocks.start)
        else:
            joined = np.concatenate([self._block(b) for b in blocks], axis=2)
        offset = first - blocks.start * BLOCK
        return joined[:, :, offset : offset + count]

    def _block(self, block: int) -> F64:
        values = self._blocks.get(block)
        if values is None:
            values = self._parts[0].block(block)
            for part in self._parts[1:]:
                values += part.block(block)
            self._blocks[block] = values
            if len(self._blocks) > 2:
                self._blocks.popitem(last=False)
        return values


class _Drawn:
    """A part's innovations and what becomes of them."""

    def __init__(self, streams: Streams, name: str, part: Part, copies: int) -> None:
        self._streams = streams
        self._name = name
        self._loading = part.loading
        self._shape = (copies, part.loading.shape[1])
        self._history = math.ceil(_MEMORIES * part.memory / BLOCK)
        self._innovations: OrderedDict[int, F64] = OrderedDict()
        decay = math.exp(-1.0 / part.memory)
        if part.smooth:
            self._gain = math.sqrt((1 - decay**2) ** 3 / (1 + decay**2))
            self._feedback = [1.0, -2 * decay, decay**2]
        else:
            self._gain = math.sqrt(1 - decay**2)
            self._feedback = [1.0, -decay]

    def block(self, block: int) -> F64:
        """Return ``(copies, series, BLOCK)``."""
        span = range(block - self._history, block + 1)
        drawn = np.concatenate([self._draw(b) for b in span], axis=2)
        latent = lfilter([self._gain], self._feedback, drawn, axis=2)[:, :, -BLOCK:]
        values: F64 = self._loading @ latent
        return values

    def _draw(self, block: int) -> F64:
        drawn = self._innovations.get(block)
        if drawn is None:
            # Ticks may not be negative, and a history may reach back before the epoch.
            rng = self._streams.at(self._name, block + self._history)
            drawn = rng.standard_normal((*self._shape, BLOCK))
            self._innovations[block] = drawn
            if len(self._innovations) > self._history + 1:
                self._innovations.popitem(last=False)
        return drawn

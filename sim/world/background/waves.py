"""Smooth randomness over the plane: waves whose sum has a wanted correlation with distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

_GOLDEN = np.pi * (3 - np.sqrt(5))


class Waves:
    """Plane waves for an exponential correlation, ``exp(-distance / length)``.

    Two independent standard normal amplitudes a wave, one of its cosine and one of its sine,
    give every point variance 1 exactly, and two points the correlation up to the number of
    waves. Wave numbers are the spectrum's own quantiles, not draws, and turn by the golden
    angle, so `count` waves come closer than as many random ones would.

    Parameters
    ----------
    length_m
        Correlation length.
    count
        Number of waves; there are twice as many amplitudes.

    References
    ----------
    Rahimi & Recht 2007, "Random features for large-scale kernel machines". The spectrum of an
    exponential kernel in the plane is the two-dimensional Cauchy distribution, whose radius has
    the quantiles ``sqrt(1 / (1 - p)**2 - 1)``.
    """

    def __init__(self, length_m: float, count: int) -> None:
        share = (np.arange(count) + 0.5) / count
        radius = np.sqrt(1 / (1 - share) ** 2 - 1) / length_m
        angle = _GOLDEN * np.arange(count)
        self._wave = radius * np.stack([np.cos(angle), np.sin(angle)])
        self._norm = 1 / np.sqrt(count)
        self.amplitudes = 2 * count

    def at(self, xy_m: F64) -> F64:
        """Return ``(n, amplitudes)`` weights at ``(n, 2)`` points."""
        phase = xy_m @ self._wave
        weights: F64 = self._norm * np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
        return weights

"""Whole people out of expected numbers."""

from __future__ import annotations

import math


class Toll:
    """Counts whole people as an expected number grows.

    Rounding down after one uniform offset keeps the mean and never takes anybody back.

    Parameters
    ----------
    offset
        Uniform, 0 to 1, drawn once.
    """

    def __init__(self, offset: float) -> None:
        self._offset = offset
        self.people = 0

    def rise_to(self, expected: float) -> int:
        """Return how many come to harm now that `expected` are so in the mean."""
        new = max(0, math.floor(expected + self._offset) - self.people)
        self.people += new
        return new

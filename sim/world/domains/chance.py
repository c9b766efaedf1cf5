"""Rare events of a changing rate, drawn once an event and never while nothing happens."""

from __future__ import annotations

from sim.kernel.rng import Streams

YEAR_S = 31_557_600.0
"""A Julian year, in which rates are told [s]."""


class Arrivals:
    """A Poisson process told how many events were to be expected since the last look.

    Events come whenever the expectation has grown by another draw of mean 1, so that they do
    not depend on how time is cut into steps, and a rate of 0 draws nothing.

    Parameters
    ----------
    streams, name
        Chance: `name` at the number of the event.

    References
    ----------
    Time rescaling: Daley & Vere-Jones 2003, theorem 7.4.I, doi:10.1007/b97277.
    """

    def __init__(self, streams: Streams, name: str) -> None:
        self._streams = streams
        self._name = name
        self._left: float | None = None
        self.count = 0

    def pass_by(self, expected: float) -> range:
        """Return the numbers of the events that come while `expected` were to be expected."""
        assert expected >= 0, f"expected was {expected}, must not be negative"
        first = self.count
        while expected > 0:
            if self._left is None:
                self._left = float(self._streams.at(self._name, self.count).exponential())
            if expected < self._left:
                self._left -= expected
                break
            expected -= self._left
            self._left = None
            self.count += 1
        return range(first, self.count)

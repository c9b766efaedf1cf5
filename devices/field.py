"""What devices need of the world, in their own words: the true values where they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.messages.telemetry import F64, I32


class Field(Protocol):
    """A physical quantity, or several, over the city."""

    def bind(self, xy_m: F64, link: I32, place: I32) -> Callable[[], F64]:
        """Return a reader of the true values at these devices.

        Parameters
        ----------
        xy_m
            ``(n, 2)`` positions [m].
        link, place
            ``(n,)`` int32 index of the link or place each device watches, -1 for none.

        Returns
        -------
        Callable
            Gives the values now, ``(channels, n)`` in the catalogue's units and order. The
            array may be the world's own: a reader's caller never writes to it.
        """

"""Green for responders: who comes with siren is let through where a junction grants it."""

from __future__ import annotations

from typing import Protocol

from sim.kernel.basemap import BaseMap


class Signals(Protocol):
    """What a junction's lights do when a vehicle asks."""

    def preempt(self, node: int, link: int, by: str) -> None:
        """Give `link` green at its end `node` until `by` releases it."""

    def release(self, node: int, by: str) -> None:
        """Give up the hold of `by`; harmless when it holds nothing."""


class Priority:
    """Junctions whose controllers grant priority, and the responders that ask for it.

    A vehicle asks when it enters the link that leads to the junction, and gives up its hold
    when it has passed.

    Parameters
    ----------
    basemap
        Where a junction's links lead.
    signals
        The lights.
    everywhere
        Whether every junction grants it, whatever its actuator says.
    """

    def __init__(self, basemap: BaseMap, signals: Signals, *, everywhere: bool = False) -> None:
        self._basemap = basemap
        self._end = basemap.roads.end
        self._signals = signals
        self._everywhere = everywhere
        self._granting: dict[int, dict[str, None]] = {}

    def grant(self, place: int, actuator_id: str, works: bool) -> None:
        """Let a junction grant priority, or no more: the effect of ``signal_priority``."""
        for link in self._basemap.places[place].links:
            granting = self._granting.setdefault(int(self._end[link]), {})
            if works:
                granting[actuator_id] = None
            else:
                granting.pop(actuator_id, None)

    def approach(self, link: int, by: str) -> None:
        """Ask for green at the end of `link`."""
        node = int(self._end[link])
        if self._everywhere or self._granting.get(node):
            self._signals.preempt(node, link, by)

    def pass_by(self, link: int, by: str) -> None:
        """Give up what was asked for."""
        self._signals.release(int(self._end[link]), by)

"""Things that are up while anybody keeps them up."""

from __future__ import annotations


class Holders:
    """Who keeps something up at which place, such as a stop, a fan, a notice."""

    def __init__(self) -> None:
        self._by: dict[int, dict[str, None]] = {}

    def hold(self, place: int, by: str, held: bool) -> None:
        """Begin or cease to keep it up; an actuator's effect."""
        holders = self._by.setdefault(place, {})
        if held:
            holders[by] = None
        else:
            holders.pop(by, None)

    def at(self, place: int) -> int:
        """Return how many keep it up at a place."""
        return len(self._by.get(place, ()))

"""The course of weather that comes, stays and goes."""

from __future__ import annotations

from dataclasses import dataclass

from sim.kernel.clock import Ns, to_seconds


@dataclass(frozen=True, slots=True)
class Spell:
    """A trapezium over time; assumed: it goes as fast as it has come.

    Attributes
    ----------
    begins
        When it begins to come.
    rise_s
        How long it comes, and how long it goes.
    duration_s
        The whole, both among it.
    """

    begins: Ns
    rise_s: float
    duration_s: float

    def share(self, now: Ns) -> float:
        """Return how much of it there is now, 0 to 1."""
        age_s = self.age_s(now)
        left_s = self.duration_s - age_s
        if age_s <= 0 or left_s <= 0:
            return 0.0
        return min(1.0, min(age_s, left_s) / self.rise_s) if self.rise_s > 0 else 1.0

    def age_s(self, now: Ns) -> float:
        """Return how long ago it began; negative before."""
        return to_seconds(int(now) - int(self.begins))

    def is_over(self, now: Ns) -> bool:
        """Return whether it has gone."""
        return self.age_s(now) >= self.duration_s

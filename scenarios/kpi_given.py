"""What the rules of key figures compute from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from scenarios.events import FLOOD, Record
from scenarios.score import Match, Score

Group = Literal["detection", "response", "consequences", "sensing"]
Value = float | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensing:
    """What the runner counted of the sensors' work.

    Attributes
    ----------
    devices
        Sensors in the city.
    readings_made, readings_accepted
        Readings the sensors made, and those the centre took in time and found valid.
    stored
        Those that came late, kept by gateways or devices while nobody listened.
    uncovered
        Sensors that no gateway hears.
    lives_d
        How long the new battery of each sensor that has one lasts when idle [d].
    """

    devices: int
    readings_made: int
    readings_accepted: int
    stored: int = 0
    uncovered: int = 0
    lives_d: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What rules compute from."""

    score: Score
    truth: Sequence[Record]
    decisions: Sequence[Record]
    sensing: Sensing | None

    @property
    def matches(self) -> tuple[Match, ...]:
        """Every true event with its answer."""
        return self.score.matches

    def total(self, name: str) -> Value:
        """Return a total of the run's last truth record."""
        end = next((r for r in reversed(self.truth) if r["type"] == "run_end"), None)
        return None if end is None else end.get(name)

    def people(self, record_type: str) -> int:
        """Return the people of all records of a type."""
        return sum(r["people"] for r in self.truth if r["type"] == record_type)

    def harmed(self, what: str) -> int:
        """Return how many people came to one kind of harm."""
        return sum(r["people"] for r in self.truth if r["type"] == "harm" and r["what"] == what)

    def added(self, *names: str) -> Value:
        """Return the sum of those of some totals that the run has; None without a last record."""
        found = [self.total(name) for name in names]
        return None if self.total("t_s") is None else sum(value or 0 for value in found)

    @property
    def floods(self) -> list[Match]:
        """Those of them that are floods of underpasses."""
        return [match for match in self.matches if match.event.hazard == FLOOD]


Row = tuple[str, str, str, str, Callable[[Given], Value]]
"""Name, title, unit, description, rule."""

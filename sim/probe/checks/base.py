"""What a check is, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sim.kernel.clock import SECOND, Ns
from sim.probe.arrival import Arrival
from sim.probe.expect import Expect
from sim.probe.findings import Notebook
from sim.probe.reader import Heard, Report
from sim.probe.roll import Roll


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all checks of one examination share.

    Attributes
    ----------
    expect
        What is tolerated.
    roll
        The devices known so far; up to date before a check hears a message.
    notes
        Where findings go.
    """

    expect: Expect
    roll: Roll
    notes: Notebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an examination ends.

    Attributes
    ----------
    start, end
        When it began and ended, in the feed's time.
    kept
        What the broker retains at the end, by topic; None where nobody looked.
    cut
        ``kind/device`` whose plug was pulled, and when; None where none was.
    """

    start: Ns
    end: Ns
    kept: Mapping[str, Arrival] | None = None
    cut: tuple[str, Ns] | None = None

    @property
    def span_s(self) -> float:
        """How long it lasted [s]."""
        return (self.end - self.start) / SECOND


class Check(Protocol):
    """A group of rules, judged together: fed in order of arrival, then asked to conclude."""

    def hear(self, heard: Heard) -> None:
        """Take one message."""

    def conclude(self, ending: Ending) -> None:
        """Note what only the whole shows."""


def reports(heard: Heard) -> tuple[Report, ...]:
    """Return the reports in a message that is news, not retained from before."""
    if heard.arrival.retained or not isinstance(heard.body, tuple):
        return ()
    return heard.body

"""Outages: what may be ordered of them, and how truth tells of people without power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.units import Number, Seconds, Share
from sim.world.events import Event, HazardKind
from sim.world.hazards.order import Order
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

LEVEL_SHARES = (("IV", 0.05), ("III", 0.10), ("II", 0.20), ("I", 0.50))
"""Share of a municipality's load that is lost: State Council Decree 599, article 2 and annex."""
NOTICED = 3
"""Households that call about an outage of a feeder. Assumed: most look at the street, see it
dark, and wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage(Order):
    """Feeders of a substation fail, or the whole of it, and people are without power.

    Attributes
    ----------
    place
        The substation.
    feeders
        How many of its feeders fail, drawn from all of them.
    permanent
        Whether the fault stays until a crew has mended it; otherwise reclosing clears it.
    whole
        The substation itself fails, and with it all that leaves it.
    lasts_s
        When they come back by themselves; None for when a crew has mended them.
    """

    word: ClassVar[str] = "outage"
    feeders: int = 1
    permanent: bool = True
    whole: bool = False
    lasts_s: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeederFaults(Order):
    """Feeders trip by chance from then on.

    Attributes
    ----------
    place
        Means nothing here: any feeder of the city may trip.
    per_feeder_year
        Trips of each feeder in a year of ordinary weather. Assumed: 0.5, a cable network with
        some overhead line at its edge.
    permanent
        Share that reclosing does not clear. Assumed: three in ten, as on mixed lines.
    """

    word: ClassVar[str] = "feeder_faults"
    per_feeder_year: Number = 0.5
    permanent: Share = 0.3


def outage_kind(people: float) -> HazardKind:
    """Return the kind of outage of a city of so many people, for the levels are shares."""
    return HazardKind(
        kind="outage",
        title="Power outage · 停电",
        domain="municipal",
        quantity="people without power",
        unit="people",
        levels=tuple((level, share * people) for level, share in LEVEL_SHARES),
        source=f"State Council Decree 599: 5/10/20/50 % lost, read as {people:,.0f} people",
    )


OUTAGE = outage_kind(100_000.0)
"""The kind as lists of kinds show it, for a city of so many; in a run the levels are shares of
the city's own people."""


class Outages:
    """One event a substation while people of its feeders are without power.

    Parameters
    ----------
    stage
        Truth, callers.
    substation
        ``(s,)`` place of each.
    people
        Residents of the city.

    Attributes
    ----------
    last
        Identifier of the newest event of each substation that had one.
    person_h
        Person-hours without power.
    """

    def __init__(self, stage: Stage, substation: I32, people: float) -> None:
        self._stage = stage
        self._place = substation
        self._kind = outage_kind(people)
        self._open: dict[int, Event] = {}
        self.last: dict[int, str] = {}
        self.person_h = 0.0

    def __bool__(self) -> bool:
        return bool(self._open)

    def at(self, row: int) -> Event | None:
        """Return the event of a substation that lasts, None when it has none."""
        return self._open.get(row)

    def follow(self, people: F64, cause: str | None) -> None:
        """Open events, with their `cause`, where ``(s,)`` people are newly without power."""
        for row in np.flatnonzero(people > 0).tolist():
            if row in self._open:
                continue
            place, out = int(self._place[row]), float(people[row])
            event = self._stage.events.begin(self._kind, self._stage.now, place, out, cause=cause)
            self._open[row] = event
            self.last[row] = event.event_id
            self._stage.callers.report("12345", "outage", place, round(out), witnesses=NOTICED)

    def step(self, now: Ns, dt_s: float, people: F64, helped: F64, lost_share: float) -> None:
        """Follow the events.

        Parameters
        ----------
        people, helped
            ``(s,)`` people without the grid's power, and how many generators could serve.
        lost_share
            Share of the city's load that is not served.
        """
        for row, event in self._open.items():
            out = float(people[row])
            exposed = max(0.0, out - float(helped[row]))
            event.extra = {"load_lost_share": lost_share}
            self._stage.events.update(event, now, out, exposed=exposed, dt_s=dt_s)
            self.person_h += exposed * dt_s / 3600

    def end(self, people: F64, by: str) -> None:
        """Close the events of substations whose people all have power again."""
        for row in [row for row in self._open if not people[row] > 0]:
            event = self._open.pop(row)
            self._stage.events.update(event, self._stage.now, 0.0)
            self._stage.events.end(event, self._stage.now, by=by)

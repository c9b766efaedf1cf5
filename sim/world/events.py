"""Hazard events as truth tells them: onset, levels, course, people exposed, end.

Every hazard keeps its own physics and tells this book what became of it. Each event happens
at a place of the map; the same thing once more at the same place is another event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns, to_seconds
from sim.world.truth import Truth

SAMPLE_S = 60.0
"""Time between two truth samples of what changes from minute to minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardKind:
    """What one hazard is called and how its severity is read.

    Attributes
    ----------
    kind
        Its word in scenarios, truth, and incidents: ``"fire"``.
    title
        For people, English and Chinese.
    domain
        Article 40 domain: ``"municipal"``, ``"traffic"``, ``"ecology"``, ``"health"``,
        ``"safety"``, ``"emergency"``; ``"industry"`` and ``"agriculture"`` of Article 11.
    quantity, unit
        What its severity measures: ``"heat release"``, ``"W"``.
    levels
        Severity from which each response level holds, rising from ``"IV"`` to ``"I"``; it may
        skip levels.
    source
        Where the levels come from, or ``"assumed: why"``.
    decoy
        Whether it only looks like a hazard: no incident should come of it.
    sample_s
        Time between two truth samples of its course, a whole multiple of `SAMPLE_S`; longer
        for what changes over hours, or of which a city has hundreds open at a time.
    """

    kind: str
    title: str
    domain: str
    quantity: str
    unit: str
    levels: tuple[tuple[str, float], ...]
    source: str
    decoy: bool = False
    sample_s: float = SAMPLE_S


@dataclass(slots=True, kw_only=True)
class Event:
    """One event while it lasts.

    Attributes
    ----------
    number
        How many events had begun before it.
    severity, peak
        Now and at its worst, in the kind's unit.
    exposed
        People exposed now.
    exposure_person_min
        Their person-minutes so far.
    extra
        Further figures of its course, written with every sample.
    """

    event_id: str
    number: int
    kind: HazardKind
    place: int
    onset: Ns
    severity: float
    peak: float
    exposed: float = 0.0
    exposure_person_min: float = 0.0
    levels: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)


class Events:
    """The book of all hazard events.

    Parameters
    ----------
    basemap
        Where places are.
    truth
        Takes the records: ``hazard_onset``, ``hazard_level``, ``hazard_course``,
        ``hazard_footprint``, ``hazard_end``.
    """

    def __init__(self, basemap: BaseMap, truth: Truth) -> None:
        self._basemap = basemap
        self._truth = truth
        self._open: dict[str, Event] = {}
        self._counts: dict[str, int] = {}
        self._over: dict[int, dict[str, None]] = {}
        self._begun = self._samples = 0
        # What is next sampled at which sample, so that a sample costs what it writes and not
        # a look at every open event.
        self._due: dict[int, list[Event]] = {}
        self.harm: dict[str, int] = {}

    def begin(
        self,
        kind: HazardKind,
        now: Ns,
        place: int,
        severity: float,
        *,
        xy_m: tuple[float, float] | None = None,
        cause: str | None = None,
        **extra: Any,
    ) -> Event:
        """Open an event at a place of the map and write its onset.

        Parameters
        ----------
        severity
            At the onset, in the kind's unit.
        xy_m
            Exactly where, when not at the place's own point [m].
        cause
            The event or hazard order that brought it about.
        extra
            Further figures for the onset record.
        """
        at = self._basemap.places[place]
        stem = f"{kind.kind}-{at.place_id}"
        number = self._counts[stem] = self._counts.get(stem, 0) + 1
        event = Event(
            event_id=f"{stem}-{number}",
            number=self._begun,
            kind=kind,
            place=place,
            onset=now,
            severity=severity,
            peak=severity,
        )
        self._open[event.event_id] = event
        self._begun += 1
        self._due.setdefault(self._samples, []).append(event)
        lon, lat = self._basemap.projection.point_to_lonlat(*(xy_m or (at.x_m, at.y_m)))
        self._truth.write(
            "hazard_onset",
            now,
            event=event.event_id,
            hazard=kind.kind,
            title=kind.title,
            place=at.place_id,
            district=at.district_id,
            lon=lon,
            lat=lat,
            severity=float(severity),
            quantity=kind.quantity,
            unit=kind.unit,
            limits=dict(kind.levels),
            cause=cause,
            **({"decoy": True} if kind.decoy else {}),
            **({"sample_s": kind.sample_s} if kind.sample_s != SAMPLE_S else {}),
            **extra,
        )
        self._raise_level(event, now)
        return event

    def update(
        self, event: Event, now: Ns, severity: float, *, exposed: float = 0.0, dt_s: float = 0.0
    ) -> None:
        """Follow an event by one step of `dt_s`: severity now, people exposed now."""
        event.severity = severity
        event.peak = max(event.peak, severity)
        event.exposed = exposed
        event.exposure_person_min += exposed * dt_s / 60
        self._raise_level(event, now)

    def footprint(self, event: Event, now: Ns, shape: list[list[float]], value: float) -> None:
        """Write an area that it reaches: a ring of lon, lat, and the value that bounds it."""
        self._truth.write(
            "hazard_footprint", now, event=event.event_id, ring=shape, value=float(value)
        )

    def hurt(self, event: Event, now: Ns, what: str, people: int) -> None:
        """Count people who came to harm: `what` is ``"injured"``, ``"dead"`` or ``"trapped"``."""
        if people <= 0:
            return
        self.harm[what] = self.harm.get(what, 0) + people
        self._truth.write(
            "harm",
            now,
            event=event.event_id,
            place=self._basemap.places[event.place].place_id,
            what=what,
            people=people,
        )

    def end(self, event: Event, now: Ns, *, by: str = "itself") -> None:
        """Close an event; `by` says what mended it: a task, an actuator, ``"itself"``."""
        self._close(event, now, by=by)
        self._over.setdefault(event.place, {})[event.kind.kind] = None

    def at(self, place: int) -> dict[str, float]:
        """Return the severity of every kind of event at a place; 0 for one that is over."""
        found = dict.fromkeys(self._over.get(place, {}), 0.0)
        for event in self._open.values():
            if event.place == place:
                found[event.kind.kind] = max(found.get(event.kind.kind, 0.0), event.severity)
        return found

    def open_events(self, kind: str | None = None) -> Iterator[Event]:
        """Yield the events that last, of one kind or all, oldest first."""
        for event in list(self._open.values()):
            if kind is None or event.kind.kind == kind:
                yield event

    def sample(self, now: Ns) -> None:
        """Write the course of the open events that are due; called every `SAMPLE_S`.

        The first sample of each is the first after its onset.
        """
        due = self._due.pop(self._samples, [])
        for event in sorted(due, key=lambda event: event.number):
            if event.event_id not in self._open:
                continue
            later = self._samples + max(1, round(event.kind.sample_s / SAMPLE_S))
            self._due.setdefault(later, []).append(event)
            self._truth.write(
                "hazard_course",
                now,
                event=event.event_id,
                severity=float(event.severity),
                people_exposed=float(event.exposed),
                **event.extra,
            )
        self._samples += 1

    def finish(self, now: Ns) -> None:
        """Close the books on events that last beyond the run, marked ``ongoing``."""
        for event in list(self._open.values()):
            self._close(event, now, ongoing=True)

    def _raise_level(self, event: Event, now: Ns) -> None:
        levels = event.kind.levels
        while event.levels < len(levels) and event.severity >= levels[event.levels][1]:
            self._truth.write(
                "hazard_level",
                now,
                event=event.event_id,
                level=levels[event.levels][0],
                severity=float(event.severity),
            )
            event.levels += 1

    def _close(self, event: Event, now: Ns, **how: Any) -> None:
        del self._open[event.event_id]
        self._truth.write(
            "hazard_end",
            now,
            event=event.event_id,
            peak_severity=float(event.peak),
            duration_s=to_seconds(int(now) - int(event.onset)),
            exposure_person_min=float(event.exposure_person_min),
            **how,
        )

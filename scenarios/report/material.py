"""What a report is made from, and the lists that several of its parts share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from scenarios.batteries import BatteryRow
from scenarios.events import F64, FLOOD, Record, depths_of
from scenarios.kpi_given import Value
from scenarios.kpis import Kpi
from scenarios.score import Match, Score
from sim.kernel.basemap import BaseMap


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What a run was.

    Attributes
    ----------
    scenario, title
        Identifier and headline of the scenario.
    version
        Of the program.
    command
        Line that repeats the run.
    assumptions
        One sentence for each thing the city's source lacked.
    """

    scenario: str
    title: str
    seed: int
    version: str
    command: str
    assumptions: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEffect:
    """One link between hazards, and what the run came to without it.

    Attributes
    ----------
    link, meaning
        Its name and what it joins.
    without
        Key figures of the run in which it was cut, by name.
    """

    link: str
    meaning: str
    without: Mapping[str, Value]

    def changed(self, values: Mapping[str, Value]) -> list[str]:
        """Return the names of the figures that are not as in the run with the link."""
        return [name for name, value in self.without.items() if value != values.get(name)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """One finished run; not slotted, for its lists are made once and kept.

    Attributes
    ----------
    basemap
        The public map.
    truth, decisions
        Records in the order they were written.
    score, kpis
        What `scenarios.score` and `scenarios.kpis` made of them.
    tracks
        Where units drove: ``(n, 3)`` of time [s] and position [m], by unit; may be empty.
    links
        What each link between hazards did; empty where nobody asked.
    batteries
        How long batteries last, a row a kind that has any.
    """

    info: RunInfo
    basemap: BaseMap
    truth: Sequence[Record]
    decisions: Sequence[Record]
    score: Score
    kpis: Sequence[Kpi]
    tracks: Mapping[str, F64] = field(default_factory=dict)
    links: tuple[LinkEffect, ...] = ()
    batteries: tuple[BatteryRow, ...] = ()

    @cached_property
    def matches(self) -> tuple[Match, ...]:
        """Events by onset; their numbers on map and figures count from 1 in this order."""
        return tuple(sorted(self.score.matches, key=lambda m: (m.event.onset_s, m.event.place)))

    @cached_property
    def floods(self) -> tuple[Match, ...]:
        """Those that are floods of underpasses."""
        return tuple(match for match in self.matches if match.event.hazard == FLOOD)

    @cached_property
    def others(self) -> tuple[Match, ...]:
        """Those of all other hazards."""
        return tuple(match for match in self.matches if match.event.hazard != FLOOD)

    @cached_property
    def number_of(self) -> dict[str, int]:
        """Number of each event by its name and onset."""
        return {key_of(match): number for number, match in enumerate(self.matches, start=1)}

    @cached_property
    def _by_event(self) -> dict[str, list[Match]]:
        found: dict[str, list[Match]] = {}
        for match in self.matches:
            found.setdefault(match.event.event, []).append(match)
        return found

    def cause_of(self, match: Match) -> Match | None:
        """Return the event that brought one about; None where the scenario or chance did."""
        before = [
            other
            for other in self._by_event.get(match.event.cause or "", ())
            if other is not match and other.event.onset_s <= match.event.onset_s
        ]
        return before[-1] if before else None

    @cached_property
    def led_to(self) -> dict[str, list[Match]]:
        """What each event brought about, by its key, in order; no event that led to nothing."""
        found: dict[str, list[Match]] = {}
        for match in self.matches:
            cause = self.cause_of(match)
            if cause is not None:
                found.setdefault(key_of(cause), []).append(match)
        return found

    @cached_property
    def kpi(self) -> dict[str, Kpi]:
        """Key figures by name."""
        return {figure.name: figure for figure in self.kpis}

    @cached_property
    def values(self) -> dict[str, Value]:
        """Values of the key figures by name."""
        return {figure.name: figure.value for figure in self.kpis}

    @cached_property
    def depths(self) -> dict[str, F64]:
        """``(2, n)`` times [s] and true depths [m] of every sampled place."""
        return depths_of(self.truth)

    @cached_property
    def peak_m(self) -> dict[str, float]:
        """Greatest true depth of every place that was ever wet [m]."""
        peaks = {place: float(rows[1].max(initial=0.0)) for place, rows in self.depths.items()}
        for match in self.floods:
            place = match.event.place
            peaks[place] = max(peaks.get(place, 0.0), match.event.peak)
        return peaks

    @cached_property
    def numbers(self) -> dict[str, list[int]]:
        """Numbers of the floods of each place."""
        found: dict[str, list[int]] = {}
        for match in self.floods:
            found.setdefault(match.event.place, []).append(self.number_of[key_of(match)])
        return found

    @cached_property
    def by_place(self) -> dict[str, list[Match]]:
        """Floods of each place by onset, places by their first flood."""
        found: dict[str, list[Match]] = {}
        for match in self.floods:
            found.setdefault(match.event.place, []).append(match)
        return found

    @cached_property
    def rain(self) -> F64:
        """``(2, n)`` times [s] and mean rain over the sampled places [mm/h]."""
        rows: dict[float, list[float]] = {}
        for record in self.truth:
            if record["type"] == "sample":
                rows.setdefault(record["t_s"], []).append(record["rain_mm_h"])
        if not rows:
            return np.empty((2, 0))
        return np.array([(t_s, np.mean(values)) for t_s, values in sorted(rows.items())]).T

    def rain_at(self, place: str) -> F64:
        """Return ``(2, n)`` times [s] and rain [mm/h] at one place."""
        rows = [
            (record["t_s"], record["rain_mm_h"])
            for record in self.truth
            if record["type"] == "sample" and record["place"] == place
        ]
        return np.array(rows).T if rows else np.empty((2, 0))

    def place_name(self, place_id: str | None) -> str:
        """Return a place's name, or its identifier where the map has none."""
        if place_id is None:
            return ""
        index = self.basemap.place_index.get(place_id)
        return place_id if index is None else self.basemap.places[index].name or place_id

    def district_name(self, district_id: str) -> str:
        """Return a district's name, or its identifier where the map has none."""
        return next(
            (d.name for d in self.basemap.districts if d.district_id == district_id), district_id
        )


def key_of(match: Match) -> str:
    """Return what tells one event of a run from all others: floods of a place share a name."""
    return f"{match.event.event} {match.event.onset_s:.3f}"

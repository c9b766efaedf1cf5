"""True hazard events, read from truth's records; what the centre did does not change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import BEIJING, MILLISECOND, SECOND, Ns

F64 = NDArray[np.float64]
Record = Mapping[str, Any]
Span = tuple[float, float]
"""From and to, in seconds since the scenario's start."""

FLOOD = "flood"
"""The hazard whose severity is the depth of an underpass, sampled for its place."""
FLOOD_M = 0.15
"""Depth that counts as a flood: ponding limit of GB 51222-2017."""
CLOSE_M = 0.27
"""Depth by which an underpass must be closed: Beijing's rule."""
CONTAINED_FOR_S = 600.0
"""Below the limit for so long counts as contained: the KPI's definition."""
RETURN_S = CONTAINED_FOR_S
"""An event of the same name that begins within so long of its end is the same, which was never
contained: water that comes back."""
SAMPLE_S = 60.0
"""Interval of truth's samples, unless the onset tells another."""

_EPOCH = datetime(1970, 1, 1, 8, tzinfo=BEIJING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One true event. Times in seconds since the scenario's start.

    Attributes
    ----------
    event, hazard, title
        Its name, the word of its kind, and what people call that.
    end_s
        When it was over; None when it lasted beyond the horizon.
    quantity, unit, peak
        What its severity measures, in which unit, and the greatest value of it.
    limits
        Severity from which each level holds.
    levels
        When each level was first reached, by rising severity.
    course
        ``(2, n)`` times [s] and severities while it lasted.
    rings
        Outlines that it reached, in degrees, each with the value that bounds it; the newest of
        each value.
    cause
        Event or hazard of the scenario that brought it about; None where none is told.
    mended_by
        What ended it: a task, an actuator, ``"itself"``; None where it is not told.
    decoy
        Whether it only looked like a hazard.
    harm
        People who came to harm, by kind of harm.
    contained_s
        When its severity fell below the first level, or below `FLOOD_M`, for at least
        `CONTAINED_FOR_S`; None when not seen to.
    closed_s
        When the road was first closed, by barrier or police, within its time.
    closed_in_time
        Of floods, whether it was closed when depth passed `CLOSE_M`; None where depth never did.
    """

    event: str
    hazard: str
    title: str
    place: str
    district: str
    lon: float
    lat: float
    onset_s: float
    end_s: float | None
    quantity: str
    unit: str
    peak: float
    limits: Mapping[str, float]
    exposure_person_min: float
    levels: Mapping[str, float]
    course: F64 = field(repr=False)
    rings: Mapping[float, Sequence[Sequence[float]]] = field(default_factory=dict, repr=False)
    cause: str | None = None
    mended_by: str | None = None
    decoy: bool = False
    harm: Mapping[str, int] = field(default_factory=dict)
    contained_s: float | None = None
    closed_s: float | None = None
    closed_in_time: bool | None = None


def start_of(truth: Sequence[Record], decisions: Sequence[Record]) -> Ns:
    """Return the city time of the scenario's start, by truth, else by the first decision."""
    for record in truth:
        since_epoch = datetime.fromisoformat(record["at"]) - _EPOCH
        at_ms = since_epoch // timedelta(milliseconds=1)
        return Ns((at_ms - round(record["t_s"] * 1000)) * MILLISECOND)
    return Ns(int(decisions[0]["t_ns"])) if decisions else Ns(0)


def time_s(decision: Record, start_ns: int) -> float:
    """Return when a decision was taken, in seconds since the scenario's start."""
    return (int(decision["t_ns"]) - start_ns) / SECOND


@dataclass(slots=True, kw_only=True)
class _Course:
    """An event while its records are read."""

    onset: Record
    end: Record | None = None
    peak: float = 0.0
    exposure_person_min: float = 0.0
    levels: dict[str, float] = field(default_factory=dict)
    rings: dict[float, Sequence[Sequence[float]]] = field(default_factory=dict)
    harm: dict[str, int] = field(default_factory=dict)
    samples: list[tuple[float, float]] = field(default_factory=list)

    def take(self, record: Record) -> None:
        """Take one record of the event, not its onset."""
        kind = record["type"]
        if kind == "hazard_course":
            self.samples.append((record["t_s"], record["severity"]))
        elif kind == "hazard_level":
            self.levels.setdefault(record["level"], record["t_s"])
        elif kind == "hazard_footprint":
            self.rings[record["value"]] = record["ring"]
        elif kind in ("harm", "trapped"):
            what = record.get("what", kind)
            self.harm[what] = self.harm.get(what, 0) + record["people"]
        elif kind == "hazard_end":
            self.end = None if record.get("ongoing") else record
            self.peak = max(self.peak, record["peak_severity"])
            self.exposure_person_min += record["exposure_person_min"]


def list_events(truth: Sequence[Record], horizon_s: float) -> list[Event]:
    """Return the events by onset; one that returns within `RETURN_S` continues."""
    courses: list[_Course] = []
    latest: dict[str, _Course] = {}
    for record in truth:
        if record["type"] == "hazard_onset":
            before = latest.get(record["event"])
            if before and before.end and record["t_s"] - before.end["t_s"] < RETURN_S:
                before.end = None
                continue
            latest[record["event"]] = _Course(onset=record, peak=record["severity"])
            courses.append(latest[record["event"]])
        elif record.get("event") in latest:
            latest[record["event"]].take(record)
    depths = depths_of(truth)
    return [_event(course, depths, horizon_s) for course in courses]


def _event(course: _Course, depths: Mapping[str, F64], horizon_s: float) -> Event:
    onset, end = course.onset, course.end
    onset_s, is_flood = onset["t_s"], onset["hazard"] == FLOOD
    end_s = end["t_s"] if end else None
    last_s = horizon_s if end_s is None else end_s
    rows = np.array([(onset_s, onset["severity"]), *course.samples]).T
    if is_flood:
        rows = depths.get(onset["place"], np.empty((2, 0)))
    rows = rows[:, (rows[0] >= onset_s) & (rows[0] <= last_s)]
    limit = FLOOD_M if is_flood else min(onset["limits"].values(), default=onset["severity"])
    return Event(
        event=onset["event"],
        hazard=onset["hazard"],
        title=onset["title"],
        place=onset["place"],
        district=onset["district"],
        lon=onset["lon"],
        lat=onset["lat"],
        onset_s=onset_s,
        end_s=end_s,
        quantity=onset["quantity"],
        unit=onset["unit"],
        limits=onset["limits"],
        peak=max(course.peak, float(rows[1].max(initial=0.0))),
        exposure_person_min=course.exposure_person_min,
        levels=dict(course.levels),
        course=rows,
        rings=course.rings,
        cause=onset.get("cause"),
        mended_by=end.get("by") if end else None,
        decoy=bool(onset.get("decoy")),
        harm=course.harm,
        contained_s=_contained(
            np.append(onset_s, rows[0, rows[1] >= limit]),
            onset.get("sample_s", SAMPLE_S),
            end_s,
            horizon_s,
        ),
    )


def _contained(severe: F64, sample_s: float, end_s: float | None, horizon_s: float) -> float | None:
    """Return the first sample after which it stays below its limit long enough.

    `severe` are the onset and the samples that were not below, every `sample_s`.
    """
    mild_from = severe + sample_s
    quiet_until = np.append(severe[1:], np.inf)
    found = np.flatnonzero(
        (quiet_until - mild_from >= CONTAINED_FOR_S) & (mild_from + CONTAINED_FOR_S <= horizon_s)
    )
    if not len(found):
        return None
    first_s = float(mild_from[found[0]])
    return first_s if end_s is None else min(first_s, max(end_s, float(severe[0])))


def depths_of(truth: Sequence[Record]) -> dict[str, F64]:
    """Return ``(2, n)`` times [s] and depths [m] of every sampled place."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for record in truth:
        if record["type"] == "sample":
            rows.setdefault(record["place"], []).append((record["t_s"], record["depth_m"]))
    return {place: np.array(pairs).T for place, pairs in rows.items()}


def closures_of(
    truth: Sequence[Record], decisions: Sequence[Record], horizon_s: float
) -> dict[str, list[Span]]:
    """Return when each place was truly closed, by barrier or by police on scene.

    Truth does not say which place an actuator serves; the centre's commands do.
    """
    place_of = {r["incident"]: r["place"] for r in decisions if r["type"] == "incident"}
    commands = {r["command"]: r for r in decisions if r["type"] == "command"}
    target_place = {c["target"]: place_of.get(c["incident"]) for c in commands.values()}
    since: dict[str, tuple[str, float]] = {}
    closures: dict[str, list[Span]] = {}
    for record in truth:
        if record["type"] == "actuator":
            by, place = record["actuator"], target_place.get(record["actuator"])
            closing = record["position"] == "closed"
        elif record["type"] == "unit":
            by, place = record["unit"], record["place"]
            order = commands.get(record["order"] or "")
            closing = (
                record["state"] == "on_scene"
                and order is not None
                and order["target_kind"] == "traffic_police"
            )
        else:
            continue
        if not closing and by in since:
            where, from_s = since.pop(by)
            closures.setdefault(where, []).append((from_s, record["t_s"]))
        elif closing and by not in since and place is not None:
            since[by] = (place, record["t_s"])
    for where, from_s in since.values():
        closures.setdefault(where, []).append((from_s, horizon_s))
    return closures


def with_closure(event: Event, closures: Mapping[str, list[Span]]) -> Event:
    """Return the event with what is known of its road's closures."""
    spans = closures.get(event.place, [])
    last_s = np.inf if event.end_s is None else event.end_s
    during = [from_s for from_s, to_s in spans if from_s <= last_s and to_s >= event.onset_s]
    deep_s = event.levels.get("II") if event.hazard == FLOOD else None
    in_time = None
    if deep_s is not None:
        in_time = any(from_s <= deep_s < to_s for from_s, to_s in spans)
    return replace(event, closed_s=min(during, default=None), closed_in_time=in_time)

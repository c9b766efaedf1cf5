"""True floods, read from truth's records; what the centre did does not change what they are."""

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

FLOOD_M = 0.15
"""Depth that counts as a flood: ponding limit of GB 51222-2017."""
CLOSE_M = 0.27
"""Depth by which an underpass must be closed: Beijing's rule."""
CONTAINED_FOR_S = 600.0
"""Below the limit for so long counts as contained: the KPI's definition."""
RETURN_S = CONTAINED_FOR_S
"""Water that returns to a place within so long is the same flood, which was never contained."""
SAMPLE_S = 60.0
"""Interval of truth's depth samples."""

_EPOCH = datetime(1970, 1, 1, 8, tzinfo=BEIJING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """One true flood. Times in seconds since the scenario's start.

    Attributes
    ----------
    end_s
        When depth fell below 0.10 m; None when it lasted beyond the horizon.
    levels
        When each level was first reached, by rising depth.
    contained_s
        When depth fell below `FLOOD_M` for at least `CONTAINED_FOR_S`; None when not seen to.
    closed_s
        When the road was first closed, by barrier or police, within the flood's time.
    closed_in_time
        Whether it was closed when depth passed `CLOSE_M`; None where depth never did.
    """

    event: str
    hazard: str
    place: str
    district: str
    onset_s: float
    end_s: float | None
    peak_depth_m: float
    exposure_person_min: float
    levels: Mapping[str, float]
    contained_s: float | None
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
    """A flood while its records are read."""

    onset: Record
    end: Record | None = None
    peak_m: float = 0.0
    exposure_person_min: float = 0.0
    levels: dict[str, float] = field(default_factory=dict)


def list_floods(truth: Sequence[Record], horizon_s: float) -> list[Flood]:
    """Return the floods by onset; water that returns within `RETURN_S` continues one."""
    courses: list[_Course] = []
    latest: dict[str, _Course] = {}
    for record in truth:
        if record["type"] == "hazard_onset":
            before = latest.get(record["event"])
            if before and before.end and record["t_s"] - before.end["t_s"] < RETURN_S:
                before.end = None
                continue
            latest[record["event"]] = _Course(onset=record, peak_m=record["depth_m"])
            courses.append(latest[record["event"]])
        elif record["type"] == "hazard_level":
            latest[record["event"]].levels.setdefault(record["level"], record["t_s"])
        elif record["type"] == "hazard_end":
            course = latest[record["event"]]
            course.end = None if record.get("ongoing") else record
            course.peak_m = max(course.peak_m, record["peak_depth_m"])
            course.exposure_person_min += record["exposure_person_min"]
    depths = depths_of(truth)
    return [_flood(course, depths, horizon_s) for course in courses]


def _flood(course: _Course, depths: Mapping[str, F64], horizon_s: float) -> Flood:
    onset_s, place = course.onset["t_s"], course.onset["place"]
    end_s = course.end["t_s"] if course.end else None
    last_s = horizon_s if end_s is None else end_s
    t_s, depth_m = depths.get(place, np.empty((2, 0)))
    during = (t_s >= onset_s) & (t_s <= last_s)
    return Flood(
        event=course.onset["event"],
        hazard=course.onset["hazard"],
        place=place,
        district=course.onset["district"],
        onset_s=onset_s,
        end_s=end_s,
        peak_depth_m=max(course.peak_m, float(depth_m[during].max(initial=0.0))),
        exposure_person_min=course.exposure_person_min,
        levels=dict(course.levels),
        contained_s=_contained(onset_s, t_s[during & (depth_m >= FLOOD_M)], horizon_s),
    )


def _contained(onset_s: float, deep_s: F64, horizon_s: float) -> float | None:
    """Return the first sample after which the place stays below the limit long enough."""
    deep = np.append(onset_s, deep_s)
    shallow_from = deep + SAMPLE_S
    quiet_until = np.append(deep[1:], np.inf)
    found = np.flatnonzero(
        (quiet_until - shallow_from >= CONTAINED_FOR_S)
        & (shallow_from + CONTAINED_FOR_S <= horizon_s)
    )
    return float(shallow_from[found[0]]) if len(found) else None


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


def with_closure(flood: Flood, closures: Mapping[str, list[Span]]) -> Flood:
    """Return the flood with what is known of its road's closures."""
    spans = closures.get(flood.place, [])
    last_s = np.inf if flood.end_s is None else flood.end_s
    during = [from_s for from_s, to_s in spans if from_s <= last_s and to_s >= flood.onset_s]
    deep_s = flood.levels.get("II")
    in_time = None
    if deep_s is not None:
        in_time = any(from_s <= deep_s < to_s for from_s, to_s in spans)
    return replace(flood, closed_s=min(during, default=None), closed_in_time=in_time)

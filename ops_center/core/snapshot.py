"""What the centre looks like from outside at one moment: immutable, for the API and plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns
from sim.messages.field import ActuatorStatus, UnitStatus

STATES = (
    "suspected",
    "confirmed",
    "acknowledged",
    "dispatched",
    "on_scene",
    "controlled",
    "closed",
)
"""The life cycle in order; ``"false_alarm"`` may follow any state before ``"closed"``."""

LEVELS = ("IV", "III", "II", "I")
"""Response levels by rising gravity: general, larger, major, especially major."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one source contributes to an incident.

    Attributes
    ----------
    source
        Device, call or unit that said it.
    signal
        What it said, such as ``"depth above 0.15 m"``.
    value
        Its latest value, in `unit`.
    llr
        Its share of the incident's log-odds, natural logarithm.
    """

    source: str
    signal: str
    value: float
    unit: str
    llr: float
    at: Ns


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of an incident's history: what, when, by whom or because of what."""

    at: Ns
    what: str
    detail: str
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step of the incident's plan as it stands.

    Attributes
    ----------
    status
        ``"waiting"``, ``"commanded"``, ``"accepted"``, ``"refused"``, ``"done"``,
        ``"verified"``, ``"failed"``, ``"expired"``, ``"skipped"``, ``"cancelled"``.
    eta
        When a unit is expected, for dispatch steps.
    """

    step_id: str
    title: str
    department: str
    status: str
    target: str | None
    command_id: str | None
    eta: Ns | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """One incident as the API shows it."""

    incident_id: str
    type: str
    state: str
    level: str
    place_id: str
    place_name: str
    district: str
    lon: float
    lat: float
    probability: float
    opened_at: Ns
    updated_at: Ns
    acknowledged_by: str | None
    plan: str | None
    evidence: tuple[Evidence, ...]
    steps: tuple[StepView, ...]
    timeline: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalSign:
    """One indicator, for one district or the whole city (district ``"all"``).

    Attributes
    ----------
    level
        ``"normal"``, ``"blue"``, ``"yellow"``, ``"orange"``, ``"red"``, or ``"unknown"``
        when no fresh data supports it: missing is never healthy.
    score
        0 to 100, NaN-free; None when unknown.
    confidence
        Fresh share of the sensors that feed it, 0 to 1.
    """

    indicator: str
    domain: str
    district: str
    value: float | None
    unit: str
    level: str
    score: float | None
    confidence: float
    official: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeviceTable:
    """All known devices as columns, `n` of them.

    Attributes
    ----------
    ids, kinds, districts, units
        Identifier, sensor kind, district and unit of the first channel.
    lon, lat
        ``(n,)`` degrees.
    value
        ``(n,)`` latest value of the first channel; NaN before the first.
    last_seen_ns
        ``(n,)`` when it was last heard; 0 for never.
    status
        ``(n,)`` uint8: 0 never heard, 1 online, 2 silent, 3 offline, 4 faulty.
    """

    ids: tuple[str, ...]
    kinds: tuple[str, ...]
    districts: tuple[str, ...]
    units: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    value: NDArray[np.float64]
    battery: NDArray[np.float64]
    last_seen_ns: NDArray[np.int64]
    status: NDArray[np.uint8]


DEVICE_STATUS = ("never_heard", "online", "silent", "offline", "faulty")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """The whole centre at `now`.

    Attributes
    ----------
    version
        Rises by one with every snapshot of a run.
    depth_m
        Latest believed water depth of each watched place.
    link_speed_mps
        ``(n_links,)`` believed speed of every road link; NaN where nothing is known.
    closed_links
        Links believed closed to traffic.
    counters
        Messages by fate (``"readings"``, ``"duplicates"``, ``"late"``, ``"quarantined.json"``).
    decisions
        The newest decision records, oldest first, as they are journalled.
    """

    version: int
    now: Ns
    basemap: BaseMap | None
    incidents: tuple[IncidentView, ...]
    units: tuple[UnitStatus, ...]
    actuators: tuple[ActuatorStatus, ...]
    devices: DeviceTable
    vitals: tuple[VitalSign, ...]
    depth_m: Mapping[str, float]
    link_speed_mps: NDArray[np.float64]
    closed_links: frozenset[int]
    counters: Mapping[str, int]
    decisions: tuple[Mapping[str, Any], ...] = field(default=())

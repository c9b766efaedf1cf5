"""Which devices stand where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devices.catalogue import SensorKind
from sim.messages.telemetry import F64, I32, DeviceInfo


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deployment:
    """Which devices of one kind stand where.

    Attributes
    ----------
    kind
        Their row of the catalogue; a city has one cohort a kind, since streams are named by it.
    devices
        Their births, in order; the order is their position in every batch.
    xy_m
        ``(n, 2)`` positions [m].
    link, place
        ``(n,)`` int32 index of the link or place each watches, -1 for none.
    tick_s
        Time between two looks [s]; None for the kind's own.
    """

    kind: SensorKind
    devices: Sequence[DeviceInfo]
    xy_m: F64
    link: I32
    place: I32
    tick_s: float | None = None

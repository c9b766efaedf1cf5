"""Packs to columns: the only place that gathers readings of devices into batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from sim.kernel.clock import MILLISECOND, Ns
from sim.kernel.errors import PayloadError
from sim.messages import senml, topics, wire
from sim.messages.senml import (
    ASIDE,
    BATTERY,
    QUALITY,
    SEQ,
    SIM_TIME,
    URN,
    base_name,
    read_base_name,
)
from sim.messages.telemetry import Channel, Roster, TelemetryBatch

MAX_CHANNELS = 100
"""Readings in a report, and rows in a batch: no device of the catalogue has a tenth of it."""

MAX_REPORTS = 10_000
"""Reports in one pack that are believed; assumed, twenty times what our gateways send."""

_BESIDE = frozenset(ASIDE)


class Pack:
    """One device's report, read from the wire and not yet gathered."""

    __slots__ = ("battery", "device_id", "kind", "quality", "readings", "seq", "sim_ns", "time_ns")

    def __init__(self, kind: str, device_id: str) -> None:
        self.kind = kind
        self.device_id = device_id
        self.readings: dict[Channel, float] = {}
        self.time_ns = 0
        self.seq = 0
        self.sim_ns = 0
        self.battery = math.nan
        self.quality = 0


class Gatherer:
    """Makes batches of neighbouring reports of one kind; keeps one roster a sensor kind."""

    def __init__(self) -> None:
        self._rosters: dict[str, Roster] = {}
        self._packs: list[Pack] = []
        self._channels: set[Channel] = set()

    def add(self, packs: Sequence[Pack]) -> list[TelemetryBatch]:
        """Take in reports, and return the batches that they end."""
        done: list[TelemetryBatch] = []
        for pack in packs:
            if self._packs and not self._fits(pack):
                done += self.take()
            self._packs.append(pack)
            self._channels.update(pack.readings)
        return done

    def take(self) -> list[TelemetryBatch]:
        """Return what is gathered, none or one batch, and begin anew."""
        packs, self._packs, self._channels = self._packs, [], set()
        return [self._batch(packs)] if packs else []

    def _fits(self, pack: Pack) -> bool:
        """Return whether `pack` is of the batch's kind and the batch stays small with it."""
        if self._packs[0].kind != pack.kind:
            return False
        few = len(self._channels) + len(pack.readings) <= MAX_CHANNELS
        return few or len(self._channels.union(pack.readings)) <= MAX_CHANNELS

    def _batch(self, packs: list[Pack]) -> TelemetryBatch:
        kind = packs[0].kind
        roster = self._rosters.setdefault(kind, Roster())
        channels: dict[Channel, None] = {}
        for pack in packs:
            channels.update(dict.fromkeys(pack.readings))
        values = np.array(
            [[pack.readings.get(channel, math.nan) for pack in packs] for channel in channels]
        ).reshape(len(channels), len(packs))
        battery = np.array([pack.battery for pack in packs])
        return TelemetryBatch(
            ts_event=Ns(max(pack.sim_ns or pack.time_ns for pack in packs)),
            kind=kind,
            roster=roster,
            channels=tuple(channels),
            device=np.array([roster.add(pack.device_id) for pack in packs], dtype=np.int32),
            time_ns=np.array([pack.time_ns for pack in packs], dtype=np.int64),
            values=values,
            quality=np.array([pack.quality for pack in packs], dtype=np.uint8),
            seq=np.array([pack.seq for pack in packs], dtype=np.int64),
            sim_time_ns=np.array([pack.sim_ns for pack in packs], dtype=np.int64),
            battery=None if np.isnan(battery).all() else battery,
        )


def read_packs(address: topics.Address, payload: bytes) -> list[Pack]:
    """Return the reports that a telemetry message holds, in their order.

    On a gateway's topic each base name begins a report, of the device that it names or else of
    the gateway itself. Everywhere else the topic says who speaks, and a base name of ours may
    not say otherwise. A reading that a report holds already begins the device's next report,
    with the same records beside it.

    Raises
    ------
    PayloadError
        With reason ``"json"``, ``"cbor"``, ``"schema"``, ``"range"``, ``"name"`` or ``"size"``.
    """
    bases = _Bases()
    packs: list[Pack] = []
    for whose, records in _by_device(address, senml.read(payload)):
        packs += _reports(whose, records, bases)
        if len(packs) > MAX_REPORTS:
            raise PayloadError("size", f"a pack of more than {MAX_REPORTS} reports")
    if not packs:
        raise PayloadError("schema", "the pack holds no record")
    return packs


class _Bases:
    """Base fields, which hold until they are replaced (RFC 8428, section 4.1)."""

    __slots__ = ("time_s", "unit", "value")

    def __init__(self) -> None:
        self.time_s = 0.0
        self.unit = "/"
        self.value = 0.0

    def note(self, record: wire.Record) -> None:
        if record.bt is not None:
            self.time_s = record.bt
        if record.bu is not None:
            self.unit = record.bu
        if record.bv is not None:
            self.value = record.bv
        if record.bver is not None and not 1 <= record.bver <= wire.SENML_VERSION:
            raise PayloadError(
                "schema", f"bver was {record.bver}, at most {wire.SENML_VERSION} expected"
            )


def _by_device(
    address: topics.Address, records: list[wire.Record]
) -> list[tuple[tuple[str, str], list[wire.Record]]]:
    """Return runs of records, each with the kind and the device that it is of."""
    own = (address.kind, address.device)
    if address.kind != topics.GATEWAY:
        mine = base_name(*own)
        for record in records:
            if record.bn is not None and record.bn != mine and record.bn.startswith(URN):
                raise PayloadError("name", f"{record.bn!r} in a pack of {address.device!r}")
        return [(own, records)] if records else []
    runs: list[tuple[tuple[str, str], list[wire.Record]]] = []
    for record in records:
        if record.bn is not None:
            runs.append((_named(record.bn) or own, [record]))
        elif runs:
            runs[-1][1].append(record)
        else:
            runs.append((own, [record]))
    return runs


def _named(name: str) -> tuple[str, str] | None:
    """Return the kind and device that a base name of ours names, or None for a foreign one."""
    whose = read_base_name(name)
    if whose is None and name.startswith(URN):
        raise PayloadError("name", f"{name!r}, expected {base_name('{kind}', '{device}')}")
    return whose


def _reports(whose: tuple[str, str], records: list[wire.Record], bases: _Bases) -> list[Pack]:
    """Return what one device's run of records reports."""
    pack = Pack(*whose)
    packs = [pack]
    aside: dict[str, float] = {}
    for record in records:
        bases.note(record)
        if record.n is None:
            raise PayloadError("schema", "a record has no name 'n'")
        if record.v is None:
            raise PayloadError("schema", f"record {record.n!r} has no numeric value 'v'")
        value = record.v + bases.value
        if not math.isfinite(value):
            raise PayloadError("range", f"record {record.n!r} was {value!r}, expected a number")
        if record.n in _BESIDE:
            aside[record.n] = value
            continue
        channel = _channel(record.n, record.u or bases.unit)
        if channel in pack.readings:
            pack = Pack(*whose)
            packs.append(pack)
        elif len(pack.readings) >= MAX_CHANNELS:
            raise PayloadError("size", f"more than {MAX_CHANNELS} readings in a report")
        pack.readings[channel] = value
        pack.time_ns = read_time(bases.time_s + (record.t or 0.0))
    if not pack.readings:
        raise PayloadError("schema", "the pack holds no reading")
    for name, value in aside.items():
        for each in packs:
            _put_beside(each, name, value)
    return packs


def _put_beside(pack: Pack, name: str, value: float) -> None:
    if name == SEQ:
        pack.seq = _whole(SEQ, value)
    elif name == SIM_TIME:
        pack.sim_ns = read_time(value)
    elif name == BATTERY:
        pack.battery = value
    else:
        pack.quality = min(_whole(QUALITY, value), 255)


def read_time(value: float) -> Ns:
    """Return a time of the wire, to the millisecond; raises `PayloadError` beyond belief."""
    if not 0 <= value < wire.MAX_TIME_S:
        raise PayloadError("range", f"time was {value!r}, expected seconds since 1970")
    return Ns(round(value * 1000) * MILLISECOND)


def _whole(name: str, value: float) -> int:
    if value != math.floor(value) or not 0 <= value < 2**53:
        raise PayloadError("range", f"{name} was {value!r}, expected a whole number from 0")
    return int(value)


@lru_cache(maxsize=4096)
def _channel(name: str, unit: str) -> Channel:
    """Return a channel; a city has few, and says each of them a million times."""
    return Channel(name, unit)

"""Messages of every type, and what two of them must share to say the same."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sim.kernel import basemap
from sim.kernel.bus import Message
from sim.kernel.clock import MILLISECOND, Ns
from sim.messages.city import CallReceived, CityClock, MapPublished
from sim.messages.field import Ack, ActuatorStatus, Command, UnitStatus
from sim.messages.operator import OperatorOrder
from sim.messages.telemetry import (
    Channel,
    DeviceBirth,
    DeviceDeath,
    DeviceInfo,
    Roster,
    TelemetryBatch,
)
from support.town import START, town

DEPTH = Channel("depth", "m")
SPEED = Channel("speed", "m/s")


def device(number: int, gateway_id: str | None = None) -> DeviceInfo:
    return DeviceInfo(
        device_id=f"wg-{number}",
        kind="water_gauge",
        domain="water",
        district="haidian",
        lon=116.3,
        lat=39.9,
        place_id="under-1",
        link=3,
        gateway_id=gateway_id,
        channels=(DEPTH, SPEED),
        interval_s=60.0,
        alarm_interval_s=10.0,
    )


def birth(count: int = 2, gateway_id: str | None = None) -> DeviceBirth:
    return DeviceBirth(ts_event=START, devices=[device(i, gateway_id) for i in range(count)])


def batch(count: int = 2, *, seq: int = 1, value: float = 0.25) -> TelemetryBatch:
    return TelemetryBatch(
        ts_event=START,
        kind="water_gauge",
        roster=Roster(device(i).device_id for i in range(count)),
        channels=(DEPTH, SPEED),
        device=np.arange(count, dtype=np.int32),
        time_ns=np.full(count, START + 5 * MILLISECOND, dtype=np.int64),
        values=np.vstack([np.full(count, value), np.full(count, math.nan)]),
        quality=np.zeros(count, dtype=np.uint8),
        seq=np.full(count, seq, dtype=np.int64),
        sim_time_ns=np.full(count, START, dtype=np.int64),
        battery=np.full(count, 87.5),
    )


def ack(number: int) -> Ack:
    return Ack(
        ts_event=START,
        cause="inc-000001",
        command_id=f"cmd-{number:06d}",
        source_id="pump-1",
        source_kind="standby_pump",
        source_domain="water",
        source_district="haidian",
        status="done",
        reason="",
    )


def command(number: int) -> Command:
    return Command(
        ts_event=START,
        cause="inc-000001",
        command_id=f"cmd-{number:06d}",
        target_id="pump-1",
        target_kind="standby_pump",
        target_domain="water",
        target_district="haidian",
        action="start",
        args={"place": "under-1", "level": 2, "rate": 0.5, "now": True, "until": None},
        expires_at=Ns(START + 60_000 * MILLISECOND),
    )


def order(number: int = 1) -> OperatorOrder:
    return OperatorOrder(
        ts_event=START,
        order_id=f"ord-{number:06d}",
        operator="张三",
        action="acknowledge",
        incident_id="inc-000001",
        args={"note": "看到了"},
    )


def clock(speed: float = 60.0) -> CityClock:
    return CityClock(
        ts_event=START, speed=speed, ends_at=None, wall_ns=START + 1 * MILLISECOND, run_id="run-1"
    )


def one_of_each() -> list[Message]:
    """One message a type; the birth comes before the telemetry it gives a topic to."""
    return [
        clock(),
        MapPublished(ts_event=START, basemap=town()),
        birth(),
        batch(),
        DeviceDeath(
            ts_event=START,
            device_id="wg-0",
            kind="water_gauge",
            domain="water",
            district="haidian",
            reason="battery empty",
        ),
        UnitStatus(
            ts_event=START,
            unit_id="amb-1",
            kind="ambulance",
            district="haidian",
            skills=("rescue",),
            state="on_scene",
            lon=116.3,
            lat=39.9,
            station_id="st-1",
            order_id="cmd-000001",
            observed={"trapped": 2, "depth_m": 0.4},
        ),
        ActuatorStatus(
            ts_event=START,
            actuator_id="sign-1",
            kind="message_sign",
            domain="roads",
            district="haidian",
            place_id="under-1",
            lon=116.3,
            lat=39.9,
            position="积水绕行",
            actions=("clear", "show"),
        ),
        command(1),
        ack(1),
        CallReceived(
            ts_event=START,
            call_id="call-000001",
            line="119",
            topic="trapped",
            district="haidian",
            lon=116.3,
            lat=39.9,
            place_id=None,
            people=3,
        ),
    ]


def says(message: Message) -> list[Any]:
    """Return what `message` says, one entry for each thing the wire carries by itself."""
    if isinstance(message, TelemetryBatch):
        return [_row(message, row) for row in range(len(message))]
    if isinstance(message, DeviceBirth):
        return [(message.ts_event, info) for info in message.devices]
    if isinstance(message, MapPublished):
        return [(message.ts_event, _rounded(basemap.to_document(message.basemap)))]
    plain = {f.name: getattr(message, f.name) for f in dataclasses.fields(message)}
    return [(type(message), plain)]


def _row(message: TelemetryBatch, row: int) -> tuple[Any, ...]:
    battery = None if message.battery is None else message.battery[row].item()
    return (
        message.kind,
        message.roster.ids[message.device[row]],
        int(message.time_ns[row]),
        {
            channel: message.values[i, row].item()
            for i, channel in enumerate(message.channels)
            if not math.isnan(message.values[i, row])
        },
        int(message.quality[row]),
        int(message.seq[row]),
        int(message.sim_time_ns[row]),
        None if battery is None or math.isnan(battery) else battery,
    )


def _rounded(value: Any) -> Any:
    """Degrees to a tenth of a millimetre: the projection there and back is not exact."""
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


times = st.integers(min_value=0, max_value=2**33 * 1000 - 1).map(lambda ms: Ns(ms * MILLISECOND))
levels = st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
maybe = st.none() | texts
floats = st.floats(allow_nan=False, allow_infinity=False)
lons = st.floats(-180, 180)
lats = st.floats(-90, 90)
whole = st.integers(-(2**53), 2**53)
scalars = st.none() | st.booleans() | whole | floats | texts
args = st.dictionaries(texts, scalars, max_size=3)
spans = st.floats(0.001, 31_000_000)
channels = st.lists(
    st.builds(Channel, levels.filter(lambda n: n not in {"seq", "sim_time", "battery", "quality"}),
              st.sampled_from(["m", "mm/h", "m/s", "/"])),
    min_size=1,
    max_size=4,
    unique=True,
)  # fmt: skip

births = st.builds(
    DeviceInfo,
    device_id=levels,
    kind=levels,
    domain=levels,
    district=levels,
    lon=lons,
    lat=lats,
    place_id=maybe,
    link=st.none() | st.integers(0, 2**31 - 1),
    gateway_id=maybe,
    channels=channels.map(tuple),
    interval_s=spans,
    alarm_interval_s=spans,
)

plain_messages = st.one_of(
    st.builds(
        DeviceDeath, ts_event=times, device_id=levels, kind=levels, domain=levels,
        district=levels, reason=texts,
    ),
    st.builds(DeviceBirth, ts_event=times, devices=st.lists(births, min_size=1, max_size=3)),
    st.builds(
        UnitStatus, ts_event=times, cause=maybe, unit_id=levels, kind=levels, district=levels,
        skills=st.lists(texts, max_size=3).map(tuple),
        state=st.sampled_from(["idle", "turnout", "en_route", "on_scene", "returning"]),
        lon=lons, lat=lats, station_id=texts, order_id=maybe, observed=args,
    ),
    st.builds(
        ActuatorStatus, ts_event=times, cause=maybe, actuator_id=levels, kind=levels,
        domain=levels, district=levels, place_id=texts, lon=lons, lat=lats, position=texts,
        actions=st.lists(texts, max_size=3).map(tuple),
    ),
    st.builds(
        Command, ts_event=times, cause=maybe, command_id=texts, target_id=levels,
        target_kind=levels, target_domain=levels, target_district=levels, action=texts,
        args=args, expires_at=times,
    ),
    st.builds(
        Ack, ts_event=times, cause=maybe, command_id=texts, source_id=levels,
        source_kind=levels, source_domain=levels, source_district=levels,
        status=st.sampled_from(["accepted", "refused", "done", "failed"]), reason=texts,
    ),
    st.builds(
        CallReceived, ts_event=times, cause=maybe, call_id=levels, line=texts, topic=texts,
        district=levels, lon=lons, lat=lats, place_id=maybe, people=st.integers(0, 2**31 - 1),
    ),
    st.builds(
        CityClock, ts_event=times, speed=st.floats(0.001, 1e6), ends_at=st.none() | times,
        wall_ns=times, run_id=texts,
    ),
    st.builds(
        OperatorOrder, ts_event=times, cause=maybe, order_id=texts, operator=texts, action=texts,
        incident_id=maybe, args=args,
    ),
)  # fmt: skip


@st.composite
def births_and_batches(draw: st.DrawFn) -> tuple[DeviceBirth, TelemetryBatch]:
    """A cohort's birth and a batch of it, with gaps but no reading that is all gaps."""
    which = tuple(draw(channels))
    n = draw(st.integers(1, 6))
    ids = draw(st.lists(levels, min_size=n, max_size=n, unique=True))
    kind, district = draw(levels), draw(levels)
    infos = [
        dataclasses.replace(device(0), device_id=each, kind=kind, district=district, channels=which)
        for each in ids
    ]
    rows = draw(st.integers(1, 8))
    column = st.lists(
        floats | st.just(math.nan), min_size=len(which), max_size=len(which)
    ).filter(lambda values: not all(math.isnan(v) for v in values))  # fmt: skip
    has_battery = draw(st.booleans())

    def ints(elements: st.SearchStrategy[int], dtype: type) -> Any:
        return np.array(draw(st.lists(elements, min_size=rows, max_size=rows)), dtype=dtype)

    message = TelemetryBatch(
        ts_event=draw(times),
        kind=kind,
        roster=Roster(ids),
        channels=which,
        device=ints(st.integers(0, n - 1), np.int32),
        time_ns=ints(times, np.int64),
        values=np.array([draw(column) for _ in range(rows)]).T.reshape(len(which), rows),
        quality=ints(st.integers(0, 255), np.uint8),
        seq=ints(st.integers(0, 2**53 - 1), np.int64),
        sim_time_ns=ints(times, np.int64),
        battery=ints(st.integers(0, 100), np.float64) if has_battery else None,
    )
    return DeviceBirth(ts_event=START, devices=infos), message

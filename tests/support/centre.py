"""A small made-up city mid-storm, as the snapshots its centre would publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ops_center.core.snapshot import (
    DeviceTable,
    Evidence,
    IncidentView,
    Snapshot,
    StepView,
    TimelineEntry,
    VitalSign,
)
from sim.kernel.basemap import BaseMap
from sim.kernel.clock import MINUTE, Ns, iso, seconds
from sim.messages.field import ActuatorStatus, UnitState, UnitStatus
from support.centre_map import DISTRICTS, fake_map

START = Ns(1_784_624_400_000_000_000)
"""2026-07-21 17:00 in Beijing."""
KINDS = (
    ("rain_gauge", "mm"),
    ("road_water_gauge", "m"),
    ("vehicle_detector", "m/s"),
    ("gateway", "count"),
)


def at(minutes: float) -> Ns:
    """City time so many minutes into the storm."""
    return Ns(START + seconds(minutes * 60))


def fake_devices(basemap: BaseMap, count: int = 60, *, minutes: float = 0.0) -> DeviceTable:
    """Sensors spread over the map: one silent, one offline, one faulty, one never heard."""
    draw = np.random.default_rng(11)
    roads = basemap.roads
    on = draw.integers(0, len(roads), count)
    xy_m = np.array([roads.midpoint(int(link)) for link in on])
    kind = np.where(np.arange(count) % 12 == 0, 0, np.where(np.arange(count) % 30 == 5, 3, 2))
    for n, place in enumerate(basemap.places):
        kind[[2 * n + 1, 2 * n + 2]] = 1
        xy_m[2 * n + 1] = (place.x_m - 30, place.y_m)
        xy_m[2 * n + 2] = (place.x_m + 30, place.y_m)
    lonlat = basemap.projection.to_lonlat(xy_m)
    status = np.ones(count, dtype=np.uint8)
    for row, code in ((10, 2), (20, 3), (30, 4), (40, 0)):
        status[row : row + 1] = code
    value = np.choose(kind, [12.4 + minutes * 0.6, 0.1 + minutes * 0.005, 8.0, 21.0])
    value = value + draw.random(count)
    value[40:41] = np.nan
    return DeviceTable(
        ids=tuple(f"{KINDS[k][0].replace('_', '-')}-{i:04d}" for i, k in enumerate(kind)),
        kinds=tuple(KINDS[k][0] for k in kind),
        districts=tuple(DISTRICTS[int(x > 0)][0] for x in xy_m[:, 0]),
        units=tuple(KINDS[k][1] for k in kind),
        lon=lonlat[:, 0].copy(),
        lat=lonlat[:, 1].copy(),
        value=value,
        battery=np.where(np.arange(count) % 7 == 0, np.nan, 96.0),
        last_seen_ns=np.where(status == 0, 0, at(minutes)).astype(np.int64),
        status=status,
    )


def fake_incident(
    basemap: BaseMap,
    number: int,
    *,
    minutes: float,
    state: str = "confirmed",
    level: str = "III",
    acknowledged_by: str | None = None,
) -> IncidentView:
    """A flood at the place of that number, counted from 1."""
    place = basemap.places[(number - 1) % len(basemap.places)]
    lon, lat = basemap.projection.point_to_lonlat(place.x_m, place.y_m)
    incident_id = f"inc-{number:06d}"
    opened = at(minutes)
    return IncidentView(
        incident_id=incident_id,
        type="flood",
        state=state,
        level=level,
        place_id=place.place_id,
        place_name=place.name,
        district=place.district_id,
        lon=lon,
        lat=lat,
        probability=0.987,
        opened_at=opened,
        updated_at=Ns(opened + 4 * MINUTE),
        acknowledged_by=acknowledged_by,
        plan="underpass-flood/1",
        evidence=(
            Evidence(
                source=f"road-water-gauge-{2 * number - 1:04d}",
                signal="depth_high",
                value=0.31,
                unit="m",
                llr=4.0,
                at=Ns(opened + MINUTE),
            ),
            Evidence(
                source="rain-gauge-0012",
                signal="rain_high",
                value=62.0,
                unit="mm/h",
                llr=1.5,
                at=opened,
            ),
            Evidence(
                source="vehicle-detector-0017",
                signal="speed_low",
                value=1.4,
                unit="m/s",
                llr=0.9,
                at=Ns(opened + 2 * MINUTE),
            ),
        ),
        steps=fake_steps(opened),
        timeline=(
            TimelineEntry(at=opened, what="suspected", detail="level IV", cause="finding-12"),
            TimelineEntry(
                at=Ns(opened + MINUTE), what="confirmed", detail="probability 0.99", cause=None
            ),
            TimelineEntry(
                at=Ns(opened + 2 * MINUTE),
                what="command",
                detail="close barrier-01",
                cause=incident_id,
            ),
            TimelineEntry(
                at=Ns(opened + 4 * MINUTE), what="level", detail="III, was IV", cause="finding-15"
            ),
        ),
    )


def fake_steps(opened: Ns) -> tuple[StepView, ...]:
    """The flood plan, half done."""
    rows = (
        ("warn-drivers", "Sign warns · 情报板提示绕行", "traffic", "verified", "sign-01", None),
        ("standby-pump", "Standby pump starts · 启动备用泵", "water", "failed", "pump-01", None),
        ("close-road", "Barrier closes · 道闸封路", "traffic", "verified", "barrier-01", None),
        ("police", "Police hold the approach · 交警管控", "traffic", "done", "police-1", None),
        ("pump-unit", "Pump unit drains · 排水单元抽排", "water", "accepted", "pump-unit-1", 12),
        ("ambulance", "Ambulance · 救护被困人员", "health", "waiting", None, None),
    )
    return tuple(
        StepView(
            step_id=step_id,
            title=title,
            department=department,
            status=status,
            target=target,
            command_id=f"cmd-{n:06d}" if target else None,
            eta=None if eta is None else Ns(opened + eta * MINUTE),
        )
        for n, (step_id, title, department, status, target, eta) in enumerate(rows, start=1)
    )


def fake_units(basemap: BaseMap, *, minutes: float) -> tuple[UnitStatus, ...]:
    """Five units, one of them on its way."""
    rows: tuple[tuple[str, str, UnitState, int], ...] = (
        ("pump-unit-1", "pump_unit", "en_route", 0),
        ("pump-unit-2", "pump_unit", "idle", 0),
        ("police-1", "traffic_police", "on_scene", 1),
        ("police-2", "traffic_police", "idle", 1),
        ("ambulance-1", "ambulance", "turnout", 2),
    )
    units = []
    for unit_id, kind, state, n in rows:
        station = basemap.stations[n]
        goal = basemap.places[n % len(basemap.places)]
        share = {"idle": 0.0, "turnout": 0.0, "on_scene": 1.0}.get(state, minutes % 10 / 10)
        lon, lat = basemap.projection.point_to_lonlat(
            station.x_m + share * (goal.x_m - station.x_m),
            station.y_m + share * (goal.y_m - station.y_m),
        )
        units.append(
            UnitStatus(
                ts_event=at(minutes),
                unit_id=unit_id,
                kind=kind,
                district=station.district_id,
                skills=("close",) if kind == "traffic_police" else ("pump",),
                state=state,
                lon=lon,
                lat=lat,
                station_id=station.station_id,
                order_id=None if state == "idle" else "cmd-000005",
                observed={"depth_m": 0.31} if state == "on_scene" else {},
            )
        )
    return tuple(units)


def fake_actuators(basemap: BaseMap, *, minutes: float) -> tuple[ActuatorStatus, ...]:
    """A pump, a barrier and a sign at every underpass."""
    rows = (
        ("standby_pump", "municipal", "fault", ("start", "stop")),
        ("barrier", "traffic", "closed", ("close", "open")),
        ("message_sign", "traffic", "前方积水 请绕行 FLOOD AHEAD", ("clear", "show")),
    )
    statuses = []
    for n, place in enumerate(basemap.places, start=1):
        for k, (kind, domain, position, actions) in enumerate(rows):
            lon, lat = basemap.projection.point_to_lonlat(place.x_m + 70 * (k - 1), place.y_m + 90)
            idle = {"standby_pump": "off", "barrier": "open", "message_sign": ""}[kind]
            statuses.append(
                ActuatorStatus(
                    ts_event=at(minutes),
                    actuator_id=f"{kind.replace('_', '-')}-{n:02d}",
                    kind=kind,
                    domain=domain,
                    district=place.district_id,
                    place_id=place.place_id,
                    lon=lon,
                    lat=lat,
                    position=position if n == 1 else idle,
                    actions=actions,
                )
            )
    return tuple(statuses)


def fake_vitals(minutes: float) -> tuple[VitalSign, ...]:
    """City-wide signs and scores, one of them unknown, and the water of each district."""
    rows: tuple[tuple[str, str, str, float | None, str, str, float | None, float], ...] = (
        ("rain_1h", "environment", "all", 38.2 + minutes / 10, "mm", "blue", 78.0, 1.0),
        ("score", "environment", "all", None, "", "blue", 78.0, 1.0),
        ("water_depth", "traffic", "all", 0.31, "m", "orange", 52.0, 0.94),
        ("water_depth", "traffic", "hedong", 0.31, "m", "orange", 52.0, 0.9),
        ("water_depth", "traffic", "hexi", 0.04, "m", "normal", 96.0, 1.0),
        ("traffic_index", "traffic", "all", 6.8, "1", "yellow", 64.0, 0.81),
        ("score", "traffic", "all", None, "", "orange", 56.2, 0.88),
        ("devices_online", "municipal", "all", 98.3, "%", "normal", 95.0, 1.0),
        ("air_quality", "municipal", "all", None, "ug/m3", "unknown", None, 0.0),
        ("units_free", "emergency", "all", 40.0, "%", "yellow", 64.0, 1.0),
        ("incident_load", "emergency", "all", 11.0, "1", "yellow", 68.0, 1.0),
        ("score", "emergency", "all", None, "", "yellow", 65.4, 1.0),
        ("score", "city", "all", None, "", "yellow", 72.0 - minutes / 10, 0.93),
    )
    return tuple(
        VitalSign(
            indicator=indicator,
            domain=domain,
            district=district,
            value=value,
            unit=unit,
            level=level,
            score=score,
            confidence=confidence,
            official=indicator.startswith("rain"),
        )
        for indicator, domain, district, value, unit, level, score, confidence in rows
    )


def fake_decisions(count: int = 6) -> tuple[Mapping[str, Any], ...]:
    """The start of a journal."""
    rows: tuple[dict[str, Any], ...] = (
        {"type": "finding", "detector": "threshold", "signal": "depth_high", "active": True,
         "device": "road-water-gauge-0001", "kind": "road_water_gauge", "place": "underpass-01",
         "value": 0.16, "unit": "m", "llr": 4.0},
        {"type": "incident", "incident": "inc-000001", "state": "confirmed", "from": "suspected",
         "incident_type": "flood", "place": "underpass-01", "district": "hedong", "level": "III",
         "probability": 0.987, "by": "centre", "cause": "finding-1"},
        {"type": "command", "command": "cmd-000003", "incident": "inc-000001", "step": "close-road",
         "department": "traffic", "target": "barrier-01", "target_kind": "barrier",
         "action": "close", "args": {}, "eta_s": None, "cause": "inc-000001"},
        {"type": "ack", "command": "cmd-000003", "source": "barrier-01", "status": "done",
         "reason": ""},
        {"type": "verified", "incident": "inc-000001", "step": "close-road",
         "command": "cmd-000003", "fact": "position", "value": "closed", "cause": "barrier-01"},
        {"type": "unit", "unit": "pump-unit-1", "state": "en_route", "order": "cmd-000005"},
    )  # fmt: skip
    return tuple(
        {"seq": n + 1, "at": iso(at(n)), "t_ns": int(at(n)), **rows[n % len(rows)]}
        for n in range(count)
    )


def fake_snapshot(
    version: int = 1,
    *,
    minutes: float = 30.0,
    basemap: BaseMap | None = None,
    devices: int = 60,
) -> Snapshot:
    """The whole centre half an hour into the storm, two incidents open."""
    basemap = basemap or fake_map()
    draw = np.random.default_rng(3)
    roads = basemap.roads
    speed = roads.speed_mps * np.clip(draw.normal(0.75, 0.3, len(roads)), 0.08, 1.05)
    speed[draw.random(len(roads)) < 0.25] = np.nan
    return Snapshot(
        version=version,
        now=at(minutes),
        basemap=basemap,
        incidents=(
            fake_incident(basemap, 1, minutes=12, level="II", state="dispatched"),
            fake_incident(basemap, 2, minutes=24, level="IV", state="suspected"),
        ),
        units=fake_units(basemap, minutes=minutes),
        actuators=fake_actuators(basemap, minutes=minutes),
        devices=fake_devices(basemap, devices, minutes=minutes),
        vitals=fake_vitals(minutes),
        depth_m={"underpass-01": 0.31, "underpass-02": 0.12, "underpass-03": 0.0},
        link_speed_mps=speed,
        closed_links=frozenset(basemap.places[0].links),
        counters={"readings": 48_213, "duplicates": 12, "quarantined.json": 1},
        decisions=fake_decisions(),
    )


def next_snapshot(snapshot: Snapshot, **fields: Any) -> Snapshot:
    """The following snapshot, five seconds later, the same but for `fields`."""
    later = {"version": snapshot.version + 1, "now": Ns(snapshot.now + seconds(5))}
    return replace(snapshot, **{**later, **fields})

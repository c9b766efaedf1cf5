"""One sound message of each payload, as the descriptions of the feed show them."""

from __future__ import annotations

from typing import Any

_GAUGE = "city/v1/daxing/municipal/road_water_gauge/water-underpass-05-1"
_GATEWAY = "city/v1/daxing/network/gateway/gw-daxing-1"
_PUMP = "city/v1/daxing/municipal/standby_pump/pump-underpass-05"
_NAME = "urn:dev:ops:chengmai-road_water_gauge-water-underpass-05-{}:"
_AT_S = 1784625757.344


def _report(number: int, depth_m: float) -> list[dict[str, Any]]:
    name = _NAME.format(number)
    return [
        {"bn": name, "bt": _AT_S, "n": "depth", "u": "m", "v": depth_m},
        {"n": "seq", "u": "/", "v": 9},
        {"n": "sim_time", "u": "s", "v": 1784625760.0},
    ]


EXAMPLES: dict[str, tuple[str, Any]] = {
    "telemetry": (f"{_GAUGE}/telemetry", _report(1, 0.135)),
    "gateway-telemetry": (f"{_GATEWAY}/telemetry", [*_report(1, 0.135), *_report(2, 0.14)]),
    "device-state": (
        f"{_GAUGE}/state",
        {
            "type": "device",
            "status": "online",
            "time": 1784624400.0,
            "lon": 116.3382,
            "lat": 39.7268,
            "place": "underpass-05",
            "link": 412,
            "gateway": "gw-daxing-1",
            "channels": [{"n": "depth", "u": "m"}],
            "interval_s": 600.0,
            "alarm_interval_s": 60.0,
            "reason": None,
        },
    ),
    "unit-state": (
        "city/v1/daxing/emergency/pump_unit/pump_unit-daxing-1/state",
        {
            "type": "unit",
            "time": 1784625900.0,
            "skills": ["pump"],
            "state": "on_scene",
            "lon": 116.3382,
            "lat": 39.7268,
            "station": "station-daxing-1",
            "order": "cmd-000001",
            "observed": {"depth_m": 0.4},
        },
    ),
    "actuator-state": (
        f"{_PUMP}/state",
        {
            "type": "actuator",
            "time": 1784625790.0,
            "place": "underpass-05",
            "lon": 116.3382,
            "lat": 39.7268,
            "position": "on",
            "actions": ["start", "stop"],
        },
    ),
    "clock-state": (
        "city/v1/all/city/clock/main/state",
        {
            "type": "clock",
            "time": 1784625760.0,
            "speed": 60.0,
            "ends": None,
            "wall": 1790000000.0,
            "run": "storm-7",
        },
    ),
    "call-event": (
        "city/v1/daxing/emergency/call/call-000001/event",
        {
            "type": "call",
            "time": 1784625770.0,
            "line": "119",
            "topic": "trapped",
            "lon": 116.3382,
            "lat": 39.7268,
            "place": "underpass-05",
            "people": 2,
        },
    ),
    "command": (
        f"{_PUMP}/command",
        {
            "id": "cmd-000001",
            "action": "start",
            "time": 1784625780.0,
            "expires": 1784626080.0,
            "args": {},
            "cause": "inc-000001",
        },
    ),
    "ack": (
        f"{_PUMP}/ack",
        {"id": "cmd-000001", "status": "done", "time": 1784625790.0, "reason": ""},
    ),
}
"""Topic and payload by the short name of the schema; the map is too large to show."""

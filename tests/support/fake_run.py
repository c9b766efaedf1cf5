"""A made-up run: a storm, four floods and a centre that answers them, as truth and decisions.

The water is a real (if crude) balance, so that depth falls because of what the centre did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.kernel.basemap import BaseMap, District, Place, Roads, Station
from sim.kernel.clock import Ns, iso, seconds
from sim.kernel.geo import Projection

START = Ns(1_784_624_400_000_000_000)
"""2026-07-21 17:00 in Beijing."""
LENGTH_S = 3 * 3600.0
NAMES = (
    "Guangming Road underpass 光明路下凹桥",
    "Station Street underpass 站前街下凹桥",
    "Second Canal Road underpass 运河二路下凹桥",
    "Willow Lane underpass 柳荫巷下凹桥",
    "North Ring underpass 北环路下凹桥",
    "Textile Mill underpass 纺织厂下凹桥",
)
LEVELS = (("IV", 0.10), ("III", 0.15), ("II", 0.27), ("I", 0.50))


def fake_map(columns: int = 17, rows: int = 14, block_m: float = 380.0) -> BaseMap:
    """A crooked grid of streets with two arterials, four districts and six underpasses."""
    draw = np.random.default_rng(5)
    grid = np.array([(x, y) for y in range(rows) for x in range(columns)], dtype=float)
    nodes = (grid - grid.mean(axis=0)) * block_m + draw.normal(0, block_m * 0.09, grid.shape)
    nodes[:, 1] += 300 * np.sin(nodes[:, 0] / 1800)
    pairs = [(i, i + 1) for i in range(len(grid)) if grid[i, 0] < columns - 1]
    pairs += [(i, i + columns) for i in range(len(grid) - columns)]
    pairs = [p for p in pairs if draw.random() > 0.12 or _rank(grid, p) < 4]
    links = [way for a, b in pairs for way in ((a, b), (b, a))]
    start, end = (np.array(side, dtype=np.int32) for side in zip(*links, strict=True))
    spots = [int(i) for i in np.linspace(0.15, 0.9, len(NAMES)) * len(pairs)]
    outline = np.array([nodes.min(axis=0) - 200, nodes.max(axis=0) + 200])
    (west, south), (east, north) = outline.tolist()
    mid_x, mid_y = 300.0, -250.0
    corners = {
        "hedong": ("河东 Hedong", mid_x, mid_y, east, north),
        "hexi": ("河西 Hexi", west, mid_y, mid_x, north),
        "nanguan": ("南关 Nanguan", west, south, mid_x, mid_y),
        "kaifa": ("开发区 Kaifaqu", mid_x, south, east, mid_y),
    }
    return BaseMap(
        name="Mouzhou 某州",
        source="synthetic, seed 7",
        attribution="Made-up city",
        projection=Projection(116.4, 39.9),
        roads=Roads(
            node_xy_m=nodes,
            start=start,
            end=end,
            length_m=np.hypot(*(nodes[start] - nodes[end]).T),
            speed_mps=np.full(len(links), 12.0),
            lanes=np.full(len(links), 2, dtype=np.int32),
            road_class=np.array([_rank(grid, link) for link in links], dtype=np.int32),
            signal=np.zeros(len(nodes), dtype=bool),
            names=("",) * len(links),
            shapes=tuple(np.array([nodes[a], nodes[b]]) for a, b in links),
            source_ids=tuple(str(i) for i in range(len(links))),
        ),
        districts=tuple(
            District(
                district_id=key,
                name=name,
                outline_m=np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]),
                population=60_000.0,
            )
            for key, (name, x0, y0, x1, y1) in corners.items()
        ),
        places=tuple(
            Place(
                place_id=f"underpass-{i + 1:02d}",
                kind="underpass",
                name=name,
                x_m=float(nodes[list(pairs[spot])].mean(axis=0)[0]),
                y_m=float(nodes[list(pairs[spot])].mean(axis=0)[1]),
                district_id=list(corners)[i % 4],
                links=(2 * spot, 2 * spot + 1),
                assumed=False,
            )
            for i, (name, spot) in enumerate(zip(NAMES, spots, strict=True))
        ),
        stations=tuple(
            Station(
                station_id=f"{kind}-{i}",
                kind=kind,
                name=f"{kind} {i}",
                x_m=float(nodes[int(share * len(nodes)), 0]),
                y_m=float(nodes[int(share * len(nodes)), 1]),
                district_id="hexi",
                node=int(share * len(nodes)),
                units=2,
                assumed=False,
            )
            for i, (kind, share) in enumerate(
                (
                    ("pump_unit", 0.13),
                    ("pump_unit", 0.8),
                    ("traffic_police", 0.3),
                    ("traffic_police", 0.67),
                    ("ambulance", 0.5),
                    ("ambulance", 0.9),
                )
            )
        ),
    )


def _rank(grid: np.ndarray, pair: tuple[int, int]) -> int:
    (x0, y0), (x1, y1) = grid[pair[0]], grid[pair[1]]
    if x0 == x1 == 8 or y0 == y1 == 6:
        return 2
    if (x0 == x1 and x0 % 4 == 0) or (y0 == y1 and y0 % 4 == 2):
        return 3
    return 4 if x0 == x1 and x0 % 2 == 0 else 5


@dataclass
class Records:
    """Truth and decisions under construction, in any order."""

    truth: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def true(self, t_s: float, record_type: str, **fields: Any) -> None:
        at = Ns(START + seconds(t_s))
        self.truth.append({"at": iso(at), "t_s": round(t_s, 3), "type": record_type, **fields})

    def decided(self, t_s: float, record_type: str, **fields: Any) -> None:
        at = Ns(START + seconds(t_s))
        self.decisions.append({"at": iso(at), "t_ns": int(at), "type": record_type, **fields})

    def incident(
        self, t_s: float, name: str, state: str, place: str, level: str = "IV", **more: Any
    ) -> None:
        self.decided(
            t_s,
            "incident",
            **{
                "incident": name,
                "state": state,
                "from": None,
                "incident_type": "flood",
                "place": place,
                "district": "hexi",
                "level": level,
                "probability": 0.9,
                "by": "centre",
                "cause": None,
            }
            | more,
        )

    def flood(
        self, onset_s: float, end_s: float | None, place: str, peak_m: float = 0.3, **more: Any
    ) -> None:
        """Onset and end of a flood, with a triangle of samples between."""
        event = f"flood-{place}"
        self.true(
            onset_s,
            "hazard_onset",
            event=event,
            hazard="flood",
            title="Underpass flood · 下凹桥积水",
            place=place,
            district="hexi",
            lon=116.4,
            lat=39.9,
            severity=0.15,
            quantity="depth",
            unit="m",
            limits=dict(LEVELS),
        )
        last_s = LENGTH_S if end_s is None else end_s
        ended: dict[str, Any] = {
            "event": event,
            "peak_severity": peak_m,
            "duration_s": last_s - onset_s,
            "exposure_person_min": 10.0,
        }
        if end_s is None:
            ended["ongoing"] = True
        self.true(last_s, "hazard_end", **(ended | more))

    def sample(self, t_s: float, place: str, depth_m: float, rain_mm_h: float = 0.0) -> None:
        self.true(
            t_s,
            "sample",
            place=place,
            depth_m=depth_m,
            people_exposed=max(0.0, (depth_m - 0.25) * 20),
            rain_mm_h=rain_mm_h,
        )

    def finished(self) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        self.truth.sort(key=lambda r: r["t_s"])
        self.decisions.sort(key=lambda r: r["t_ns"])
        return (
            list(self.truth),
            [{"seq": i, **record} for i, record in enumerate(self.decisions, start=1)],
        )


def rain_mm_h(t_s: float) -> float:
    """A Chicago-like storm from 15 to 135 minutes, its peak at 40 %."""
    since, peak = t_s - 900, 0.4 * 7200
    if not 0 <= since <= 7200:
        return 0.0
    span = (peak - since) / 0.4 if since < peak else (since - peak) / 0.6
    return float(2200 / (12 + span / 60) ** 1.05)


class _Site:
    """One underpass through the storm, with the centre's answer to it."""

    def __init__(self, out: Records, number: int, place: str, catchment_m2: float) -> None:
        self.out, self.number, self.place = out, number, place
        self.catchment_m2 = catchment_m2
        self.volume = self.depth = self.peak = self.exposure = 0.0
        self.levels = 0
        self.open_event = False
        self.done: dict[str, float] = {}
        self.pumps = 0.0
        self.broken = number == 2
        self.later: list[tuple[float, Any]] = []

    @property
    def name(self) -> str:
        return f"inc-{self.number:06d}"

    def command(self, t_s: float, step: str, target: str, kind: str, action: str) -> str:
        number = f"cmd-{self.number}{len(self.done):02d}-{action}-{kind}"
        department = {"standby_pump": "water", "pump_unit": "water", "ambulance": "health"}
        self.out.decided(
            t_s,
            "command",
            command=number,
            incident=self.name,
            step=step,
            department=department.get(kind, "traffic"),
            target=target,
            target_kind=kind,
            action=action,
            args={},
            eta_s=None,
            cause=self.name,
        )
        return number

    def actuate(
        self, t_s: float, step: str, kind: str, prefix: str, action: str, position: str
    ) -> None:
        target = f"{prefix}-{self.place}"
        number = self.command(t_s, step, target, kind, action)
        broken = self.broken and kind == "standby_pump"

        def ack(after_s: float, status: str, reason: str = "") -> None:
            self.out.decided(
                t_s + after_s, "ack", command=number, source=target, status=status, reason=reason
            )

        if broken:
            ack(1, "refused", "motor protection tripped")
            why = f"{target}: refused (motor protection tripped)"
            self.out.decided(
                t_s + 1, "escalation", incident=self.name, step=step, why=why, cause=number
            )
            return
        ack(1, "accepted")
        ack(9, "done")
        self.out.true(t_s + 8, "actuator", actuator=target, position=position, cause=number)
        if kind == "standby_pump":
            self.pumps = 0.45 if action == "start" else 0.0
        if action in ("start", "close", "show"):
            fact = "severity_falls" if kind == "standby_pump" else "position"
            wait_s = 560 if kind == "standby_pump" else 12
            self.out.decided(
                t_s + wait_s,
                "verified",
                incident=self.name,
                step=step,
                command=number,
                fact=fact,
                value=round(self.depth, 3),
                cause=number,
            )

    def send(self, t_s: float, step: str, kind: str, travel_s: float, work_s: float) -> None:
        unit = f"{kind.replace('_', '-')}-{self.number:02d}"
        number = self.command(t_s, step, unit, kind, "respond")
        if "dispatched" not in self.done:
            self.done["dispatched"] = t_s
            self.out.incident(t_s, self.name, "dispatched", self.place, "III")
        moves = (
            (2, "turnout"),
            (110, "en_route"),
            (110 + travel_s, "on_scene"),
            (110 + travel_s + work_s, "returning"),
            (110 + 2 * travel_s + work_s, "idle"),
        )
        for after_s, state in moves:
            if t_s + after_s > LENGTH_S:
                break
            order = None if state == "idle" else number
            where = None if state == "idle" else self.place
            self.out.true(t_s + after_s, "unit", unit=unit, state=state, place=where, order=order)
            self.out.decided(t_s + after_s + 1, "unit", unit=unit, state=state, order=order)
        arrived_s = t_s + 110 + travel_s
        self.later.append((arrived_s, lambda: self._arrived(arrived_s, kind)))
        if kind == "pump_unit":
            self.later.append((arrived_s + work_s, lambda: self._pump(-0.25)))

    def _pump(self, more: float) -> None:
        self.pumps += more

    def _arrived(self, t_s: float, kind: str) -> None:
        if "on_scene" not in self.done:
            self.done["on_scene"] = t_s
            self.out.incident(t_s, self.name, "on_scene", self.place, "II")
        if kind == "pump_unit":
            self._pump(0.25)
        if kind == "ambulance":
            self.out.true(
                t_s + 300, "rescued", place=self.place, people=3, event=f"flood-{self.place}"
            )

    def step(self, t_s: float, dt_s: float) -> None:
        flow = self.catchment_m2 * 0.85 * rain_mm_h(t_s) / 3.6e6
        self.volume = max(0.0, self.volume + (flow - 0.12 - self.pumps) * dt_s)
        self.depth = float((-500 + np.sqrt(250_000 + 4 * 583 * self.volume)) / (2 * 583))
        self.exposure += max(0.0, (self.depth - 0.25) * 20) * dt_s / 60
        for due_s, act in [x for x in self.later if x[0] <= t_s]:
            self.later.remove((due_s, act))
            act()
        self._truth(t_s)
        self._centre(t_s)

    def _truth(self, t_s: float) -> None:
        event = f"flood-{self.place}"
        if t_s % 60 == 0 and (self.depth >= 0.01 or rain_mm_h(t_s) > 0):
            self.out.sample(t_s, self.place, round(self.depth, 6), round(rain_mm_h(t_s), 3))
        if not self.open_event and self.depth >= 0.15:
            self.open_event = True
            self.out.flood(t_s, t_s, self.place)
            del self.out.truth[-1]
        if self.open_event:
            self.peak = max(self.peak, self.depth)
            while self.levels < 4 and self.depth >= LEVELS[self.levels][1]:
                level = LEVELS[self.levels][0]
                self.out.true(t_s, "hazard_level", event=event, level=level, severity=self.depth)
                self.levels += 1
            if self.depth < 0.10:
                self.close_event(t_s)

    def close_event(self, t_s: float, **more: Any) -> None:
        self.open_event = False
        self.out.true(
            t_s,
            "hazard_end",
            event=f"flood-{self.place}",
            peak_severity=self.peak,
            duration_s=900.0,
            exposure_person_min=self.exposure,
            **more,
        )

    def _centre(self, t_s: float) -> None:
        if self.number == 5:
            return
        for key, depth_m, act in self._rules():
            if key not in self.done and self.depth >= depth_m:
                self.done[key] = t_s
                act(t_s)
        trapping = self.number == 2 and self.depth > 0.42
        if trapping and "police" in self.done and "trap" not in self.done:
            self.done["trap"] = t_s
            self.out.true(t_s, "trapped", place=self.place, people=3, event=f"flood-{self.place}")
            self.send(t_s + 100, "ambulance", "ambulance", 380, 900)
        calm = t_s > 5400 and self.depth < 0.10
        if calm and "confirmed" in self.done and "controlled" not in self.done:
            self.done["controlled"] = t_s
            self.out.incident(t_s + 300, self.name, "controlled", self.place, "II")
            self.later.append((t_s + 1500, lambda: self._stand_down(t_s + 1500)))

    def _stand_down(self, t_s: float) -> None:
        if "barrier" in self.done:
            self.actuate(t_s, "close-road", "barrier", "barrier", "open", "open")
        if not self.broken:
            self.actuate(t_s, "standby-pump", "standby_pump", "pump", "stop", "off")
        self.out.incident(t_s + 15, self.name, "closed", self.place, "II")

    def _rules(self) -> Sequence[tuple[str, float, Any]]:
        return (
            ("suspected", 0.12, self._suspect),
            ("confirmed", 0.16, self._confirm),
            (
                "barrier",
                0.19,
                lambda t: self.actuate(t, "close-road", "barrier", "barrier", "close", "closed"),
            ),
            ("police", 0.21, lambda t: self.send(t, "police", "traffic_police", 300, 2400)),
            ("pump_unit", 0.28, lambda t: self.send(t, "pump-unit", "pump_unit", 540, 5000)),
        )

    def _suspect(self, t_s: float) -> None:
        self.out.decided(
            t_s,
            "finding",
            detector="threshold",
            signal="depth_high",
            device=f"water-{self.place}-1",
            kind="road_water_gauge",
            place=self.place,
            value=round(self.depth + 0.006, 4),
            unit="m",
            active=True,
            llr=4.6,
        )
        self.out.incident(t_s + 2, self.name, "suspected", self.place)
        self.out.decided(t_s + 2, "plan", incident=self.name, plan="underpass-flood", version=1)
        self.actuate(t_s + 3, "warn-drivers", "message_sign", "sign", "show", "前方积水")

    def _confirm(self, t_s: float) -> None:
        self.out.incident(t_s + 1, self.name, "confirmed", self.place, "III")
        self.out.decided(
            t_s + 1, "level", incident=self.name, level="III", **{"from": "IV"}, cause=None
        )
        self.out.incident(
            t_s + 61, self.name, "acknowledged", self.place, "III", by="duty officer (simulated)"
        )
        self.actuate(t_s + 1, "standby-pump", "standby_pump", "pump", "start", "on")


def fake_run() -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Truth and decisions of the whole run: five floods, one missed, one false alarm."""
    out = Records()
    areas = (24_000.0, 34_000.0, 20_000.0, 28_000.0, 17_500.0)
    sites = [_Site(out, i, f"underpass-{i:02d}", area) for i, area in enumerate(areas, start=1)]
    for tick in range(1, int(LENGTH_S / 5) + 1):
        for site in sites:
            site.step(tick * 5.0, 5.0)
        if tick % 60 == 0:
            out.true(
                tick * 5.0,
                "traffic",
                vehicles_running=1200 + tick,
                vehicles_waiting=14,
                mean_speed_mps=9.1,
                delay_veh_h=tick * 0.21,
            )
    for site in sites:
        if site.open_event:
            site.close_event(LENGTH_S, ongoing=True)
    out.true(0.0, "fault", target="duty-pump-underpass-02", fault="dead", phase="start")
    out.true(0.0, "fault", target="pump-underpass-02", fault="refuses", phase="start")
    out.incident(1500, "inc-000009", "suspected", "underpass-06")
    out.incident(1620, "inc-000009", "confirmed", "underpass-06", "III")
    out.incident(3000, "inc-000009", "false_alarm", "underpass-06", "III", by="wang")
    out.incident(2100, "inc-000010", "suspected", "underpass-05")
    out.incident(2400, "inc-000010", "false_alarm", "underpass-05")
    for at_s, status in ((4000, "silent"), (5200, "online")):
        out.decided(at_s, "device", device="rain-012", status=status, reason="three reports missed")
    out.true(
        LENGTH_S,
        "run_end",
        exposure_person_min=sum(site.exposure for site in sites),
        trapped_people=3,
        rescued_people=3,
        vehicles_entered=41_200,
        vehicles_left=39_900,
        vehicles_inside=1300,
        delay_vehicle_h=453.6,
        rain_mm=58.2,
        water_in_m3=9000.0,
        water_out_m3=8990.0,
        water_stored_m3=10.0,
    )
    return out.finished()

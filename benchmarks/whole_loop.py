"""One simulated day, 100,000 sensors reporting each minute, the whole loop on one core.

    python benchmarks/whole_loop.py [--hours 24] [--sensors 100000]

World, sensing, radio, ingest, detection, fusion and response in fast mode, beside the same
readings taken by one SimPy process a device in the same run, both by processor time, so that
what else runs on the machine matters less. The peer is timed twice: sensing alone, and with a
centre of objects that takes each reading in, drops copies, and runs the same kinds of tests on
it. Compare as ratios.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import math
import os
import platform
import pstats
import random
import resource
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import simpy

from devices.catalogue import RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR, SensorKind
from devices.deployment import Deployment
from ops_center.core.center import OpsCenter
from ops_center.core.store import NoStore
from scenarios.build import CitySide, build_city, build_city_side, center_config
from scenarios.load import load_scenario
from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.messages.telemetry import DeviceInfo
from sim.transport.memory import MemoryBus
from sim.world.engine import CENTRE, SimEngine

PERIOD_S = 60.0
CENTRE_TICK_S, CENTRE_LATENESS_S = 15.0, 23.0
"""Instead of 10 s and 20 s: the sensors' clocks are up to 7 s wrong, and so all readings of one
minute are taken stock of together and not in two halves."""
MIX = ((VEHICLE_DETECTOR, 0.7), (ROAD_WATER_GAUGE, 0.28), (RAIN_GAUGE, 0.02))


def deployments(basemap: BaseMap, sensors: int) -> tuple[Deployment, ...]:
    """Return `sensors` devices that all report every minute, spread over the city."""
    streams = SeededStreams(1)
    return tuple(_deployment(kind, basemap, round(sensors * share), streams) for kind, share in MIX)


def _deployment(kind: SensorKind, basemap: BaseMap, n: int, streams: SeededStreams) -> Deployment:
    draw = streams.at(f"bench.{kind.kind}", 0)
    low, high = basemap.roads.node_xy_m.min(axis=0), basemap.roads.node_xy_m.max(axis=0)
    xy_m = low + draw.random((n, 2)) * (high - low)
    none = np.full(n, -1, dtype=np.int32)
    link, place = none, none
    if kind is VEHICLE_DETECTOR:
        link = (np.arange(n) % len(basemap.roads)).astype(np.int32)
    elif kind is ROAD_WATER_GAUGE:
        # Ten gauges at each low point; the others watch streets that stay dry.
        watched = min(10 * len(basemap.places), n)
        place = none.copy()
        place[:watched] = np.arange(watched) % len(basemap.places)
    lonlat = basemap.projection.to_lonlat(xy_m).tolist()
    districts = basemap.district_of(xy_m)
    devices = tuple(
        DeviceInfo(
            device_id=f"{kind.kind}-{i:06d}",
            kind=kind.kind,
            domain=kind.domain,
            district=districts[i],
            lon=lonlat[i][0],
            lat=lonlat[i][1],
            place_id=basemap.places[place[i]].place_id if place[i] >= 0 else None,
            link=int(link[i]) if link[i] >= 0 else None,
            gateway_id=None,
            channels=kind.message_channels,
            interval_s=PERIOD_S,
            alarm_interval_s=PERIOD_S,
        )
        for i in range(n)
    )
    return Deployment(
        kind=kind, devices=devices, xy_m=xy_m, link=link, place=place, tick_s=PERIOD_S
    )


def build(sensors: int) -> tuple[SimEngine, CitySide, OpsCenter]:
    scenario = load_scenario("storm")
    city = build_city(scenario, scenario.seed)
    engine = SimEngine(scenario.clock.start_ns)
    bus = MemoryBus()
    config = replace(
        center_config(scenario.policies), tick_s=CENTRE_TICK_S, lateness_s=CENTRE_LATENESS_S
    )
    center = OpsCenter(engine.clock(CENTRE), bus, NoStore(), config)
    side = build_city_side(
        scenario,
        city,
        scenario.seed,
        engine,
        bus,
        lambda _: None,
        deployments=deployments(city.basemap, sensors),
    )
    return engine, side, center


def whole_loop(hours: float, sensors: int) -> dict[str, float]:
    engine, side, center = build(sensors)
    begun, cpu = time.perf_counter(), time.process_time()
    side.start()
    engine.run(Ns(engine.start + seconds(hours * 3600)))
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    readings = side.counts()["sent"]
    return {
        "sensors": side.sensors,
        "simulated_h": hours,
        "readings": readings,
        "accepted": center.counters()["accepted"],
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "readings_per_s": round(readings / cpu_s),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


class Series:
    """What a centre of objects keeps of one device: last number, usual value, alarm."""

    __slots__ = ("active", "last", "mean", "seen", "spread", "total")

    def __init__(self) -> None:
        self.seen = 0
        self.last = 0.0
        self.mean = 0.0
        self.spread = 1.0
        self.total = 0.0
        self.active = False

    def take(self, seq: int, values: tuple[float, ...]) -> bool:
        """Drop a copy, test range, threshold, EWMA and CUSUM; return whether it is odd."""
        if seq <= self.seen:
            return False
        self.seen = seq
        value = values[1] if len(values) > 1 else values[0]
        if not -1.0 <= value <= 1e6:
            return False
        off = (value - self.mean) / max(self.spread, 0.01)
        self.total = max(0.0, self.total + off - 0.5)
        self.mean += 0.05 * (value - self.mean)
        self.spread += 0.05 * (abs(value - self.mean) - self.spread)
        self.active = value >= (0.13 if self.active else 0.15) or self.total > 5.0
        self.last = value
        return self.active


class Peer:
    """The same readings, one SimPy process a device: errors, range, steps, loss.

    Each process does for its device what a cohort does for all of its kind: look at the truth,
    gain, bias, noise, range, resolution, alarm, sequence number, device clock, battery, radio
    loss and repeats, copies.
    """

    def __init__(self, sensors: int, *, centre: bool) -> None:
        self._series = [Series() for _ in range(sensors)] if centre else None
        self.env = simpy.Environment()
        self.taken: list[tuple[int, float, int, tuple[float, ...], float | None]] = []
        self._draw = random.Random(1)
        self._idle_s = PERIOD_S
        self._truth = [self._draw.random() for _ in range(1000)]
        makers = (self._vehicle_detector, self._water_gauge, self._rain_gauge)
        number = 0
        for maker, (_, share) in zip(makers, MIX, strict=True):
            for _ in range(round(sensors * share)):
                self.env.process(maker(number))
                number += 1

    def _send(
        self,
        number: int,
        skew_s: float,
        seq: int,
        values: tuple[float, ...],
        battery: float | None = None,
        tries: int = 1,
    ) -> None:
        draw = self._draw.random
        while draw() < 0.01:
            tries -= 1
            if not tries:
                return
        report = (number, self.env.now + skew_s, seq, values, battery)
        self.taken.append(report)
        if draw() < 0.001:
            self.taken.append(report)
        if self._series is not None:
            self._series[number].take(seq, values)

    def _vehicle_detector(self, number: int):
        draw, seq = self._draw, 0
        gain, fast, wide = draw.gauss(0.985, 0.0075), draw.gauss(1, 0.025), draw.gauss(1, 0.025)
        skew_s = draw.uniform(-5, 5)
        while True:
            yield self.env.timeout(PERIOD_S)
            seq += 1
            true = self._truth[number % 1000]
            vehicles = float(math.floor(seq * 10 * true * gain))
            speed = round(min(max(15 * true * fast + draw.gauss(0, 0.5), 0.0), 50.0), 1)
            occupancy = round(min(max(true * wide + draw.gauss(0, 0.005), 0.0), 1.0), 3)
            spent_wh = self.env.now * 2e-7 + seq * 6.5e-6
            battery = round(100 * max(1 - spent_wh / 68.4, 0.0), 1)
            self._send(number, skew_s, seq, (vehicles, speed, occupancy), battery)

    def _water_gauge(self, number: int):
        draw, seq = self._draw, 0
        bias, skew_s, wait_s = draw.gauss(0, 0.004), draw.uniform(-5, 5), PERIOD_S
        while True:
            yield self.env.timeout(wait_s)
            seq += 1
            depth = self._truth[number % 1000] + bias + draw.gauss(0, 0.003)
            depth = round(min(max(depth, 0.0), 2.0) / 0.005) * 0.005
            wait_s = PERIOD_S if depth >= 0.05 else max(PERIOD_S, self._idle_s)
            self._send(number, skew_s, seq, (depth,), tries=5)

    def _rain_gauge(self, number: int):
        draw, seq = self._draw, 0
        gain, skew_s = draw.gauss(0.95, 0.02), draw.uniform(-5, 5)
        while True:
            yield self.env.timeout(PERIOD_S)
            seq += 1
            rain = math.floor(seq * self._truth[number % 1000] * gain / 0.2) * 0.2
            self._send(number, skew_s, seq, (rain,), tries=5)


def one_process_a_device(sensors: int, minutes: int, *, centre: bool) -> dict[str, float]:
    peer = Peer(sensors, centre=centre)
    peer.env.run(until=PERIOD_S + 1)
    begun = time.process_time()
    for minute in range(1, minutes + 1):
        peer.taken.clear()
        peer.env.run(until=(minute + 1) * PERIOD_S + 1)
    cpu_s = time.process_time() - begun
    return {"readings": sensors * minutes, "readings_per_s": round(sensors * minutes / cpu_s)}


def where_the_time_goes(sensors: int) -> dict[str, float]:
    """Return the share of time by room, from a profile of the hour after the storm."""
    engine, side, _ = build(sensors)
    side.start()
    engine.run(Ns(engine.start + seconds(3 * 3600)))
    profile = cProfile.Profile()
    profile.enable()
    engine.run(Ns(engine.start + seconds(4 * 3600)))
    profile.disable()
    shares: Counter[str] = Counter()
    root = Path(__file__).resolve().parents[1]
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _, _), (_, _, own_s, _, callers) in stats.items():
        path = Path(file)
        if path.is_relative_to(root) and ".venv" not in path.parts:
            shares[_room(path.relative_to(root))] += own_s
        else:
            # Library time belongs to the rooms that called it.
            called = {k: v for k, v in callers.items() if v[2] > 0} or callers
            total = sum(v[2] for v in called.values()) or math.inf
            for (caller, _, _), v in called.items():
                own = Path(caller)
                inside = own.is_relative_to(root) and ".venv" not in own.parts
                room = _room(own.relative_to(root)) if inside else "library"
                shares[room] += own_s * v[2] / total
    total_s = sum(shares.values())
    return {room: round(s / total_s, 3) for room, s in shares.most_common(12)}


def _room(path: Path) -> str:
    return "/".join(path.with_suffix("").parts[:3])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--sensors", type=int, default=100_000)
    options = parser.parse_args()
    sensing = one_process_a_device(options.sensors, minutes=10, centre=False)
    both = one_process_a_device(options.sensors, minutes=10, centre=True)
    loop = whole_loop(options.hours, options.sensors)
    answer = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}",
        "whole_loop": loop,
        "one_simpy_process_a_device": {"sensing_only": sensing, "with_a_centre_of_objects": both},
        "ratio_to_sensing_only": round(loop["readings_per_s"] / sensing["readings_per_s"], 1),
        "ratio_to_whole_loop_of_objects": round(loop["readings_per_s"] / both["readings_per_s"], 1),
        "where_the_time_goes": where_the_time_goes(options.sensors),
    }
    json.dump(answer, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()

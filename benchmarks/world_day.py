"""One simulated day of a district, the world alone, on one core.

    OPENBLAS_NUM_THREADS=1 python benchmarks/world_day.py [--scale 0.04] [--hours 24]
                                                          [--sensors 100000] [--trips-per-h N]

A piece of the synthetic Beijing of about 5,000 links, a Tuesday from midnight, with what happens
every day (the scenario ``ordinary-day``), no devices, and nobody who answers: whatever waits for
a crew waits until the end, so that more is open than in a run with a centre. Beside it, the
fields of 100,000 sensors are read at the idle intervals of their datasheets. Truth is counted,
not written.

Times are processor time. Every part is timed by a wrapper around its step, about 0.3 µs a call,
which is left in the figures.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from scenarios.hazard_parts import HazardPart
from scenarios.load import load_scenario
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import SeededStreams
from sim.transport.memory import MemoryBus
from sim.world.city.load import load_city
from sim.world.city.model import City
from sim.world.engine import CITY, SimEngine
from sim.world.fields import Reader
from sim.world.traffic import TrafficConfig
from sim.world.truth import Truth
from sim.world.world import World, WorldConfig

LIMIT_S = 10.0
"""World time that a day of a district may take."""
HOURS_MOST = 240.0

DAY_S, HOUR_S, MINUTE_S = 86_400.0, 3_600.0, 60.0
SENSORS: tuple[tuple[str, float, float, str], ...] = (
    ("smoke", 0.330, DAY_S, "community"),
    ("gas_detector", 0.200, 1800.0, "gas_chamber"),
    ("cover_tilt", 0.100, DAY_S, ""),
    ("vehicle_detector", 0.080, MINUTE_S, "link"),
    ("lift_monitor", 0.060, MINUTE_S, "community"),
    ("indoor_temperature", 0.060, 1800.0, "community"),
    ("manhole_level", 0.030, 1800.0, ""),
    ("water_pressure", 0.020, 900.0, ""),
    ("crowd_camera", 0.020, 5.0, "venue"),
    ("vibration", 0.020, 600.0, "factory"),
    ("toxic_gas", 0.015, MINUTE_S, "factory"),
    ("heat", 0.010, DAY_S, "community"),
    ("feeder_terminal", 0.010, 900.0, "substation"),
    ("sewer_level", 0.006, 1800.0, ""),
    ("greenhouse", 0.006, 600.0, "greenhouse"),
    ("noise_meter", 0.005, MINUTE_S, "link"),
    ("pm_station", 0.005, 180.0, ""),
    ("road_water_gauge", 0.004, 600.0, "underpass"),
    ("water_flow", 0.004, 900.0, "waterworks"),
    ("passenger_counter", 0.003, MINUTE_S, "metro_station"),
    ("bridge_vibration", 0.003, MINUTE_S, "bridge"),
    ("strain", 0.002, 600.0, "bridge"),
    ("crack", 0.002, 600.0, "bridge"),
    ("weather_station", 0.001, 300.0, ""),
    ("rain_gauge", 0.001, 300.0, ""),
    ("no2_o3_station", 0.001, 300.0, ""),
    ("seismic", 0.001, MINUTE_S, ""),
    ("clinic_counts", 0.0005, DAY_S, "clinic"),
    ("hospital_load", 0.0003, 900.0, "hospital"),
    ("air_station", 0.0002, HOUR_S, ""),
)
"""Kind, share of all sensors, reading period when idle [s], and what it stands at. Periods from the
datasheets of the project's domain facts, section 3; shares assumed: homes have the most, and speak
once a day."""


class Stopwatch:
    """Processor time by name, of calls that do not call each other."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return `call`, timed under `name`."""
        spent_s, calls, clock = self.spent_s, self.calls, time.process_time

        def timed(*args: Any, **more: Any) -> Any:
            begun = clock()
            result = call(*args, **more)
            spent_s[name] += clock() - begun
            calls[name] += 1
            return result

        return timed


def build(city: City, trips_per_h: float | None, sink: Callable[[dict[str, Any]], None]) -> World:
    """Return the world of the scenario ``ordinary-day`` in a city, as `scenarios.build` does."""
    scenario = load_scenario("ordinary-day")
    engine = SimEngine(scenario.clock.start_ns)
    orders = tuple(
        (name, part.to_order())
        for name, part in scenario.hazards.items()
        if isinstance(part, HazardPart)
    )
    config = WorldConfig(orders=orders, traffic=TrafficConfig(peak_trips_per_h=trips_per_h))
    truth = Truth(sink, engine.now())
    return World(city, engine, MemoryBus(), SeededStreams(scenario.seed), config, truth)


def watch(world: World, watch: Stopwatch) -> None:
    """Time what a physics step calls, part by part."""
    for part, name in (
        (world.traffic, "step"),
        (world.water, "step"),
        (world.people, "step"),
        (world.floods, "step"),
        (world.traffic, "set_depth"),
        (world.stage.events, "sample"),
        *((family, "step") for family in (*world.families.all(), world.cascades)),
    ):
        label = type(part).__name__ + ("" if name == "step" else f".{name}")
        setattr(part, name, watch.wrap(label, getattr(part, name)))


def bind(city: City, world: World, sensors: int) -> list[tuple[str, int, float, Reader]]:
    """Return kind, number, period and reader of every kind of sensor."""
    draw = SeededStreams(1).at("bench.world_day.sensors", 0)
    basemap, found = city.basemap, []
    low_m, high_m = basemap.roads.node_xy_m.min(axis=0), basemap.roads.node_xy_m.max(axis=0)
    for kind, share, period_s, at in SENSORS:
        n = max(1, round(sensors * share))
        xy_m = low_m + draw.random((n, 2)) * (high_m - low_m)
        link, place = np.full((2, n), -1, dtype=np.int32)
        if at == "link":
            link = (np.arange(n) % len(basemap.roads)).astype(np.int32)
        elif at:
            places = np.array(world.stage.places(at), dtype=np.int32)
            place = places[np.arange(n) % len(places)]
            xy_m = np.array([(p.x_m, p.y_m) for p in basemap.places])[place]
        found.append((kind, n, period_s, world.fields[kind].bind(xy_m, link, place)))
    return found


def main() -> None:
    """Run the day and print where its time goes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=0.04, help="share of the true Beijing")
    parser.add_argument("--hours", type=float, default=24.0, help="at most 240")
    parser.add_argument("--sensors", type=int, default=100_000, help="0 for no fields")
    parser.add_argument("--trips-per-h", type=float, default=None, help="in the busiest hour")
    options = parser.parse_args()
    hours = min(options.hours, HOURS_MOST)
    city = load_city("beijing", SeededStreams(7), scale=options.scale)
    records: Counter[str] = Counter()
    world = build(city, options.trips_per_h, lambda record: records.update((record["type"],)))
    parts, fields = Stopwatch(), Stopwatch()
    watch(world, parts)
    engine, readings = world.stage.engine, Counter[str]()
    if options.sensors > 0:
        clock = engine.clock(CITY)
        for kind, n, period_s, reader in bind(city, world, options.sensors):
            read = fields.wrap(kind, reader)

            def look(kind: str, n: int, read: Reader) -> None:
                read()
                readings[kind] += n

            clock.call_every(seconds(period_s), partial(look, kind, n, read), name="field")
    begun, cpu = time.perf_counter(), time.process_time()
    world.start()
    engine.run(Ns(engine.start + seconds(hours * 3600)))
    took_s, wall_s = time.process_time() - cpu, time.perf_counter() - begun
    world.finish()
    report(city, world, hours, took_s, wall_s, parts, fields, readings, records)


def report(  # noqa: PLR0913
    city: City,
    world: World,
    hours: float,
    took_s: float,
    wall_s: float,
    parts: Stopwatch,
    fields: Stopwatch,
    readings: Counter[str],
    records: Counter[str],
) -> None:
    """Print one table of what took how long, and what it was."""
    field_s, traffic_s = sum(fields.spent_s.values()), parts.spent_s["Traffic"]
    rest_s = took_s - field_s - traffic_s
    limit_s = LIMIT_S * hours / 24
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    print(f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    print(
        f"{hours:g} h, {len(city.basemap.roads):,} links, {len(city.basemap.places):,} places, "
        f"{int(world.traffic.entered):,} vehicles, {sum(readings.values()):,} readings, "
        f"{sum(records.values()):,} records of truth\n"
    )
    print("| | s | share | µs a call |\n|---|---|---|---|")
    rows = [
        ("**all**", took_s, None),
        ("**traffic**", traffic_s, traffic_s / max(parts.calls["Traffic"], 1)),
        ("**fields**", field_s, None),
        ("**world without traffic and fields**", rest_s, None),
    ]
    inside = [(n, s, s / parts.calls[n]) for n, s in _longest(parts) if n != "Traffic"]
    rows += inside
    rows.append(("order of steps, clock, samples", rest_s - sum(s for _, s, _ in inside), None))
    rows += [(f"field {n}", s, s / fields.calls[n]) for n, s in _longest(fields)[:8]]
    for name, spent_s, each_s in rows:
        each = "" if each_s is None else f"{each_s * 1e6:,.0f}"
        print(f"| {name} | {spent_s:.3f} | {spent_s / took_s:.1%} | {each} |")
    verdict = "within" if took_s <= limit_s else "ABOVE"
    print(
        f"\n{took_s:.2f} s of processor time ({wall_s:.2f} s by the clock), {verdict} the limit of "
        f"{limit_s:g} s; {hours * 3600 / took_s:,.0f} x real time; peak memory {peak_mb:.0f} MB"
    )
    print("records:", ", ".join(f"{name} {n:,}" for name, n in records.most_common()))


def _longest(watch: Stopwatch) -> list[tuple[str, float]]:
    return sorted(watch.spent_s.items(), key=lambda item: -item[1])


if __name__ == "__main__":
    main()

"""The fast mode: city and centre in one process, in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops_center.core.center import OpsCenter
from ops_center.core.store import NoStore
from scenarios import output
from scenarios.batteries import battery_rows
from scenarios.build import build_city_side, center_config
from scenarios.report.material import LinkEffect
from scenarios.results import Outcome, conclude
from scenarios.schema import Scenario
from sim.kernel.clock import Ns, monotonic_s, seconds, to_seconds
from sim.transport.memory import MemoryBus
from sim.world.city.model import City
from sim.world.engine import CENTRE, SimEngine


@dataclass(slots=True, kw_only=True)
class FastRun:
    """One run in simulated time; `outcome` is what it left.

    Attributes
    ----------
    codec
        Whether every message is forced through its wire form and back.
    """

    scenario: Scenario
    city: City
    seed: int
    until_s: float
    codec: bool = False


def run_fast(
    spec: FastRun,
    folder: Path | None,
    *,
    command: str = "",
    links: Sequence[LinkEffect] = (),
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Run a scenario to its end, or to where it is stopped, and leave its results.

    Parameters
    ----------
    spec
        What to run.
    folder
        Where decisions, truth, summary and report go; None keeps them in memory only.
    command
        The command line that repeats the run, for the report.
    links
        What the run comes to without each link between hazards, for the report.
    on_progress
        Given the share of simulated time that has passed.
    should_stop
        Asked often; True ends the run where it stands, with the results so far.
    """
    start = spec.scenario.clock.start_ns
    engine = SimEngine(start)
    bus = MemoryBus(codec=spec.codec)
    with (
        output.Lines(folder / output.DECISIONS if folder else None) as decisions,
        output.Lines(folder / output.TRUTH if folder else None) as truth,
    ):
        center = OpsCenter(
            engine.clock(CENTRE),
            bus,
            NoStore(),
            center_config(spec.scenario.policies),
            sink=decisions,
        )
        side = build_city_side(spec.scenario, spec.city, spec.seed, engine, bus, truth)
        begun_s = monotonic_s()
        side.start()
        _advance(engine, start, spec.until_s, on_progress, should_stop)
        side.world.finish()
        wall_s = monotonic_s() - begun_s
        return conclude(
            Outcome(
                scenario=spec.scenario,
                seed=spec.seed,
                city=spec.city,
                decisions=decisions.records,
                truth=truth.records,
                simulated_s=to_seconds(engine.now() - start),
                wall_s=wall_s,
                sensors=side.sensors,
                reports=side.counts(),
                batteries=battery_rows(side.cohorts),
                messages=center.counters(),
                command=command,
                links=links,
            ),
            folder,
        )


def _advance(
    engine: SimEngine,
    start: Ns,
    until_s: float,
    on_progress: Callable[[float], None] | None,
    should_stop: Callable[[], bool] | None,
) -> None:
    def tell(now: Ns) -> None:
        if on_progress is not None and until_s > 0:
            on_progress(to_seconds(now - start) / until_s)

    engine.run(Ns(start + seconds(until_s)), on_progress=tell, should_stop=should_stop)

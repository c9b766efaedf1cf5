"""Short runs of the storm for tests of the whole loop."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from scenarios.build import build_city
from scenarios.fast import FastRun, run_fast
from scenarios.load import load_scenario
from scenarios.results import Outcome
from scenarios.schema import Scenario
from sim.world.city.model import City

UNTIL_S = 5400.0
"""The storm's peak, its floods and most of the response lie within."""


@cache
def city(seed: int) -> City:
    return build_city(load_scenario("storm"), seed)


def storm(*, plan: bool = True, name: str = "storm") -> Scenario:
    scenario = load_scenario(name)
    if plan:
        return scenario
    policies = scenario.policies.model_copy(update={"plan": "none"})
    return scenario.model_copy(update={"policies": policies})


def run(
    folder: Path | None = None,
    *,
    seed: int = 7,
    plan: bool = True,
    codec: bool = False,
    name: str = "storm",
    until_s: float = UNTIL_S,
) -> Outcome:
    spec = FastRun(
        scenario=storm(plan=plan, name=name),
        city=city(seed),
        seed=seed,
        until_s=until_s,
        codec=codec,
    )
    return run_fast(spec, folder)


def kpi(outcome: Outcome, name: str) -> float:
    """Return one figure, which must be defined."""
    value = next(k["value"] for k in outcome.summary["kpis"] if k["name"] == name)
    assert value is not None, f"{name} is undefined"
    return float(value)

"""The response plans there are, and which of them a scenario puts in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from typing import Annotated

import yaml
from pydantic import BeforeValidator

from ops_center.core.response.plan import ResponsePlan, read_plan

_FOLDER = resources.files("ops_center.core.response") / "plans"


def list_plans() -> tuple[str, ...]:
    """Return the names of all response plans, in order."""
    files = (file.name for file in _FOLDER.iterdir())
    return tuple(
        sorted(f.removesuffix(".yaml").replace("_", "-") for f in files if f.endswith(".yaml"))
    )


def read_plans(names: Sequence[str]) -> Mapping[str, ResponsePlan]:
    """Return the named plans by incident type."""
    plans = {}
    for name in names:
        file = _FOLDER / f"{name.replace('-', '_')}.yaml"
        plan = read_plan(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
        plans[plan.incident] = plan
    return plans


def _known(value: object) -> object:
    names = value if isinstance(value, list) else [value]
    allowed = list_plans() if isinstance(value, list) else ("all", "none", *list_plans())
    for name in names:
        if name not in allowed:
            raise ValueError(f"{name!r} is none of {', '.join(allowed)}")
    return tuple(value) if isinstance(value, list) else value


PlanChoice = Annotated[str | tuple[str, ...], BeforeValidator(_known)]
"""``all``, ``none``, the name of one response plan, or a list of names."""


def without_gear(plans: Mapping[str, ResponsePlan], kind: str) -> Mapping[str, ResponsePlan]:
    """Return the plans without the steps that command one kind of actuator."""
    return {
        incident: replace(
            plan,
            steps=tuple(s for s in plan.steps if s.actuate is None or s.actuate.kind != kind),
        )
        for incident, plan in plans.items()
    }


def chosen_plans(choice: str | tuple[str, ...]) -> Mapping[str, ResponsePlan]:
    """Return the plans that a choice puts in force, by incident type."""
    if choice == "all":
        return read_plans(list_plans())
    if choice == "none":
        return {}
    return read_plans((choice,) if isinstance(choice, str) else choice)

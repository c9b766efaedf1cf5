"""World and centre agree where they must: hazard words, levels, units, gear; and the page."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from pydantic import TypeAdapter, ValidationError

import sim.world.domains
import sim.world.hazards
from conftest import ROOT
from ops_center.core.incidents.signature import Signature
from ops_center.core.incidents.types import SIGNATURES
from scenarios.build import center_config
from scenarios.plans import PlanChoice, chosen_plans, list_plans, read_plans
from scenarios.response_table import response_table
from scenarios.schema import PoliciesPart
from sim.world.actuator_kinds import ACTUATOR_KINDS
from sim.world.actuators import TEXT_MAX
from sim.world.events import HazardKind
from sim.world.unit_kinds import UNIT_KINDS

PLANS = read_plans(list_plans())
GEAR = {kind.kind: kind for kind in ACTUATOR_KINDS}
STEPS = [(plan, step) for plan in PLANS.values() for step in plan.steps]


def hazard_kinds() -> dict[str, HazardKind]:
    """Return every kind of hazard that a module of the world names."""
    kinds = {}
    for package in (sim.world.hazards, sim.world.domains):
        for module in pkgutil.iter_modules(package.__path__):
            content = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
            kinds |= {v.kind: v for v in content.values() if isinstance(v, HazardKind)}
    return kinds


def levels_of(signature: Signature) -> tuple[tuple[str, float], ...]:
    return tuple((level, threshold) for threshold, level in signature.levels)


def test_centre_and_world_read_the_same_levels_in_the_same_unit():
    kinds = hazard_kinds()
    shared = [s for s in SIGNATURES if s.type in kinds]
    assert len(shared) >= 10
    for signature in shared:
        kind = kinds[signature.type]
        assert signature.severity_unit == kind.unit, kind.kind
        # The world reads the shares of an outage as a town's of 100,000 people.
        ours = dict(levels_of(signature.for_city(100_000)))
        assert ours == pytest.approx(dict(kind.levels)), kind.kind


def test_every_hazard_that_asks_for_a_response_has_a_type_and_decoys_have_none():
    types = {signature.type for signature in SIGNATURES}
    for kind in hazard_kinds().values():
        assert (kind.kind in types) == (not kind.decoy), kind.kind


def test_every_type_has_a_plan_under_its_files_name():
    assert set(PLANS) == {signature.type for signature in SIGNATURES}
    assert sorted(plan.plan for plan in PLANS.values()) == list(list_plans())


@pytest.mark.parametrize(("plan", "step"), STEPS, ids=[f"{p.plan}:{s.id}" for p, s in STEPS])
def test_step_asks_for_what_the_world_has(plan, step):
    if step.send is not None:
        able = [u for u in UNIT_KINDS.values() if step.send.skill in u.skills]
        assert [u for u in able if step.send.kind in (None, u.kind)]
        return
    kind = GEAR[step.actuate.kind]
    aim = kind.positions[step.actuate.action]
    assert kind.positions[step.actuate.undo] == kind.at_rest
    if step.actuate.near is not None:
        assert step.actuate.near in kind.at
    if aim is None:
        aim = step.actuate.args["text"]
        assert 1 <= len(aim) <= TEXT_MAX
    assert aim != kind.at_rest
    if step.verify is not None and step.verify.fact == "position":
        assert step.verify.equals == aim
        # It is not given up on before the mechanism can have moved.
        assert step.verify.within_s > kind.travel_s


def test_page_of_the_response_is_what_the_plans_say():
    page = (ROOT / "docs" / "response.md").read_text(encoding="utf-8")
    assert page == response_table()
    assert page.count("\n| ") == 2 * (len(PLANS) + 1)


def test_policy_without_priority_drops_the_green_wave_and_nothing_else():
    def steps(priority: str) -> dict[str, list[str]]:
        policies = PoliciesPart.model_validate({"priority": priority})
        plans = center_config(policies).plans
        return {plan.plan: [step.id for step in plan.steps] for plan in plans.values()}

    every, fewer = steps("responders"), steps("none")
    assert every == {plan.plan: [step.id for step in plan.steps] for plan in PLANS.values()}
    gone = [(name, set(every[name]) - set(fewer[name])) for name in every]
    assert [name for name, steps in gone if steps] == ["fire", "medical"]
    assert {step for _, steps in gone for step in steps} == {"green-wave"}


def test_policy_chooses_all_none_one_or_several_plans():
    choice = TypeAdapter(PlanChoice)

    def chosen(value: object) -> list[str]:
        return sorted(chosen_plans(choice.validate_python(value)))

    assert chosen("all") == sorted(signature.type for signature in SIGNATURES)
    assert chosen("none") == []
    assert chosen("underpass-flood") == ["flood"]
    assert chosen(["gas-leak", "fire"]) == ["fire", "gas_leak"]
    for wrong in ("pray", ["fire", "none"], ["fire", 3], 7):
        with pytest.raises(ValidationError, match="none of"):
            chosen(wrong)

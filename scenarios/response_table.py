"""The response to every incident type as one page, made from the plans in force.

``python -m scenarios.response_table > docs/response.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from ops_center.core.incidents.signature import Signature
from ops_center.core.incidents.types import SIGNATURES
from ops_center.core.response.plan import Actuate, Guard, ResponsePlan, Send, Step
from scenarios.plans import list_plans, read_plans

_HEAD = """# The response

What the centre does about each type of incident, as its plans in
`ops_center/core/response/plans/` say: made by `python -m scenarios.response_table`, and checked
by a test. Units and actuators stand in the order of the plan's steps. Numbers by level read
from IV (general) to I (especially major). "If" is the first condition that opens a step; where
none is named the step opens with the suspicion. A plan is carried out by guards, not by a
clock: see `ops_center/core/response/conductor.py`.
"""


def response_table() -> str:
    """Return the page: a table of all plans, and one of all levels."""
    signatures = {signature.type: signature for signature in SIGNATURES}
    plans = sorted(read_plans(list_plans()).values(), key=lambda plan: plan.incident)
    lines = [
        _HEAD,
        "| type | lead | units | actuators | clock | source |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_plan_row(plan) for plan in plans]
    lines += [
        "",
        "## When it is what",
        "",
        "One call confirms what threatens life; of the rest one call is a suspicion, and a "
        "second call or a crew on scene confirms. A crew that finds no trace makes it a false "
        "alarm.",
        "",
        "| type | unit | IV | III | II | I | one call |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_level_row(signatures[plan.incident]) for plan in plans]
    return "\n".join(lines) + "\n"


def _plan_row(plan: ResponsePlan) -> str:
    def cell(parts: Iterator[str]) -> str:
        return "; ".join(parts) or "–"

    cells = (
        f"{plan.title} `{plan.incident}`",
        plan.lead + (f" (+ {', '.join(plan.support)})" if plan.support else ""),
        cell(_units(s, s.send) for s in plan.steps if s.send is not None),
        cell(_gear(s, s.actuate) for s in plan.steps if s.actuate is not None),
        cell(_clock(s) for s in plan.steps if s.verify is not None),
        plan.source,
    )
    return "| " + " | ".join(cells) + " |"


def _units(step: Step, send: Send) -> str:
    if isinstance(send.count, int):
        count = str(send.count)
    else:
        count = "/".join(str(send.count_at(level)) for level in ("IV", "III", "II", "I"))
    kind = f"{send.kind} to {send.skill}" if send.kind is not None else f"who can {send.skill}"
    who = f"{count} {kind}"
    again = f", again after {_span(send.again_s)}" if send.again_s is not None else ""
    return who + again + _condition(step)


def _gear(step: Step, act: Actuate) -> str:
    where = f" at {act.count} {act.near} within {act.within_m / 1000:g} km" if act.near else ""
    return f"{act.kind} {act.action}{where}" + _condition(step)


def _condition(step: Step) -> str:
    words = list(_guard(step.when[0]))
    return f", if {' and '.join(words)}" if words else ""


def _guard(guard: Guard) -> Iterator[str]:
    tests: tuple[tuple[bool, Callable[[], str]], ...] = (
        (guard.state != "suspected", lambda: guard.state),
        (guard.level != "IV", lambda: f"level {guard.level}"),
        (guard.severity > 0, lambda: f"severity {guard.severity:g}"),
        (guard.trapped > 0, lambda: f"{guard.trapped} trapped"),
        (guard.affected > 0, lambda: f"{guard.affected} affected"),
        (guard.after_s > 0, lambda: f"after {_span(guard.after_s)}"),
        (bool(guard.failed), lambda: f"{', '.join(guard.failed)} failed"),
    )
    return (word() for holds, word in tests if holds)


def _clock(step: Step) -> str:
    verify = step.verify
    assert verify is not None
    what = {
        "arrived": "on scene",
        "position": f"{verify.equals if step.actuate and not step.actuate.args else 'told'}",
        "severity_falls": f"falls by {verify.by:g}",
    }[verify.fact]
    return f"{step.id} {what} within {_span(verify.within_s)}"


def _span(span_s: float) -> str:
    for unit_s, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if span_s >= 2 * unit_s or span_s == unit_s:
            return f"{span_s / unit_s:g} {unit}"
    return f"{span_s:g} s"


def _level_row(signature: Signature) -> str:
    levels = {level: f"{threshold:g}" for threshold, level in signature.levels}
    cells = [levels.get(level, "–") for level in ("IV", "III", "II", "I")]
    unit = signature.severity_unit
    if signature.levels_are_shares:
        unit = f"share of all {unit}"
    word = signature.weight.get(f"call:{signature.type}")
    effect = "–" if word is None else "confirms" if word > 1 else "suspicion"
    return "| " + " | ".join((f"`{signature.type}`", unit, *cells, effect)) + " |"


if __name__ == "__main__":
    sys.stdout.write(response_table())

"""Response plans as versioned data: who does what, when, and how it is checked.

A plan is YAML, read once; guards come from a closed vocabulary, so a plan can be checked
without running it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from ops_center.core.snapshot import LEVELS
from sim.kernel.errors import InputError
from sim.messages.field import Scalar

Level = Literal["IV", "III", "II", "I"]
Milestone = Literal[
    "suspected", "confirmed", "acknowledged", "dispatched", "on_scene", "controlled", "closed"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Conditions that must all hold.

    Attributes
    ----------
    state
        The incident is at least this far.
    severity
        Its severity is at least this, in the signature's unit.
    level
        Its level, which only rises, is at least this.
    trapped, affected
        At least so many people are believed trapped, or affected by callers' words.
    after_s
        It has been open for so long [s].
    failed
        All these steps failed, were refused, or could not be verified.
    """

    state: Milestone = "suspected"
    severity: float = 0.0
    level: Level = "IV"
    trapped: int = 0
    affected: int = 0
    after_s: float = 0.0
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actuate:
    """Command every actuator of `kind` at the place, or those of places near it.

    Attributes
    ----------
    near, count, within_m
        Instead of the place itself, the `count` nearest places of a kind that have one, itself
        among them, no farther than `within_m` [m].
    if_any
        Whether it is all the same if there is none; else that is a failure.
    undo
        The action that takes it back.
    until
        When it is taken back: as soon as the incident is under control, or only when it
        closes (a pump that holds the water down must not stop first).
    """

    kind: str
    action: str
    undo: str
    until: Literal["controlled", "closing"] = "controlled"
    args: Mapping[str, Scalar] = field(default_factory=dict)
    near: str | None = None
    count: int = 1
    within_m: float = 3000.0
    if_any: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send units.

    Attributes
    ----------
    skill
        What they must be able to do, and the task they are given.
    kind
        What they must be; None for any unit with the skill.
    count
        How many: always, or from each level on.
    grace_s
        How long after its expected arrival a unit counts as late, and another is sent [s].
    again_s
        How long after the last was sent another goes, while the incident lasts and those
        before have done what they could [s]; None for never.
    """

    skill: str
    kind: str | None = None
    count: int | Mapping[Level, int] = 1
    grace_s: float = 300.0
    again_s: float | None = None

    def count_at(self, level: str) -> int:
        """Return how many are sent at a level."""
        if isinstance(self.count, int):
            return self.count
        reached = [n for at, n in self.count.items() if LEVELS.index(at) <= LEVELS.index(level)]
        return max(reached, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """How the centre sees that the world did what was commanded.

    Attributes
    ----------
    fact
        Of an actuator: ``"position"``: it reports `equals`. ``"severity_falls"``: severity
        comes down by `by` from its peak after the command. Of units: ``"arrived"``: the first
        of them is on scene.
    within_s
        After this long without the fact the step counts as unverified [s]; units go on being
        sent all the same.
    """

    fact: Literal["position", "severity_falls", "arrived"]
    within_s: float
    equals: str | None = None
    by: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: when any guard holds, actuate or send; then verify."""

    id: str
    title: str
    department: str
    when: tuple[Guard, ...]
    actuate: Actuate | None = None
    send: Send | None = None
    verify: Verify | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsePlan:
    """The plan for one type of incident.

    Attributes
    ----------
    lead, support
        Departments.
    source
        Where units, actuators and times come from, or what is assumed.
    """

    plan: str
    version: int
    incident: str
    title: str
    lead: str
    support: tuple[str, ...]
    source: str
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """Name and version, as decisions quote it."""
        return f"{self.plan}@{self.version}"


def read_plan(document: Any, thing: str) -> ResponsePlan:
    """Return the plan in a parsed YAML document.

    Raises
    ------
    InputError
        Naming `thing`, the place and what was expected.
    """
    _refuse_unknown_keys(document, thing)
    try:
        plan = msgspec.convert(document, ResponsePlan)
    except msgspec.ValidationError as error:
        raise InputError(thing, expected=f"a response plan: {error}") from error
    known = [step.id for step in plan.steps]
    for number, step in enumerate(plan.steps):
        place = f"steps[{number}] ({step.id})"
        if known.count(step.id) > 1:
            raise InputError(thing, place=place, value=step.id, expected="a unique step id")
        if (step.actuate is None) == (step.send is None):
            raise InputError(thing, place=place, expected="either 'actuate' or 'send'")
        if step.verify is not None and (step.verify.fact == "arrived") != (step.send is not None):
            raise InputError(
                thing,
                place=place,
                value=step.verify.fact,
                expected="'arrived' of units, 'position' or 'severity_falls' of actuators",
            )
        for guard in step.when:
            for other in guard.failed:
                if other not in known:
                    raise InputError(
                        thing, place=place, value=other, expected=f"one of {', '.join(known)}"
                    )
    return plan


_KEYS: dict[str, frozenset[str]] = {
    "plan": frozenset(ResponsePlan.__annotations__),
    "steps": frozenset(Step.__annotations__),
    "when": frozenset(Guard.__annotations__),
    "actuate": frozenset(Actuate.__annotations__),
    "send": frozenset(Send.__annotations__),
    "verify": frozenset(Verify.__annotations__),
}


def _refuse_unknown_keys(node: Any, thing: str, part: str = "plan", place: str = "") -> None:
    """Raise for the first key that no part of a plan has."""
    if isinstance(node, Sequence) and not isinstance(node, str):
        for number, item in enumerate(node):
            _refuse_unknown_keys(item, thing, part, f"{place}[{number}]")
        return
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        if key not in _KEYS[part]:
            expected = f"one of {', '.join(sorted(_KEYS[part]))}"
            raise InputError(thing, place=place or None, value=key, expected=expected)
        if key in _KEYS:
            _refuse_unknown_keys(value, thing, key, f"{place}.{key}".lstrip("."))

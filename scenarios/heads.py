"""The first line of a recording: under what it was made, so that a replay decides alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pydantic

from scenarios.foreign import foreign_kinds
from scenarios.schema import PoliciesPart
from sim.kernel.clock import Ns
from sim.kernel.errors import InputError
from sim.messages import topics
from sim.transport.foreign.mapping import ForeignMapping, parse_mapping
from sim.transport.recorder import recording_head


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a recording says about itself.

    Attributes
    ----------
    at
        When its clock begins.
    policies
        Those of the centre that made it; the defaults, left to people, where none did.
    foreign
        The mapping of its foreign feeds, or None.
    """

    at: Ns
    policies: PoliciesPart
    foreign: ForeignMapping | None


class _Foreign(msgspec.Struct, kw_only=True):
    file: str
    text: str


class _Head(msgspec.Struct, kw_only=True, omit_defaults=True):
    policies: dict[str, Any] | None = None
    foreign: _Foreign | None = None


def head_document(policies: PoliciesPart | None, foreign: ForeignMapping | None) -> bytes:
    """Return what stands at the head of a recording."""
    return msgspec.json.encode(
        _Head(
            policies=None if policies is None else policies.model_dump(),
            foreign=None if foreign is None else _Foreign(file=foreign.thing, text=foreign.text),
        )
    )


def read_head(path: Path) -> Head:
    """Return the head of a recording.

    Raises
    ------
    InputError
        When it cannot be read, or is not of this version.
    """
    first = recording_head(path)
    about = first.payload if first.topic == topics.RECORDING_START else b""
    try:
        head = msgspec.json.decode(about, type=_Head) if about else _Head()
        policies = (
            PoliciesPart(acknowledge_after=None)
            if head.policies is None
            else PoliciesPart.model_validate(_with_units(head.policies))
        )
    except (msgspec.DecodeError, pydantic.ValidationError) as error:
        raise InputError(
            str(path), place="line 1", expected="policies as this version writes them"
        ) from error
    foreign = None
    if head.foreign is not None:
        foreign = parse_mapping(head.foreign.text, head.foreign.file, foreign_kinds())
    return Head(at=first.at, policies=policies, foreign=foreign)


def _with_units(policies: dict[str, Any]) -> dict[str, Any]:
    """Return written-out SI values as the quantities that the schema reads."""
    spans = ("acknowledge_after", "lateness")
    return {k: f"{v} s" if k in spans and v is not None else v for k, v in policies.items()}

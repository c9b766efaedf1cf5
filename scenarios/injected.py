"""One hazard by itself, and lists of those that were let happen, read as a scenario's are."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scenarios.schema import PARTS, Hazard, Scenario
from sim.files.strict import Document, Part, read_text
from sim.kernel.errors import InputError

_ALONE = "hazards.now"


class InjectedList(Part):
    """A file of what was let happen in a run, such as its ``injected.yaml``."""

    hazards: dict[str, Hazard]


def read_hazard(thing: str, document: Mapping[str, Any]) -> Hazard:
    """Return one hazard, from what a scenario file would say under its name.

    Parameters
    ----------
    thing
        What is read, for the error.

    Raises
    ------
    InputError
        As a scenario file's, without the line.
    """
    try:
        text = yaml.safe_dump({"hazards": {"now": dict(document)}}, allow_unicode=True)
    except yaml.YAMLError as error:
        raise InputError(thing, expected=f"plain values: {error}") from error
    try:
        return Document(text, thing, example="hazards").read(InjectedList).hazards["now"]
    except InputError as error:
        key = (error.place or "").partition(_ALONE)[2].lstrip(".")
        raise InputError(
            thing, place=key or None, value=error.value, expected=error.expected
        ) from error


def hazard_keys(word: str) -> tuple[str, ...]:
    """Return the keys that hazards of a type have, none for an unknown type."""
    parts = [p for p in PARTS if word in typing.get_args(p.model_fields["type"].annotation)]
    return tuple(field.alias or name for p in parts for name, field in p.model_fields.items())


def with_injected(scenario: Scenario, path: Path) -> Scenario:
    """Return a scenario with what was let happen in a run of it, as that run wrote it down.

    Raises
    ------
    InputError
        When the file cannot be read, is not of that form, or names what the scenario names.
    """
    document = Document(read_text(path, "--injected"), str(path), example="hazards")
    added = document.read(InjectedList).hazards
    for name in added:
        if name in scenario.hazards:
            raise document.wrong(
                "hazards", name, value=name, expected="a name that the scenario does not use"
            )
    return scenario.model_copy(update={"hazards": scenario.hazards | added})

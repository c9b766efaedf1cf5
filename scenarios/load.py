"""Scenario files to `Scenario`: errors name file, line, key and the nearest spelling."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pydantic
import yaml

from scenarios.part import Part
from scenarios.schema import HAZARD_TYPES, PARTS, Hazard, Scenario
from sim.kernel.errors import InputError

_LIBRARY = resources.files("scenarios") / "library"


def list_scenarios() -> list[Scenario]:
    """Return the library's scenarios by name."""
    names = sorted(f.name for f in _LIBRARY.iterdir() if f.name.endswith(".yaml"))
    return [load_scenario(name.removesuffix(".yaml")) for name in names]


def load_scenario(source: str) -> Scenario:
    """Return the scenario of a library name or of a file.

    Raises
    ------
    InputError
        When there is no such scenario, or the file is wrong: with file, line and key.
    """
    text, thing = _read(source)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark is not None else None
        problem = getattr(error, "problem", None) or "not YAML"
        raise InputError(thing, place=place, expected=f"YAML: {problem}") from error
    if not isinstance(document, dict):
        raise InputError(thing, value=type(document).__name__, expected="a mapping with 'name'")
    try:
        return Scenario.model_validate(document)
    except pydantic.ValidationError as error:
        raise _explain(thing, node, error.errors()[0]) from error


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
    whole = {"name": "none", "title": "", "hazards": {thing: dict(document)}}
    try:
        return Scenario.model_validate(whole).hazards[thing]
    except pydantic.ValidationError as error:
        raise _explain(thing, None, error.errors()[0]) from error


def hazard_keys(word: str) -> tuple[str, ...]:
    """Return the keys that hazards of a type have, none for an unknown type."""
    parts = [part for part in PARTS if word in typing.get_args(_word_of(part))]
    return tuple(field.alias or name for p in parts for name, field in p.model_fields.items())


def with_injected(scenario: Scenario, path: Path) -> Scenario:
    """Return a scenario with what was let happen in a run of it, as that run wrote it down.

    Raises
    ------
    InputError
        When the file cannot be read or is not of that form.
    """
    text, thing = _read(str(path))
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(thing, expected=f"YAML: {error}") from error
    hazards = document.get("hazards") if isinstance(document, dict) else None
    if not isinstance(hazards, dict) or set(document) != {"hazards"}:
        raise InputError(thing, expected="a mapping with 'hazards' alone")
    added = {}
    for name, hazard in hazards.items():
        if name in scenario.hazards:
            raise InputError(thing, value=name, expected="a name that the scenario does not use")
        if not isinstance(hazard, dict):
            raise InputError(thing, place=str(name), value=hazard, expected="a mapping with 'type'")
        added[str(name)] = read_hazard(f"{thing}: {name}", hazard)
    return scenario.model_copy(update={"hazards": scenario.hazards | added})


def _read(source: str) -> tuple[str, str]:
    path = Path(source)
    if path.suffix in (".yaml", ".yml") or path.exists():
        try:
            return path.read_text(encoding="utf-8"), str(path)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise InputError(
                "scenario", value=source, expected=f"a readable file ({reason})"
            ) from error
    entry = _LIBRARY / f"{source}.yaml"
    if entry.is_file():
        return entry.read_text(encoding="utf-8"), f"{source}.yaml"
    names = sorted(f.name.removesuffix(".yaml") for f in _LIBRARY.iterdir())
    raise InputError("scenario", value=source, expected=f"a file or {_nearest(source, names)}")


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    listed = ", ".join(known)
    return f"{close[0]!r} (one of {listed})" if close else f"one of {listed}"


def _explain(thing: str, node: Any, error: Any) -> InputError:
    """Return the first of pydantic's complaints as one of ours."""
    path = [part for part in error["loc"] if not _is_tag(part, error)]
    name = ".".join(str(part) for part in path)
    if node is None:
        # One hazard alone: what is before it in the path was ours.
        place = ".".join(str(part) for part in path[2:]) or None
    else:
        place = f"line {_line(node, path)}, {name}"
    if error["type"] == "extra_forbidden":
        word = error["loc"][2] if len(error["loc"]) > 3 else None
        known = list(hazard_keys(str(word)) or _keys(Scenario, path[:-1]))
        return InputError(
            thing, place=place, value=path[-1], expected=_nearest(str(path[-1]), known)
        )
    value = error.get("input")
    if error["type"] == "union_tag_invalid":
        tags = [tag.strip(" '") for tag in error["ctx"]["expected_tags"].split(",")]
        tag = str(error["ctx"]["tag"])
        return InputError(thing, place=place, value=tag, expected=f"type {_nearest(tag, tags)}")
    if error["type"] == "missing":
        return InputError(thing, place=place, expected="a value: this key must be there")
    message = error["msg"]
    for opening in ("Value error, ", "expected ", "Input should be "):
        message = message.removeprefix(opening)
    shown = value if isinstance(value, (str, int, float)) else None
    return InputError(thing, place=place, value=shown, expected=message)


def _word_of(part: type[Part]) -> Any:
    return part.model_fields["type"].annotation


def _is_tag(part: object, error: Any) -> bool:
    """Return whether a step of pydantic's path is a union's tag, which the file has not."""
    return part in HAZARD_TYPES and error["loc"].index(part) == 2


def _line(node: Any, path: list[Any]) -> int:
    """Return the line of the deepest part of `path` that the file has."""
    line: int = node.start_mark.line + 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next((k for k in node.value if k[0].value == str(part)), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _keys(model: type[Part], path: list[Any]) -> Iterator[str]:
    """Yield the keys that a scenario knows at `path`; of hazards, those of every type."""
    kinds: list[Any] = [model]
    for part in path:
        kinds = [inner for kind in kinds for inner in _inner(kind, part)]
    for kind in kinds:
        for name, field in kind.model_fields.items():
            yield field.alias or name


def _inner(kind: Any, part: Any) -> Iterator[type[Part]]:
    field = kind.model_fields.get(part) if hasattr(kind, "model_fields") else None
    annotation = field.annotation if field is not None else None
    if annotation is None:
        # A name of the user's own, under `hazards`: its types were already found.
        yield kind
        return
    yield from _parts(annotation)


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
        return
    for inner in typing.get_args(annotation):
        if not isinstance(inner, str):
            yield from _parts(inner)

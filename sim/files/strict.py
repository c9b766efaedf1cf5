"""YAML files to parts: errors name file, line, key and the nearest spelling."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict

from sim.kernel.errors import InputError


class Part(BaseModel):
    """A part of a file: frozen, strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


P = TypeVar("P", bound=Part)


def read_text(path: Path, what: str) -> str:
    """Return a file's text; raises `InputError` about `what` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(what, value=str(path), expected=f"a readable file ({reason})") from error


def nearest(word: str, known: Iterable[str]) -> str:
    """Return what was expected in place of `word`: the nearest spelling first, if any is near."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    listed = ", ".join(names)
    return f"{close[0]!r} (one of {listed})" if close else f"one of {listed}"


class Document:
    """A YAML text that knows the lines of its parts.

    Parameters
    ----------
    text
        The whole file.
    thing
        What it is called in errors, such as the file's name.
    example
        A key that such a file cannot do without.

    Raises
    ------
    InputError
        When it is not YAML, no mapping, or says a key twice.
    """

    def __init__(self, text: str, thing: str, *, example: str) -> None:
        self.thing = thing
        try:
            self._node = yaml.compose(text, Loader=yaml.SafeLoader)
            self._content = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            place = f"line {mark.line + 1}" if mark is not None else None
            problem = getattr(error, "problem", None) or "not YAML"
            raise InputError(thing, place=place, expected=f"YAML: {problem}") from error
        if not isinstance(self._content, dict):
            raise InputError(
                thing, value=type(self._content).__name__, expected=f"a mapping with {example!r}"
            )
        self._refuse_twins(self._node, ())

    def read(self, model: type[P]) -> P:
        """Return the content as `model`; raises `InputError` with its first mistake."""
        try:
            return model.model_validate(self._content)
        except pydantic.ValidationError as error:
            raise self._explain(model, error.errors()) from error

    def place(self, *path: str | int) -> str:
        """Return where a part stands, such as ``"line 12, hazards.storm"``."""
        return f"line {_line(self._node, path)}, {'.'.join(str(part) for part in path)}"

    def wrong(self, *path: str | int, expected: str, value: object = None) -> InputError:
        """Return the error that says what was expected of the part at `path`."""
        return InputError(self.thing, place=self.place(*path), value=value, expected=expected)

    def _explain(self, model: type[Part], errors: Sequence[Any]) -> InputError:
        """Return the first of pydantic's complaints as one of ours.

        Of what each member of a union complains of, that is the most particular.
        """
        paths = [_in_file(self._node, error) for error in errors]
        about = [i for i, path in enumerate(paths) if path[: len(paths[0])] == paths[0]]
        chosen = max(about, key=lambda i: len(paths[i]))
        error, path = errors[chosen], paths[chosen]
        if error["type"] == "extra_forbidden":
            known = dict.fromkeys(_keys(model, path[:-1]))
            return self.wrong(*path, value=path[-1], expected=nearest(str(path[-1]), known))
        value = error.get("input")
        if error["type"] == "union_tag_invalid":
            tags = [tag.strip(" '") for tag in error["ctx"]["expected_tags"].split(",")]
            tag = str(error["ctx"]["tag"])
            return self.wrong(*path, value=tag, expected=f"type {nearest(tag, tags)}")
        if error["type"] == "missing":
            return self.wrong(*path, expected="a value: this key must be there")
        message = error["msg"]
        for opening in ("Value error, ", "expected ", "Input should be "):
            message = message.removeprefix(opening)
        shown = value if isinstance(value, (str, int, float)) else None
        return self.wrong(*path, value=shown, expected=message)

    def _refuse_twins(self, node: Any, path: tuple[str | int, ...]) -> None:
        """Raise on a key that stands twice, for YAML would take the last without a word."""
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, child in node.value:
                name = str(key.value)
                if name in seen:
                    line = key.start_mark.line + 1
                    full = ".".join(str(part) for part in (*path, name))
                    raise InputError(self.thing, place=f"line {line}, {full}", expected="one only")
                seen.add(name)
                self._refuse_twins(child, (*path, name))
        elif isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                self._refuse_twins(child, (*path, index))


def _in_file(node: Any, error: Any) -> list[str | int]:
    """Return pydantic's path to a mistake without the steps that the file has not.

    Those name the member of a union that was tried, or say that a key is meant.
    """
    steps = list(error["loc"])
    path: list[str | int] = []
    for number, step in enumerate(steps):
        child = _child(node, step)
        if child is not None:
            path.append(step)
            node = child[1]
        elif number == len(steps) - 1 and error["type"] == "missing":
            path.append(step)
    return path


def _child(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """Return the node that bears the line of a step, and the node it leads to."""
    if isinstance(node, yaml.MappingNode):
        return next((pair for pair in node.value if pair[0].value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _line(node: Any, path: Iterable[str | int]) -> int:
    """Return the line of the deepest part of `path` that the file has."""
    line: int = node.start_mark.line + 1
    for step in path:
        child = _child(node, step)
        if child is None:
            return line
        line, node = child[0].start_mark.line + 1, child[1]
    return line


def _keys(model: type[Part], path: list[str | int]) -> Iterator[str]:
    """Yield the keys that a file knows at `path`; of a union, those of every member."""
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
        # A name of the user's own, such as a hazard's: its types were already found.
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

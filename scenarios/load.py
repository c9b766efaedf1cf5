"""Scenario files to `Scenario`, from the library or from a file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from scenarios.schema import Scenario
from sim.files.strict import Document, nearest, read_text
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
    return Document(text, thing, example="name").read(Scenario)


def _read(source: str) -> tuple[str, str]:
    path = Path(source)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return read_text(path, "scenario"), str(path)
    entry = _LIBRARY / f"{source}.yaml"
    if entry.is_file():
        return entry.read_text(encoding="utf-8"), f"{source}.yaml"
    names = sorted(f.name.removesuffix(".yaml") for f in _LIBRARY.iterdir())
    raise InputError("scenario", value=source, expected=f"a file or {nearest(source, names)}")

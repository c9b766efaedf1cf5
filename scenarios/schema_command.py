"""``chengmai schema``: the feed's JSON Schemas, AsyncAPI document and Thing Descriptions."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from devices.catalogue import KINDS, get_kind
from scenarios import output, things
from scenarios.options import Interrupt
from sim.messages import asyncapi
from sim.messages.schemas import schemas


def add_schema(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--out", metavar="DIR", help="write files there instead of printing")
    parser.add_argument("--asyncapi", action="store_true", help="the AsyncAPI document alone")
    parser.add_argument("--thing", metavar="KIND", help="one sensor kind's Thing Description")


def schema(options: argparse.Namespace, _interrupt: Interrupt) -> dict[str, Any] | None:
    """Write what was asked for: to files, or to standard output.

    Raises
    ------
    InputError
        When there is no such kind, or the folder cannot be made.
    """
    if options.out is None:
        sys.stdout.write(_text(_printed(options)))
        return None
    folder = output.make_folder(Path(options.out))
    written = _files(options)
    for name, document in written.items():
        path = folder / name
        output.make_folder(path.parent)
        path.write_text(_text(document), encoding="utf-8")
    if not options.json:
        sys.stdout.write("".join(f"{folder / name}\n" for name in written))
    return {"files": [str(folder / name) for name in written]}


def _printed(options: argparse.Namespace) -> dict[str, Any]:
    """Return the one document to print: what was chosen, or all schemas by name."""
    if options.thing is not None:
        return things.describe(get_kind(options.thing))
    return asyncapi.document() if options.asyncapi else schemas()


def _files(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return documents by file name: what was chosen, or all there are."""
    everything = options.thing is None and not options.asyncapi
    files: dict[str, dict[str, Any]] = {}
    if everything:
        files |= {f"schemas/{name}.json": one for name, one in schemas().items()}
    if everything or options.asyncapi:
        files["asyncapi.json"] = asyncapi.document()
    rows = list(KINDS.values()) if everything else []
    if options.thing is not None:
        rows = [get_kind(options.thing)]
    return files | {f"things/{row.kind}.td.json": things.describe(row) for row in rows}


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

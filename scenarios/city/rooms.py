"""The command line of ``chengmai city``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from scenarios.city import commands
from scenarios.options import Interrupt
from sim.world.city.load import BEIJING, READERS

Command = Callable[[argparse.Namespace, Interrupt], dict[str, Any] | None]

SEED = 1
"""The seed of a scenario that names none."""


def add_city(parser: argparse.ArgumentParser) -> None:
    """Give ``city`` its own commands."""
    rooms = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=type(parser))

    def room(name: str, command: Command, summary: str) -> argparse.ArgumentParser:
        child = rooms.add_parser(name, help=summary, description=summary)
        child.add_argument("--json", action="store_true", help="answer as JSON on standard output")
        child.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"default: {SEED}")
        child.add_argument("--no-cache", action="store_true", help="build it, even if it was kept")
        child.set_defaults(command=command, scale=None)
        return child

    build = room("build", commands.build, "build the synthetic Beijing and count what it holds")
    from_file = room("import", commands.import_, "build a city from OSM, SUMO or GeoJSON")
    show = room("show", commands.show, "write a city's map as one offline HTML file")
    check = room("check", commands.check, "tell what is missing or disconnected, by name")

    for child in (build, show, check):
        source = BEIJING if child is build else f"{BEIJING} or a file; default: {BEIJING}"
        child.add_argument("city", nargs="?", default=BEIJING, help=source)
        child.add_argument(
            "--scale", type=float, metavar="S", help="share of the true Beijing, 0.002 to 1"
        )
    from_file.add_argument("file", help=f"a name ending in {', '.join(READERS)}")
    for child in (build, from_file):
        child.add_argument("--out", metavar="FILE.json", help="where to write the city's base map")
    show.add_argument("--out", metavar="FILE.html", default="map.html", help="default: map.html")

"""The command line: ``chengmai COMMAND …``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from scenarios import commands
from scenarios.city.rooms import add_city
from scenarios.options import Interrupt, parse_span, parse_speed
from scenarios.probe.rooms import add_probe
from scenarios.schema_command import add_schema, schema
from scenarios.sensors_command import sensors
from sim.kernel.errors import ChengmaiError

EXIT_BAD_INPUT = 2

Command = Callable[[argparse.Namespace, Interrupt], dict[str, Any] | None]


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints look like every other error of the program."""

    def error(self, message: str) -> Any:
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns the exit status: 0, or 2 for anything wrong from outside, or what the answer says.
    """
    options = read_options(arguments)
    command: Command = options.command
    try:
        with Interrupt() as interrupt:
            answer = command(options, interrupt)
    except ChengmaiError as error:
        sys.stderr.write(f"chengmai: {error}\n")
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        # Before there was anything to conclude.
        sys.stderr.write("chengmai: interrupted\n")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to tell it.
        sys.stderr.close()
        return 0
    if answer is not None and options.json is True:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
    return 0 if answer is None else int(answer.get("exit_status", 0))


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what a command line says; ends the program when it makes no sense."""
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="chengmai", description="A city's pulse: simulate, sense, respond, score."
    )
    rooms = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    def room(name: str, command: Command, summary: str) -> argparse.ArgumentParser:
        child = rooms.add_parser(name, help=summary, description=summary)
        child.add_argument("--json", action="store_true", help="answer as JSON on standard output")
        child.set_defaults(command=command)
        return child

    summary = "build, import, show or check a city"
    add_city(rooms.add_parser("city", help=summary, description=summary))
    summary = "check somebody's device or feed, on any broker, against what ours demands"
    add_probe(rooms.add_parser("probe", help=summary, description=summary))
    add_schema(room("schema", schema, "write the feed's schemas and descriptions"))
    room("scenarios", commands.scenarios, "list the library's scenarios")
    hazards = room("hazards", commands.hazards, "list what a scenario may let happen")
    hazards.add_argument("type", nargs="?", help="one type, with its keys")
    hazards.add_argument("--markdown", action="store_true", help="all of them as a page")
    sensors_room = room("sensors", sensors, "list the catalogue of sensors, or one kind in full")
    sensors_room.add_argument("kind", nargs="?", help="one kind, such as gas_detector")
    sensors_room.add_argument("--markdown", action="store_true", help="all of them as a page")
    check = room("check", commands.check, "read a scenario and its city, and say what would run")
    run = room("run", commands.run, "run a scenario as fast as it goes")
    live = room("live", commands.live, "run city, broker and centre, with the dashboard")
    feed = room("feed", commands.feed, "run the city alone: a live MQTT feed")
    ops = room("ops", commands.ops, "run the operations centre alone on a broker")
    record = room("record", commands.record, "record a broker's city traffic to a file")
    replay = room("replay", commands.replay, "decide again on a recording, or publish it again")

    for child in (check, run, live, feed):
        child.add_argument("scenario", help="a library name or a YAML file")
        child.add_argument(
            "--city", metavar="FILE", help="OSM, SUMO or GeoJSON, or beijing, instead of its city"
        )
        child.add_argument(
            "--scale", type=float, metavar="S", help="share of the true Beijing, 0.002 to 1"
        )
        child.add_argument("--seed", type=int, metavar="N", help="instead of the scenario's")
    for child in (run, live, feed):
        child.add_argument(
            "--until", type=parse_span, metavar="SPAN", help="stop after, such as 90min or 3h"
        )
    for child in (run, live, feed, ops, replay):
        child.add_argument("--out", metavar="DIR", help="folder for what it leaves")
    for child in (live, feed, ops, record, replay):
        child.add_argument(
            "--broker",
            metavar="URL",
            help="mqtt[s]://user:pass@host:port; default: one of our own on a free loopback port",
        )
    for child in (live, feed, replay):
        child.add_argument(
            "--speed", type=parse_speed, default=1.0, metavar="X", help="city seconds a second"
        )
    for child in (live, feed):
        child.add_argument("--exit", action="store_true", help="end when the scenario ends")
        child.add_argument(
            "--payload", choices=("json", "cbor"), default="json", help="form of SenML packs"
        )
        child.add_argument(
            "--packs", choices=("device", "gateway"), default="device", help="who sends packs"
        )
    for child in (live, ops):
        child.add_argument(
            "--port", type=int, metavar="P", help="of the dashboard; 0: any free one"
        )
    for child in (live, ops, record, replay):
        child.add_argument(
            "--foreign", metavar="MAPPING", help="YAML file that says what others' feeds mean"
        )
    run.add_argument(
        "--codec", action="store_true", help="force every message through its wire form"
    )
    run.add_argument(
        "--cascades",
        action="store_true",
        help="run it once more without each link between hazards, and report what each did",
    )
    ops.add_argument("--client-id", metavar="NAME", help="its name at the broker")
    record.add_argument("file", help="where to record; .gz packs it")
    record.add_argument("--for", dest="span", type=parse_span, metavar="SPAN", help="wall time")
    replay.add_argument("file", help="a recording, such as DIR/intake.jsonl")
    return parser


if __name__ == "__main__":
    sys.exit(main())

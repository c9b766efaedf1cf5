"""The options of ``chengmai probe``."""

from __future__ import annotations

import argparse

from scenarios.options import parse_span, parse_speed
from scenarios.probe import commands
from sim.probe.expect import Expect, Range

PROFILES = ("city",)
USUAL = Expect()


def add_probe(parser: argparse.ArgumentParser) -> None:
    """Give ``probe`` its options."""
    parser.set_defaults(command=commands.probe)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--broker", metavar="URL", help="mqtt[s]://user:pass@host:port")
    source.add_argument("--recording", metavar="FILE", help="look at a recording instead")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--device", metavar="ID", help="one device only")
    target.add_argument("--topic", metavar="FILTER", help="an MQTT filter; default: city/v1/#")
    parser.add_argument(
        "--for",
        dest="span",
        type=parse_span,
        default=120.0,
        metavar="SPAN",
        help="how long to listen, wall time; default: 2min",
    )
    parser.add_argument(
        "--json",
        nargs="?",
        const=True,
        default=False,
        metavar="FILE",
        help="the verdict as JSON, in a file or on standard output",
    )
    parser.add_argument("--profile", choices=PROFILES, default="city", help="what is demanded")
    parser.add_argument("--strict", action="store_true", help="let warnings fail too")
    parser.add_argument(
        "--command", dest="commands", action="store_true", help="send the device commands as well"
    )
    parser.add_argument(
        "--cut", action="store_true", help="then wait for the will, once you pull the plug"
    )
    parser.add_argument(
        "--foreign", metavar="MAPPING", help="judge others' JSON too, as a mapping file reads it"
    )
    parser.add_argument(
        "--speed",
        type=parse_speed,
        metavar="X",
        help="feed seconds a second, where no city tells its clock; default: 1",
    )
    parser.add_argument(
        "--lateness",
        type=parse_span,
        default=USUAL.lateness_s,
        metavar="SPAN",
        help=f"how late a report may be overtaken; default: {USUAL.lateness_s:g}s",
    )
    parser.add_argument(
        "--loss",
        type=_share,
        default=USUAL.loss,
        metavar="SHARE",
        help=f"share of reports that may be lost; default: {USUAL.loss:g}",
    )
    parser.add_argument(
        "--range",
        dest="ranges",
        type=_range,
        action="append",
        default=[],
        metavar="[KIND/]CHANNEL=LOW:HIGH",
        help="what a channel can read; known for the kinds of the catalogue",
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 1.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"was {text!r}, expected a number between 0 and 1")
    return share


def _range(text: str) -> tuple[tuple[str, str], Range]:
    """Return the range that ``depth=0:2`` or ``water_gauge/depth=0:`` names."""
    name, _, limits = text.partition("=")
    kind, _, channel = name.rpartition("/")
    low, colon, high = limits.partition(":")
    try:
        span = (float(low) if low else None, float(high) if high else None)
    except ValueError:
        colon = ""
    if not channel or not colon:
        raise argparse.ArgumentTypeError(f"was {text!r}, expected [KIND/]CHANNEL=LOW:HIGH")
    return (kind or "*", channel), span

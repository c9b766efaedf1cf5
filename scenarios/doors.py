"""What a live city offers testers: its control, its truth, places for real devices."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator

from scenarios.live import LiveCity
from scenarios.truth_feed import truth_topic
from sim.transport.brokers.base import Broker
from sim.transport.brokers.nats import Guard, NatsBroker

TRUTH_PASSWORD = "CHENGMAI_TRUTH_PASSWORD"
"""Environment variable with a password of one's own for who reads the truth."""


def add_doors(room: argparse.ArgumentParser) -> None:
    """Add their options to a command."""
    room.add_argument(
        "--replace",
        action="append",
        default=[],
        metavar="ID",
        help="be silent for this sensor or actuator: a real one takes its place",
    )
    room.add_argument("--truth", metavar="FILE", help="write the truth to this file too")
    room.add_argument(
        "--truth-topic", action="store_true", help="publish the truth on city-truth/v1/#"
    )
    room.add_argument(
        "--show-password",
        action="store_true",
        help="print the password of the embedded broker's user truth",
    )
    room.add_argument(
        "--control-port",
        type=int,
        default=0,
        metavar="P",
        help="of the door for inject, on loopback; 0: any free one",
    )


def embedded(options: argparse.Namespace) -> NatsBroker:
    """Return a broker of our own, guarded where the truth is published on it."""
    if not getattr(options, "truth_topic", False):
        return NatsBroker()
    password = os.environ.get(TRUTH_PASSWORD)
    return NatsBroker(guard=Guard() if password is None else Guard(truth=password))


def tell_doors(
    options: argparse.Namespace, broker: Broker, running: LiveCity, say: Callable[[str], None]
) -> None:
    """Say where the running city takes orders and tells its truth."""
    for line in _lines(options, broker, running):
        say(line)


def _lines(options: argparse.Namespace, broker: Broker, running: LiveCity) -> Iterator[str]:
    yield f"control    {running.control_url}"
    if not options.truth_topic:
        return
    yield f"truth      {truth_topic('#')}"
    if options.show_password and isinstance(broker, NatsBroker):
        url = broker.truth_url
        yield f"           {url} user {url.user} password {url.password}"

"""``chengmai inject``: ask a running city to let something happen."""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import yaml

from scenarios.injected import hazard_keys, read_hazard
from scenarios.options import Interrupt
from sim.kernel.errors import InputError, TransportError

CONTROL = "CHENGMAI_CONTROL"
"""Environment variable that says the same as ``--to``."""

ANSWER_S = 15.0
"""Longest wait for an answer [s]: more than the city takes to give up itself."""


def add_inject(room: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    room.add_argument("type", help="a type of hazard, as chengmai hazards lists them")
    room.add_argument("keys", nargs="*", metavar="key=value", help="as in a scenario file")
    room.add_argument(
        "--to", metavar="URL", help=f"of the city's control, as it printed it (or {CONTROL})"
    )
    room.add_argument("--device", metavar="ID", help="the same as device=ID")
    room.add_argument("--gateway", metavar="ID", help="the same as gateway=ID")
    room.add_argument("--fault", metavar="FAULT", help="the same as fault=FAULT")
    room.add_argument("--for", dest="span", metavar="SPAN", help="how long, such as 10min")


def inject(options: argparse.Namespace, _interrupt: Interrupt) -> dict[str, Any]:
    """Let something happen in a running city."""
    url = _address(options.to or os.environ.get(CONTROL))
    hazard = read_words(options)
    read_hazard("inject", hazard)
    answer = _post(url, hazard)
    if not options.json:
        sys.stdout.write(f"{answer['name']}  {options.type} at {answer['at_s']:g} s\n")
    return answer


def read_words(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the words of a command line ask for, as a scenario file would say it.

    Raises
    ------
    InputError
        When a word is not ``key=value``, or the type has nothing that lasts.
    """
    hazard: dict[str, Any] = {"type": options.type}
    for word in options.keys:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise InputError("inject", value=word, expected="key=value, such as people=3")
        hazard[key] = _value(key, text)
    for key in ("device", "gateway", "fault"):
        value = getattr(options, key)
        if value is not None:
            hazard[key] = value
    if options.span is not None:
        known = hazard_keys(options.type)
        key = next((key for key in ("lasts", "duration") if key in known), None)
        if key is None:
            raise InputError("--for", value=options.span, expected=f"none: see {options.type}")
        hazard[key] = options.span
    return hazard


def _value(key: str, text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError("inject", place=key, value=text, expected="a value as in YAML") from error
    return text if value is None else value


def _address(text: str | None) -> str:
    expected = f"http://127.0.0.1:PORT as feed or live print it (or {CONTROL} in the environment)"
    if text is None:
        raise InputError("--to", expected=expected)
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname or parts.query or parts.fragment:
        raise InputError("--to", value=text, expected=expected)
    return text.rstrip("/")


def _post(url: str, hazard: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{url}/inject",
        data=json.dumps(hazard).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        with error:
            raise TransportError(f"{url}: {_detail(error)}") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or error
        raise TransportError(f"no running city answers at {url}: {why}") from error


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, LookupError, TypeError):
        return f"HTTP {error.code}"

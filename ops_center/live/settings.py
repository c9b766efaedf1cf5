"""What the environment says of a live centre, read once; the command line comes before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sim.kernel.errors import InputError
from sim.transport.broker_url import BrokerUrl, parse_broker_url
from sim.transport.client import CLIENT_ID

PREFIX = "CHENGMAI_"
"""Of every variable's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """Where a live centre listens, answers and keeps what it knows.

    Attributes
    ----------
    broker
        Broker to use (``CHENGMAI_BROKER``), or None for an embedded one.
    client_id
        Our name at the broker (``CHENGMAI_CLIENT_ID``): the same after a restart, so that
        what came meanwhile is not lost; two centres at one broker need two.
    directory
        Folder for the store and recordings (``CHENGMAI_OUT``), or None.
    port
        Loopback port of the API (``CHENGMAI_PORT``); 0 takes a free one.
    """

    broker: BrokerUrl | None = None
    client_id: str = "chengmai-ops"
    directory: Path | None = None
    port: int = 0


def read_settings(environ: Mapping[str, str]) -> LiveSettings:
    """Return the settings that `environ` holds, with defaults for the rest.

    An empty variable counts as one that is not set.

    Raises
    ------
    InputError
        When a variable cannot be understood; it names the variable.
    """
    given = {
        name.removeprefix(PREFIX): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and value
    }
    default = LiveSettings()
    client_id = given.get("CLIENT_ID", default.client_id)
    if CLIENT_ID.fullmatch(client_id) is None:
        raise InputError(f"{PREFIX}CLIENT_ID", value=client_id, expected=CLIENT_ID.pattern)
    broker = given.get("BROKER")
    directory = given.get("OUT")
    return LiveSettings(
        broker=None if broker is None else parse_broker_url(broker, thing=f"{PREFIX}BROKER"),
        client_id=client_id,
        directory=None if directory is None else Path(directory),
        port=_port(given.get("PORT", str(default.port))),
    )


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65_535:
        raise InputError(f"{PREFIX}PORT", value=text, expected="a port from 0 to 65535")
    return port

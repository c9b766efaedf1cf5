"""Serve an application from a thread of its own, beside the centre."""

from __future__ import annotations

import errno
import os
import socket
import threading

import uvicorn
from fastapi import FastAPI

from ops_center.api.source import SnapshotSource
from sim.kernel.errors import TransportError

LOOPBACK = "127.0.0.1"

_GRACE_S = 2
"""How long requests under way may take after `stop` [s]. Assumed: all are short."""
_START_S = 30.0
"""How long the server may take to start [s]; a bound, reached only by a broken machine."""


class _Announcing(uvicorn.Server):
    """A server that tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


class ApiServer:
    """One web server in a background thread.

    Parameters
    ----------
    app
        What it serves.
    source
        The application's source, closed by `stop` so that open streams end; None where it has
        none.
    host
        Address to listen at; this machine only by default.
    port
        Port; 0 takes a free one.
    """

    def __init__(
        self, app: FastAPI, source: SnapshotSource | None, *, host: str = LOOPBACK, port: int = 0
    ) -> None:
        self._app = app
        self._source = source
        self._host = host
        self._port = port
        self._server: _Announcing | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Start serving and return the URL of the dashboard.

        Raises
        ------
        TransportError
            When the address is taken or cannot be used; names host and port.
        """
        assert self._thread is None, "started already"
        listener = _listen(self._host, self._port)
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=_GRACE_S,
        )
        server = _Announcing(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="api", daemon=True
        )
        self._server, self._thread = server, thread
        thread.start()
        if not server.listens.wait(_START_S) or server.should_exit:
            self.stop()
            raise TransportError(f"{self._host}:{self._port}: the web server did not start")
        port = listener.getsockname()[1]
        shown = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{shown}:{port}/"

    def stop(self) -> None:
        """End open streams, finish what is under way, and free the port."""
        if self._server is None or self._thread is None:
            return
        if self._source is not None:
            self._source.close()
        self._server.should_exit = True
        self._thread.join()
        self._server = self._thread = None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # Lets a restart take the port over at once; elsewhere it would let two share it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise TransportError(f"{host}:{port}: {_reason(error)}") from error
    return listener


def _reason(error: OSError | OverflowError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return "port is taken, choose another or 0 for any"
    return f"cannot listen there ({error})"

"""A real Mosquitto on a free port, that can be killed and brought back."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from sim.transport.broker_url import BrokerUrl

DURABLE = """\
persistence true
persistence_location {}/
autosave_interval 1
autosave_on_changes true
"""


class Mosquitto:
    """Mosquitto with its files in `directory`.

    Parameters
    ----------
    durable
        Write the whole store after every change, so that a kill loses nothing.
    extra
        Further lines of configuration.
    """

    def __init__(
        self, program: str, directory: Path, extra: str = "", *, durable: bool = False
    ) -> None:
        self._program = program
        self._config = directory / "mosquitto.conf"
        self.url = BrokerUrl(host="127.0.0.1", port=_free_port())
        self._config.write_text(
            f"listener {self.url.port} 127.0.0.1\n"
            "user root\nallow_anonymous true\n"
            f"{DURABLE.format(directory) if durable else ''}"
            "max_queued_messages 0\nmax_inflight_messages 0\n"
            f"{extra}\n"
        )
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config), "-v"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        log = []
        for line in self._process.stderr:
            log.append(line)
            if " running" in line:
                break
        else:
            raise AssertionError("".join(log))
        # Nobody reads on: a full pipe would stop the broker, a closed one does not.
        self._process.stderr.close()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

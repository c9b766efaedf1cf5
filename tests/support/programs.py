"""The program as its users start it: a process with its output, and a deadline."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from sim.kernel.clock import monotonic_s
from support.waiting import pause

DEADLINE_S = 120.0


class Chengmai:
    """One running ``chengmai`` command; its output goes to a file in `folder`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.log = folder / f"{arguments[0]}-{len(list(folder.glob('*.log')))}.log"
        self._file: IO[bytes] = self.log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scenarios", *arguments],
            stdout=self._file,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait(self, deadline_s: float = DEADLINE_S) -> int:
        return self._process.wait(deadline_s)

    def interrupt(self) -> int:
        self._process.send_signal(signal.SIGINT)
        return self.wait(30)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.wait(10)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until `condition` holds while the program runs."""
        deadline_s = monotonic_s() + DEADLINE_S
        while not condition():
            running = self._process.poll() is None
            assert running, f"ended before {what}:\n{self.output()}"
            assert monotonic_s() < deadline_s, f"no {what} in time:\n{self.output()}"
            pause(0.05)

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()
        self._file.close()


def records(path: Path) -> list[dict]:
    """Return the whole lines of a file of JSON lines, which may still be growing."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line) for line in lines]

"""Run a program that ends when whoever started it ends, however that ends.

A script of its own, run as ``python guard.py DIRECTORY PROGRAM [ARGUMENT …]``. It must import
nothing but the standard library. Its standard input is a pipe that the starter holds open
and never writes to: the pipe's end, which comes even when the starter is killed outright,
stops the program and removes the directory. Linux could do the first part alone
(``PR_SET_PDEATHSIG``), but there it follows the starting thread, not the process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading

GRACE_S = 5.0
"""How long the program may take to end by itself; assumed: a broker ends in under 1 s."""


def main(directory: str, command: list[str]) -> int:
    """Run `command` until it ends or standard input does; return its exit status."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as child:
        threading.Thread(target=_stop_at_end_of_input, args=(child,), daemon=True).start()
        status = child.wait()
    shutil.rmtree(directory, ignore_errors=True)
    return status


def _stop_at_end_of_input(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    status = main(sys.argv[1], sys.argv[2:])
    # The watching thread may still sit in a read, which an orderly exit would wait for.
    os._exit(status if status >= 0 else 128 - status)

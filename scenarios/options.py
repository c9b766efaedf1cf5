"""What options of the command line mean, and how Ctrl-C is heard."""

from __future__ import annotations

import argparse
import re
import signal
import threading
from types import FrameType, TracebackType
from typing import Self

from sim.kernel import units
from sim.kernel.errors import InputError


def parse_span(text: str) -> float:
    """Return a span such as ``90min`` in seconds."""
    try:
        span_s = units.parse(re.sub(r"(\d)\s*([a-z])", r"\1 \2", text.strip()), "s", thing="span")
    except InputError as error:
        raise argparse.ArgumentTypeError(f"was {text!r}, expected {error.expected}") from error
    if span_s <= 0:
        raise argparse.ArgumentTypeError(f"was {text!r}, expected more than 0")
    return span_s


def parse_speed(text: str) -> float:
    """Return a speed between 0.1 and 1,000."""
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= 1000:
        raise argparse.ArgumentTypeError(f"was {text!r}, expected a number from 0.1 to 1000")
    return speed


class Interrupt:
    """Hears Ctrl-C and termination: the first asks for a clean end, the second insists."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._before: dict[int, object] = {}

    @property
    def heard(self) -> bool:
        """Whether somebody asked to stop."""
        return self._event.is_set()

    def __call__(self) -> bool:
        """Return whether somebody asked to stop."""
        return self.heard

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until somebody asks to stop, or so long; return whether somebody did."""
        return self._event.wait(timeout_s)

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.heard:
            raise KeyboardInterrupt
        self._event.set()

"""Waiting for a condition, with a deadline and without sleeping blindly."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from sim.kernel.clock import monotonic_s

DEADLINE_S = 15.0


def until(condition: Callable[[], object], step: Callable[[], object] | None = None) -> None:
    """Call `step` (by default: yield for a moment) until `condition` holds."""
    pause = Event()
    deadline_s = monotonic_s() + DEADLINE_S
    while not condition():
        assert monotonic_s() < deadline_s, f"not so within {DEADLINE_S} s: {condition}"
        if step is None:
            pause.wait(0.005)
        else:
            step()


def pause(duration_s: float) -> None:
    """Yield to other processes between two looks at a condition."""
    Event().wait(duration_s)

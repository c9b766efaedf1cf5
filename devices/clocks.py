"""Clocks of devices, which are wrong."""

from __future__ import annotations

import math

import numpy as np

from sim.kernel.clock import HOUR, MILLISECOND, SECOND, Ns
from sim.kernel.rng import Streams
from sim.messages.telemetry import I64

CLOCK_SKEW_S = 5.0
"""Greatest constant error of a device's clock; assumed: ±5 s in the field [s]."""

CLOCK_PPM_SIGMA = 10.0
"""Rate error of a device's clock: a crystal of ±20 ppm, taken as two sigma."""


class DeviceClocks:
    """Clocks of one cohort's devices: set wrong by a constant, and running off.

    Both errors are uniform over devices. The network's time sets a clock back to its constant
    error at midnight UTC (assumed), so it never runs off by more than 1.5 s.
    """

    def __init__(self, name: str, n: int, streams: Streams) -> None:
        draws = streams.at(f"{name}.clock", 0).random((n, 2))
        self._constant_s = (2.0 * draws[:, 0] - 1.0) * CLOCK_SKEW_S
        # Uniform over ±sqrt(3) sigma has the standard deviation sigma.
        self._rate = (2.0 * draws[:, 1] - 1.0) * math.sqrt(3.0) * CLOCK_PPM_SIGMA * 1e-6

    def skew_ns(self, now: Ns) -> I64:
        """Return ``(n,)`` how far each device's clock is ahead, whole milliseconds [ns]."""
        since_s = int(now) % (24 * HOUR) / SECOND
        skew_ms = np.rint((self._constant_s + self._rate * since_s) * 1000.0)
        return skew_ms.astype(np.int64) * MILLISECOND

"""How a sensor distorts the truth: lag, gain and offset, drift, noise, range, resolution.

The order is that of the signal's way through a device. Faults come in between: what disturbs
the signal before it is digitised, what holds the output after. Every pass is over all devices
of a cohort at once.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from devices.catalogue import ChannelSpec, SensorKind
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64

GAIN_CUT_SIGMA = 2.0
"""Devices whose gain is farther off are not sold: datasheet limits read as two sigma."""

NEGLIGIBLE_LAG = 1e-3
"""A lag that leaves less of a step than this until the next sample is left out (assumed)."""

REFERENCE = 0.25
"""Error of the reference of a calibration, as a share of the device's own (assumed: test
accuracy ratio of 4:1, as calibration laboratories keep)."""

NOISE_STEPS = 2**16
"""Noise is drawn as one of so many equally likely normal quantiles: 16 random bits a reading,
a quarter of the time of exact draws. Its standard deviation is right to 1 part in 90,000 and
it ends at 4.3 sigma, beyond which one exact draw in 65,000 would lie."""

_COUNT_SLACK = 1e-9
"""Share of a step by which a count may fall short by rounding alone."""


class Imperfection:
    """The errors of one cohort's devices.

    Constants are drawn once (streams ``<name>.bias.<channel>`` at tick 0), noise at every tick
    (``<name>.noise.<channel>``), for all devices in order: the first devices draw alike
    whatever the cohort's size.

    Parameters
    ----------
    kind
        Whose channels they distort.
    name
        Stem of the stream names, ``"devices.<kind>"``.
    n
        Number of devices.
    tick_s
        Time between two samples [s].
    """

    def __init__(
        self, kind: SensorKind, *, name: str, n: int, tick_s: float, streams: Streams
    ) -> None:
        self._name = name
        self._streams = streams
        self._specs = kind.channels
        self._gain = np.empty((len(self._specs), n))
        self._bias = np.empty_like(self._gain)
        self._drift_per_y = np.empty_like(self._gain)
        # Large arrays made anew at every tick cost more in page faults than in arithmetic.
        self._signal = np.empty_like(self._gain)
        self._noise = np.empty(n, dtype=np.float32)
        quantiles = ndtri((np.arange(NOISE_STEPS) + 0.5) / NOISE_STEPS)
        self._noise_of = [(quantiles * spec.noise_sigma).astype(np.float32) for spec in self._specs]
        for row, spec in enumerate(self._specs):
            draws = streams.at(f"{name}.bias.{spec.name}", 0).standard_normal((n, 3))
            gain = np.clip(draws[:, 0], -GAIN_CUT_SIGMA, GAIN_CUT_SIGMA) * spec.gain_sigma
            self._gain[row] = spec.gain_mean + gain
            self._bias[row] = draws[:, 1] * spec.bias_sigma
            self._drift_per_y[row] = draws[:, 2] * spec.drift_sigma_per_y
        self._offset = self._bias.copy()
        self._has_offset = tuple(s.bias_sigma > 0 or s.drift_sigma_per_y > 0 for s in self._specs)
        self._left = math.exp(-math.log(10.0) * tick_s / kind.t90_s) if kind.t90_s > 0 else 0.0
        self._lagged: F64 | None = None

    def age(self, years: float) -> None:
        """Let the offsets drift to where they are `years` after the start."""
        self._offset = self._bias + self._drift_per_y * years

    def analogue(self, truth: F64, tick: int) -> F64:
        """Return ``(channels, n)`` signals before they are digitised; good until the next call."""
        signal = np.multiply(self._lag(truth), self._gain, out=self._signal)
        for row, spec in enumerate(self._specs):
            if self._has_offset[row]:
                signal[row] += self._offset[row]
            if spec.noise_sigma > 0:
                generator = self._streams.at(f"{self._name}.noise.{spec.name}", tick)
                step = generator.integers(0, NOISE_STEPS, signal.shape[1], dtype=np.uint16)
                # Every step is in the table; "clip" only spares take a buffered check.
                self._noise_of[row].take(step, out=self._noise, mode="clip")
                signal[row] += self._noise
        return signal

    def calibrate(self, index: int, years: float, generator: np.random.Generator) -> None:
        """Take a device's bias and drift out, `years` after the start, against a reference.

        What is left is the reference's own error, `REFERENCE` of the bias of a new device.
        """
        sigma = np.array([spec.bias_sigma for spec in self._specs])
        left = REFERENCE * sigma * generator.standard_normal(len(sigma))
        self._bias[:, index] = left - self._drift_per_y[:, index] * years
        self._offset[:, index] = left

    def digital(self, signal: F64) -> F64:
        """Return `signal` limited to the range and in steps of the resolution; in place."""
        for row, spec in enumerate(self._specs):
            quantise(signal[row], spec)
        return signal

    def _lag(self, truth: F64) -> F64:
        """Return what a first-order sensor shows of `truth`."""
        if self._left < NEGLIGIBLE_LAG:
            return truth
        if self._lagged is None:
            self._lagged = truth.copy()
            return self._lagged
        # A quantity that was missing comes back without a history to lag behind.
        np.copyto(self._lagged, truth, where=np.isnan(self._lagged))
        self._lagged += (1.0 - self._left) * (truth - self._lagged)
        return self._lagged


def quantise(signal: F64, spec: ChannelSpec) -> None:
    """Limit `signal` to the range of `spec` and round it to its resolution, in place.

    The result is a whole number divided by a whole number, so it is the float nearest to its
    decimal and prints as short as that.
    """
    steps, per = spec.resolution.denominator, spec.resolution.numerator
    if spec.high is None:
        np.maximum(signal, spec.low, out=signal)
    else:
        np.clip(signal, spec.low, spec.high, out=signal)
    if spec.resolution != 1:
        signal *= steps / per
    if spec.is_counter:
        signal += _COUNT_SLACK
        np.floor(signal, out=signal)
    else:
        np.rint(signal, out=signal)
    if per != 1:
        signal *= per
    if steps != 1:
        signal /= steps

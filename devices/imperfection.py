"""How a sensor distorts the truth.

Lag, cross-sensitivity, gain and offset, drift, hysteresis, noise, range, resolution: the order is
that of the signal's way through a device. Faults come in between: what disturbs
the signal before it is digitised, what holds the output after. Every pass is over all devices
of a cohort at once.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from devices.catalogue import ChannelSpec, SensorKind
from devices.cross import CrossSensitivity
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64, I64

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
    calibrated_y
        How long ago each was calibrated at the most [y]: ``<name>.calibrated`` says when.
    """

    def __init__(
        self,
        kind: SensorKind,
        *,
        name: str,
        n: int,
        tick_s: float,
        streams: Streams,
        calibrated_y: float = 0.0,
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
        self._has_offset = tuple(s.bias_sigma > 0 or s.drift_sigma_per_y > 0 for s in self._specs)
        self._calibration_y = kind.calibration_y
        since = streams.at(f"{name}.calibrated", 0).random(n) if calibrated_y > 0 else np.zeros(n)
        self._calibrated_at_y = -calibrated_y * since
        self._cross = CrossSensitivity(self._specs, name=name, n=n, streams=streams)
        self._left = math.exp(-math.log(10.0) * tick_s / kind.t90_s) if kind.t90_s > 0 else 0.0
        self._lagged: F64 | None = None
        # What a channel with hysteresis stands at; missing until its first sample.
        self._stands = {
            row: np.full(n, np.nan) for row, spec in enumerate(self._specs) if spec.hysteresis > 0
        }
        self.age(0.0)

    def age(self, years: float) -> None:
        """Let the offsets drift to where they are `years` after the start.

        A calibration that falls due in between takes the drift away.
        """
        since_y = years - self._calibrated_at_y
        if self._calibration_y is not None:
            since_y = np.mod(since_y, self._calibration_y)
        self._years = years
        self._drift = self._drift_per_y * since_y
        self._offset = self._bias + self._drift

    def calibrate(self, devices: I64) -> None:
        """Take the drift of some devices away, as of the last time they aged."""
        self._calibrated_at_y[devices] = self._years
        self.age(self._years)

    def adjust(self, device: int, generator: np.random.Generator) -> None:
        """Take a device's bias away as well as its drift, by comparing it with a reference.

        What is left is the reference's own error, `REFERENCE` of the bias of a new device.
        """
        sigma = np.array([spec.bias_sigma for spec in self._specs])
        self._bias[:, device] = REFERENCE * sigma * generator.standard_normal(len(sigma))
        self.calibrate(np.array([device]))

    def analogue(self, truth: F64, tick: int, ambient: F64 | None = None) -> F64:
        """Return ``(channels, n)`` signals before they are digitised; good until the next call.

        Parameters
        ----------
        ambient
            ``(2, n)`` temperature [°C] and relative humidity [0 to 1] around each device; None
            where nothing is felt of them.
        """
        lagged = self._lag(truth)
        signal = np.multiply(lagged, self._gain, out=self._signal)
        for row in self._cross.rows:
            signal[row] = self._cross.felt(row, lagged, ambient) * self._gain[row]
        for row, spec in enumerate(self._specs):
            self._distort(signal[row], row, spec, tick)
        return signal

    def digital(self, signal: F64) -> F64:
        """Return `signal` limited to the range and in steps of the resolution; in place."""
        for row, spec in enumerate(self._specs):
            quantise(signal[row], spec)
        return signal

    def _distort(self, signal: F64, row: int, spec: ChannelSpec, tick: int) -> None:
        """Add offset, hysteresis and noise to one channel, in place."""
        grows = None if spec.relative_from is None else _growth(signal, spec.relative_from)
        if self._has_offset[row]:
            if grows is None:
                signal += self._offset[row]
            else:
                signal += self._bias[row] * grows
                signal += self._drift[row]
        if row in self._stands:
            signal[:] = self._play(row, signal, spec.hysteresis)
        if spec.noise_sigma > 0:
            generator = self._streams.at(f"{self._name}.noise.{spec.name}", tick)
            step = generator.integers(0, NOISE_STEPS, len(signal), dtype=np.uint16)
            # Every step is in the table; "clip" only spares take a buffered check.
            self._noise_of[row].take(step, out=self._noise, mode="clip")
            signal += self._noise if grows is None else self._noise * grows

    def _play(self, row: int, signal: F64, width: float) -> F64:
        """Return where a pointer with play stands: it moves when it is pushed by either side."""
        stands = self._stands[row]
        np.copyto(stands, signal, where=np.isnan(stands))
        return np.clip(stands, signal - width, signal + width, out=stands)

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


def _growth(signal: F64, relative_from: float) -> F64:
    """Return ``(n,)`` how much greater errors are than at small values."""
    grows: F64 = np.maximum(np.abs(signal) / relative_from, 1.0)
    return grows


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

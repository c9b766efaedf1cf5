"""What devices live on: energy spent by waiting, sampling and sending.

Mean power = idle + rate * (sample + send * (1 + retries)) + self-discharge, and life = usable
energy / mean power. How much one transmission costs goes with how well the device is heard
(`devices.cover`). A cohort's batteries follow from counters alone, so a reading costs them
nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from devices.catalogue import EnergySpec
from sim.kernel.clock import Ns, to_seconds
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64, I64

DAY_S = 86_400.0
YEAR_S = 31_557_600.0
"""A Julian year [s]."""
JOULE_PER_WH = 3600.0

USABLE = 0.8
"""Share of the nominal energy that can be drawn before the voltage dips (assumed)."""

SELF_DISCHARGE_PER_Y = 0.01
"""Share of the nominal energy lost a year: Li-SOCl2, at most 1 % (Maxell, Varta datasheets)."""

CHARGE_LEAST = 0.5
"""Batteries at the start hold between this share and all of their energy; assumed: some are
new, the oldest half used."""


COLD_PER_K = 0.01
"""Share of a cell's energy that it withholds for each kelvin below freezing; assumed: Li-SOCl2
cells of bobbin type give some 60 % at -40 °C under loads of milliwatts (typical datasheets)."""
COLD_MOST = 0.4
"""Most that it withholds; colder than -40 °C no datasheet goes (assumed)."""


def withheld_share(temp_c: F64 | float) -> F64:
    """Return the share of its energy that a cell does not give at an air temperature [°C]."""
    return np.clip(COLD_PER_K * -np.asarray(temp_c, dtype=np.float64), 0.0, COLD_MOST)


def mean_power_w(
    spec: EnergySpec,
    interval_s: F64 | float,
    retries: F64 | float = 0.0,
    *,
    send_factor: F64 | float = 1.0,
    is_watching: bool = True,
) -> F64 | float:
    """Return the mean power of a device that reports every `interval_s` [W].

    Numbers or ``(n,)`` arrays, one a device.

    Parameters
    ----------
    retries
        Repetitions a report, in the mean.
    send_factor
        Energy of a transmission over that in the best cover.
    is_watching
        Whether it watches for an alarm between reports.
    """
    report_j = spec.sample_j + spec.send_j * send_factor * (1.0 + retries)
    watch_w = 0.0 if is_watching else -spec.watch_w
    return spec.idle_w + watch_w + report_j / interval_s + _self_discharge_w(spec)


def life_y(spec: EnergySpec, interval_s: float, retries: float = 0.0) -> float:
    """Return how long a new battery lasts in the best cover, not in frost [years]."""
    usable_j = spec.battery_wh * USABLE * JOULE_PER_WH
    return usable_j / float(mean_power_w(spec, interval_s, retries)) / YEAR_S


def life_d(
    spec: EnergySpec,
    interval_s: F64 | float,
    retries: F64 | float = 0.0,
    *,
    send_factor: F64 | float = 1.0,
    temp_c: F64 | float = 20.0,
    is_watching: bool = True,
) -> F64:
    """Return how long new batteries last, whole days.

    Numbers or ``(n,)`` arrays, one a device; see `mean_power_w`.

    Parameters
    ----------
    temp_c
        Air temperature in which they must still work: the coldest of the year [°C].
    """
    power_w = mean_power_w(
        spec, interval_s, retries, send_factor=send_factor, is_watching=is_watching
    )
    usable_j = spec.battery_wh * USABLE * JOULE_PER_WH * (1.0 - withheld_share(temp_c))
    return np.floor(usable_j / power_w / DAY_S)


def lora_airtime_s(
    payload_bytes: int,
    spreading_factor: int,
    *,
    bandwidth_hz: float = 125_000.0,
    coding_rate: int = 1,
    preamble_symbols: int = 8,
    has_header: bool = True,
    has_crc: bool = True,
) -> float:
    """Return the time on air of one LoRa packet [s].

    Parameters
    ----------
    payload_bytes
        Physical payload: the application's bytes and, in LoRaWAN, 13 more.
    spreading_factor
        7 to 12.
    coding_rate
        1 to 4, for 4/5 to 4/8.

    References
    ----------
    Semtech AN1200.13, LoRa Modem Designer's Guide, section 4. The low data rate optimisation
    is on when a symbol lasts over 16 ms, which at 125 kHz is SF11 and SF12.
    """
    symbol_s = 2.0**spreading_factor / bandwidth_hz
    optimised = 1 if symbol_s > 0.016 else 0
    bits = 8 * payload_bytes - 4 * spreading_factor + 28 + 16 * has_crc - 20 * (not has_header)
    blocks = math.ceil(bits / (4 * (spreading_factor - 2 * optimised)))
    symbols = 8 + max(blocks * (coding_rate + 4), 0)
    return (preamble_symbols + 4.25 + symbols) * symbol_s


class Batteries:
    """The batteries of one cohort's devices.

    Parameters
    ----------
    spec
        What they are and what they feed.
    name
        Stem of the stream name; the charge at the start is drawn from ``<name>.battery``.
    n
        Number of devices.
    start
        When they begin to be drained.
    send_factor
        ``(n,)`` energy of a transmission over that in the best cover; None for the same.
    is_watching
        Whether devices watch for an alarm between reports.
    """

    def __init__(
        self,
        spec: EnergySpec,
        *,
        name: str,
        n: int,
        start: Ns,
        streams: Streams,
        send_factor: F64 | None = None,
        is_watching: bool = True,
    ) -> None:
        share = streams.at(f"{name}.battery", 0).random(n)
        self._usable_j = spec.battery_wh * USABLE * JOULE_PER_WH
        self._first_j = self._usable_j * (CHARGE_LEAST + (1.0 - CHARGE_LEAST) * share)
        self._standing_w = spec.idle_w + _self_discharge_w(spec)
        self._standing_w -= 0.0 if is_watching else spec.watch_w
        self._send_j = np.full(n, spec.send_j) if send_factor is None else spec.send_j * send_factor
        self._report_j = spec.sample_j + self._send_j
        self._spent_j = np.zeros(n)
        self._left = np.empty(n)
        self._start = start

    def repeated(self, devices: I64, times: I64) -> None:
        """Spend what `devices` (none twice) need to send `times` more."""
        self._spent_j[devices] += times * self._send_j[devices]

    def percent(self, now: Ns, reports: I64) -> F64:
        """Return ``(n,)`` energy left after so many reports, whole percent of a new one's.

        The array is good until the next call.
        """
        left = self._left_j(now, reports)
        left *= 100.0 / self._usable_j
        np.rint(left, out=left)
        np.clip(left, 0.0, 100.0, out=left)
        return left

    def is_empty(self, now: Ns, reports: I64, temp_c: F64 | None = None) -> NDArray[np.bool_]:
        """Return ``(n,)`` whether nothing is left, or nothing that the cold does not withhold.

        Parameters
        ----------
        temp_c
            ``(n,)`` air temperature at each device; None where there is no frost [°C].
        """
        withheld_j = 0.0 if temp_c is None else self._usable_j * withheld_share(temp_c)
        return self._left_j(now, reports) <= withheld_j

    def _left_j(self, now: Ns, reports: I64) -> F64:
        left = np.multiply(reports, self._report_j, out=self._left)
        np.subtract(self._first_j, left, out=left)
        left -= self._spent_j
        left -= self._standing_w * to_seconds(now - self._start)
        return left


def _self_discharge_w(spec: EnergySpec) -> float:
    return spec.battery_wh * JOULE_PER_WH * SELF_DISCHARGE_PER_Y / YEAR_S

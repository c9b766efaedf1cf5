"""What a sensor feels besides what it measures: warmth, damp, other gases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from devices.catalogue import ChannelSpec, CrossOffset, HumidGrowth, Interference
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64

TEMPERATURE, HUMIDITY = 0, 1
"""Rows of what is felt of the air: temperature [°C], relative humidity [0 to 1]."""
_ROW = {"temperature": TEMPERATURE, "humidity": HUMIDITY}
PARTICLE_DENSITY = 1.65
"""Of dry particles over that of water: Crilley et al. 2018, equation 4."""


class CrossSensitivity:
    """The cross-sensitivities of one cohort's devices.

    Parameters
    ----------
    specs
        The channels; each names what it feels.
    name
        Stem of the stream names; how strongly a device feels something is drawn from
        ``<name>.cross.<channel>.<number>`` at tick 0.
    n
        Number of devices.

    Attributes
    ----------
    rows
        Channels that feel anything.
    """

    def __init__(
        self, specs: Sequence[ChannelSpec], *, name: str, n: int, streams: Streams
    ) -> None:
        self._specs = tuple(specs)
        self._row_of = {spec.name: row for row, spec in enumerate(self._specs)}
        self.rows = tuple(row for row, spec in enumerate(self._specs) if spec.cross)
        self._per = {
            (row, number): cross.per
            + cross.spread
            * streams.at(f"{name}.cross.{self._specs[row].name}.{number}", 0).standard_normal(n)
            for row in self.rows
            for number, cross in enumerate(self._specs[row].cross)
            if isinstance(cross, CrossOffset)
        }

    def felt(self, row: int, values: F64, ambient: F64 | None) -> F64:
        """Return ``(n,)`` what a channel feels of ``(channels, n)`` values.

        Parameters
        ----------
        ambient
            ``(2, n)`` temperature [°C] and relative humidity [0 to 1] of the air; None where
            nobody knows them, so that nothing is felt of them.
        """
        felt: F64 = values[row].copy()
        for number, cross in enumerate(self._specs[row].cross):
            if isinstance(cross, Interference):
                felt += cross.share * values[self._row_of[cross.channel]]
            elif ambient is None:
                continue
            elif isinstance(cross, HumidGrowth):
                felt *= growth(cross, ambient[HUMIDITY])
            else:
                felt += self._per[row, number] * (ambient[_ROW[cross.ambient]] - cross.at)
        return felt


def growth(cross: HumidGrowth, humidity: F64) -> F64:
    """Return ``(n,)`` how many times as much as dry particles damp ones are read as."""
    wet = np.clip(humidity, 0.0, cross.rh_max)
    factor: F64 = 1.0 + cross.kappa / PARTICLE_DENSITY * wet / (1.0 - wet)
    return factor


def feels_air(specs: Sequence[ChannelSpec]) -> bool:
    """Return whether any channel is sensitive to the air around."""
    return any(not isinstance(cross, Interference) for spec in specs for cross in spec.cross)

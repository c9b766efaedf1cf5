"""What detectors hand on: a finding, and nothing about incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One detector's opinion on one series changed.

    Attributes
    ----------
    detector
        Who says so: ``"threshold"``, ``"ewma"``, ``"cusum"``, ``"silence"``.
    signal
        What is odd about which quantity: ``"depth_high"``, ``"speed_low"``, ``"rain_high"``,
        ``"silent"``.
    device_id, kind
        Whose series.
    at
        Device time of the reading that changed the opinion.
    value, unit
        That reading.
    active
        True when the oddity begins or grows, False when it is over.
    llr
        Natural log of P(reading | event) / P(reading | no event) while active, else 0.
    """

    detector: str
    signal: str
    device_id: str
    kind: str
    at: Ns
    value: float
    unit: str
    active: bool
    llr: float


class Detector(Protocol):
    """One vectorised test over many series; no clock, no bus.

    State is arrays indexed by series slot, grown by `resize`.
    """

    def resize(self, n: int) -> None:
        """Make room for `n` series; existing state stays."""

    def update(self, slot: I32, time_ns: I64, value: F64) -> Sequence[tuple[int, bool, float]]:
        """Take one reading a series, slots unique within the call.

        Returns
        -------
        sequence
            ``(row, active, llr)`` for each row of the input whose opinion changed.
        """

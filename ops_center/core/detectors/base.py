"""What detectors hand on: a finding, and nothing about incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ops_center.core.columns import F64, I64, Index, Slots
from sim.kernel.clock import Ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One detector's opinion on one series changed.

    Attributes
    ----------
    detector
        Who says so: ``"threshold"``, ``"ewma"``, ``"cusum"``, ``"silence"``, ``"fault"``.
    signal
        What is odd about which quantity: ``"depth_high"``, ``"speed_low"``, ``"rain_high"``,
        ``"silent"``, ``"stuck"``, ``"out_of_range"``.
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


Opinions = Sequence[tuple[int, bool, float]]
"""``(row, active, llr)`` of each row of the input whose opinion changed, rows rising."""


class Detector(Protocol):
    """One vectorised test over many series; no clock, no bus.

    State is arrays indexed by series slot, grown by `resize`.
    """

    def resize(self, n: int) -> None:
        """Make room for `n` series; existing state stays."""

    def update(self, slots: Slots, time_ns: I64, value: F64) -> Opinions:
        """Take one reading a series, slots unique within the call, values finite.

        Returns
        -------
        sequence
            ``(row, active, llr)`` for each row of the input whose opinion changed.
        """

    def retract(self, slots: Index) -> Index:
        """Give up the opinion on some series; return which of `slots` had an active one.

        What is usual for them stays learned.
        """

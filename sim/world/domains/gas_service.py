"""What crews do about gas in chambers, and what detectors read there."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.rng import Streams
from sim.world.crew import Crew, Task
from sim.world.domains.mending import Mending
from sim.world.fields import Reader

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

REPAIR_S, REPAIR_SPREAD = 5_400.0, 0.4
"""Median time to find, dig up and clamp a leak. Assumed: an hour and a half."""
FLUSH_S = 1_200.0
"""Median time to see that it is sewage, and to flush and air the chamber. Assumed."""
ETHANE = 0.04
"""Ethane over methane in natural gas. Assumed: 3 to 6 % in pipeline gas; sewage makes none."""
READABLE_LEL = 1.0
"""Methane below which a detector cannot tell ethane [%LEL]. Assumed: a tenth of a reading's
uncertainty of 3 %LEL would be needed."""


class Chambers(Protocol):
    """What crews and detectors need of the gas network."""

    natural: F64
    biogas: F64

    @property
    def methane_lel(self) -> F64:
        """``(c,)`` methane in each chamber [%LEL]."""

    def sources_at(self, place: int) -> list[int]:
        """Return the numbers of what a crew at a place has to see to."""

    def attend(self, number: int, dt_s: float) -> None:
        """Let a crew look for the valve of a leak."""

    def is_decoy(self, number: int) -> bool:
        """Return whether a source is sewage only."""

    def mend(self, number: int) -> None:
        """Close a hole, or flush the sewage."""

    def is_safe(self, place: int) -> bool:
        """Return whether the air at a place has little methane."""

    def vent(self, place: int, by: str, *, running: bool) -> None:
        """Let `by` blow air through the chamber of a place, or cease."""


class RepairGas:
    """Open the cover, blow air in, close the valve, mend; stay until the air is safe."""

    def __init__(self, chambers: Chambers, streams: Streams) -> None:
        self._chambers = chambers
        self._mending = Mending(
            streams,
            "gas",
            faults_at=chambers.sources_at,
            median_s=lambda n: FLUSH_S if chambers.is_decoy(n) else REPAIR_S,
            spread=REPAIR_SPREAD,
            mend=chambers.mend,
        )

    def begin(self, task: Task, crew: Crew) -> None:
        """Set up the blower."""
        self._chambers.vent(task.place, crew.unit_id, running=True)
        self._mending.begin(task, crew)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether nothing is left to mend here and the air is safe."""
        for number in self._chambers.sources_at(task.place):
            self._chambers.attend(number, dt_s)
        return self._mending.tick(task, crew, dt_s) and self._chambers.is_safe(task.place)

    def end(self, task: Task, crew: Crew) -> None:
        """Take the blower away."""
        self._mending.end(task, crew)
        self._chambers.vent(task.place, crew.unit_id, running=False)


class Vent:
    """Blow air through a chamber until it is safe."""

    def __init__(self, chambers: Chambers) -> None:
        self._chambers = chambers

    def begin(self, task: Task, crew: Crew) -> None:
        """Set up the blower."""
        self._chambers.vent(task.place, crew.unit_id, running=True)

    def tick(self, task: Task, crew: Crew, dt_s: float) -> bool:
        """Return whether the air is safe."""
        del crew, dt_s
        return self._chambers.is_safe(task.place)

    def end(self, task: Task, crew: Crew) -> None:
        """Take the blower away."""
        self._chambers.vent(task.place, crew.unit_id, running=False)


class DetectorField:
    """Two channels at a chamber: methane [%LEL], and ethane over methane; 0 elsewhere."""

    def __init__(self, chambers: Chambers, chamber: I32, n_places: int) -> None:
        self._chambers = chambers
        # Row of each place; the last entry serves -1, and points at clean air.
        self._row_of_place = np.full(n_places + 1, len(chamber))
        self._row_of_place[chamber] = np.arange(len(chamber))

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(2, n)``."""
        del xy_m, link
        row, chambers = self._row_of_place[place], self._chambers
        clean = np.zeros(1)

        def read() -> F64:
            methane = np.concatenate((chambers.methane_lel, clean))[row]
            both = np.concatenate((chambers.natural + chambers.biogas, clean))[row]
            natural = np.concatenate((chambers.natural, clean))[row]
            ethane = np.where(
                methane >= READABLE_LEL, ETHANE * natural / np.maximum(both, 1e-12), 0.0
            )
            return np.stack([methane, ethane])

        return read

"""Rotating machines of the factories: how they vibrate, run, wear and stand still."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.fields import Field
from sim.world.hazards.holders import Holders
from sim.world.hazards.order import Order
from sim.world.hazards.place_field import PlaceField
from sim.world.stage import Stage

F64 = NDArray[np.float64]
Bools = NDArray[np.bool_]

SOUND_MMS, SPREAD = 0.8, 0.2
"""Velocity of a sound machine, root mean square, and how much machines differ (standard
deviation of the logarithm); assumed: within zone A of ISO 20816-3, below 1.4 mm/s."""
BROKEN_MMS = 11.2
"""Velocity at which a machine breaks; assumed: the limit of the highest class of the old ISO
2372 range, one step of 1.6 above zone D."""


class Machines:
    """The critical machine of every factory, one row each, in map order.

    A sound one vibrates steadily; a worn one by ``v0 exp(t / tau)`` while it runs, up to
    `BROKEN_MMS`, at which it breaks and stands.

    Parameters
    ----------
    stage
        What families share.
    powered
        ``(places,)`` whether each place has electricity.

    Attributes
    ----------
    place
        ``(f,)`` index into the map's places.
    vibration_mms
        ``(f,)`` of each while it runs [mm/s].
    tau_s
        ``(f,)`` time constant of wear, infinite where there is none [s].
    broken
        ``(f,)`` whether it has broken.
    down_s
        ``(f,)`` time it has stood still since the start [s].
    """

    orders: tuple[type[Order], ...] = ()
    step_s = 60.0
    works: Mapping[str, Work] = {}

    def __init__(self, stage: Stage, *, powered: Callable[[], Bools] | None = None) -> None:
        self.place = np.array(stage.places("factory"), dtype=np.intp)
        n = len(self.place)
        self._row = {place: row for row, place in enumerate(self.place.tolist())}
        luck = stage.streams.at("world.domains.machines", 0).normal(0.0, SPREAD, n)
        self._sound_mms = SOUND_MMS * np.exp(luck)
        self._powered = powered
        self._stops = Holders()
        self._stopped = np.zeros(n, dtype=bool)
        self._shown_mms = np.zeros(len(stage.city.basemap.places) + 1)
        self.vibration_mms = self._sound_mms.copy()
        self.tau_s = np.full(n, np.inf)
        self.broken = np.zeros(n, dtype=bool)
        self.down_s = np.zeros(n)
        self.effects: Mapping[str, Effect] = {"site_stop": self._stop}
        self.fields: Mapping[str, Field] = {"vibration": PlaceField(self._shown)}

    def plan(self, name: str, order: Order) -> None:
        """Nothing is ordered of what only runs."""
        raise AssertionError(f"{name} orders {order} of the machines")

    def step(self, now: Ns, dt_s: float) -> None:
        """Wear what runs for `dt_s`."""
        del now
        runs = self.runs()
        self.down_s += np.where(runs, 0.0, dt_s)
        self.vibration_mms *= np.where(runs, np.exp(dt_s / self.tau_s), 1.0)
        broken = self.vibration_mms >= BROKEN_MMS
        self.vibration_mms[broken] = BROKEN_MMS
        self.broken |= broken

    def totals(self) -> Mapping[str, float | int]:
        """Return how long machines stood still, added up."""
        return {"machine_down_h": float(self.down_s.sum() / 3600)} if self.down_s.any() else {}

    def find_row(self, place: int) -> int | None:
        """Return the row of a place, None when it is no factory."""
        return self._row.get(place)

    def runs(self) -> Bools:
        """Return ``(f,)`` whether each turns."""
        runs = ~(self.broken | self._stopped)
        return runs if self._powered is None else runs & self._powered()[self.place]

    def wear(self, row: int, start_mms: float, tau_s: float) -> None:
        """Let a machine wear from `start_mms` on with a time constant."""
        self.vibration_mms[row] = max(start_mms, float(self.vibration_mms[row]))
        self.tau_s[row] = tau_s

    def mend(self, row: int) -> None:
        """Make a machine as sound as it was."""
        self.vibration_mms[row] = self._sound_mms[row]
        self.tau_s[row] = np.inf
        self.broken[row] = False

    def _stop(self, place: int, by: str, works: bool) -> None:
        self._stops.hold(place, by, works)
        self._stopped[self._row[place]] = self._stops.at(place) > 0

    def _shown(self) -> F64:
        """Return ``(places + 1,)`` what sensors read: nothing where nothing turns."""
        self._shown_mms[self.place] = np.where(self.runs(), self.vibration_mms, 0.0)
        return self._shown_mms

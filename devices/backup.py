"""Batteries that carry gateways over a loss of mains power."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from sim.kernel.clock import Clock, Ns, seconds, to_seconds
from sim.messages.telemetry import F64

RECHARGE_S = 36_000.0
"""Time to charge an empty battery; assumed: a tenth of its capacity an hour."""


class Backup:
    """The back-up batteries of some stations, all alike, full at the start.

    Parameters
    ----------
    n
        How many.
    lasts_s
        How long a full one carries its station [s].
    turn
        Told the station, and whether it has power from now on.
    """

    def __init__(
        self, n: int, lasts_s: float, clock: Clock, turn: Callable[[int, bool], None]
    ) -> None:
        self._lasts_s = lasts_s
        self._clock = clock
        self._turn = turn
        self._charge_s: F64 = np.full(n, lasts_s)
        self._since = np.full(n, int(clock.now()), dtype=np.int64)
        self._has_mains = np.ones(n, dtype=np.bool_)
        self._is_on = np.ones(n, dtype=np.bool_)

    def set_mains(self, station: int, *, on: bool) -> None:
        """Take mains power from a station, or give it back."""
        if self._has_mains[station] == on:
            return
        now = self._clock.now()
        span_s = to_seconds(Ns(int(now) - int(self._since[station])))
        gained_s = -span_s if on else span_s * self._lasts_s / RECHARGE_S
        charge_s = float(np.clip(self._charge_s[station] + gained_s, 0.0, self._lasts_s))
        self._charge_s[station], self._since[station] = charge_s, int(now)
        self._has_mains[station] = on
        if not on:
            self._clock.call_at(
                Ns(now + seconds(charge_s)), partial(self._empty, station, now), name="backup"
            )
        elif not self._is_on[station]:
            self._is_on[station] = True
            self._turn(station, True)

    def _empty(self, station: int, since: Ns) -> None:
        """Let a station go out, unless its mains came back meanwhile."""
        if not self._has_mains[station] and self._since[station] == since:
            self._is_on[station] = False
            self._turn(station, False)

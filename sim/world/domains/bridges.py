"""Bridges as their sensors feel them: strain of traffic and of heat, cracks, vibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.domains.weighing import WeighingField
from sim.world.fields import Field
from sim.world.hazards.holders import Holders
from sim.world.hazards.order import Order
from sim.world.hazards.place_field import PlaceField
from sim.world.stage import Stage

F64 = NDArray[np.float64]

SPAN_M = 30.0
"""Span that is watched; assumed: an ordinary prestressed girder."""
DESIGN_MICROSTRAIN = 200.0
"""Live-load strain that the design allows for, at mid-span; assumed: C50 girders meet their
design load of JTG D60 at 150 to 250 microstrain."""
DESIGN_N = 10.5e3 * SPAN_M / 2 + 2e3 * (SPAN_M + 130)
"""One lane of JTG D60-2015, 4.3.1, class I, as a force at mid-span: 10.5 kN/m all over the span
bends it as half of its weight in the middle does, and a point load of 2 (L + 130) kN."""
LANES_AT_ONCE = 2.0
"""Lanes whose loads the watched girder carries; assumed: its own and half of each neighbour."""
TRUCK_SHARE, TRUCK_N, CAR_N = 0.06, 180e3, 15e3
"""Share of lorries in city traffic by day, and usual weights of a lorry (18 t) and a car (1.5 t);
assumed."""
THERMAL_MICROSTRAIN_C = 10.0
"""Strain by a degree in concrete: JTG 3362-2018, 1e-5 a degree."""
RESTRAINED = 0.1
"""Share of it that the bearings hold back and the girder feels; assumed."""
SET_C = 15.0
"""Temperature at which the gauges were set; assumed: a spring day."""
CRACK_MM, CRACK_SPREAD = 0.08, 0.3
"""Widest crack of a sound bridge, and the standard deviation of its logarithm; assumed: below
the 0.15 mm at which the vital signs begin."""
BREATHE_MM_C = -2e-4
"""How a crack closes with warmth; assumed."""
GROWTH_MM_H, EXPONENT = 0.02, 3.0
"""Crack growth in an hour at the design strain, and its power of the strain above a threshold of
0.8; assumed: Paris' law with m = 3, scaled so that a day of overload shows."""
THRESHOLD = 0.8
QUIET_MS2, VIBRATION_MS2 = 0.005, 0.15
"""Vibration of an empty bridge and, more, of one under its design load; assumed: 0.5 and 15 gal
lie within what monitored girders show."""
HEEDED = 0.7
"""Share of overweight drivers who turn back before a sign with a weight limit; assumed."""


class Bridges:
    """All bridges, one row each, in map order.

    The strain is that of what stands on the span on average, by the influence line of a simple
    beam, and the share of the temperature's that is held back.

    Parameters
    ----------
    stage
        What families share.
    density_vpm
        ``(links,)`` vehicles on a metre of each road link now [1/m].
    temp_c
        Air temperature now [°C].

    Attributes
    ----------
    place
        ``(b,)`` index into the map's places.
    overweight_n
        ``(b,)`` weight of what passes beyond ordinary traffic, as a force at mid-span [N].
    strength
        ``(b,)`` what is left of the design strength, 0 to 1.
    crack_mm
        ``(b,)`` widest crack at the set temperature [mm].
    ratio
        ``(b,)`` live strain by design strain.
    on_span
        ``(b,)`` vehicles on the watched span and its lanes.
    """

    orders: tuple[type[Order], ...] = ()
    step_s = 60.0
    works: Mapping[str, Work] = {}

    def __init__(
        self, stage: Stage, *, density_vpm: Callable[[], F64], temp_c: Callable[[], float]
    ) -> None:
        places = stage.city.basemap.places
        self.place = np.array(stage.places("bridge"), dtype=np.intp)
        n = len(self.place)
        self._row = {place: row for row, place in enumerate(self.place.tolist())}
        self._link_of = np.array(
            [link for p in self.place.tolist() for link in places[p].links], dtype=np.intp
        )
        self._row_of = np.array(
            [row for row, p in enumerate(self.place.tolist()) for _ in places[p].links],
            dtype=np.intp,
        )
        self._density_vpm = density_vpm
        self._temp_c = temp_c
        self._closed = Holders()
        self._limited = Holders()
        luck = stage.streams.at("world.domains.bridges", 0).normal(0.0, CRACK_SPREAD, n)
        self._n_places = len(places)
        self.overweight_n = np.zeros(n)
        self.strength = np.ones(n)
        self.crack_mm = CRACK_MM * np.exp(luck)
        self.ratio: F64 = np.zeros(n)
        self.on_span: F64 = np.zeros(n)
        self.effects: Mapping[str, Effect] = {
            "barrier": self._closed.hold,
            "message_sign": self.limit,
        }
        self.fields: Mapping[str, Field] = {
            "strain": PlaceField(lambda: self._spread(self.microstrain())),
            "crack": PlaceField(lambda: self._spread(self.crack_now_mm())),
            "bridge_vibration": PlaceField(lambda: self._spread(self.vibration_ms2())),
            "weigh_in_motion": WeighingField(self, stage),
        }

    def plan(self, name: str, order: Order) -> None:
        """Nothing is ordered of what only stands there."""
        raise AssertionError(f"{name} orders {order} of the bridges")

    def step(self, now: Ns, dt_s: float) -> None:
        """Load the bridges by the traffic now, and let what is overloaded crack."""
        del now
        if not len(self.place):
            return
        density = self._density_vpm()[self._link_of]
        per_row: F64 = np.zeros(len(self.place))
        np.add.at(per_row, self._row_of, density)
        lanes = np.maximum(np.bincount(self._row_of, minlength=len(self.place)), 1)
        self.on_span = per_row * SPAN_M
        # The influence line of a simple beam has the mean 1/2 over the span.
        weight_n = TRUCK_SHARE * TRUCK_N + (1 - TRUCK_SHARE) * CAR_N
        traffic_n = per_row / lanes * SPAN_M * weight_n / 2 * LANES_AT_ONCE
        self.ratio = (traffic_n + self._passing_n()) / (DESIGN_N * self.strength)
        over = np.maximum(self.ratio - THRESHOLD, 0.0) / (1 - THRESHOLD)
        self.crack_mm += GROWTH_MM_H * over**EXPONENT * dt_s / 3600

    def totals(self) -> Mapping[str, float | int]:
        """Return nothing: cracks are the hazard's to tell."""
        return {}

    def find_row(self, place: int) -> int | None:
        """Return the row of a place, None when it is no bridge."""
        return self._row.get(place)

    def microstrain(self) -> F64:
        """Return ``(b,)`` what gauges at mid-span read [1e-6]."""
        held = RESTRAINED * THERMAL_MICROSTRAIN_C * (self._temp_c() - SET_C)
        strain: F64 = self.ratio * DESIGN_MICROSTRAIN + held
        return strain

    def crack_now_mm(self) -> F64:
        """Return ``(b,)`` the widest crack at the temperature now [mm]."""
        width: F64 = np.maximum(self.crack_mm + BREATHE_MM_C * (self._temp_c() - SET_C), 0.0)
        return width

    def vibration_ms2(self) -> F64:
        """Return ``(b,)`` root mean square acceleration of the deck [m/s2]."""
        rms: F64 = QUIET_MS2 + VIBRATION_MS2 * self.ratio
        return rms

    def limit(self, place: int, by: str, held: bool) -> None:
        """Let somebody turn overweight traffic back, or cease to."""
        self._limited.hold(place, by, held)

    def held_by(self, place: int) -> str:
        """Return what keeps overweight traffic off a bridge; empty when nothing does."""
        if self._closed.at(place):
            return "barrier"
        return "message_sign" if self._limited.at(place) else ""

    def load(self, row: int, force_n: float) -> None:
        """Put overweight traffic on a bridge, as a force at mid-span; less than 0 takes it off."""
        self.overweight_n[row] = max(0.0, float(self.overweight_n[row]) + force_n)

    def weaken(self, row: int, strength: float) -> None:
        """Leave a share of the design strength, 0 to 1."""
        self.strength[row] = min(float(self.strength[row]), max(strength, 0.01))

    def _passing_n(self) -> F64:
        """Return the overweight traffic that barriers and weight limits let on."""
        passes = [
            0.0 if self._closed.at(p) else (1 - HEEDED if self._limited.at(p) else 1.0)
            for p in self.place.tolist()
        ]
        let_on: F64 = self.overweight_n * np.array(passes)
        return let_on

    def _spread(self, values: F64) -> F64:
        """Return ``(places + 1,)`` values of bridges at their places."""
        shown = np.zeros(self._n_places + 1)
        shown[self.place] = values
        return shown

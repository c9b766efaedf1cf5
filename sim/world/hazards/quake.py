"""Earthquakes: a warning, the shaking, collapsed homes and the people under them.

What else breaks (mains, gas, feeders, masts, fires) others let break, by the hooks; the rates
are in `sim.world.hazards.shaking`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import MINUTE, Ns, to_seconds
from sim.kernel.units import Metres, Number
from sim.world.actuators import Effect
from sim.world.background.waves import Waves
from sim.world.crew import Task, Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field, Reader
from sim.world.hazards import shaking
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.shelter import OUTDOORS
from sim.world.hazards.toll import Toll
from sim.world.hazards.works import Care, Labour
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

AT = ("community", "school", "hospital", "factory", "venue")
SHAKES_S = 60.0
"""How long after the S wave a sensor still reports the peak; the strong part of a magnitude 7
lasts 20 to 30 s (assumed: one reporting interval)."""
P_SHARE = 0.15
"""Peak of the P wave as a share of the whole quake's; assumed."""
FELT = 5.0
"""Intensity from which people count as exposed: most run out or are woken, GB/T 17742-2020."""
RESCUE_S = 1_800.0
"""Crew time to bring one person out of a collapsed building; assumed: light search and rescue,
those near the surface first."""
LOST_PER_H = (0.0088, 0.036)
"""Rate at which the trapped die, on the first day and after: survival of 81 % at one day and
34 % at two among those dug out at Tangshan in 1976, as often cited."""
AFTERSHOCKS_S, LEAST = 86_400.0, 4.5
"""For how long aftershocks are drawn, and from which magnitude; smaller ones break nothing."""
SCATTER_M = 8_000.0
"""How far aftershocks lie from the epicentre, one standard deviation; assumed: half the
rupture's length at magnitude 6.5."""

QUAKE = HazardKind(
    kind="quake",
    title="Earthquake · 地震",
    domain="emergency",
    quantity="instrumental intensity",
    unit="1",
    levels=(("IV", 3.0), ("III", 5.0), ("II", 6.0), ("I", 7.0)),
    source="domain facts, vital signs of emergency: 3/5/6/7; GB/T 17742-2020",
)
COLLAPSE = HazardKind(
    kind="collapse",
    title="Collapsed building · 房屋倒塌",
    domain="emergency",
    quantity="people trapped",
    unit="people",
    levels=(("IV", 1.0), ("III", 3.0), ("II", 10.0), ("I", 30.0)),
    source="assumed: the steps of deaths that raise a response level, counted of lives at stake",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuakeOrder(Order):
    """Let the ground shake by an earthquake of a magnitude at a distance.

    Attributes
    ----------
    place
        The place that distance and azimuth start from; None for the middle of the people.
    magnitude
        Surface wave magnitude, 5 to 7.5.
    distance_m, azimuth
        Of the epicentre; degrees clockwise from north.
    strike
        Direction of the long axis of its ellipses, in the same degrees.
    aftershocks
        Whether others follow within a day.
    """

    word: ClassVar[str] = "quake"
    magnitude: Number = 6.5
    distance_m: Metres = 20_000.0
    azimuth: Number = 60.0
    strike: Number = 40.0
    aftershocks: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shake:
    """One quake as it shakes the city, for those whom it breaks things of.

    Attributes
    ----------
    event
        None until the strong shaking comes.
    pga_at_place_ms2, intensity_at_place
        ``(places,)`` peak acceleration [m/s2] and instrumental intensity.
    pga_at_cell_ms2, intensity_at_cell
        ``(cells,)`` the same of the street cells.
    """

    event: Event | None
    magnitude: float
    pga_at_place_ms2: F64
    intensity_at_place: F64
    pga_at_cell_ms2: F64
    intensity_at_cell: F64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rupture:
    """Where and how strong, with its own luck."""

    number: int
    magnitude: float
    xy_m: F64
    strike_rad: float
    origin: Ns
    event_term: float
    amplitudes: F64


@dataclass(slots=True, eq=False)
class _Rubble:
    event: Event
    trapped: int
    lost: Toll
    expected: float = 0.0


class Quakes:
    """All earthquakes of a run.

    Parameters
    ----------
    stage
        What hazards share.
    care
        Takes up the injured.

    Attributes
    ----------
    on_alert
        Called when the early warning is out, with the quake as expected (its median, no event
        yet) and the time until it shakes, ``(places,)`` [s], negative where it came too late.
    on_shake
        Called when the strong shaking comes to the middle of the city.
    """

    orders: tuple[type[Order], ...] = (QuakeOrder,)
    step_s = 30.0
    effects: Mapping[str, Effect] = {}

    def __init__(self, stage: Stage, *, care: Care) -> None:
        self._stage = stage
        self._care = care
        self._waves = Waves(shaking.CORRELATION_M, 64)
        self._places_m = np.array([(p.x_m, p.y_m) for p in stage.city.basemap.places])
        homes = stage.places("community") or list(range(len(self._places_m)))
        self._homes = np.array(homes, dtype=np.intp)
        self._ruptures: list[_Rupture] = []
        self._events: list[Event] = []
        self._rubble: dict[int, _Rubble] = {}
        self._count = 0
        self._totals = {"quake_trapped": 0, "quake_rescued": 0, "quake_trapped_dead": 0}
        self.on_alert: list[Callable[[Shake, F64], None]] = []
        self.on_shake: list[Callable[[Shake], None]] = []
        self.works: Mapping[str, Work] = {"rescue": Labour(self._each_s, self._bring_out)}
        self.fields: Mapping[str, Field] = {"seismic": _Seismic(self)}

    def plan(self, name: str, order: QuakeOrder) -> None:
        """Put a quake on the clock, and let its aftershocks be drawn when it comes."""
        if order.place is not None:
            start_m = self._places_m[choose_place(self._stage, name, order, AT)]
        else:
            start_m = self._middle_m()
        turn = math.radians(order.azimuth)
        away_m = order.distance_m * np.array([math.sin(turn), math.cos(turn)])
        self._stage.at(order.at_s, partial(self._rupture, order, start_m + away_m, name), name)

    def step(self, now: Ns, dt_s: float) -> None:
        """Let shaking pass, and those under the rubble grow fewer."""
        if not self._ruptures and not self._rubble:
            return
        # After ten minutes the waves have left any city that the magnitude can hurt.
        self._ruptures = [r for r in self._ruptures if int(now) - int(r.origin) < 10 * MINUTE]
        for event in list(self._events):
            self._stage.events.update(event, now, event.severity, exposed=event.exposed, dt_s=dt_s)
            if to_seconds(int(now) - int(event.onset)) >= SHAKES_S:
                self._stage.events.end(event, now)
                self._events.remove(event)
        for place, rubble in list(self._rubble.items()):
            self._weaken(place, rubble, now, dt_s)

    def totals(self) -> Mapping[str, float | int]:
        """Return who was trapped since the start, who came out, and who died waiting."""
        return self._totals if self._count else {}

    def trapped_at(self, place: int) -> int:
        """Return how many are under rubble at a place."""
        rubble = self._rubble.get(place)
        return rubble.trapped if rubble else 0

    def felt_ms2(self, xy_m: F64) -> F64:
        """Return the peak acceleration at ``(n, 2)`` points over the last moments [m/s2]."""
        peak = np.zeros(len(xy_m))
        for rupture in self._ruptures:
            since_s = to_seconds(int(self._stage.now) - int(rupture.origin))
            far_km = np.hypot(*((xy_m - rupture.xy_m) / 1000).T)
            ray_km = np.hypot(far_km, shaking.DEPTH_KM)
            after_p, after_s = since_s - ray_km / shaking.P_KMS, since_s - ray_km / shaking.S_KMS
            if after_p.max(initial=-1.0) < 0 or after_s.min(initial=SHAKES_S) >= SHAKES_S:
                continue
            share = np.where(after_s >= 0, 1.0, P_SHARE)
            share[(after_p < 0) | (after_s >= SHAKES_S)] = 0.0
            peak = np.maximum(peak, share * self._pga_ms2(rupture, xy_m))
        return peak

    def _rupture(self, order: QuakeOrder, epicentre_m: F64, name: str) -> None:
        draw = self._stage.streams.at("world.hazards.quake.aftershocks", self._count)
        self._break(order.magnitude, epicentre_m, order.strike, name)
        if not order.aftershocks:
            return
        spots = shaking.aftershocks(order.magnitude, AFTERSHOCKS_S, LEAST, draw)
        offsets = draw.normal(0.0, SCATTER_M, (len(spots), 2))
        for (after_s, magnitude), offset in zip(spots, offsets, strict=True):
            late = partial(self._break, magnitude, epicentre_m + offset, order.strike, name)
            self._stage.after(after_s, late, name)

    def _break(self, magnitude: float, epicentre_m: F64, strike: float, cause: str) -> None:
        """Let the ground rupture now; the waves are on their way."""
        draw = self._stage.streams.at("world.hazards.quake", self._count)
        self._count += 1
        rupture = _Rupture(
            number=self._count,
            magnitude=magnitude,
            xy_m=epicentre_m,
            strike_rad=math.radians(strike),
            origin=self._stage.now,
            event_term=float(draw.normal(0.0, shaking.SIGMA_EVENT)),
            amplitudes=draw.normal(0.0, shaking.SIGMA_PLACE, self._waves.amplitudes),
        )
        self._ruptures.append(rupture)
        far_km = math.dist(self._middle_m(), epicentre_m) / 1000
        arrival_s = math.hypot(far_km, shaking.DEPTH_KM) / shaking.S_KMS
        alert_s = arrival_s - float(shaking.warning_s(far_km))
        self._stage.after(alert_s, partial(self._alert, rupture), cause)
        self._stage.after(arrival_s, partial(self._shake, rupture, cause), cause)

    def _alert(self, rupture: _Rupture) -> None:
        far_km = np.hypot(*((self._places_m - rupture.xy_m) / 1000).T)
        expected = self._shake_of(rupture, known=False)
        for hear in self.on_alert:
            hear(expected, shaking.warning_s(far_km))

    def _shake(self, rupture: _Rupture, cause: str) -> None:
        stage, now = self._stage, self._stage.now
        shake = self._shake_of(rupture, known=True)
        people = stage.city.cells.people
        worst = float(shake.intensity_at_cell[people > 0].max(initial=1.0))
        strongest = int(self._homes[np.argmax(shake.pga_at_place_ms2[self._homes])])
        x_m, y_m = rupture.xy_m.tolist()
        size = {"magnitude": rupture.magnitude}
        event = stage.events.begin(
            QUAKE, now, strongest, worst, xy_m=(x_m, y_m), cause=cause, **size
        )
        felt = float(people[shake.intensity_at_cell >= FELT].sum())
        stage.events.update(event, now, worst, exposed=felt)
        self._events.append(event)
        self._draw_rings(rupture, event, now)
        self._collapse(rupture.number, shake, event, now)
        if worst >= FELT:
            # assumed: of the thousands who call, the first few that get through.
            stage.callers.report("110", "quake", strongest, witnesses=3)
        for hear in self.on_shake:
            hear(replace(shake, event=event))

    def _shake_of(self, rupture: _Rupture, *, known: bool) -> Shake:
        pga_place = self._pga_ms2(rupture, self._places_m, known=known)
        pga_cell = self._pga_ms2(rupture, self._stage.city.cells.xy_m, known=known)
        return Shake(
            event=None,
            magnitude=rupture.magnitude,
            pga_at_place_ms2=pga_place,
            intensity_at_place=shaking.intensity_of(pga_place),
            pga_at_cell_ms2=pga_cell,
            intensity_at_cell=shaking.intensity_of(pga_cell),
        )

    def _pga_ms2(self, rupture: _Rupture, xy_m: F64, *, known: bool = True) -> F64:
        offset_km = (xy_m - rupture.xy_m) / 1000
        major_km = shaking.major_km(rupture.magnitude, offset_km, rupture.strike_rad)
        median = shaking.pga_ms2(rupture.magnitude, major_km)
        if not known:
            return median
        luck = rupture.event_term + self._waves.at(xy_m) @ rupture.amplitudes
        peak: F64 = median * np.exp(luck)
        return peak

    def _collapse(self, number: int, shake: Shake, quake: Event, now: Ns) -> None:
        """Let homes fall: who is hurt, killed and trapped at every community."""
        stage, homes = self._stage, self._homes
        inside = np.floor(stage.city.sites.capacity[homes] * (1 - OUTDOORS)).astype(np.int64)
        injured, dead, trapped = shaking.harm_shares(shake.pga_at_place_ms2[homes])
        draw = stage.streams.at("world.hazards.quake.harm", number)
        shares = np.stack([injured, dead, trapped, 1 - injured - dead - trapped], axis=1)
        people = draw.multinomial(inside, shares)
        offsets = draw.uniform(size=len(homes))
        for row in np.flatnonzero(people[:, :3].sum(axis=1)).tolist():
            place = int(homes[row])
            hurt, killed, under = (int(n) for n in people[row, :3])
            event = self._fallen(place, under, quake, now, float(offsets[row])) if under else quake
            stage.events.hurt(event, now, "injured", hurt)
            stage.events.hurt(event, now, "dead", killed)
            stage.events.hurt(event, now, "trapped", under)
            self._care.add(place, hurt, cause=event.event_id)

    def _fallen(self, place: int, under: int, quake: Event, now: Ns, offset: float) -> Event:
        rubble = self._rubble.get(place)
        if rubble is None:
            event = self._stage.events.begin(
                COLLAPSE, now, place, float(under), cause=quake.event_id
            )
            rubble = self._rubble[place] = _Rubble(event, 0, Toll(offset))
        rubble.trapped += under
        self._totals["quake_trapped"] += under
        self._stage.callers.report("119", "collapse", place, under, witnesses=2)
        return rubble.event

    def _weaken(self, place: int, rubble: _Rubble, now: Ns, dt_s: float) -> None:
        hours = to_seconds(int(now) - int(rubble.event.onset)) / 3600
        rubble.expected += rubble.trapped * LOST_PER_H[hours >= 24] * dt_s / 3600
        lost = min(rubble.trapped, rubble.lost.rise_to(rubble.expected))
        rubble.trapped -= lost
        self._totals["quake_trapped_dead"] += lost
        events = self._stage.events
        events.hurt(rubble.event, now, "dead", lost)
        events.update(
            rubble.event, now, float(rubble.trapped), exposed=float(rubble.trapped), dt_s=dt_s
        )
        if rubble.trapped == 0:
            self._clear(place, "itself")

    def _each_s(self, place: int) -> float | None:
        return RESCUE_S if self.trapped_at(place) else None

    def _bring_out(self, task: Task) -> None:
        rubble = self._rubble[task.place]
        rubble.trapped -= 1
        task.helped += 1
        self._totals["quake_rescued"] += 1
        if rubble.trapped == 0:
            self._clear(task.place, "rescue")

    def _clear(self, place: int, by: str) -> None:
        rubble = self._rubble.pop(place)
        self._stage.events.update(rubble.event, self._stage.now, 0.0)
        self._stage.events.end(rubble.event, self._stage.now, by=by)

    def _draw_rings(self, rupture: _Rupture, event: Event, now: Ns) -> None:
        """Write the median isoseismals of whole intensities from 5 on."""
        projection = self._stage.city.basemap.projection
        for intensity in range(5, 13):
            ring_km = shaking.ellipse_km(rupture.magnitude, intensity, rupture.strike_rad)
            if not len(ring_km):
                return
            lonlat = projection.to_lonlat(ring_km * 1000 + rupture.xy_m)
            closed = [*lonlat.tolist(), lonlat[0].tolist()]
            self._stage.events.footprint(event, now, closed, float(intensity))

    def _middle_m(self) -> F64:
        cells = self._stage.city.cells
        middle: F64 = cells.people @ cells.xy_m / cells.people.sum()
        return middle


class _Seismic:
    """One channel: peak acceleration [m/s2]."""

    def __init__(self, quakes: Quakes) -> None:
        self._quakes = quakes

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del link, place
        return lambda: self._quakes.felt_ms2(xy_m)[None, :]

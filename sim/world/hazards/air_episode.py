"""Days of still air under a low lid, in which what the city emits gathers; and cutting it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.kernel.units import Metres, MetresPerSecond, Quantity, Seconds
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.events import Event, HazardKind
from sim.world.fields import Field
from sim.world.hazards.holders import Holders
from sim.world.hazards.order import Order, choose_place
from sim.world.hazards.works import Presence
from sim.world.stage import Stage

F64 = NDArray[np.float64]
MicrogramsPerM3 = Annotated[float, Quantity("ug/m3", 0.0)]

LENGTH_M = 30_000.0
"""Length of the city's air along the wind; assumed: the plain within the sixth ring."""
CLEAN_LID_M, CLEAN_WIND_MPS = 1_500.0, 4.0
"""Mixing height and wind on an ordinary day: domain facts, hazard 9."""
CLEAN_INFLOW_UGM3 = 20.0
"""Fine dust in the air that comes in then; assumed: the rural north."""
DEPOSITION_MPS = 1e-3
"""Speed at which fine dust settles and reacts away; assumed: about 0.1 cm/s over a town."""
EMISSION_UGM2S = 3.0
"""Fine dust that the city makes on a square metre, what forms in the air included; assumed, so
that an ordinary day has 35 µg/m3 and still days reach what Beijing has seen."""
SECTORS = {"traffic": 0.45, "dust": 0.16, "industry": 0.12, "homes": 0.12, "heating": 0.03}
"""Shares of it: Beijing's second source apportionment, published 2018; the rest, 12 %, from
farming and nature, is nobody's to cut."""
LORRIES = 0.35
"""Share of traffic's dust that a ban of lorries takes away; assumed."""
SWEEPER, SWEEPERS = 0.15, 4
"""Share of road dust that one crew keeps down, and how many help; assumed."""
OVER_UGM3, HEAVY_UGM3 = 75.0, 150.0
"""Below which an episode is over, and from which people count as exposed: limits of IAQI 100 of
the 2012 table and 200 of both, HJ 633."""
RATIOS = (1.0, 1.3, 0.05, 0.4, 12.0, 0.0)
"""What comes with a unit of fine dust: PM2.5, PM10, SO2, NO2, CO, O3; assumed: as winter
episodes show, ozone being eaten up."""
DAY_STEPS = 144

AIR_EPISODE = HazardKind(
    kind="air_episode",
    title="Heavy air pollution · 重污染天气",
    domain="ecology",
    quantity="fine dust, mean of 24 hours",
    unit="ug/m3",
    levels=(("III", 150.0), ("II", 200.0), ("I", 250.0)),
    source="HJ 633: AQI 200 at 150 and 300 at 250 µg/m3; Beijing's plan of 2023 has no blue and "
    "counts days (see plan_level), so orange lies half-way: assumed",
    sample_s=900.0,
)


def plan_level(days_ugm3: list[float]) -> str | None:
    """Return the level that Beijing's plan of 2023 gives to days of fine dust up to the last.

    Yellow (III): one day of AQI above 200, or two above 150. Orange (II): two above 200, or
    three above 150. Red (I): three above 200, one of them above 300. There is no blue.
    """

    def run(above: float) -> list[float]:
        last: list[float] = []
        for day in reversed(days_ugm3):
            if day <= above:
                break
            last.append(day)
        return last

    # AQI 150, 200 and 300 lie at 115, 150 and 250 µg/m3 in the tables of 2012 and of 2026.
    heavy, moderate = run(150.0), run(115.0)
    if len(heavy) >= 3 and max(heavy) > 250.0:
        return "I"
    if len(heavy) >= 2 or len(moderate) >= 3:
        return "II"
    return "III" if heavy or len(moderate) >= 2 else None


@dataclass(slots=True)
class Box:
    """The city's air as one well-mixed box: ``dC/dt = E/H - (u/L)(C - Cb) - (v/H) C``.

    Attributes
    ----------
    lid_m, wind_mps, inflow_ugm3
        H, u, Cb.
    level_ugm3
        C.
    emitted, blown, settled, lidded
        What came and went since the start, on a square metre [µg/m2]: made here; carried in
        less out; settled; mixed in less left aloft as the lid rose and fell. Their sum is the
        change of C times H.
    """

    lid_m: float
    wind_mps: float
    inflow_ugm3: float
    level_ugm3: float
    emitted: float = 0.0
    blown: float = 0.0
    settled: float = 0.0
    lidded: float = 0.0

    def steady_ugm3(self, emission_ugm2s: float) -> float:
        """Return where C goes to if nothing changes."""
        inflow = self.wind_mps / LENGTH_M
        gain = emission_ugm2s / self.lid_m + inflow * self.inflow_ugm3
        return gain / (inflow + DEPOSITION_MPS / self.lid_m)

    def step(self, emission_ugm2s: float, dt_s: float) -> None:
        """Advance by `dt_s`, exactly for constant driving."""
        airing, fall = self.wind_mps / LENGTH_M, DEPOSITION_MPS / self.lid_m
        rate = airing + fall
        steady, before = self.steady_ugm3(emission_ugm2s), self.level_ugm3
        fade = math.exp(-rate * dt_s)
        self.level_ugm3 = steady + (before - steady) * fade
        mean = steady + (before - steady) * (1 - fade) / (rate * dt_s)
        self.emitted += emission_ugm2s * dt_s
        self.blown += airing * (self.inflow_ugm3 - mean) * dt_s * self.lid_m
        self.settled -= fall * mean * dt_s * self.lid_m

    def raise_lid(self, lid_m: float) -> None:
        """Let the lid rise, mixing in air from above, or sink, leaving air behind."""
        held = self.level_ugm3 * self.lid_m
        if lid_m > self.lid_m:
            fresh = self.inflow_ugm3 * (lid_m - self.lid_m)
            self.level_ugm3 = (held + fresh) / lid_m
        self.lidded += self.level_ugm3 * lid_m - held
        self.lid_m = lid_m


@dataclass(frozen=True, slots=True, kw_only=True)
class AirEpisodeOrder(Order):
    """Let still air under a low lid hold the city's dust for days.

    Attributes
    ----------
    place
        The air station that stands for the city; None for the one in its middle.
    duration_s
        How long the air stands.
    lid_m, wind_mps
        Mixing height and wind meanwhile.
    inflow_ugm3
        Fine dust that the neighbours' air brings meanwhile.
    """

    word: ClassVar[str] = "air_episode"
    duration_s: Seconds = 259_200.0
    lid_m: Metres = 300.0
    wind_mps: MetresPerSecond = 1.0
    inflow_ugm3: MicrogramsPerM3 = 60.0


@dataclass(slots=True, eq=False)
class _Episode:
    event: Event
    still: bool = True
    day_ugm3: list[float] = field(default_factory=list)
    days: list[float] = field(default_factory=list)


class AirEpisodes:
    """The city's box of air, and its episodes, one at a time.

    Parameters
    ----------
    stage
        What hazards share.

    Attributes
    ----------
    box
        The air.
    """

    orders: tuple[type[Order], ...] = (AirEpisodeOrder,)
    step_s = 600.0
    fields: Mapping[str, Field] = {}

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.box = Box(CLEAN_LID_M, CLEAN_WIND_MPS, CLEAN_INFLOW_UGM3, 0.0)
        self.box.level_ugm3 = self._usual_ugm3 = self.box.steady_ugm3(EMISSION_UGM2S)
        self._episode: _Episode | None = None
        self._last_ugm3 = [self._usual_ugm3] * DAY_STEPS
        self._sweepers, self._stops = Presence(self._is_over), Holders()
        self._bans: dict[str, None] = {}
        self.works: Mapping[str, Work] = {"clean": self._sweepers}
        self.effects: Mapping[str, Effect] = {"site_stop": self._stops.hold}

    def plan(self, name: str, order: AirEpisodeOrder) -> None:
        """Put still days on the clock."""
        if order.place is None:
            place = self._central(name, order)
        else:
            place = choose_place(self._stage, name, order, ("air_station",))
        self._stage.at(order.at_s, partial(self._begin, place, order, name), name)

    def ban_lorries(self, by: str, held: bool) -> None:
        """Let somebody keep lorries out of the city, or let them in again."""
        if held:
            self._bans[by] = None
        else:
            self._bans.pop(by, None)

    def step(self, now: Ns, dt_s: float) -> None:
        """Let dust gather for `dt_s`; nothing to do on ordinary days."""
        episode = self._episode
        if episode is None:
            return
        self.box.step(self.emission_ugm2s(), dt_s)
        level = self.box.level_ugm3
        keep = max(1, round(86_400 / dt_s))
        self._last_ugm3 = [*self._last_ugm3, level][-keep:]
        episode.day_ugm3.append(level)
        if len(episode.day_ugm3) == keep:
            episode.days.append(float(np.mean(episode.day_ugm3)))
            episode.day_ugm3 = []
        event, people = episode.event, float(self._stage.city.cells.people.sum())
        event.extra = {"pm25_ugm3": level, "warning": plan_level(episode.days)}
        self._stage.events.update(
            event,
            now,
            float(np.mean(self._last_ugm3)),
            exposed=people if level >= HEAVY_UGM3 else 0.0,
            dt_s=dt_s,
        )
        if not episode.still and level < OVER_UGM3:
            self._stage.events.end(event, now)
            self._episode = None

    def totals(self) -> Mapping[str, float | int]:
        """Return nothing: the event tells its course."""
        return {}

    def emission_ugm2s(self) -> float:
        """Return what the city makes now, less what is cut."""
        return EMISSION_UGM2S * (1 - self.cut())

    def cut(self) -> float:
        """Return the share of the emission that measures take away, 0 to 1."""
        city = self._stage.city
        factories = self._stage.places("factory")
        workers = float(city.sites.capacity[factories].sum())
        idle = sum(float(city.sites.capacity[p]) for p in factories if self._stops.at(p))
        crews = 0 if self._episode is None else self._sweepers.at(self._episode.event.place)
        swept = min(crews, SWEEPERS) * SWEEPER
        return (
            SECTORS["industry"] * (idle / workers if workers > 0 else 0.0)
            + SECTORS["traffic"] * (LORRIES if self._bans else 0.0)
            + SECTORS["dust"] * swept
        )

    def overlay(self, xy_m: F64, now: Ns) -> F64:
        """Return ``(6, n)`` what the episode adds to the ordinary air, alike everywhere [µg/m3].

        PM2.5, PM10, SO2, NO2, CO, O3, as `sim.world.background.air` has them.
        """
        del now
        extra = 0.0 if self._episode is None else max(0.0, self.box.level_ugm3 - self._usual_ugm3)
        return np.outer(RATIOS, np.full(len(xy_m), extra))

    def _begin(self, place: int, order: AirEpisodeOrder, name: str) -> None:
        stage, box = self._stage, self.box
        box.raise_lid(order.lid_m)
        box.wind_mps, box.inflow_ugm3 = order.wind_mps, order.inflow_ugm3
        if self._episode is None:
            # What drained away since the last episode is the ordinary day's again.
            box.level_ugm3 = self._usual_ugm3
            self._last_ugm3 = [self._usual_ugm3] * DAY_STEPS
            event = stage.events.begin(AIR_EPISODE, stage.now, place, self._usual_ugm3, cause=name)
            self._episode = _Episode(event)
        self._episode.still = True
        stage.after(order.duration_s, self._clear, name)

    def _clear(self) -> None:
        self.box.wind_mps, self.box.inflow_ugm3 = CLEAN_WIND_MPS, CLEAN_INFLOW_UGM3
        self.box.raise_lid(CLEAN_LID_M)
        if self._episode is not None:
            self._episode.still = False

    def _is_over(self, place: int) -> bool:
        return self._episode is None or self._episode.event.place != place

    def _central(self, name: str, order: Order) -> int:
        """Return the air station nearest to the middle of the people."""
        city = self._stage.city
        stations = self._stage.places("air_station")
        if not stations:
            return choose_place(self._stage, name, order, ("air_station",))
        middle = city.cells.people @ city.cells.xy_m / city.cells.people.sum()
        at = np.array([(city.basemap.places[p].x_m, city.basemap.places[p].y_m) for p in stations])
        return stations[int(np.argmin(np.hypot(*(at - middle).T)))]

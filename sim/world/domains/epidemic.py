"""Infections that go round, in whole people, and what clinics and schools count each day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sim.kernel.clock import Ns
from sim.kernel.rng import Streams
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.fields import Field, Reader
from sim.world.hazards.order import Order
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

DAY_S = 86_400.0
SIGNALS = ("outpatients", "influenza_like", "fever", "diarrhoea", "emergency", "absent")
"""Channels of a count: visits of the last 24 hours at a clinic or hospital, of which some are
influenza-like, fever, diarrhoea; arrivals in its emergency room; pupils absent from a school."""
CARE = ("hospital", "clinic")
STAYS = 0.7
"""Share of contacts that people have in their own district; assumed: homes and schools."""
REACH_M = 8_000.0
"""How the others fall off with distance, exp(-d / 8 km), times the people there; assumed: near
the mean of Beijing's trips to work."""
ABSENT = 0.02
"""Pupils absent on an ordinary day; assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pathogen:
    """One infection.

    Attributes
    ----------
    r0
        People one infects where none is immune.
    latent_s, infectious_s
        Mean time until one infects others, and while one does.
    symptomatic
        Share of the infected who fall ill; the others infect `silent` as many.
    seeks
        Share of the ill who make a visit, by `SIGNALS`.
    """

    title: str
    r0: float
    latent_s: float
    infectious_s: float
    symptomatic: float
    silent: float
    seeks: tuple[float, float, float, float, float]


PATHOGENS = {
    "influenza": Pathogen(
        title="influenza · 流感",
        r0=1.3,
        latent_s=1.5 * DAY_S,
        infectious_s=3.0 * DAY_S,
        symptomatic=0.67,
        silent=0.5,
        seeks=(0.30, 0.30, 0.10, 0.0, 0.05),
    ),
    "norovirus": Pathogen(
        title="norovirus · 诺如病毒",
        r0=3.0,
        latent_s=1.0 * DAY_S,
        infectious_s=2.0 * DAY_S,
        symptomatic=0.70,
        silent=0.05,
        seeks=(0.15, 0.0, 0.0, 0.15, 0.03),
    ),
}
"""R0, latent and infectious times: domain facts, hazard 13. Symptomatic share of influenza: Carrat
et al. 2008, doi:10.1093/aje/kwm375, 66.9 %. A twentieth for silent norovirus: as in SEIAR models
of school outbreaks. The rest assumed."""
SCHOOL_R = 4.62
"""Median uncontrolled reproduction number of outbreaks in schools of Tianjin: domain facts,
source S38."""


def mixing(people: F64, xy_m: F64) -> F64:
    """Return ``(k, k)`` where the contacts of each district's people are; rows add up to 1.

    Gravity: `STAYS` at home, the rest by the people of all districts and the distance.
    """
    away_m = np.hypot(*(xy_m[:, None, :] - xy_m[None, :, :]).transpose(2, 0, 1))
    pull = people[None, :] * np.exp(-away_m / REACH_M)
    total = np.maximum(pull.sum(axis=1, keepdims=True), 1e-12)
    shares: F64 = STAYS * np.eye(len(people)) + (1 - STAYS) * pull / total
    return shares


class Circulation:
    """One infection in closed groups of people: susceptible, exposed, ill, silent, recovered.

    A stochastic SEIAR in whole people: everybody is in one compartment, and each moves on by a
    binomial draw. The force on group k is ``beta sum_j M_kj (I_j + silent A_j) / N_j``.

    Parameters
    ----------
    pathogen
        Which.
    people
        ``(k,)`` size of each group.
    mixing
        ``(k, k)`` where contacts are, rows adding up to 1.
    streams, name
        Chance: ``{name}`` at the step.
    r0
        Instead of the pathogen's own.

    Attributes
    ----------
    counts
        ``(5, k)`` S, E, I, A, R.
    damping
        ``(k,)`` what measures leave of the contacts.
    new_ill
        ``(k,)`` who fell ill in the last step.

    References
    ----------
    Anderson & May 1991, Infectious Diseases of Humans; stepped as a chain of binomials (Bailey
    1975), for steps well below the latent time.
    """

    def __init__(
        self,
        pathogen: Pathogen,
        people: I64,
        mixing: F64,
        streams: Streams,
        name: str,
        *,
        r0: float | None = None,
    ) -> None:
        self.pathogen = pathogen
        self._people = np.asarray(people, dtype=np.int64)
        self._mixing = mixing
        self._streams = streams
        self._name = name
        self._steps = 0
        self._effective = pathogen.symptomatic + pathogen.silent * (1 - pathogen.symptomatic)
        self.r0 = pathogen.r0 if r0 is None else r0
        self.counts: I64 = np.zeros((5, len(people)), dtype=np.int64)
        self.counts[0] = self._people
        self.damping = np.ones(len(people))
        self.new_ill: I64 = np.zeros(len(people), dtype=np.int64)

    def seed(self, group: int, infected: int) -> None:
        """Expose up to `infected` susceptible people of a group."""
        moved = min(infected, int(self.counts[0, group]))
        self.counts[0, group] -= moved
        self.counts[1, group] += moved

    def step(self, dt_s: float) -> None:
        """Let `dt_s` pass."""
        draw = self._streams.at(self._name, self._steps)
        self._steps += 1
        s, e, i, a, _ = self.counts
        pathogen = self.pathogen
        infectious = (i + pathogen.silent * a) / np.maximum(self._people, 1)
        leave = -np.expm1(-dt_s / pathogen.infectious_s)
        # By the chance to leave, not by the rate: so one infects R0 people whatever the step.
        pressure = self.r0 * leave / self._effective * self.damping * (self._mixing @ infectious)
        exposed = draw.binomial(s, -np.expm1(-pressure))
        breaking = draw.binomial(e, -np.expm1(-dt_s / pathogen.latent_s))
        ill = draw.binomial(breaking, pathogen.symptomatic)
        well, silent_well = draw.binomial(i, leave), draw.binomial(a, leave)
        self.counts += np.stack(
            [
                -exposed,
                exposed - breaking,
                ill - well,
                breaking - ill - silent_well,
                well + silent_well,
            ]
        )
        self.new_ill = ill

    @property
    def is_over(self) -> bool:
        """Whether nobody carries it any more."""
        return not self.counts[1:4].any()

    @property
    def reproduction(self) -> float:
        """People that one infects now: Rt, over all groups."""
        left = float((self.counts[0] * self.damping).sum())
        return self.r0 * left / max(float(self._people.sum()), 1.0)


class Epidemic:
    """All infections that go round, and the counts of clinics, hospitals and schools.

    Parameters
    ----------
    stage
        What families share.
    usual
        ``(5,)`` visits a day for 1,000 people when nothing goes round, by `SIGNALS`.

    Attributes
    ----------
    districts
        ``(k,)`` residents of each district, whole people.
    circulations
        What goes round, by name, with the district of each of its groups ``(groups,)`` and the
        school it keeps to, if any.
    """

    orders: tuple[type[Order], ...] = ()
    step_s = 3_600.0
    works: Mapping[str, Work] = {}
    effects: Mapping[str, Effect] = {}

    def __init__(self, stage: Stage, *, usual: Callable[[Ns], F64]) -> None:
        city = stage.city
        places, cells = city.basemap.places, city.cells
        k = len(city.basemap.districts)
        self._stage = stage
        self._usual = usual
        people: F64 = np.zeros(k)
        np.add.at(people, cells.district, cells.people)
        self.districts: I64 = np.round(people).astype(np.int64)
        middle = [
            np.bincount(cells.district, weights=cells.people * xy, minlength=k)
            for xy in cells.xy_m.T
        ]
        self._mixing = mixing(people, np.stack(middle, axis=1) / np.maximum(people, 1e-9)[:, None])
        self.circulations: dict[str, tuple[Circulation, I64, int | None]] = {}
        self._begun = 0
        self._over: I64 = np.zeros(5, dtype=np.int64)
        self.care = np.array([i for i, p in enumerate(places) if p.kind in CARE], dtype=np.intp)
        self.schools = np.array(stage.places("school"), dtype=np.intp)
        index = {d.district_id: row for row, d in enumerate(city.basemap.districts)}
        self._district = np.array([index[p.district_id] for p in places], dtype=np.intp)
        # People of each district by the clinic or hospital nearest to their homes.
        self._share = np.zeros((k, len(self.care)))
        if len(self.care):
            at = np.array([(places[p].x_m, places[p].y_m) for p in self.care])
            nearest = KDTree(at).query(cells.xy_m)[1]
            np.add.at(self._share, (cells.district, nearest), cells.people)
        self._served = self._share.sum(axis=0)
        self._share /= np.maximum(self._share.sum(axis=1, keepdims=True), 1e-9)
        self._hours = 0
        self._ring = np.zeros((24, 5, len(self.care)), dtype=np.int64)
        self._absent: F64 = np.zeros(len(self.schools))
        for hour in range(24):
            self._ring[hour] = self._usual_visits(stage.now, -1 - hour)
        self._count_absent()
        self.fields: Mapping[str, Field] = {"clinic_counts": _Counts(self, len(places))}

    def plan(self, name: str, order: Order) -> None:
        """Nothing is ordered of counting."""
        raise AssertionError(f"{name} orders {order} of the clinics")

    def start(self, name: str, pathogen: str, place: int, infected: int) -> Circulation:
        """Let an infection begin: within a school, or in the district of any other place."""
        district, streams = int(self._district[place]), self._stage.streams
        stream = f"world.domains.epidemic.{name}"
        if place in self.schools:
            pupils = np.array([int(self._stage.city.sites.capacity[place])])
            circulation = Circulation(
                PATHOGENS[pathogen], pupils, np.ones((1, 1)), streams, stream, r0=SCHOOL_R
            )
            circulation.seed(0, infected)
            self.circulations[name] = (circulation, np.array([district]), place)
        else:
            circulation = Circulation(
                PATHOGENS[pathogen], self.districts, self._mixing, streams, stream
            )
            circulation.seed(district, infected)
            self.circulations[name] = (circulation, np.arange(len(self.districts)), None)
        self._begun += int(circulation.counts.sum())
        return circulation

    def district_of(self, place: int) -> int:
        """Return the row of the district that holds a place of the map."""
        return int(self._district[place])

    def step(self, now: Ns, dt_s: float) -> None:
        """Let infections go round for `dt_s`, and the ill make their visits."""
        visits = self._usual_visits(now, self._hours)
        for name, (circulation, districts, _) in list(self.circulations.items()):
            circulation.step(dt_s)
            ill = np.bincount(
                districts, weights=circulation.new_ill, minlength=len(self.districts)
            ).astype(np.int64)
            if ill.any():
                visits += self._sick_visits(name, circulation.pathogen, ill)
            if circulation.is_over:
                self._over += circulation.counts.sum(axis=1)
                del self.circulations[name]
        self._ring[self._hours % 24] = visits
        self._hours += 1
        self._count_absent()

    def totals(self) -> Mapping[str, float | int]:
        """Return in which compartment everybody is, over all that went round; empty for none."""
        if not self._begun:
            return {}
        last = [circulation for circulation, _, _ in self.circulations.values()]
        counts = self._over + sum(c.counts.sum(axis=1) for c in last)
        names = ("susceptible", "exposed", "ill", "silent", "recovered")
        found = {f"epidemic_{name}": int(n) for name, n in zip(names, counts, strict=True)}
        return {"epidemic_people": self._begun, **found}

    def counts(self) -> F64:
        """Return ``(6, places + 1)`` by `SIGNALS`; the last column serves no place."""
        shown = np.zeros((6, len(self._district) + 1))
        shown[:5, self.care] = self._ring.sum(axis=0)
        shown[5, self.schools] = self._absent
        return shown

    def _usual_visits(self, now: Ns, hour: int) -> I64:
        draw = self._stage.streams.at("world.domains.epidemic.usual", hour + 24)
        rate = self._usual(now)[:, None] * self._served / 1000 / 24
        visits: I64 = draw.poisson(rate)
        # Those with influenza-like illness are among the visits.
        visits[1] = np.minimum(visits[1], visits[0])
        return visits

    def _sick_visits(self, name: str, pathogen: Pathogen, ill: I64) -> I64:
        draw = self._stage.streams.at(f"world.domains.epidemic.{name}.visits", self._hours)
        visits = np.zeros((5, len(self.care)), dtype=np.int64)
        if not len(self.care):
            return visits
        where = draw.multinomial(ill, self._share).sum(axis=0)
        for row, share in enumerate(pathogen.seeks):
            visits[row] = draw.binomial(where, share)
        # An influenza-like visit is one visit, not two.
        visits[0] = np.maximum(visits[0], visits[1])
        return visits

    def _count_absent(self) -> None:
        """Count pupils who are ill, or away for another reason."""
        pupils = self._stage.city.sites.capacity[self.schools]
        ill: F64 = np.zeros(len(self.schools))
        for circulation, _, school in self.circulations.values():
            if school is not None:
                ill += np.where(self.schools == school, circulation.counts[2, 0], 0)
            else:
                share = circulation.counts[2] / np.maximum(self.districts, 1)
                ill += share[self._district[self.schools]] * pupils
        self._absent = np.rint(np.minimum(pupils, ABSENT * pupils + ill))


class _Counts:
    """Six channels by `SIGNALS`: what a clinic, hospital or school has counted in 24 hours."""

    def __init__(self, epidemic: Epidemic, n_places: int) -> None:
        self._epidemic = epidemic
        self._n_places = n_places

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(6, n)``."""
        del xy_m, link
        at = np.where(place < 0, self._n_places, place)
        return lambda: self._epidemic.counts()[:, at]

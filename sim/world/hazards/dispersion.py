"""How a gas spreads over a town: Gaussian plumes, and trains of slugs that follow the wind.

It knows no substance and nobody who breathes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

F64 = NDArray[np.float64]

CLASSES = "ABCDEF"
"""Pasquill's stability classes, from very unstable to stable."""
CALM_MPS = 0.5
"""Least wind that carries a plume; slower air is taken as this. HJ 2.2-2018 calls less calm."""
REACH_M = 10_000.0
"""Travel up to which the spreads hold: Briggs 1973, 100 m to 10 km."""

_BRIGGS_URBAN = {
    "A": (0.32, 0.24, 1e-3, 0.5),
    "B": (0.32, 0.24, 1e-3, 0.5),
    "C": (0.22, 0.20, 0.0, 0.0),
    "D": (0.16, 0.14, 3e-4, -0.5),
    "E": (0.11, 0.08, 1.5e-3, -0.5),
    "F": (0.11, 0.08, 1.5e-3, -0.5),
}
_DAY = {
    # wind below 2, 3, 5, 6 m/s and above: strong, moderate, slight sun.
    2.0: "ABB",
    3.0: "BBC",
    5.0: "BCC",
    6.0: "CDD",
    math.inf: "CDD",
}
_NIGHT = {2.0: "FF", 3.0: "EF", 5.0: "DE", 6.0: "DD", math.inf: "DD"}
_LEAST_M = 1.0
_JOIN = 0.15
"""Slugs join while the two are no longer than this share of their way; assumed: the spread
changes by less than that along them."""


def stability(wind_mps: float, sun_height: float, cloud: float) -> str:
    """Return Pasquill's class of the air near the ground.

    Parameters
    ----------
    wind_mps
        At 10 m.
    sun_height
        Sine of the sun's height, negative at night.
    cloud
        Share of the sky covered, 0 to 1.

    References
    ----------
    Pasquill 1961, Meteorol. Mag. 90:33-49; sun heights of 60, 35 and 15 degrees, one step less
    under broken cloud, and neutral air under a closed sky: Turner 1970, AP-26, table 3-1. Where
    the table names two classes the more stable is taken; weak wind at night, which it leaves
    open, is taken as F.
    """
    if cloud > 0.95:
        return "D"
    if sun_height <= 0:
        row = next(row for below, row in _NIGHT.items() if wind_mps < below)
        return row[0] if cloud >= 0.5 else row[1]
    row = next(row for below, row in _DAY.items() if wind_mps < below)
    step = sum(sun_height < math.sin(math.radians(angle)) for angle in (60, 35))
    if cloud > 0.5:
        step += 1
    return "D" if sun_height < math.sin(math.radians(15)) else row[min(step, 2)]


def spreads_m(travel_m: F64 | float, kind: str) -> tuple[F64, F64]:
    """Return the lateral and vertical spread after `travel_m`, any shape [m].

    References
    ----------
    Briggs 1973, ATDL contribution 79, urban, 100 m to 10 km; nearer in only the order holds.
    """
    lateral, vertical, scale, power = _BRIGGS_URBAN[kind]
    y_m: F64 = lateral * travel_m / np.sqrt(1 + 4e-4 * travel_m)
    z_m: F64 = vertical * travel_m * (1 + scale * travel_m) ** power
    return y_m, z_m


def plume_kgm3(
    rate_kgs: float, wind_mps: float, kind: str, x_m: F64, y_m: F64, height_m: float = 0.0
) -> F64:
    """Return the steady concentration at the ground, `x_m` downwind and `y_m` aside [kg/m3].

    The ground throws everything back; upwind there is nothing. Gases about as heavy as air:
    a dense cloud (chlorine in its first 100 m) creeps lower and wider than this.

    Parameters
    ----------
    height_m
        Of the source [m].
    """
    x_m, y_m = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    spread_y, spread_z = spreads_m(np.maximum(x_m, _LEAST_M), kind)
    shape = np.exp(-((y_m / spread_y) ** 2 + (height_m / spread_z) ** 2) / 2)
    over: F64 = np.where(x_m > 0, shape / (spread_y * spread_z), 0.0)
    return rate_kgs / (math.pi * max(wind_mps, CALM_MPS)) * over


def plume_ring_m(
    rate_kgs: float, wind_mps: float, kind: str, bound_kgm3: float, height_m: float = 0.0
) -> F64:
    """Return the outline within which a steady plume exceeds `bound_kgm3`.

    Returns
    -------
    F64
        ``(k, 2)`` downwind and aside [m], counter-clockwise; empty when nowhere.
    """
    x_m = np.geomspace(10.0, REACH_M, 60)
    middle = plume_kgm3(rate_kgs, wind_mps, kind, x_m, np.zeros_like(x_m), height_m)
    within = middle > bound_kgm3
    if not within.any():
        return np.empty((0, 2))
    spread_y, _ = spreads_m(x_m[within], kind)
    half_m = spread_y * np.sqrt(2 * np.log(middle[within] / bound_kgm3))
    right = np.stack([x_m[within], -half_m], axis=1)
    left = np.stack([x_m[within], half_m], axis=1)[::-1]
    return np.concatenate([right, left])


@dataclass(slots=True, eq=False)
class _Slug:
    """What left the source in one step: a rod of gas along the wind of that time."""

    mass_kg: float
    length_m: float
    kind: str
    along: tuple[float, float]
    x_m: float
    y_m: float
    travel_m: float

    def take_up(self, behind: _Slug) -> bool:
        """Join with the slug that left next; return whether it fits on without a seam."""
        length_m = self.length_m + behind.length_m
        if (
            length_m > _JOIN * behind.travel_m
            or (self.kind, self.along) != (behind.kind, behind.along)
            or abs(self.travel_m - behind.travel_m - length_m / 2) > 0.01 * length_m
            or not math.isclose(self.mass_kg / self.length_m, behind.mass_kg / behind.length_m)
        ):
            return False
        share = behind.length_m / length_m
        self.x_m += share * (behind.x_m - self.x_m)
        self.y_m += share * (behind.y_m - self.y_m)
        self.travel_m += share * (behind.travel_m - self.travel_m)
        self.mass_kg += behind.mass_kg
        self.length_m = length_m
        return True


class Cloud:
    """Gas in the air: slugs laid end to end, all carried by the wind of the moment.

    Under steady wind slugs join without a seam, whatever the step, and the sum is the steady
    plume to 3 % (class B; closer in calmer air). When the wind turns, what is in the air goes
    with it. The wind is the same all over the cloud.

    Parameters
    ----------
    xy_m
        Where the source is [m].
    height_m
        How high above the ground [m].
    wake_m
        The source's own buildings stir the gas as if it had already come this far.

    Attributes
    ----------
    released_kg, gone_kg
        What the source gave, and what has thinned out or travelled beyond `REACH_M`.

    References
    ----------
    The slug of CALPUFF, Scire et al. 2000, section 2.1.2.
    """

    def __init__(
        self, xy_m: tuple[float, float], height_m: float = 0.0, wake_m: float = _LEAST_M
    ) -> None:
        self._xy_m = xy_m
        self._height_m = height_m
        self._wake_m = wake_m
        self._slugs: list[_Slug] = []
        self.released_kg = 0.0
        self.gone_kg = 0.0

    def __len__(self) -> int:
        return len(self._slugs)

    @property
    def airborne_kg(self) -> float:
        """Mass that still counts."""
        return sum(slug.mass_kg for slug in self._slugs)

    def step(self, mass_kg: float, wind_mps: tuple[float, float], kind: str, dt_s: float) -> None:
        """Let the wind, east and north, carry the cloud for `dt_s`, and `mass_kg` leave the source.

        Parameters
        ----------
        kind
            Stability class, which new slugs keep.
        """
        east, north = wind_mps
        speed = math.hypot(east, north)
        along = (east / speed, north / speed) if speed > 0 else (1.0, 0.0)
        moved_m = max(speed, CALM_MPS) * dt_s
        for slug in self._slugs:
            slug.x_m += along[0] * moved_m
            slug.y_m += along[1] * moved_m
            slug.travel_m += moved_m
        if mass_kg > 0:
            self.released_kg += mass_kg
            self._slugs.append(
                _Slug(
                    mass_kg=mass_kg,
                    length_m=moved_m,
                    kind=kind,
                    along=along,
                    x_m=self._xy_m[0] + along[0] * moved_m / 2,
                    y_m=self._xy_m[1] + along[1] * moved_m / 2,
                    travel_m=moved_m / 2,
                )
            )

    def thin_out(self, below_kgm3: float) -> None:
        """Forget slugs that nowhere reach `below_kgm3`, or have gone too far to tell.

        Far off, where two neighbours look like one, they become one: nothing else changes.
        """
        kept: list[_Slug] = []
        for slug in self._slugs:
            spread_y, spread_z = spreads_m(slug.travel_m, slug.kind)
            peak = slug.mass_kg / slug.length_m / (math.pi * float(spread_y * spread_z))
            if peak < below_kgm3 or slug.travel_m > REACH_M:
                self.gone_kg += slug.mass_kg
            elif not (kept and kept[-1].take_up(slug)):
                kept.append(slug)
        self._slugs = kept

    def near(self, xy_m: F64) -> NDArray[np.intp]:
        """Return which of ``(n, 2)`` points the cloud may reach."""
        if not self._slugs:
            return np.empty(0, dtype=np.intp)
        at = np.array([(s.x_m, s.y_m) for s in self._slugs])
        # Four spreads of the slug's front: beyond lies a thirtieth of a per cent of its middle.
        fronts = [(s, s.travel_m + s.length_m / 2 + self._wake_m) for s in self._slugs]
        reach = np.array([s.length_m / 2 + 4 * spreads_m(far, s.kind)[0] for s, far in fronts])
        low, high = (at - reach[:, None]).min(axis=0), (at + reach[:, None]).max(axis=0)
        return np.flatnonzero(((xy_m >= low) & (xy_m <= high)).all(axis=1))

    def at(self, xy_m: F64) -> F64:
        """Return the concentration at ``(n, 2)`` points on the ground [kg/m3]."""
        total = np.zeros(len(xy_m))
        for kind in CLASSES:
            slugs = [slug for slug in self._slugs if slug.kind == kind]
            if slugs:
                total += self._of_class(slugs, kind, xy_m)
        return total

    def _of_class(self, slugs: list[_Slug], kind: str, xy_m: F64) -> F64:
        rows = np.array(
            [(s.x_m, s.y_m, *s.along, s.travel_m, s.length_m, s.mass_kg) for s in slugs]
        )[:, :, None]
        x_m, y_m, east, north, travel_m, length_m, mass_kg = rows.transpose(1, 0, 2)
        dx, dy = xy_m[:, 0] - x_m, xy_m[:, 1] - y_m
        ahead = dx * east + dy * north
        aside = dy * east - dx * north
        # The spread where the point is, not at the slug's middle, so that slugs join seamlessly;
        # but no farther ahead than the slug's own front reaches, or its tail would run away.
        front_m = length_m / 2 + 2.5 * spreads_m(travel_m + length_m / 2, kind)[0]
        there_m = np.maximum(travel_m + np.minimum(ahead, front_m), self._wake_m)
        spread_y, spread_z = spreads_m(there_m, kind)
        root = math.sqrt(2) * spread_y
        share = 0.5 * (erf((ahead + length_m / 2) / root) - erf((ahead - length_m / 2) / root))
        shape = np.exp(-((aside / spread_y) ** 2 + (self._height_m / spread_z) ** 2) / 2)
        per_point: F64 = mass_kg / length_m * share * shape / (math.pi * spread_y * spread_z)
        total: F64 = per_point.sum(axis=0)
        return total

"""Rain: a design storm's formula, its course in time, and its pattern over the city."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns, to_seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams

F64 = NDArray[np.float64]

PEAK_RATIO = 0.355
"""Share of a Beijing storm's length that lies before its peak: domain facts, source S35."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormFormula:
    """A city's storm intensity formula, q = A (1 + C lg P) / (t + b)^n in L/(s ha).

    Attributes
    ----------
    a, c, b_min, n
        Its four constants, `b_min` in minutes.
    scale
        Factor on the result, 1 for a formula as published.
    source
        Where it stands.
    """

    a: float
    c: float
    b_min: float
    n: float
    scale: float = 1.0
    source: str

    def intensity_mm_h(self, return_period_y: float, duration_min: float) -> float:
        """Return the mean intensity of the `duration_min` wettest minutes [mm/h]."""
        return self.numerator_mm_h(return_period_y) / math.pow(duration_min + self.b_min, self.n)

    def depth_mm(self, return_period_y: float, duration_min: F64) -> F64:
        """Return the rain of the wettest `duration_min` minutes, any shape [mm]."""
        tau = np.asarray(duration_min, dtype=float)
        depth: F64 = self.numerator_mm_h(return_period_y) / 60 * tau / (tau + self.b_min) ** self.n
        return depth

    def numerator_mm_h(self, return_period_y: float) -> float:
        """Return what stands above the line, for intensities in mm/h."""
        # 1 L/(s ha) is 0.36 mm/h.
        return 0.36 * self.scale * self.a * (1 + self.c * math.log10(return_period_y))


FORMULAS = {
    "beijing_zone_2": StormFormula(
        a=1602, c=1.037, b_min=11.593, n=0.681, source="DB11/T 969, zone II (plain), 5-1440 min"
    ),
    "beijing_zone_1": StormFormula(
        a=1602,
        c=1.037,
        b_min=11.593,
        n=0.681,
        scale=0.85,
        source="assumed: zone II times 0.85, for the north-western hills get less short rain",
    ),
    "beijing_older": StormFormula(
        a=2001, c=0.811, b_min=8, n=0.711, source="formula in use before DB11/T 969"
    ),
}
"""Storm formulas by name."""

_PERIOD_Y = (0.25, 1000.0)
_DURATION_S = (300.0, 86_400.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """One design storm: a Chicago hyetograph over one storm formula.

    Any window round its peak that is split like the whole storm holds the formula's rain for
    its length. The cumulative rain is a closed form, so a step's rain is exact however long
    the step. Valid for 5 min to 1440 min and return periods of 0.25 to 1000 years (the
    formula's own range ends at 100 years).

    Attributes
    ----------
    return_period_y, duration_s, start
        How rare, how long, and from when.
    formula
        A name in `FORMULAS`.
    peak_ratio
        Share of the length before the peak, between 0 and 1.
    uniform
        The same everywhere; otherwise a smooth pattern with mean 1 over the city.
    velocity_mps
        How fast the pattern of time wanders over the city, east and north; at 0 it rains by
        the same clock everywhere.

    Raises
    ------
    InputError
        When a value is outside its range.

    References
    ----------
    Keifer & Chu 1957, J. Hydraul. Div. ASCE 83(HY4), synthetic storm pattern for drainage
    design; DB11/T 969, urban storm design standard of Beijing.
    """

    return_period_y: float
    duration_s: float
    start: Ns
    formula: str = "beijing_zone_2"
    peak_ratio: float = PEAK_RATIO
    uniform: bool = False
    velocity_mps: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        _within("storm.return_period_y", self.return_period_y, *_PERIOD_Y)
        _within("storm.duration_s", self.duration_s, *_DURATION_S)
        _within("storm.peak_ratio", self.peak_ratio, 0.01, 0.99)
        if self.formula not in FORMULAS:
            raise InputError(
                "storm.formula", value=self.formula, expected="one of " + ", ".join(FORMULAS)
            )

    @property
    def depth_mm(self) -> float:
        """Its whole rain [mm]."""
        return float(self.fallen_mm(np.array(self.duration_s)))

    def fallen_mm(self, t_s: F64) -> F64:
        """Return the rain since its start at each time after it, any shape [mm]."""
        t = np.clip(np.asarray(t_s, dtype=float), 0.0, self.duration_s)
        formula, r = FORMULAS[self.formula], self.peak_ratio
        from_peak = t - r * self.duration_s
        # Distance from the peak as the length of the window whose edge this is.
        window_s = np.where(from_peak < 0, -from_peak / r, from_peak / (1 - r))
        window_mm = formula.depth_mm(self.return_period_y, window_s / 60)
        whole_mm = formula.depth_mm(self.return_period_y, np.array(self.duration_s / 60))
        fallen: F64 = r * whole_mm + np.where(from_peak < 0, -r, 1 - r) * window_mm
        return fallen

    def rain_mm_h(self, t_s: F64) -> F64:
        """Return the intensity at each time after its start, any shape [mm/h].

        i = a ((1 - n) tau + b) / (tau + b)^(n + 1), with tau the window of `fallen_mm`.
        """
        t = np.asarray(t_s, dtype=float)
        formula, r = FORMULAS[self.formula], self.peak_ratio
        from_peak = t - r * self.duration_s
        tau = np.where(from_peak < 0, -from_peak / r, from_peak / (1 - r)) / 60
        at = (
            formula.numerator_mm_h(self.return_period_y)
            * ((1 - formula.n) * tau + formula.b_min)
            / (tau + formula.b_min) ** (formula.n + 1)
        )
        raining: F64 = np.where((t >= 0) & (t <= self.duration_s), at, 0.0)
        return raining


class RainSites(Protocol):
    """Rain at fixed points."""

    def total_mm(self, now: Ns) -> F64:
        """Return ``(n,)`` the rain since the start of time at each point [mm]."""


class _Sites:
    """Factor and delay of each storm at fixed points."""

    def __init__(self, n: int, parts: list[tuple[Storm, F64, F64]]) -> None:
        self._n = n
        self._parts = parts

    def add(self, part: tuple[Storm, F64, F64]) -> None:
        """Let it rain of one more storm."""
        self._parts.append(part)

    def total_mm(self, now: Ns) -> F64:
        total = np.zeros(self._n)
        for storm, factor, delay_s in self._parts:
            age_s = to_seconds(int(now) - int(storm.start))
            total += factor * storm.fallen_mm(age_s - delay_s)
        return total


class Weather:
    """The rain of all storms over the city.

    Parameters
    ----------
    storms
        Any number; their rain adds up.
    reference_xy_m
        ``(n, 2)`` points over which each storm's pattern has mean 1, such as street cells.
    streams
        Each storm's pattern is drawn from ``world.rain.pattern`` at its position in `storms`.
    """

    def __init__(self, storms: Sequence[Storm], reference_xy_m: F64, streams: Streams) -> None:
        self.storms = tuple(storms)
        self._centre_m = np.asarray(reference_xy_m, dtype=float).mean(axis=0)
        self._patterns = [
            None if storm.uniform else _Pattern(streams, i, reference_xy_m)
            for i, storm in enumerate(self.storms)
        ]
        self._streams = streams
        self._reference_xy_m = reference_xy_m
        self._sites: list[tuple[_Sites, F64]] = []
        self._everywhere = self.sites(reference_xy_m)

    def add(self, storm: Storm) -> None:
        """Let one more storm come; nothing of it may have fallen yet."""
        pattern = None
        if not storm.uniform:
            pattern = _Pattern(self._streams, len(self.storms), self._reference_xy_m)
        self.storms = (*self.storms, storm)
        self._patterns.append(pattern)
        for sites, xy_m in self._sites:
            sites.add(self._part(storm, pattern, xy_m))

    def sites(self, xy_m: F64) -> RainSites:
        """Return the rain at ``(n, 2)`` points, ready to be read again and again."""
        xy = np.asarray(xy_m, dtype=float).reshape(-1, 2)
        parts = [
            self._part(storm, pattern, xy)
            for storm, pattern in zip(self.storms, self._patterns, strict=True)
        ]
        sites = _Sites(len(xy), parts)
        self._sites.append((sites, xy))
        return sites

    def mean_mm(self, now: Ns) -> float:
        """Return the rain since the start of time, mean over the city [mm]."""
        return float(self._everywhere.total_mm(now).mean()) if self.storms else 0.0

    def _part(self, storm: Storm, pattern: _Pattern | None, xy_m: F64) -> tuple[Storm, F64, F64]:
        factor = np.ones(len(xy_m)) if pattern is None else pattern.at(xy_m)
        return storm, factor, self._delay_s(storm, xy_m)

    def _delay_s(self, storm: Storm, xy_m: F64) -> F64:
        """Return how much later than at the city's centre the storm comes; scalar when never."""
        velocity = np.array(storm.velocity_mps, dtype=float)
        speed_sq = float(velocity @ velocity)
        if speed_sq == 0:
            return np.zeros(())
        delay: F64 = (xy_m - self._centre_m) @ velocity / speed_sq
        return delay


_WAVES = 12
_WAVELENGTH_M = (4_000.0, 12_000.0)
_SPREAD = 0.2
"""assumed: convective cells of 4-12 km, rain at a point mostly within 40 % of the mean; in
July 2012 the wettest point got 2.7 times the city's mean over a hundred times the area."""


class _Pattern:
    """A smooth factor over the city: a sum of plane waves, exponentiated, with mean 1."""

    def __init__(self, streams: Streams, storm: int, reference_xy_m: F64) -> None:
        rng = streams.at("world.rain.pattern", storm)
        wavelength_m = rng.uniform(*_WAVELENGTH_M, _WAVES)
        heading = rng.uniform(0, 2 * np.pi, _WAVES)
        self._wave = 2 * np.pi / wavelength_m * np.stack([np.cos(heading), np.sin(heading)])
        self._phase = rng.uniform(0, 2 * np.pi, _WAVES)
        self._norm = 1.0
        self._norm = float(self.at(np.asarray(reference_xy_m, dtype=float)).mean())

    def at(self, xy_m: F64) -> F64:
        """Return the factor at ``(n, 2)`` points."""
        waves = np.cos(xy_m @ self._wave + self._phase).sum(axis=1)
        factor: F64 = np.exp(_SPREAD * np.sqrt(2 / _WAVES) * waves) / self._norm
        return factor


def _within(thing: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(thing, value=value, expected=f"{low:g} to {high:g}")

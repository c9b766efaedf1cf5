"""How hard the ground shakes, and how many things of each sort break: formulas only.

Accelerations are in m/s2, intensities on the Chinese scale.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

F64 = NDArray[np.float64]

G_MS2 = 9.80665
DEPTH_KM = 15.0
"""Depth to which the attenuation is tied: Yu et al. 2013."""
SIGMA, SIGMA_EVENT = 0.543, 0.3
"""Standard deviation of ln PGA (Yu et al. 2013), and of that the whole quake's share; the split
is assumed, as the source gives only the sum: about a third of the variance is the event's in
most attenuations that split it."""
SIGMA_PLACE = math.sqrt(SIGMA**2 - SIGMA_EVENT**2)
CORRELATION_M = 8_500.0 / 3
"""Length over which the rest of it fades: Jayaram & Baker 2009, doi:10.1002/eqe.922, PGA,
exp(-3 h / 8.5 km)."""
P_KMS, S_KMS = 6.0, 3.5
"""Speed of the two waves in the upper crust; assumed: rounded values for North China."""

_MAJOR = {False: (4.5517, 1.5433), True: (8.1259, 0.9936)}
_MINOR = {False: (2.7048, 1.518), True: (6.3319, 0.9614)}
_MAJOR_FAR, _MINOR_FAR = (-2.315, 2.088, 0.399), (-2.004, 0.944, 0.447)
_STRONG = 6.5

_RADII_KM = np.concatenate([[0.0], np.geomspace(0.05, 500.0, 400)])


def pga_ms2(magnitude: float, major_km: ArrayLike) -> F64:
    """Return the median peak acceleration at epicentral distances along the major axis.

    References
    ----------
    Yu, Li & Xiao 2013, eastern China, as in OpenQuake's ``yu_2013``; M 5 to 7.5 within 200 km,
    depth 15 km.
    """
    a, b = _MAJOR[magnitude > _STRONG]
    c, d, e = _MAJOR_FAR
    distance = np.hypot(np.asarray(major_km, dtype=float), DEPTH_KM)
    log_cms2 = a + b * magnitude + c * np.log(distance + d * math.exp(e * magnitude))
    peak: F64 = np.exp(log_cms2) / 100
    return peak


def minor_km(magnitude: float, major_km: F64) -> F64:
    """Return the other half-axis of the ellipse on which it shakes as at `major_km`."""
    strong = magnitude > _STRONG
    (a1, b1), (a2, b2) = _MAJOR[strong], _MINOR[strong]
    (c1, d1, e1), (c2, d2, e2) = _MAJOR_FAR, _MINOR_FAR
    along = a1 + b1 * magnitude + c1 * np.log(major_km + d1 * math.exp(e1 * magnitude))
    across = a2 + b2 * magnitude
    half = np.exp((along - across) / c2) - d2 * math.exp(e2 * magnitude)
    least: F64 = np.maximum(half, 1e-6)
    return least


def major_km(magnitude: float, xy_km: F64, strike_rad: float) -> F64:
    """Return the major half-axis of the ellipse through each of ``(n, 2)`` points.

    Parameters
    ----------
    xy_km
        East and north of the epicentre.
    strike_rad
        Direction of the major axis, clockwise from north.
    """
    along = xy_km[:, 0] * math.sin(strike_rad) + xy_km[:, 1] * math.cos(strike_rad)
    across = xy_km[:, 0] * math.cos(strike_rad) - xy_km[:, 1] * math.sin(strike_rad)
    # The ellipses are at most this flat; 28 halvings leave a part in 30 million.
    away = np.hypot(along, across)
    low, high = away * 0.5, away * 8 + 1.0
    for _ in range(28):
        middle = (low + high) / 2
        outside = (along / middle) ** 2 + (across / minor_km(magnitude, middle)) ** 2 > 1
        low, high = np.where(outside, middle, low), np.where(outside, high, middle)
    found: F64 = (low + high) / 2
    return found


def ellipse_km(magnitude: float, intensity: float, strike_rad: float, corners: int = 48) -> F64:
    """Return the ring on which the median quake has an intensity.

    Returns
    -------
    F64
        ``(corners, 2)`` east and north of the epicentre [km]; empty when it is nowhere so strong.
    """
    strength = intensity_of(pga_ms2(magnitude, _RADII_KM))
    if strength[0] < intensity:
        return np.empty((0, 2))
    # Intensity falls with the radius, and np.interp wants it rising.
    half = float(np.interp(-intensity, -strength, _RADII_KM))
    turn = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    along, across = half * np.cos(turn), float(minor_km(magnitude, np.array(half))) * np.sin(turn)
    east = along * math.sin(strike_rad) + across * math.cos(strike_rad)
    north = along * math.cos(strike_rad) - across * math.sin(strike_rad)
    return np.stack([east, north], axis=1)


def intensity_of(peak_ms2: ArrayLike) -> F64:
    """Return the instrumental intensity, 1 to 12: GB/T 17742-2020, appendix A, by PGA alone."""
    lifted = np.maximum(np.asarray(peak_ms2, dtype=float), 1e-6)
    level: F64 = np.clip(3.17 * np.log10(lifted) + 6.59, 1.0, 12.0)
    return level


def pgv_cms(intensity: ArrayLike) -> F64:
    """Return the peak velocity of an intensity: GB/T 17742-2020, I = 3.00 lg PGV(m/s) + 9.77."""
    velocity: F64 = 100 * 10 ** ((np.asarray(intensity, dtype=float) - 9.77) / 3.0)
    return velocity


def warning_s(distance_km: ArrayLike, station_km: float = 12.0, report_s: float = 4.0) -> F64:
    """Return the time between an early warning and the strong shaking, negative in the blind zone.

    Parameters
    ----------
    distance_km
        Epicentral.
    station_km, report_s
        From the epicentre to the station that hears it first, and from there to the report;
        assumed: China's net of 2024 has a station each 12 km around Beijing and reports within
        seconds.
    """
    heard_s = math.hypot(station_km, DEPTH_KM) / P_KMS + report_s
    arrival_s = np.hypot(np.asarray(distance_km, dtype=float), DEPTH_KM) / S_KMS
    ahead: F64 = arrival_s - heard_s
    return ahead


_STATES = (0.15, 0.26, 0.55, 1.02)
_BETA = 0.64
"""Median PGA [g] of slight, moderate, extensive and complete damage: HAZUS-MH technical manual,
equivalent-PGA fragility of concrete shear walls of 4 to 7 storeys, moderate code (C2M), which is
taken for flats built for 0.20 g (GB 18306)."""
COLLAPSED = 0.10
"""Share of the completely damaged floor that collapses: HAZUS, C2M."""
_INJURED = (0.0005, 0.0028, 0.011, 0.06)
_DEAD = (0.0, 0.0, 1e-5, 1e-4)
_INJURED_UNDER, _DEAD_UNDER = 0.25, 0.10
"""Of those inside, by state, who need medical care, and who die: HAZUS, table 12.3 to 12.7,
recalled and summed (severity 1 to 3; 4); the last pair under what collapsed, of severity 2 and
3, and 4, as bruises are lost among them."""
TRAPPED_UNDER = 0.30
"""Share of those under what collapsed who live and cannot get out; assumed: Coburn & Spence 2002
find 40 to 70 % trapped in collapsed concrete blocks, part of them dead."""


def damage_shares(peak_ms2: ArrayLike) -> F64:
    """Return ``(5, …)`` shares of buildings: undamaged, slight, moderate, extensive, complete."""
    g = np.maximum(np.asarray(peak_ms2, dtype=float) / G_MS2, 1e-9)
    beyond = np.stack([ndtr(np.log(g / median) / _BETA) for median in _STATES])
    ones, zeros = np.ones((1, *g.shape)), np.zeros((1, *g.shape))
    shares: F64 = -np.diff(np.concatenate([ones, beyond, zeros]), axis=0)
    return shares


def harm_shares(peak_ms2: ArrayLike) -> tuple[F64, F64, F64]:
    """Return the shares of people inside who are injured, who die at once, who are trapped."""
    damaged = damage_shares(peak_ms2)[1:]
    under = damaged[3] * COLLAPSED
    damaged[3] -= under
    injured: F64 = np.tensordot(_INJURED, damaged, axes=1) + _INJURED_UNDER * under
    dead: F64 = np.tensordot(_DEAD, damaged, axes=1) + _DEAD_UNDER * under
    return injured, dead, TRAPPED_UNDER * under


def pipe_repairs_per_km(intensity: ArrayLike, *, ductile: bool = False) -> F64:
    """Return the expected repairs for each kilometre of pipe; one in five is a break.

    HAZUS-MH, O'Rourke & Ayala 1993: 1e-4 PGV(cm/s)^2.25 for brittle pipes, 0.3 of it for steel
    and plastic; shaking breaks 20 % and lets 80 % leak.
    """
    repairs: F64 = 1e-4 * pgv_cms(intensity) ** 2.25 * (0.3 if ductile else 1.0)
    return repairs


BREAK_SHARE = 0.2
"""Share of pipe repairs that are breaks: HAZUS-MH, ground shaking."""


def ignitions_per_m2(peak_ms2: ArrayLike) -> F64:
    """Return the expected fires for each square metre of floor in the first hours.

    HAZUS-MH (Davidson 2009): 0.581895 PGA^2 - 0.029444 PGA for a million square feet, PGA in g.
    """
    g = np.asarray(peak_ms2, dtype=float) / G_MS2
    fires: F64 = np.maximum(0.581895 * g**2 - 0.029444 * g, 0.0) / 92_903.04
    return fires


def feeder_trip_share(peak_ms2: ArrayLike) -> F64:
    """Return the probability that a feeder trips.

    HAZUS-MH, distribution circuits, unanchored: of the circuits 4, 12, 50, 80 % fail in slight,
    moderate, extensive and complete damage, at 0.24, 0.33, 0.58, 0.89 g.
    """
    g = np.maximum(np.asarray(peak_ms2, dtype=float) / G_MS2, 1e-9)
    rows = ((0.24, 0.25, 0.04), (0.33, 0.20, 0.08), (0.58, 0.15, 0.38), (0.89, 0.15, 0.30))
    share: F64 = np.sum([more * ndtr(np.log(g / m) / b) for m, b, more in rows], axis=0)
    return share


def mast_failure_share(peak_ms2: ArrayLike) -> F64:
    """Return the probability that a base station fails.

    HAZUS-MH, anchored equipment of a communication facility, extensive damage: median 0.60 g,
    spread 0.62, recalled.
    """
    g = np.maximum(np.asarray(peak_ms2, dtype=float) / G_MS2, 1e-9)
    share: F64 = ndtr(np.log(g / 0.60) / 0.62)
    return share


def tank_leak_share(peak_ms2: ArrayLike) -> F64:
    """Return the probability that a factory's storage tank leaks.

    HAZUS-MH, on-ground steel tank, unanchored, extensive damage: median 0.68 g, spread 0.75,
    recalled.
    """
    g = np.maximum(np.asarray(peak_ms2, dtype=float) / G_MS2, 1e-9)
    share: F64 = ndtr(np.log(g / 0.68) / 0.75)
    return share


def aftershocks(
    magnitude: float, span_s: float, least: float, draw: np.random.Generator
) -> list[tuple[float, float]]:
    """Return aftershocks as time after the main shock [s] and magnitude, in order of time.

    Reasenberg & Jones 1989, doi:10.1126/science.243.4895.1173, generic California: rate
    10^(a + b (M - m)) (t + c)^-p a day, a -1.67, b 0.91, p 1.08, c 0.05 d; none exceeds M - 1.2
    (Båth's law).
    """
    a, b, p, c = -1.67, 0.91, 1.08, 0.05
    most = magnitude - 1.2
    if most <= least:
        return []
    days = span_s / 86_400

    whole = (c ** (1 - p) - (days + c) ** (1 - p)) / (p - 1)
    mean = 10 ** (a + b * (magnitude - least)) * whole
    count = int(draw.poisson(mean))
    share = draw.uniform(size=count) * whole
    times_s = ((c ** (1 - p) - (p - 1) * share) ** (1 / (1 - p)) - c) * 86_400
    cut = 1 - 10 ** (-b * (most - least))
    sizes = least - np.log10(1 - cut * draw.uniform(size=count)) / b
    return sorted(zip(times_s.tolist(), sizes.tolist(), strict=True))

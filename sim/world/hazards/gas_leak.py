"""Gas leaks: what may be ordered, how gas escapes, gathers in a chamber, and explodes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.kernel.units import Metres, Seconds, Share
from sim.world.events import HazardKind
from sim.world.hazards.order import Order

F64 = NDArray[np.float64]

ATMOSPHERE_PA = 101_325.0
GAS_CONSTANT = 518.3
"""Of methane [J/(kg K)]: 8314.5 over 16.04 g/mol."""
TEMPERATURE_K = 288.15
"""Of gas in the ground. Assumed: 15 °C, at which gas volumes are reckoned, too."""
DENSITY_KG_M3 = ATMOSPHERE_PA / (GAS_CONSTANT * TEMPERATURE_K)
ISENTROPIC = 1.31
"""Ratio of specific heats of methane."""
DISCHARGE = 0.8
"""Coefficient of a hole with worn edges. Fitted to the domain facts: 5 mm gives 5 m3/h at
3 kPa and 43 m3/h at 0.2 MPa."""
LEL, UEL = 0.05, 0.15
"""Shares of methane in air between which it burns: domain facts, source S29."""
IGNITION_PER_S = 0.05 / 3600
"""Rate of sparks while it may burn: domain facts, 0.05 an hour."""
YIELD = 0.03
"""Share of the heat that works as blast: domain facts, TNT equivalence."""
METHANE_J_KG, TNT_J_KG = 50.0e6, 4.184e6
"""Heat of combustion, lower value, and of detonation by convention."""
INJURED_PA, DEAD_PA = 30e3, 100e3
"""Overpressure from which people in the open are badly injured, and most of them die: classes
of blast injury as used with GB 6722-2014, 13.6."""

GAS_LEAK = HazardKind(
    kind="gas_leak",
    title="Gas leak · 燃气泄漏",
    domain="municipal",
    quantity="methane in the chamber",
    unit="%LEL",
    levels=(("IV", 5.0), ("III", 10.0), ("II", 20.0), ("I", 25.0)),
    source="utility tunnels: alarm at 20, cut-off at 25 %LEL (source S8 of the domain facts)",
)
SEWER_GAS = HazardKind(
    kind="sewer_gas",
    title="Sewer gas · 沼气",
    domain="municipal",
    quantity="methane in the chamber",
    unit="%LEL",
    levels=GAS_LEAK.levels,
    source="as for a gas leak, for which it is taken",
    decoy=True,
)
GAS_EXPLOSION = HazardKind(
    kind="gas_explosion",
    title="Gas explosion · 燃气爆炸",
    domain="emergency",
    quantity="blast as TNT",
    unit="kg",
    levels=(("IV", 0.0), ("III", 0.5), ("II", 5.0), ("I", 50.0)),
    source="assumed: a cover thrown, a street, a building front, a block",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GasLeak(Order):
    """A gas main begins to leak beside a chamber.

    Attributes
    ----------
    place
        The chamber.
    hole_m
        Diameter of the hole.
    into_chamber
        Share of the leak that finds its way into the chamber; the rest goes through the soil
        into the open. Assumed: 2 %, a crack in the chamber's wall a few metres away.
    """

    word: ClassVar[str] = "gas_leak"
    hole_m: Metres = 0.005
    into_chamber: Share = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SewerGas(Order):
    """Sewage gives off methane in a chamber: a decoy, without ethane, that no gas crew can mend.

    Attributes
    ----------
    place
        The chamber, one with sewage.
    peak
        Methane it tends to, as a share of the lower explosive limit.
    lasts_s
        How long sewage gives it off.
    """

    word: ClassVar[str] = "sewer_gas"
    peak: Share = 0.3
    lasts_s: Seconds = 28_800.0


def leak_m3s(hole_m: F64, gauge_pa: F64) -> F64:
    """Return what escapes through round holes, as volume at atmospheric pressure [m3/s].

    Compressible flow through an orifice: below a gauge pressure of about 0.85 bar by the
    pressures on both sides, above it choked, by the pressure inside alone.

    Parameters
    ----------
    hole_m
        ``(n,)`` diameters [m].
    gauge_pa
        ``(n,)`` gauge pressure in the main, at least 0 [Pa].

    References
    ----------
    Perry's Chemical Engineers' Handbook, 8th ed., eq. 10-26; Yellow Book, CPR 14E (2005), 2.3.4.
    """
    g = ISENTROPIC
    inside_pa = ATMOSPHERE_PA + gauge_pa
    critical = (2 / (g + 1)) ** (g / (g - 1))
    ratio = np.maximum(ATMOSPHERE_PA / inside_pa, critical)
    mass = inside_pa * np.sqrt(
        2 / (GAS_CONSTANT * TEMPERATURE_K) * g / (g - 1) * (ratio ** (2 / g) - ratio ** (1 + 1 / g))
    )
    flow: F64 = DISCHARGE * np.pi / 4 * hole_m**2 * mass / DENSITY_KG_M3
    return flow


def mix(share: F64, in_m3s: F64, through_m3s: F64, volume_m3: F64, dt_s: float) -> tuple[F64, F64]:
    """Return the share of gas in mixed chambers after a step, and what left them [m3].

    The exact solution of V dc/dt = q - Q c for a steady inflow.

    Parameters
    ----------
    share
        ``(n,)`` share of gas before.
    in_m3s
        ``(n,)`` gas that comes in, q [m3/s].
    through_m3s
        ``(n,)`` all that passes through, gas and air, Q, above 0 [m3/s].
    volume_m3
        ``(n,)`` of the chambers, V [m3].
    """
    end = in_m3s / through_m3s
    decay = -np.expm1(-through_m3s / volume_m3 * dt_s)
    after = share + (end - share) * decay
    left_m3 = through_m3s * end * dt_s + (share - end) * volume_m3 * decay
    return after, left_m3


def tnt_kg(methane_m3: float) -> float:
    """Return the TNT whose blast equals that of so much methane [kg]."""
    return YIELD * methane_m3 * DENSITY_KG_M3 * METHANE_J_KG / TNT_J_KG


def blast_radius_m(charge_kg: float, overpressure_pa: float) -> float:
    """Return the distance at which a blast on the ground has fallen to an overpressure [m].

    With Z = R / Q^(1/3): p = 14 / Z3 + 4.3 / Z2 + 1.1 / Z, in units of 0.1 MPa; valid for
    3 <= Z <= 18, taken beyond that nearer to the charge.

    References
    ----------
    GB 6722-2014, safety regulations for blasting, 13.6.2 (recalled, not read again).
    """
    roots = np.roots([overpressure_pa / 1e5, -1.1, -4.3, -14.0])
    scaled = float(roots[np.abs(roots.imag) < 1e-9].real.max())
    return scaled * math.cbrt(charge_kg)

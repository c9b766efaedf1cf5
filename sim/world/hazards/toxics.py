"""Toxic gases: how much of each is too much, and what a dose does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from sim.world.fields import Reader

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

GasSource = Callable[[F64, I32], F64 | None]
"""Takes ``(n, 2)`` points [m] and the ``(n,)`` places they watch; gives ``(4, n)`` what it adds
in the order of `GASES` [mg/m3], or None while it adds nothing."""

GASES = ("hydrogen_sulphide", "carbon_monoxide", "ammonia", "chlorine")
"""Order of the channels of a toxic gas detector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Substance:
    """One toxic gas.

    Attributes
    ----------
    title
        English · 中文.
    g_per_mol
        Molar mass.
    erpg_ppm
        ERPG-1, -2, -3 of one hour: mild effects; serious ones; a threat to life.
    limit_mgm3
        Work place, GBZ 2.1-2019: ceiling, or short-term limit.
    alarms_mgm3
        Entry of blue, yellow, orange, red in the vital signs; work places.
    probit
        a, b, n of Pr = a + b ln(c^n t), c in mg/m3, t in min; death.
    smells
        Whether people notice it long before it harms them.
    """

    title: str
    g_per_mol: float
    erpg_ppm: tuple[float, float, float]
    limit_mgm3: float
    alarms_mgm3: tuple[float, float, float, float]
    probit: tuple[float, float, float]
    smells: bool

    @property
    def erpg_mgm3(self) -> tuple[float, float, float]:
        """The three planning values as mass: 24.45 L a mole at 25 °C and 101.325 kPa."""
        mild, serious, life = (ppm * self.g_per_mol / 24.45 for ppm in self.erpg_ppm)
        return mild, serious, life

    def load(self, mgm3: F64, span_s: float) -> F64:
        """Return the toxic load of breathing a concentration for `span_s` [(mg/m3)^n min]."""
        loads: F64 = mgm3 ** self.probit[2] * (span_s / 60)
        return loads

    def deadly_mgm3(self, span_s: float) -> float:
        """Return what kills half of those who breathe it for `span_s`."""
        a, b, n = self.probit
        return float((np.exp((5 - a) / b) / (span_s / 60)) ** (1 / n))

    def dead_share(self, load: F64) -> F64:
        """Return the share of people that a toxic load kills."""
        a, b, _ = self.probit
        share: F64 = ndtr(a + b * np.log(np.maximum(load, 1e-30)) - 5)
        return share

    def injured_share(self, load: F64) -> F64:
        """Return the share that needs a hospital, the dead among them.

        assumed: half of all at an hour of ERPG-3, above which life is at risk, and as steep in
        the load as death is; no published probit of injury covers all four gases.
        """
        half = self.load(np.array(self.erpg_mgm3[2]), 3600.0)
        share: F64 = ndtr(self.probit[1] * np.log(np.maximum(load, 1e-30) / half))
        return np.maximum(share, self.dead_share(load))


SUBSTANCES = {
    "chlorine": Substance(
        title="chlorine · 氯气",
        g_per_mol=70.91,
        erpg_ppm=(1, 3, 20),
        limit_mgm3=1,
        alarms_mgm3=(0.5, 1, 8.7, 29),
        probit=(-6.35, 0.5, 2.75),
        smells=True,
    ),
    "ammonia": Substance(
        title="ammonia · 氨",
        g_per_mol=17.03,
        erpg_ppm=(25, 150, 1500),
        limit_mgm3=30,
        alarms_mgm3=(10, 30, 60, 210),
        probit=(-15.6, 1, 2),
        smells=True,
    ),
    "hydrogen_sulphide": Substance(
        title="hydrogen sulphide · 硫化氢",
        g_per_mol=34.08,
        erpg_ppm=(0.1, 30, 100),
        limit_mgm3=10,
        alarms_mgm3=(5, 10, 30, 140),
        probit=(-11.5, 1, 1.9),
        smells=True,
    ),
    "carbon_monoxide": Substance(
        title="carbon monoxide · 一氧化碳",
        g_per_mol=28.01,
        erpg_ppm=(200, 350, 500),
        limit_mgm3=30,
        alarms_mgm3=(10, 20, 60, 1400),
        probit=(-7.4, 1, 1),
        smells=False,
    ),
}
"""ERPG: AIHA 2016 handbook. Limits: GBZ 2.1-2019 table 1 (ceiling of chlorine and H2S,
short-term of the others). Alarms: domain facts, section 2; chlorine assumed alike: half the
ceiling, the ceiling, ERPG-2, and the 10 ppm immediately dangerous to life (NIOSH). Probits:
TNO CPR 18E 1999 (Purple Book), table 5.2, recalled."""


class ToxicGas:
    """What toxic gas detectors read: four channels in the order of `GASES` [mg/m3].

    Families that let gas out share one field, each with a source of its own.
    """

    def __init__(self) -> None:
        self._sources: list[GasSource] = []

    def add(self, source: GasSource) -> None:
        """Let a source be read from now on."""
        self._sources.append(source)

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(4, n)``."""
        del link
        xy_m = np.asarray(xy_m, dtype=float).reshape(-1, 2)

        def read() -> F64:
            values = np.zeros((len(GASES), len(xy_m)))
            for source in self._sources:
                added = source(xy_m, place)
                if added is not None:
                    values += added
            return values

        return read

"""How long the batteries of a run's sensors last, by kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from devices.catalogue import KINDS, SensorKind
from devices.cohort import Cohort
from devices.cover import cover, expected_retries
from devices.energy import life_d
from sim.kernel.rng import SeededStreams
from sim.messages.telemetry import F64

FROST_C = -15.0
"""Air temperature of the hardest frost in which they must work; assumed: Beijing's coldest
nights of an ordinary winter [°C]."""

TYPICAL_N = 1001
"""Devices whose median is told of as typical; odd, so that there is one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatteryRow:
    """One kind's batteries.

    Attributes
    ----------
    kind, interval_s
        Sensor kind, and the median of its idle intervals [s].
    lives_d
        ``(n,)`` how long each device's new battery lasts when idle, in its own cover, whole
        days.
    frost_d
        The median of that where all must still work in frost of `FROST_C`.
    """

    kind: str
    interval_s: float
    lives_d: F64
    frost_d: float

    def quantile_d(self, share: float) -> int:
        """Return how long the batteries of a share of the devices last at the most [d]."""
        return int(np.quantile(self.lives_d, share))

    def document(self) -> dict[str, float | str]:
        """Return the row as ``summary.json`` holds it."""
        return {
            "kind": self.kind,
            "devices": len(self.lives_d),
            "interval_s": self.interval_s,
            "life_p10_d": self.quantile_d(0.1),
            "life_median_d": self.quantile_d(0.5),
            "life_p90_d": self.quantile_d(0.9),
            "life_in_frost_median_d": self.frost_d,
        }


def battery_rows(cohorts: Iterable[Cohort]) -> Sequence[BatteryRow]:
    """Return a row for each kind with batteries, in the order of the cohorts."""
    rows = []
    for cohort in cohorts:
        lives_d, frost_d = cohort.lives_d(), cohort.lives_d(FROST_C)
        if lives_d is not None and frost_d is not None and len(lives_d):
            rows.append(
                BatteryRow(
                    kind=cohort.kind.kind,
                    interval_s=float(np.median(cohort.intervals_s)),
                    lives_d=lives_d,
                    frost_d=float(np.floor(np.median(frost_d))),
                )
            )
    return rows


def life_table() -> list[str]:
    """Return how long each kind's battery lasts at its idle interval, as lines of Markdown."""
    lines = [
        "| kind | network | Wh | idle interval | beside it | at 3 km | at 6 km | 3 km,"
        f" {FROST_C:.0f} °C |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind in KINDS.values():
        if kind.energy is None:
            continue
        lives = [_typical_d(kind, km) for km in (0.0, 3.0, 6.0)]
        lives.append(_typical_d(kind, 3.0, FROST_C))
        where = "under a cover" if kind.is_under_cover else "street"
        cells = (
            f"`{kind.kind}`",
            f"{kind.network.name}, {where}",
            f"{kind.energy.battery_wh:.1f}",
            f"{kind.interval_s / 60:g} min",
            *(f"{life:,} d" for life in lives),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _typical_d(kind: SensorKind, distance_km: float, temp_c: float = 20.0) -> int:
    """Return the median life of a kind's batteries at a distance from the gateway [d]."""
    assert kind.energy is not None, f"{kind.kind} has no battery"
    heard = cover(
        kind.network,
        np.full(TYPICAL_N, 1000.0 * distance_km),
        is_under_cover=kind.is_under_cover,
        name=f"devices.{kind.kind}",
        streams=SeededStreams(0),
    )
    lives_d = life_d(
        kind.energy,
        np.maximum(kind.interval_s, heard.gap_s),
        expected_retries(kind.network, heard.loss),
        send_factor=heard.send_factor,
        temp_c=temp_c,
    )
    return int(np.median(lives_d))

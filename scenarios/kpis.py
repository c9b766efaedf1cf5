"""The closed list of key figures: each with its unit and its meaning, None where undefined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.events import Record
from scenarios.kpi_given import Given, Group, Sensing, Value
from scenarios.kpi_table import KPIS
from scenarios.score import Score

__all__ = ["KPI_NAMES", "Kpi", "Sensing", "compute"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One key figure of one run.

    Attributes
    ----------
    name
        Stable identifier; ends in the unit where it has one.
    title
        What people call it.
    value
        None where the run does not define it, which is never the same as 0.
    unit
        SI or a unit of the trade; ``"1"`` for a share, ``"count"`` for a number of things.
    """

    name: str
    title: str
    group: Group
    value: Value
    unit: str
    description: str

    def document(self) -> dict[str, Any]:
        """Return it as the summary file holds it."""
        return {key: getattr(self, key) for key in ("name", "value", "unit", "description")}


def compute(
    score: Score,
    truth: Sequence[Record],
    decisions: Sequence[Record],
    *,
    sensing: Sensing | None = None,
) -> list[Kpi]:
    """Return every key figure of a run, always the same ones in the same order.

    Parameters
    ----------
    score
        The run's events and incidents, of `scenarios.score.score`.
    truth, decisions
        Its records.
    sensing
        Counts of the sensors' work; without them the figures of sensing are undefined.
    """
    given = Given(score=score, truth=truth, decisions=decisions, sensing=sensing)
    return [
        Kpi(name=name, title=title, group=group, unit=unit, description=text, value=rule(given))
        for group, rows in KPIS.items()
        for name, title, unit, text, rule in rows
    ]


KPI_NAMES: tuple[str, ...] = tuple(row[0] for rows in KPIS.values() for row in rows)

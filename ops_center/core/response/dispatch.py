"""Which unit goes where: expected arrival, over all open needs at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ops_center.core.response.travel import TURNOUT_S, TravelTimes
from sim.messages.field import UnitStatus

FREE_STATES = ("idle", "returning")
UNREACHABLE_S = 1e7
"""Stands for no way in the assignment, which takes no infinities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One unit wanted at a place.

    Attributes
    ----------
    urgency
        Rank of the incident's level; when units are short the graver incident is served.
    barred
        Units that refused, failed or were late for this very step.
    """

    incident_id: str
    step_id: str
    place_id: str
    skill: str
    urgency: int
    barred: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A unit chosen for a need, and when it is expected [s from now]."""

    need: Need
    unit_id: str
    expected_s: float


def choose(
    needs: Sequence[Need],
    units: Mapping[str, UnitStatus],
    busy: frozenset[str],
    travel: TravelTimes,
) -> list[Choice]:
    """Return the assignment of free units to needs with the least total expected arrival.

    Needs are served by rank of urgency: all of one rank together by linear assignment, then
    the next with the units left. A need that nobody free can serve is left out.

    Parameters
    ----------
    needs
        Open needs.
    units
        Every unit's last word on itself.
    busy
        Units with an order under way, whatever they last said.
    travel
        Believed travel times.
    """
    free = [u for _, u in sorted(units.items()) if u.state in FREE_STATES and u.unit_id not in busy]
    choices: list[Choice] = []
    for urgency in sorted({need.urgency for need in needs}, reverse=True):
        taken = {choice.unit_id for choice in choices}
        candidates = [unit for unit in free if unit.unit_id not in taken]
        ranked = [need for need in needs if need.urgency == urgency]
        if not candidates or not ranked:
            continue
        cost = _expected_s(ranked, candidates, travel)
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            expected_s = float(cost[row, column])
            if expected_s < UNREACHABLE_S:
                choices.append(
                    Choice(
                        need=ranked[row],
                        unit_id=candidates[column].unit_id,
                        expected_s=expected_s,
                    )
                )
    return choices


def _expected_s(
    needs: Sequence[Need], units: Sequence[UnitStatus], travel: TravelTimes
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the expected arrival of each unit at each need, ``(needs, units)`` [s]."""
    nodes = travel.nearest_node([(unit.lon, unit.lat) for unit in units])
    turnout = np.array([TURNOUT_S if unit.state == "idle" else 0.0 for unit in units])
    cost = np.full((len(needs), len(units)), UNREACHABLE_S)
    for row, need in enumerate(needs):
        able = np.array(
            [need.skill in unit.skills and unit.unit_id not in need.barred for unit in units]
        )
        expected = travel.to_place(need.place_id)[nodes] + turnout
        reachable = able & np.isfinite(expected)
        cost[row, reachable] = expected[reachable]
    return cost

"""Which unit goes where: expected arrival, over all open needs at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from ops_center.core.response.travel import TURNOUT_S, TravelTimes
from sim.messages.field import UnitStatus

FREE_STATES = ("idle", "returning")
LOOKED_AT = 32
"""Units looked at for each need, besides one for every other need (assumed: the quickest by
road is hardly ever so far down the list of the nearest)."""
UNREACHABLE_S = 1e7
"""Stands for no way in the assignment, which takes no infinities."""


Asked = tuple[str, str | None]
"""A skill, and the kind of unit if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One unit wanted at a place.

    Attributes
    ----------
    urgency
        Rank of the incident's level; when units are short the graver incident is served.
    kind
        What it must be; None for any unit with the skill.
    barred
        Units that refused, failed or were late for this very step.
    """

    incident_id: str
    step_id: str
    place_id: str
    skill: str
    urgency: int
    kind: str | None = None
    barred: frozenset[str] = frozenset()

    @property
    def asked(self) -> Asked:
        """What is asked for."""
        return self.skill, self.kind

    def is_met_by(self, unit: UnitStatus) -> bool:
        """Return whether a unit is what is wanted."""
        return (
            self.skill in unit.skills
            and self.kind in (None, unit.kind)
            and unit.unit_id not in self.barred
        )


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
    # By what is asked for: a skill, and maybe a kind of unit.
    skilled: dict[Asked, list[UnitStatus]] = {need.asked: [] for need in needs}
    for unit in free:
        for skill in unit.skills:
            for asked in ((skill, None), (skill, unit.kind)):
                if asked in skilled:
                    skilled[asked].append(unit)
    choices: list[Choice] = []
    taken: set[str] = set()
    for urgency in sorted({need.urgency for need in needs}, reverse=True):
        ranked = [need for need in needs if need.urgency == urgency]
        candidates = _candidates(ranked, skilled, taken, travel)
        if not candidates:
            continue
        cost = _expected_s(ranked, candidates, travel)
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            expected_s = float(cost[row, column])
            if expected_s < UNREACHABLE_S:
                taken.add(candidates[column].unit_id)
                choices.append(
                    Choice(
                        need=ranked[row],
                        unit_id=candidates[column].unit_id,
                        expected_s=expected_s,
                    )
                )
    return choices


def _candidates(
    needs: Sequence[Need],
    skilled: Mapping[Asked, Sequence[UnitStatus]],
    taken: set[str],
    travel: TravelTimes,
) -> list[UnitStatus]:
    """Return the units worth a look, by name: of each need's the nearest in a straight line.

    A hundred needs for the same are looked at with a hundred units more, so that none goes
    short because all look at the same few.
    """
    chosen: dict[str, UnitStatus] = {}
    for asked, able in skilled.items():
        left = [unit for unit in able if unit.unit_id not in taken]
        places = dict.fromkeys(need.place_id for need in needs if need.asked == asked)
        limit = LOOKED_AT + sum(need.asked == asked for need in needs)
        if not left or not places:
            continue
        if len(left) <= limit:
            chosen |= {unit.unit_id: unit for unit in left}
            continue
        tree = cKDTree(travel.to_xy([(unit.lon, unit.lat) for unit in left]))
        near = tree.query(np.array([travel.place_xy(place) for place in places]), k=limit)[1]
        chosen |= {left[i].unit_id: left[i] for i in np.unique(near).tolist()}
    return [unit for _, unit in sorted(chosen.items())]


def _expected_s(
    needs: Sequence[Need], units: Sequence[UnitStatus], travel: TravelTimes
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the expected arrival of each unit at each need, ``(needs, units)`` [s]."""
    nodes = travel.nearest_node([(unit.lon, unit.lat) for unit in units])
    turnout = np.array([TURNOUT_S if unit.state == "idle" else 0.0 for unit in units])
    cost = np.full((len(needs), len(units)), UNREACHABLE_S)
    for row, need in enumerate(needs):
        able = np.array([need.is_met_by(unit) for unit in units])
        expected = travel.to_place(need.place_id)[nodes] + turnout
        reachable = able & np.isfinite(expected)
        cost[row, reachable] = expected[reachable]
    return cost

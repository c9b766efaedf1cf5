"""Incidents as the centre recorded them, each in the episodes it had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scenarios.events import Record, time_s

Outcome = Literal["matched", "duplicate", "minor", "related", "false_alarm", "suspicion"]

RELAPSED = "relapsed"
"""Name of the moment at which an incident under control was so no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One rise of an incident: from its opening, or from a relapse, to the next or its end.

    Attributes
    ----------
    from_s, to_s
        In seconds since the scenario's start; `to_s` is None while open at the horizon.
    reached
        When each state was first reached in it; ``"dispatched"`` is its first order to a unit.
    """

    from_s: float
    to_s: float | None
    reached: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident. Times in seconds since the scenario's start.

    Attributes
    ----------
    level
        The gravest it was given.
    reached
        When each state was first reached.
    end_s
        When it was closed or dropped; None while open at the horizon.
    episodes
        One, and one more for every relapse.
    outcome
        ``"matched"`` to an event; ``"duplicate"`` of one already matched; ``"minor"``: there was
        real water but no flood; ``"related"``: a true event of another type was there;
        ``"false_alarm"``: confirmed, and nothing there; ``"suspicion"``: never confirmed, no
        event.
    """

    incident: str
    type: str
    place: str
    district: str
    level: str
    reached: Mapping[str, float]
    end_s: float | None
    episodes: tuple[Episode, ...]
    outcome: Outcome = "suspicion"

    @property
    def opened_s(self) -> float:
        """When the centre first knew."""
        return self.episodes[0].from_s

    @property
    def is_confirmed(self) -> bool:
        """Whether it was ever confirmed."""
        return "confirmed" in self.reached


@dataclass(slots=True)
class _Course:
    """An incident while its records are read."""

    first: Record
    level: str = ""
    reached: dict[str, float] = field(default_factory=dict)
    rises: list[tuple[float, dict[str, float]]] = field(default_factory=list)


def list_incidents(decisions: Sequence[Record], start_ns: int) -> list[Incident]:
    """Return the incidents in the order they were opened."""
    courses: dict[str, _Course] = {}
    for record in decisions:
        if record["type"] == "incident":
            course = courses.setdefault(record["incident"], _Course(record))
            _step(course, record["state"], record["from"], time_s(record, start_ns))
            course.level = record["level"]
        elif record["type"] == "level":
            courses[record["incident"]].level = record["level"]
        elif record["type"] == "command" and record["action"] == "respond":
            # A later rise sends units again without passing through the state again.
            course_of_order = courses.get(record["incident"])
            if course_of_order is not None:
                course_of_order.rises[-1][1].setdefault("dispatched", time_s(record, start_ns))
    return [_incident(name, course) for name, course in courses.items()]


def _step(course: _Course, state: str, before: str | None, t_s: float) -> None:
    """Take one step; out of control into a state it had been in is a new rise."""
    if not course.rises:
        course.rises.append((t_s, {}))
    elif before == "controlled" and state in course.reached:
        course.rises.append((t_s, {RELAPSED: t_s}))
        return
    course.reached.setdefault(state, t_s)
    course.rises[-1][1].setdefault(state, t_s)


def _incident(name: str, course: _Course) -> Incident:
    end_s = course.reached.get("closed", course.reached.get("false_alarm"))
    begins = [from_s for from_s, _ in course.rises]
    ends = [*begins[1:], end_s]
    return Incident(
        incident=name,
        type=course.first["incident_type"],
        place=course.first["place"],
        district=course.first["district"],
        level=course.level,
        reached=course.reached,
        end_s=end_s,
        episodes=tuple(
            Episode(from_s=from_s, to_s=to_s, reached=reached)
            for (from_s, reached), to_s in zip(course.rises, ends, strict=True)
        ),
    )

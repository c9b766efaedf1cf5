"""What must outlive the process: incidents, plans under way, open commands, the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ops_center.core.incidents.incident import Incident
from ops_center.core.response.run import PlanRun
from sim.messages.field import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The centre's memory, whole (when loaded) or what changed (when saved).

    Attributes
    ----------
    incidents, runs
        Incidents and plan runs by identifier.
    runs_over
        Identifiers of runs that are no more.
    commands
        All commands an answer is still expected of; replaces the former set.
    counters
        Last number of each namespace, and of the journal.
    """

    incidents: Mapping[str, Incident] = field(default_factory=dict)
    runs: Mapping[str, PlanRun] = field(default_factory=dict)
    runs_over: tuple[str, ...] = ()
    commands: Mapping[str, Command] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)


class Store(Protocol):
    """Durable memory; a save is all or nothing and on disk when it returns."""

    def load(self) -> Saved | None:
        """Return what was last saved, or None when nothing was."""

    def save(self, changed: Saved, records: Sequence[Mapping[str, Any]]) -> None:
        """Keep what changed together with its journal records."""


class NoStore:
    """Keeps nothing: for runs that are made again from their seed."""

    def load(self) -> Saved | None:
        """Return None: there is never anything to go on from."""
        return None

    def save(self, changed: Saved, records: Sequence[Mapping[str, Any]]) -> None:
        """Let it go."""

"""Pumps of underpasses that fail: set before the world begins, with a beginning and an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sim.kernel.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpFault:
    """A pump that fails.

    Attributes
    ----------
    place_id
        The underpass it serves.
    pump
        The duty pump runs by its own float switch; the standby pump waits for a command.
    kind
        ``"stopped"`` for a duty pump. For a standby pump ``"refuses"``, when it knows, or
        ``"silent"``: it answers and reports as if it ran, and moves no water.
    start_s, end_s
        From when until when, counted from the scenario's start; None for its whole rest.
    """

    place_id: str
    pump: Literal["duty", "standby"]
    kind: Literal["stopped", "refuses", "silent"]
    start_s: float = 0.0
    end_s: float | None = None

    def __post_init__(self) -> None:
        allowed = ("stopped",) if self.pump == "duty" else ("refuses", "silent")
        if self.kind not in allowed:
            raise InputError(
                f"{self.pump} pump fault", value=self.kind, expected=" or ".join(allowed)
            )

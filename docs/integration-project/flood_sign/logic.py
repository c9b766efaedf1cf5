"""When a sign warns: no broker, no clock of its own, so it can be tested as a function."""

from __future__ import annotations

from dataclasses import dataclass, field

WARN_M = 0.15
"""Depth from which the sign warns [m]."""
CLEAR_M = 0.05
"""Depth below which it no longer does [m]."""
SILENT_S = 1800.0
"""A gauge that has not spoken for so long counts no more [s]: three idle intervals."""


@dataclass
class Underpass:
    """The newest reading of every gauge at one underpass, and whether its sign warns."""

    is_warning: bool = False
    _depths: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, gauge: str, depth_m: float, at_s: float) -> bool | None:
        """Take a reading; return whether the sign is to warn from now on, None for no change."""
        self._depths[gauge] = (at_s, depth_m)
        current = [depth for at, depth in self._depths.values() if at_s - at <= SILENT_S]
        deepest = max(current)
        if not self.is_warning and deepest >= WARN_M:
            self.is_warning = True
        elif self.is_warning and deepest < CLEAR_M:
            self.is_warning = False
        else:
            return None
        return self.is_warning

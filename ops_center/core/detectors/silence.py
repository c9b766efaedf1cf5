"""Silence as findings: what the inventory says of who is there, in the detectors' words."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ops_center.core.detectors.base import Finding
from ops_center.core.presence import MISSED_REPORTS, StatusChange

LOSS = 0.10
"""Reports lost on a bad radio link, such as under a cover (domain survey's failure model)."""

LLR = -MISSED_REPORTS * math.log(LOSS)
"""ln P(silent | gone) / P(silent | there): the former is 1, the latter that every one of the
missed reports was lost, independently."""


def silence_findings(changes: Iterable[StatusChange]) -> list[Finding]:
    """Return a finding for everyone who has become silent or gone, or is back again.

    Devices behind a gateway that is gone are not among the changes, so are not told.
    """
    away = ("silent", "offline")
    return [
        Finding(
            detector="silence",
            signal="silent",
            device_id=change.device_id,
            kind=change.kind,
            at=change.at,
            value=round(change.silent_s, 3),
            unit="s",
            active=change.status in away,
            llr=LLR if change.status in away else 0.0,
        )
        for change in changes
        if (change.status in away) != (change.before in away)
    ]

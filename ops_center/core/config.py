"""What the centre is told at its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ops_center.core.incidents.signature import Signature
from ops_center.core.incidents.types import SIGNATURES
from ops_center.core.response.plan import ResponsePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CenterConfig:
    """Settings of one centre.

    Attributes
    ----------
    plans
        The response plan for each incident type; a type without one is only watched.
    signatures
        Incident types it knows.
    tick_s
        How often it takes stock [s].
    lateness_s
        How late a reading may come and still be put in order [s].
    silence_s
        How often it looks who has fallen silent [s].
    vitals_s
        How old vital signs may be that a snapshot shows [s].
    acknowledge_after_s
        A simulated duty officer acknowledges so long after confirmation [s]; None leaves it
        to people.
    """

    plans: Mapping[str, ResponsePlan]
    signatures: tuple[Signature, ...] = SIGNATURES
    tick_s: float = 10.0
    lateness_s: float = 20.0
    silence_s: float = 60.0
    vitals_s: float = 60.0
    acknowledge_after_s: float | None = None

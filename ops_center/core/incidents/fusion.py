"""Evidence of many sources, added up to one opinion a place and incident type."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ops_center.core.incidents.signature import Signature, log_odds, probability
from ops_center.core.snapshot import Evidence
from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns

Key = tuple[str, str]
"""Incident type and place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the evidence at one place amounts to.

    Attributes
    ----------
    severity
        Latest severity there, in the signature's unit; None where nothing fresh tells.
    cause
        The finding, call or report that spoke last, for the journal.
    """

    signature: Signature
    place_id: str
    probability: float
    severity: float | None
    evidence: tuple[Evidence, ...]
    cause: str | None


@dataclass(slots=True)
class _Case:
    """Active evidence at one place, by (source, signal), each with its end."""

    signature: Signature
    place_id: str
    evidence: dict[tuple[str, str], tuple[Evidence, Ns | None]] = field(default_factory=dict)
    last_cause: str | None = None


class Fusion:
    """Adds log-odds per (incident type, place).

    Log-odds = prior + Σ weight · LLR over sources. Several detectors on one device look at the
    same readings, so of each device only its strongest word counts; different devices are
    taken as independent given the state of the place (assumed).
    """

    def __init__(self, signatures: Iterable[Signature], basemap: BaseMap) -> None:
        self._cases: dict[Key, _Case] = {}
        self._by_link: dict[int, list[str]] = {}
        for signature in signatures:
            for place in basemap.places:
                if place.kind == signature.place_kind:
                    key = (signature.type, place.place_id)
                    self._cases[key] = _Case(signature, place.place_id)
                    for link in place.links:
                        self._by_link.setdefault(link, []).append(place.place_id)
        self._place_ids = [place.place_id for place in basemap.places]
        self._place_xy = np.array([[p.x_m, p.y_m] for p in basemap.places]).reshape(-1, 2)
        self._changed: set[Key] = set()

    def places_of_link(self, link: int) -> list[str]:
        """Return the watched places a road link leads through."""
        return self._by_link.get(link, [])

    def places_near(self, x_m: float, y_m: float, radius_m: float) -> list[str]:
        """Return the places within `radius_m`, in map order."""
        near = np.hypot(self._place_xy[:, 0] - x_m, self._place_xy[:, 1] - y_m) <= radius_m
        return [self._place_ids[i] for i in np.flatnonzero(near).tolist()]

    def add(
        self, place_id: str, evidence: Evidence, *, cause: str | None, until: Ns | None = None
    ) -> None:
        """Take one source's word on one place; it stands until withdrawn, or `until`."""
        for key, case in self._cases.items():
            if key[1] == place_id and evidence.signal in case.signature.weight:
                case.evidence[(evidence.source, evidence.signal)] = (evidence, until)
                case.last_cause = cause
                self._changed.add(key)

    def withdraw(self, source: str, signal: str | None = None) -> None:
        """Take back what `source` said, of `signal` or of everything."""
        for key, case in self._cases.items():
            gone = [k for k in case.evidence if k[0] == source and signal in (None, k[1])]
            for each in gone:
                del case.evidence[each]
                self._changed.add(key)

    def opinions(
        self, now: Ns, severity: Mapping[str, float], watch: Iterable[Key]
    ) -> list[Opinion]:
        """Return the opinion on every place whose evidence changed, and on those in `watch`.

        Parameters
        ----------
        now
            Evidence whose end has passed no longer counts.
        severity
            Latest severity by place.
        watch
            Open incidents, weighed at every call.
        """
        keys = sorted(self._changed | {key for key in watch if key in self._cases})
        self._changed.clear()
        return [self._weigh(self._cases[key], now, severity) for key in keys]

    def _weigh(self, case: _Case, now: Ns, severity: Mapping[str, float]) -> Opinion:
        over = [k for k, (_, until) in case.evidence.items() if until is not None and until <= now]
        for each in over:
            del case.evidence[each]
        strongest: dict[str, float] = {}
        for evidence, _ in case.evidence.values():
            share = case.signature.weight[evidence.signal] * evidence.llr
            strongest[evidence.source] = max(strongest.get(evidence.source, -math.inf), share)
        odds = log_odds(case.signature.prior) + sum(strongest.values())
        return Opinion(
            signature=case.signature,
            place_id=case.place_id,
            probability=round(probability(odds), 6),
            severity=severity.get(case.place_id),
            evidence=tuple(case.evidence[key][0] for key in sorted(case.evidence)),
            cause=case.last_cause,
        )

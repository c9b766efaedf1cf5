"""Evidence of many sources, added up to one opinion a place and incident type."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ops_center.core.incidents.signature import Signature, log_odds, probability
from ops_center.core.snapshot import Evidence
from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Ns, seconds

Key = tuple[str, str]
"""Incident type and place."""

EVIDENCE_SHOWN = 20
"""An opinion lists its strongest witnesses, at most so many; all of them count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the evidence at one place amounts to.

    Attributes
    ----------
    severity
        Latest severity there, in the signature's unit; None where nothing fresh tells.
    evidence
        The strongest witnesses' words, strongest first.
    cause
        The finding, call or report that spoke last, for the journal.
    """

    signature: Signature
    place_id: str
    probability: float
    severity: float | None
    evidence: tuple[Evidence, ...]
    cause: str | None


class _Case:
    """The evidence at one place, summed as it comes and goes.

    A witness is a source, or a signal that the signature counts once; of all that a witness
    says only the strongest word counts.
    """

    def __init__(self, signature: Signature, place_id: str) -> None:
        self.signature = signature
        self.place_id = place_id
        self.cause: str | None = None
        self._words: dict[str, dict[tuple[str, str], tuple[float, Evidence]]] = {}
        self._strongest: dict[str, tuple[float, Evidence]] = {}
        self._ends: dict[tuple[str, str], Ns] = {}
        self._shown: tuple[Evidence, ...] | None = ()

    def put(self, evidence: Evidence, until: Ns | None) -> None:
        """Take one word; a source's former word on the same signal is replaced."""
        said = (evidence.source, evidence.signal)
        share = self.signature.weight[evidence.signal] * evidence.llr
        witness = self._witness(said)
        self._words.setdefault(witness, {})[said] = (share, evidence)
        if until is not None:
            self._ends[said] = until
        before = self._strongest.get(witness)
        if before is not None and (before[1].source, before[1].signal) == said:
            self._choose(witness)
        elif before is None or share > before[0]:
            self._strongest[witness] = (share, evidence)
            self._shown = None

    @property
    def is_contradicted(self) -> bool:
        """Whether a word against it holds others down that may outlast it."""
        return any(share < 0 for share, _ in self._strongest.values())

    @property
    def is_empty(self) -> bool:
        """Whether nobody says anything any more."""
        return not self._words

    def forget(self, until: Ns) -> None:
        """Drop the words of people up to `until`: those that would end by themselves."""
        for said in list(self._ends):
            if self._words[self._witness(said)][said][1].at <= until:
                self.take_back(said)

    def take_back(self, said: tuple[str, str]) -> bool:
        """Forget one word; return whether there was one."""
        witness = self._witness(said)
        words = self._words.get(witness)
        if words is None or words.pop(said, None) is None:
            return False
        self._ends.pop(said, None)
        strongest = self._strongest[witness][1]
        if (strongest.source, strongest.signal) == said:
            self._choose(witness)
        return True

    def weigh(self, now: Ns, severity: float | None) -> Opinion:
        """Return what the evidence amounts to at `now`."""
        for said in [said for said, end in self._ends.items() if end <= now]:
            self.take_back(said)
        odds = log_odds(self.signature.prior) + sum(share for share, _ in self._strongest.values())
        if self._shown is None:
            strongest = heapq.nlargest(
                EVIDENCE_SHOWN, self._strongest.items(), key=lambda item: (item[1][0], item[0])
            )
            self._shown = tuple(evidence for _, (_, evidence) in strongest)
        return Opinion(
            signature=self.signature,
            place_id=self.place_id,
            probability=round(probability(odds), 6),
            severity=severity,
            evidence=self._shown,
            cause=self.cause,
        )

    def _witness(self, said: tuple[str, str]) -> str:
        source, signal = said
        return signal if signal in self.signature.once else source

    def _choose(self, witness: str) -> None:
        """Find a witness's strongest word anew."""
        self._shown = None
        words = self._words[witness]
        if words:
            self._strongest[witness] = max(words.values(), key=lambda word: word[0])
        else:
            del self._words[witness]
            del self._strongest[witness]


class Fusion:
    """Adds log-odds per (incident type, place).

    Log-odds = prior + Σ weight · LLR over witnesses. Several detectors on one device look at
    the same readings, so of each device only its strongest word counts; the sources of a
    signal that a signature counts once are one witness together. Different witnesses are
    taken as independent given the state of the place (assumed).
    """

    def __init__(self, signatures: Iterable[Signature], basemap: BaseMap) -> None:
        self._signatures = {signature.type: signature for signature in signatures}
        self._by_signal: dict[str, list[Signature]] = {}
        for signature in self._signatures.values():
            for signal in signature.weight:
                self._by_signal.setdefault(signal, []).append(signature)
        self._kind_of = {place.place_id: place.kind for place in basemap.places}
        # Cases come into being with the first word: most places never have any.
        self._cases: dict[Key, _Case] = {}
        self._spoken: dict[tuple[str, str], set[Key]] = {}
        self._signals: dict[str, set[str]] = {}
        watched_kinds = {kind for s in self._signatures.values() for kind in s.place_kinds}
        watched = [place for place in basemap.places if place.kind in watched_kinds]
        self._by_link: dict[int, list[str]] = {}
        for place in watched:
            for link in place.links:
                self._by_link.setdefault(link, []).append(place.place_id)
        self._place_ids = [place.place_id for place in watched]
        self._place_xy = np.array([[p.x_m, p.y_m] for p in watched]).reshape(-1, 2)
        self._changed: set[Key] = set()

    def places_of_link(self, link: int) -> list[str]:
        """Return the watched places a road link leads through."""
        return self._by_link.get(link, [])

    def places_near(self, x_m: float, y_m: float, radius_m: float) -> list[str]:
        """Return the watched places within `radius_m`, in map order."""
        near = np.hypot(self._place_xy[:, 0] - x_m, self._place_xy[:, 1] - y_m) <= radius_m
        return [self._place_ids[i] for i in np.flatnonzero(near).tolist()]

    def add(
        self,
        place_id: str,
        evidence: Evidence,
        *,
        cause: str | None,
        heard: Ns | None = None,
        stands_s: float | None = None,
    ) -> None:
        """Take one source's word on one place.

        It stands until withdrawn; the word of people, `heard` at a time, for `stands_s`, or
        for as long as each signature lets it stand.
        """
        said = (evidence.source, evidence.signal)
        for signature in self._by_signal.get(evidence.signal, ()):
            if not signature.accepts(self._kind_of.get(place_id, "")):
                continue
            key = (signature.type, place_id)
            span_s = signature.word_stands_s if stands_s is None else stands_s
            until = None if heard is None else Ns(heard + seconds(span_s))
            case = self._case(key)
            case.put(evidence, until)
            case.cause = cause
            self._changed.add(key)
            self._spoken.setdefault(said, set()).add(key)
            self._signals.setdefault(evidence.source, set()).add(evidence.signal)

    def forget(self, key: Key, until: Ns) -> None:
        """Drop what people said up to `until` of an incident that is over.

        An old call would else open the next one.
        """
        if key in self._cases:
            self._cases[key].forget(until)

    def _case(self, key: Key) -> _Case:
        if key not in self._cases:
            self._cases[key] = _Case(self._signatures[key[0]], key[1])
        return self._cases[key]

    def withdraw(self, source: str, signal: str | None = None) -> None:
        """Take back what `source` said, of `signal` or of everything."""
        signals = self._signals.get(source, set())
        for each in sorted(signals) if signal is None else [signal]:
            for key in self._spoken.pop((source, each), ()):
                if key in self._cases and self._cases[key].take_back((source, each)):
                    self._changed.add(key)
            signals.discard(each)

    def opinions(
        self, now: Ns, severity: Mapping[Key, float], watch: Collection[Key]
    ) -> list[Opinion]:
        """Return the opinion on every place whose evidence changed, and on those in `watch`.

        Parameters
        ----------
        now
            Evidence whose end has passed no longer counts.
        severity
            Latest severity by incident type and place.
        watch
            Open incidents, weighed at every call.
        """
        known = {key for key in watch if key[0] in self._signatures}
        keys = sorted(self._changed | known)
        self._changed.clear()
        opinions = [self._case(key).weigh(now, severity.get(key)) for key in keys]
        for key in keys:
            if self._cases[key].is_empty and key not in known:
                del self._cases[key]
            elif self._cases[key].is_contradicted:
                self._changed.add(key)
        return opinions

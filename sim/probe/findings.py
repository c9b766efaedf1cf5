"""What checks found: at most one finding a rule and device, with its first evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.kernel.clock import Ns, iso
from sim.probe.arrival import Arrival
from sim.probe.rules import RULES, Severity

EXCERPT = 160
"""Characters of a payload shown as evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One breach of one rule by one device.

    Attributes
    ----------
    check
        Name of the rule.
    device
        Who: ``kind/device``, or the topic where it names none.
    seen, expected, clause
        What was, what should have been, and where that is demanded.
    at
        When the first evidence came in, or None.
    topic, payload
        The first evidence: its topic, and the beginning of its payload.
    count
        How often.
    """

    check: str
    severity: Severity
    device: str
    seen: str
    expected: str
    clause: str
    at: Ns | None
    topic: str
    payload: str
    count: int

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "check": self.check,
            "severity": self.severity,
            "device": self.device,
            "seen": self.seen,
            "expected": self.expected,
            "clause": self.clause,
            "count": self.count,
            "evidence": {
                "at": None if self.at is None else iso(self.at),
                "topic": self.topic,
                "payload": self.payload,
            },
        }


@dataclass(slots=True)
class _Note:
    seen: str
    arrival: Arrival | None
    count: int = 1


class Notebook:
    """Where checks write what they find, and which rules they could judge at all."""

    def __init__(self) -> None:
        self._notes: dict[tuple[str, str], _Note] = {}
        self.judged: set[str] = set()

    def judge(self, *rules: str) -> None:
        """Note that there was something to judge by each of `rules`."""
        self.judged.update(rules)

    def note(self, rule: str, device: str, seen: str, arrival: Arrival | None = None) -> None:
        """Note one breach; of several by one device the first stands, the others are counted."""
        self.judged.add(rule)
        earlier = self._notes.get((rule, device))
        if earlier is None:
            self._notes[rule, device] = _Note(seen, arrival)
        else:
            earlier.count += 1

    def findings(self) -> list[Finding]:
        """Return everything found, by rule in the table's order, then by device."""
        order = {name: place for place, name in enumerate(RULES)}
        notes = sorted(self._notes.items(), key=lambda item: (order[item[0][0]], item[0][1]))
        return [_finding(name, device, note) for (name, device), note in notes]


def _finding(name: str, device: str, note: _Note) -> Finding:
    rule, arrival = RULES[name], note.arrival
    return Finding(
        check=name,
        severity=rule.severity,
        device=device,
        seen=note.seen,
        expected=rule.demand,
        clause=rule.clause,
        at=None if arrival is None else arrival.at,
        topic="" if arrival is None else arrival.topic,
        payload="" if arrival is None else excerpt(arrival.payload),
        count=note.count,
    )


def excerpt(payload: bytes) -> str:
    """Return the beginning of a payload as text that can be shown."""
    text = payload[: 4 * EXCERPT].decode(errors="backslashreplace")
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return shown if len(shown) <= EXCERPT else shown[: EXCERPT - 1] + "…"

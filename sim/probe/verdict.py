"""What an examination comes to: for a person, for a machine, and as an exit status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sim.kernel.clock import Ns, iso
from sim.probe.findings import Finding
from sim.probe.rules import RULES

PASSED, FAILED, BLIND = 0, 1, 2
"""Exit status: all well; something failed; there was nothing to look at."""

Standing = Literal["pass", "fail", "warn", "info", "not judged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found on a feed.

    Attributes
    ----------
    start, end
        When the feed was listened to, in its own time.
    messages, devices
        How many of each were heard.
    judged
        The rules for which there was something to judge.
    findings
        What was found, by rule, then by device.
    strict
        Whether a warning fails too.
    """

    start: Ns
    end: Ns
    messages: int
    devices: int
    judged: frozenset[str]
    findings: Sequence[Finding]
    strict: bool = False

    @property
    def exit_status(self) -> int:
        """0 when it passes, 1 when it fails, 2 when nothing was heard."""
        if self.messages == 0:
            return BLIND
        bad = ("fail", "warn") if self.strict else ("fail",)
        return FAILED if any(finding.severity in bad for finding in self.findings) else PASSED

    @property
    def word(self) -> str:
        """The verdict in a word."""
        return {PASSED: "pass", FAILED: "fail", BLIND: "nothing heard"}[self.exit_status]

    def of(self, rule: str) -> list[Finding]:
        """Return the findings by one rule."""
        return [finding for finding in self.findings if finding.check == rule]

    def standing(self, rule: str) -> Standing:
        """Return how the feed stands by one rule."""
        if self.of(rule):
            return RULES[rule].severity
        return "pass" if rule in self.judged else "not judged"

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "verdict": self.word,
            "exit_status": self.exit_status,
            "strict": self.strict,
            "start": iso(self.start),
            "end": iso(self.end),
            "messages": self.messages,
            "devices": self.devices,
            "checks": [
                {"check": name, "standing": self.standing(name), "clause": rule.clause}
                | ({"needs": rule.needs} if self.standing(name) == "not judged" else {})
                for name, rule in RULES.items()
            ],
            "findings": [finding.document() for finding in self.findings],
        }

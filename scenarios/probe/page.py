"""The table of checks for ``docs/probe.md``: ``python -m scenarios.probe.page``."""

from __future__ import annotations

import sys

from sim.probe.rules import RULES


def table() -> str:
    """Return every rule as a Markdown table."""
    rows = [
        f"| `{rule.name}` | {rule.severity} | {rule.demand} | {rule.clause} | {rule.needs} |"
        for rule in RULES.values()
    ]
    head = ["| check | breach | expected | clause | needs |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())

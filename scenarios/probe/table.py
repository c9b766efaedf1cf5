"""A verdict as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.kernel.clock import iso
from sim.probe.rules import RULES
from sim.probe.verdict import Verdict

STYLES = {"fail": "bold red", "warn": "yellow", "info": "cyan", "pass": "green"}
DEVICES_SHOWN = 3


def tell(verdict: Verdict, console: Console) -> None:
    """Print what was found, what passed, and what could not be judged."""
    console.print(
        f"{verdict.messages:,} messages of {verdict.devices:,} devices,"
        f" {iso(verdict.start)} to {iso(verdict.end)}",
        highlight=False,
    )
    if verdict.findings:
        console.print(_table(verdict))
    passed = [name for name in RULES if verdict.standing(name) == "pass"]
    skipped = [name for name in RULES if verdict.standing(name) == "not judged"]
    if passed:
        console.print(f"passed      {', '.join(passed)}", highlight=False)
    for needs in dict.fromkeys(RULES[name].needs for name in skipped):
        names = ", ".join(name for name in skipped if RULES[name].needs == needs)
        console.print(f"not judged  {names}: needs {needs}", highlight=False, markup=False)
    style = {"pass": "bold green", "fail": "bold red"}.get(verdict.word, "bold yellow")
    console.print(Text(f"verdict     {verdict.word.upper()}", style=style))


def _table(verdict: Verdict) -> Table:
    table = Table(show_lines=True)
    table.add_column("check", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("who", overflow="fold")
    table.add_column("what", overflow="fold")
    for name in RULES:
        found = verdict.of(name)
        if not found:
            continue
        first = found[0]
        who = [finding.device for finding in found[:DEVICES_SHOWN]]
        if len(found) > DEVICES_SHOWN:
            who.append(f"and {len(found) - DEVICES_SHOWN:,} more")
        times = "" if first.count == 1 else f" ({first.count:,} times)"
        what = [f"seen      {first.seen}{times}", f"expected  {first.expected}"]
        what.append(f"          ({first.clause})")
        if first.topic:
            what += [first.topic, first.payload]
        table.add_row(
            Text(name),
            Text(first.severity, style=STYLES[first.severity]),
            Text("\n".join(who)),
            Text("\n".join(what)),
        )
    return table

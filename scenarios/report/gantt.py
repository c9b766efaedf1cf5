"""Who did what when: a row for every actuator and unit of an incident, and one for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from scenarios.events import FLOOD, Record, time_s
from scenarios.report import text as words
from scenarios.report.material import Run
from scenarios.report.svg import Scale, el, line, rect, text
from scenarios.score import Match
from sim.kernel.clock import Ns

ROW = 26.0
BAR = 15.0
SIGN = 10.0
"""Half the width kept free around a sign."""
AT_REST = ("off", "open", "blank", "fault", "")
"""Positions in which an actuator does nothing."""
TOGETHER_S = 300.0
"""People trapped, or freed, within so long are told in one sign."""
VERDICTS = {
    "verified": ("good", "✓", "effect seen"),
    "unverified": ("bad", "✕", "effect not seen in time"),
    "refused": ("bad", "✕", "refused"),
    "failed": ("bad", "✕", "failed"),
}


_Told = tuple[float, str, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasted: from, to, its drawing class, and what it was."""

    from_s: float
    to_s: float
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that happened: when, its drawing class, the character shown, and what it was."""

    t_s: float
    kind: str
    shown: str
    tip: str


@dataclass(slots=True)
class Row:
    """One line of the chart."""

    name: str
    note: str
    bars: list[Bar] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)

    def is_seen(self, time: Scale) -> bool:
        """Return whether anything of it falls within the time shown."""
        return any(bar.to_s > time.v0 and bar.from_s < time.v1 for bar in self.bars) or any(
            time.holds(sign.t_s) for sign in self.signs
        )


def rows_of(run: Run, match: Match) -> list[Row]:
    """Return the rows of an event: people in the water, then targets by their first command."""
    rows = _people(run, match)
    if match.incident is None:
        return rows
    commands: dict[str, Record] = {}
    by_target: dict[str, Row] = {}
    start_ns = run.score.start_ns
    for record in run.decisions:
        kind = record["type"]
        if kind == "command" and record["incident"] == match.incident.incident:
            commands[record["command"]] = record
            row = by_target.setdefault(record["target"], _row(record))
            tip = f"commanded: {record['action']} ({record['command']})"
            row.signs.append(Sign(time_s(record, start_ns), "ordered", "", tip))
        elif kind in ("ack", "verified", "unverified") and record["command"] in commands:
            row = by_target[commands[record["command"]]["target"]]
            row.signs += _verdict(record, start_ns)
        elif kind == "escalation" and record["cause"] in commands:
            row = by_target[commands[record["cause"]]["target"]]
            t_s = time_s(record, start_ns)
            # A refusal escalates at once: one sign says both.
            if all(abs(sign.t_s - t_s) > 5 or sign.kind != "bad" for sign in row.signs):
                row.signs.append(Sign(t_s, "bad", "!", f"escalated: {record['why']}"))
    acted = {command: record["target"] for command, record in commands.items()}
    for target, bar in _bars(run, acted):
        by_target[target].bars.append(bar)
    return rows + list(by_target.values())


def height(rows: Sequence[Row]) -> float:
    """Return how high the rows stand together."""
    return len(rows) * ROW


def draw(rows: Sequence[Row], time: Scale, top: float, start_ns: Ns) -> Iterator[Markup]:
    """Yield the rows below `top`."""
    for number, row in enumerate(rows):
        y = top + number * ROW
        yield line(0, y, time.p1, y, "rule")
        yield text(0, y + 12, words.shortened(row.name, 18), "row-step")
        yield text(0, y + 22.5, words.shortened(row.note, 23), "row-target")
        for bar in row.bars:
            yield from _bar(bar, row.signs, time, y + (ROW - BAR) / 2, start_ns)
        for sign in row.signs:
            if time.holds(sign.t_s):
                yield _sign(sign, time(sign.t_s), y + ROW / 2, start_ns)


def _row(command: Record) -> Row:
    return Row(name=words.plain(command["step"]), note=command["target"])


def _verdict(record: Record, start_ns: Ns) -> Iterator[Sign]:
    status = record["status"] if record["type"] == "ack" else record["type"]
    if status in VERDICTS:
        kind, shown, meaning = VERDICTS[status]
        reason = record.get("reason") or record.get("fact") or ""
        tip = f"{meaning}: {words.plain(reason)}" if reason else meaning
        yield Sign(time_s(record, start_ns), kind, shown, tip)


def _bars(run: Run, acted: dict[str, str]) -> Iterator[tuple[str, Bar]]:
    """Yield what truth saw each target do because of the incident's commands."""
    targets = list(dict.fromkeys(acted.values()))
    since: dict[str, tuple[float, str, str]] = {}
    for record in run.truth:
        if record["type"] == "actuator" and record["actuator"] in targets:
            target, kind, label = record["actuator"], "acting", record["position"]
            begins = record["cause"] in acted and label not in AT_REST
        elif record["type"] == "unit" and record["unit"] in targets:
            target, kind, label = record["unit"], record["state"], words.plain(record["state"])
            begins = record["order"] in acted or (target in since and kind == "returning")
            begins = begins and kind not in ("idle", "out_of_service")
        else:
            continue
        if target in since:
            from_s, was, said = since.pop(target)
            yield target, Bar(from_s, record["t_s"], was, said)
        if begins:
            since[target] = (record["t_s"], kind, label)
    for target, (from_s, was, said) in since.items():
        yield target, Bar(from_s, run.score.horizon_s, was, said)


def _people(run: Run, match: Match) -> list[Row]:
    """Return the row of people exposed, trapped and freed; none where nobody was."""
    flood = match.event
    if flood.hazard != FLOOD:
        return []
    row = Row(name="people in the water", note="0.25 m and deeper")
    last_s = run.score.horizon_s if flood.end_s is None else flood.end_s
    since: tuple[float, float] | None = None
    told: list[_Told] = []
    for record in run.truth:
        if record.get("place") != flood.place or not flood.onset_s <= record["t_s"] <= last_s + 60:
            continue
        if record["type"] == "sample":
            people = record["people_exposed"]
            if people > 0:
                since = (since[0], max(since[1], people)) if since else (record["t_s"], people)
            elif since:
                row.bars.append(_exposed(since, record["t_s"]))
                since = None
        elif record["type"] in ("trapped", "rescued"):
            _tell_people(told, record)
    if since:
        row.bars.append(_exposed(since, last_s))
    for t_s, what, people in told:
        kind, sign = ("bad", "+") if what == "trapped" else ("good", "−")
        word = "trapped" if what == "trapped" else "freed"
        row.signs.append(Sign(t_s, kind, f"{sign}{people}", f"{people} {word}"))
    return [row] if row.bars or row.signs else []


def _tell_people(told: list[_Told], record: Record) -> None:
    """Add people trapped or freed, together with those of the same kind shortly before."""
    t_s, what, people = record["t_s"], record["type"], record["people"]
    if told and told[-1][1] == what and t_s - told[-1][0] < TOGETHER_S:
        told[-1] = told[-1][0], what, told[-1][2] + people
    else:
        told.append((t_s, what, people))


def _exposed(since: tuple[float, float], to_s: float) -> Bar:
    return Bar(since[0], to_s, "exposed", f"up to {since[1]:.0f} at once")


def _bar(bar: Bar, signs: Sequence[Sign], time: Scale, y: float, start_ns: Ns) -> Iterator[Markup]:
    if bar.to_s < time.v0 or bar.from_s > time.v1:
        return
    x0, x1 = time.clipped(bar.from_s), time.clipped(bar.to_s)
    span = words.duration(bar.to_s - bar.from_s)
    since = words.clock(start_ns, bar.from_s, with_seconds=True)
    yield rect(x0, y, x1 - x0, BAR, f"bar-{bar.kind}", f"{bar.label}: {since}, for {span}")
    for content in (bar.label, words.shortened(bar.label, 7)):
        x = _room(content, x0, x1, [time(sign.t_s) for sign in signs])
        if x is not None:
            yield text(x, y + BAR - 4, content, f"bar-label on-{bar.kind}")
            return


def _room(content: str, x0: float, x1: float, signs: Sequence[float]) -> float | None:
    """Return where a label first fits into a bar between the signs that stand on it."""
    width = 11 * words.width_em(content) + 4
    for begin in (x0 + 5, *(x + SIGN + 3 for x in sorted(signs) if x0 - SIGN <= x <= x1)):
        clear = all(x + SIGN <= begin or x - SIGN >= begin + width for x in signs)
        if clear and begin + width <= x1:
            return begin
    return None


def _sign(sign: Sign, x: float, y: float, start_ns: Ns) -> Markup:
    tip = el("title", f"{words.clock(start_ns, sign.t_s, with_seconds=True)} {sign.tip}")
    if sign.kind == "ordered":
        shape = el("path", d=f"M{x:.1f} {y - 11:.1f}v22", class_="ordered")
        return el("g", tip, shape)
    wide = max(7.5, 4 + 3.4 * len(sign.shown))
    plate = el("rect", x=x - wide, y=y - 7.5, width=2 * wide, height=15.0, rx=7.5, class_=sign.kind)
    return el("g", tip, plate, text(x, y + 4, sign.shown, f"sign-{sign.kind}", "middle"))

"""What led to what: events that other events brought about, as nested lists."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from scenarios.report import text as words
from scenarios.report.kinds import harm, severity
from scenarios.report.material import Run, key_of
from scenarios.report.svg import el
from scenarios.score import Match

ALIKE_MAX = 3
"""Events of one kind and cause named singly where nothing followed from them; more are summed."""


def chains(run: Run) -> Markup | None:
    """Return every event that led to others, with all that followed; None where none did."""
    roots = [
        match
        for match in run.matches
        if run.cause_of(match) is None and run.led_to.get(key_of(match))
    ]
    if not roots:
        return None
    return el("ul", *(_item(run, match) for match in roots), class_="chain")


def _item(run: Run, match: Match) -> Markup:
    event = match.event
    after = run.led_to.get(key_of(match), ())
    told = [
        el("span", str(run.number_of[key_of(match)]), class_="badge"),
        Markup(" "),
        el("b", event.title),
        f", {run.place_name(event.place)}, {words.clock(run.score.start_ns, event.onset_s)}",
        f", at its worst {severity(event.peak, event.unit)}",
    ]
    if suffered := harm(event.harm):
        told.append(f": {suffered}")
    return el("li", *told, *_followed(run, after))


def _followed(run: Run, after: Sequence[Match]) -> list[Markup]:
    """Return the list of what followed; many alike that led no further share an entry."""
    if not after:
        return []
    alike: dict[str, list[Match]] = {}
    for match in after:
        if key_of(match) not in run.led_to:
            alike.setdefault(match.event.hazard, []).append(match)
    summed = {kind: found for kind, found in alike.items() if len(found) > ALIKE_MAX}
    items = []
    for match in after:
        kind = match.event.hazard
        if key_of(match) in run.led_to or kind not in summed:
            items.append(_item(run, match))
        elif match is summed[kind][0]:
            items.append(_together(run, summed[kind]))
    return [el("ul", *items)]


def _together(run: Run, found: Sequence[Match]) -> Markup:
    first, last = found[0].event, found[-1].event
    start_ns = run.score.start_ns
    since, until = words.clock(start_ns, first.onset_s), words.clock(start_ns, last.onset_s)
    when = since if since == until else f"{since} to {until}"
    total: dict[str, int] = {}
    for match in found:
        for what, people in match.event.harm.items():
            total[what] = total.get(what, 0) + people
    suffered = f": {harm(total)}" if total else ""
    return el("li", el("b", f"{words.number(len(found))} × {first.title}"), f", {when}{suffered}")

"""Numbers, times and words as people read them; a value that is not there reads ``–``."""

from __future__ import annotations

import math
import unicodedata

from scenarios.kpis import Kpi
from sim.kernel.clock import Ns, iso, seconds

NONE = "–"
MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
SPACE = "\N{NO-BREAK SPACE}"

_UNITS = {
    "1": "%",
    "count": "",
    "1/d": "a day",
    "vehicle h": "vehicle h",
    "person min": "person min",
}
_STATES = {
    "suspected": "suspected",
    "confirmed": "confirmed",
    "acknowledged": "acknowledged",
    "dispatched": "unit sent",
    "on_scene": "unit on scene",
    "controlled": "under control",
    "closed": "closed",
    "false_alarm": "dropped",
    "relapsed": "risen again",
}
_OUTCOMES = {
    "matched": "answers an event",
    "duplicate": "duplicate",
    "minor": "minor water",
    "related": "of another event",
    "false_alarm": "false alarm",
    "suspicion": "suspicion only",
}


def state_word(state: str) -> str:
    """Return an incident's state in words."""
    return _STATES.get(state, plain(state))


def outcome_word(outcome: str) -> str:
    """Return how an incident came out in words."""
    return _OUTCOMES.get(outcome, plain(outcome))


def plain(identifier: str) -> str:
    """Return an identifier as words."""
    return identifier.replace("_", " ").replace("-", " ")


def clock(start_ns: Ns, t_s: float | None, *, with_seconds: bool = False) -> str:
    """Return the city's time of day so many seconds into the run."""
    if t_s is None:
        return NONE
    whole = iso(Ns(start_ns + seconds(t_s)))[11:19]
    return whole if with_seconds else whole[:5]


def duration(span_s: float | None) -> str:
    """Return a span in the two largest units that matter, such as ``3 min 20 s``."""
    if span_s is None:
        return NONE
    sign = MINUS if round(span_s) < 0 else ""
    whole = abs(round(span_s))
    if whole < 60:
        return f"{sign}{whole}{SPACE}s"
    if whole < 3600:
        parts = ((whole // 60, "min"), (whole % 60, "s"))
    else:
        parts = ((whole // 3600, "h"), (whole % 3600 // 60, "min"))
    shown = SPACE.join(f"{number}{SPACE}{unit}" for number, unit in parts if number)
    return sign + shown


def lag(span_s: float, what: str = "") -> str:
    """Return when something came, against the onset."""
    if round(span_s) == 0:
        return f"{what} at onset".strip()
    when = "before" if span_s < 0 else "after"
    return f"{what} {duration(abs(span_s))} {when} onset".strip()


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with thousands parted and a true minus sign."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:,.{digits}f}".replace(",", NARROW).replace("-", MINUS)


def figures(value: float) -> str:
    """Return a number to three significant figures."""
    if not math.isfinite(value):
        return NONE
    digits = 0 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    shown = number(value, min(digits, 4))
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def depth(depth_m: float | None) -> str:
    """Return a depth in metres to the centimetre."""
    return NONE if depth_m is None else f"{number(depth_m, 2)}{SPACE}m"


def kpi(figure: Kpi) -> str:
    """Return a key figure's value with its unit."""
    value = figure.value
    if value is None:
        return NONE
    if figure.unit == "s":
        return duration(value)
    if figure.unit == "1":
        return _percent(value)
    digits = {"m": 2, "1/d": 1, "vehicle h": 1}.get(figure.unit, 0)
    return f"{number(value, digits)}{SPACE}{_UNITS.get(figure.unit, figure.unit)}".strip()


def _percent(share: float) -> str:
    """Return a share in per cent; what is not all never reads as all."""
    if 0.9995 <= share < 1:
        return f"over{SPACE}99.9{SPACE}%"
    return f"{number(100 * share, 0 if share in (0, 1) else 1)}{SPACE}%"


def parts(shown: str) -> list[tuple[str, bool]]:
    """Return a shown value in pieces, each with whether it is a number and not its unit."""
    pieces = [piece for piece in shown.replace(SPACE, " ").split(" ") if piece]
    return [(piece, not piece[-1].isalpha() and piece != "%") for piece in pieces]


def count(n: int, singular: str, plural: str | None = None) -> str:
    """Return ``1 flood`` or ``3 floods``; ``no`` for none."""
    if n == 1:
        return f"1{SPACE}{singular}"
    return f"{number(n) if n else 'no'}{SPACE}{plural or singular + 's'}"


def width_em(text: str) -> float:
    """Return about how wide a text is set, in ems: wide East Asian characters take a whole one."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.62 for c in text)


def two_lines(text: str, ems: float) -> tuple[str, ...]:
    """Return a text in one line, or parted at a space into two, the second cut to the width."""
    if width_em(text) <= ems:
        return (text,)
    spaces = [i for i, character in enumerate(text) if character == " "]
    fitting = [i for i in spaces if width_em(text[:i]) <= ems]
    if not fitting:
        return (shortened(text, ems),)
    return (text[: fitting[-1]], shortened(text[fitting[-1] + 1 :], ems))


def shortened(text: str, ems: float) -> str:
    """Return a text cut to a width, with an ellipsis where it was cut."""
    if width_em(text) <= ems:
        return text
    kept = ""
    for character in text:
        if width_em(kept + character) > ems - 1:
            break
        kept += character
    return kept.rstrip() + "…"

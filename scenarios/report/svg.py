"""Drawing: elements with everything escaped, scales, ticks, and labels that keep apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def el(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """Return one element; text children are escaped, numbers kept to a tenth.

    ``class_`` means ``class``, other underscores mean hyphens, None leaves an attribute out.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{name}{shown}>{inner}</{name}>")


def join(parts: Iterable[Markup]) -> Markup:
    """Return elements one after the other."""
    return Markup("").join(parts)


def text(x: float, y: float, content: str, class_: str = "", anchor: str = "start") -> Markup:
    """Return a line of text."""
    return el("text", content, x=x, y=y, class_=class_ or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, tip: str = "") -> Markup:
    """Return a box, with a tip for the pointer."""
    inside = (el("title", tip),) if tip else ()
    return el("rect", *inside, x=x, y=y, width=max(width, 0.5), height=height, class_=class_)


def figure(width: float, height: float, title: str, *parts: Markup, class_: str = "") -> Markup:
    """Return a drawing that scales with the page and tells a screen reader what it is."""
    return el(
        "svg",
        el("title", title),
        *parts,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        class_=f"chart {class_}".strip(),
        preserveAspectRatio="xMidYMid meet",
    )


def path(xy: F64, *, closed: bool = False) -> str:
    """Return path data through ``(n, 2)`` points, relative and to a tenth: short to write."""
    tenths = np.round(np.asarray(xy) * 10).astype(np.int64)
    steps = np.diff(tenths, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    first = f"M{_tenth(tenths[0, 0])} {_tenth(tenths[0, 1])}"
    if not len(steps):
        return first + "h0"
    rest = "".join(_pair(dx, dy) for dx, dy in steps.tolist())
    return f"{first}l{rest.lstrip()}{'z' if closed else ''}"


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values to places on the page."""

    v0: float
    v1: float
    p0: float
    p1: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        share = (value - self.v0) / (self.v1 - self.v0)
        return self.p0 + share * (self.p1 - self.p0)

    def many(self, values: F64) -> F64:
        """Return the places of an array of values."""
        share = (values - self.v0) / (self.v1 - self.v0)
        placed: F64 = self.p0 + share * (self.p1 - self.p0)
        return placed

    def holds(self, value: float) -> bool:
        """Return whether a value lies within."""
        return self.v0 <= value <= self.v1

    def clipped(self, value: float) -> float:
        """Return the place of a value, or of the nearer end."""
        return self(min(max(value, self.v0), self.v1))


def round_step(span: float, at_most: int, steps: Sequence[float] = (1, 2, 5)) -> float:
    """Return the least of `steps` times a power of ten that parts a span often enough."""
    power = 10.0 ** np.floor(np.log10(max(span, 1e-9) / at_most))
    for factor in (*steps, *(10 * step for step in steps)):
        if span / (factor * power) <= at_most:
            return float(factor * power)
    return float(100 * power)


TIME_STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)


def time_ticks(from_s: float, to_s: float, at_most: int) -> list[float]:
    """Return round times within a span."""
    step = next((s for s in TIME_STEPS_S if (to_s - from_s) / s <= at_most), 7 * 86_400)
    first = int(np.ceil(from_s / step)) * step
    return [float(t) for t in range(first, int(to_s) + 1, step)]


@dataclass(slots=True)
class Space:
    """Boxes already taken on a drawing, so that labels keep apart."""

    width: float
    height: float
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)

    def take(self, x: float, y: float, width: float, height: float) -> None:
        """Mark a box as taken."""
        self.boxes.append((x, y, x + width, y + height))

    def is_free(self, x: float, y: float, width: float, height: float) -> bool:
        """Return whether a box lies on the drawing and touches no other."""
        x1, y1 = x + width, y + height
        if x < 0 or y < 0 or x1 > self.width or y1 > self.height:
            return False
        return all(x1 < a or x > c or y1 < b or y > d for a, b, c, d in self.boxes)


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def _tenth(tenths: int) -> str:
    whole, rest = divmod(abs(int(tenths)), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def _pair(dx: int, dy: int) -> str:
    """Return two numbers that need no space before a minus sign."""
    first, second = _tenth(dx), _tenth(dy)
    return f"{'' if dx < 0 else ' '}{first}{'' if dy < 0 else ' '}{second}"

"""What devices write for the time of a reading."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any, Literal

from sim.kernel.clock import MILLISECOND, Ns
from sim.messages.wire import MAX_TIME_S

Format = Literal["s", "ms", "us", "iso"]

_PER_S = {"s": 1.0, "ms": 1e3, "us": 1e6}


def read_time(value: Any, form: Format, zone: timezone) -> Ns:
    """Return a time in whole milliseconds since 1970.

    Parameters
    ----------
    value
        A number, or text of one, of seconds, milliseconds or microseconds since 1970; or text
        of ISO 8601, basic or extended, with ``T`` or a space.
    zone
        Of an ISO time that does not name its own.

    Raises
    ------
    TypeError
        When it is of the wrong JSON type.
    ValueError
        When it is no time.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(f"time was {value!r}, expected a number or text")
    if form == "iso":
        if not isinstance(value, str):
            raise TypeError(f"time was {value!r}, expected text of ISO 8601")
        at = datetime.fromisoformat(value)
        seconds = (at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp()
    else:
        seconds = float(value) / _PER_S[form]
    if not (math.isfinite(seconds) and 0 <= seconds < MAX_TIME_S):
        raise ValueError(f"time was {value!r}, expected a time since 1970")
    return Ns(round(seconds * 1000) * MILLISECOND)


def parse_zone(text: str) -> timezone:
    """Return the zone of text such as ``+08:00`` or ``Z``; raises ValueError when it is none."""
    expected = "expected an offset such as '+08:00'"
    try:
        offset = datetime.fromisoformat(f"2000-01-01T00:00:00{text}").utcoffset()
    except ValueError as error:
        raise ValueError(expected) from error
    if offset is None:
        raise ValueError(expected)
    return timezone(offset)

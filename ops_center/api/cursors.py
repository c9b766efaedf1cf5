"""Page cursors: opaque to clients, nothing but a place in a stated order to us."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus

from ops_center.api.problems import Problem


def to_cursor(*place: object) -> str:
    """Return the cursor that names a place."""
    text = "\n".join(str(part) for part in place)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_cursor(cursor: str, parts: int) -> list[str]:
    """Return the place a cursor names; refuses any that we did not hand out."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\n")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        place = []
    if len(place) != parts:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"cursor was {cursor!r}, expected one of a `next`"
        )
    return place


def number_in(text: str, cursor: str) -> int:
    """Return the whole number in a place; refuses a cursor that holds none."""
    if not (text.isascii() and text.isdigit()):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"cursor was {cursor!r}, expected one of a `next`"
        )
    return int(text)

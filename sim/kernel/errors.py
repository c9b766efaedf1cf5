"""The project's exception tree.

Faults that come from outside (a file, a payload, a broker, a command line) raise one
of these; a broken invariant of our own is an ``assert``::

    ChengmaiError
    ├── InputError        what somebody gave us is wrong; names thing, place, value, expected
    ├── PayloadError      one message from the wire cannot be read; counted, quarantined
    ├── TransportError    a broker refuses, or cannot be reached or started
    └── StoreError        the durable store cannot be opened, read or written
"""

from __future__ import annotations


class ChengmaiError(Exception):
    """Base of every error raised for a cause outside the program."""


class InputError(ChengmaiError):
    """Tell a person which of their inputs is wrong, where, and what was expected.

    Parameters
    ----------
    thing
        What was read: a file name, an option, a field.
    value
        The value found, shown as it was written; ``None`` where there is none to show.
    expected
        What would have been right.
    place
        Where inside the thing, such as ``"line 12, hazards.storm"``.
    """

    def __init__(
        self, thing: str, *, expected: str, value: object = None, place: str | None = None
    ) -> None:
        self.thing = thing
        self.value = value
        self.expected = expected
        self.place = place
        where = f"{thing}: {place}" if place else thing
        shown = "" if value is None else f" was {value!r},"
        super().__init__(f"{where}:{shown} expected {expected}")


class PayloadError(ChengmaiError):
    """Say why one message could not be decoded.

    Parameters
    ----------
    reason
        A short, closed word for counting: ``"json"``, ``"schema"``, ``"topic"``, ``"range"``.
    detail
        What exactly was wrong, for the quarantine's reader.

    Attributes
    ----------
    topic, payload
        The message, as the decoder found it; empty until it has told.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        self.topic = ""
        self.payload = b""
        super().__init__(f"{reason}: {detail}")


class TransportError(ChengmaiError):
    """A broker could not be reached, refused us, or could not be started."""


class StoreError(ChengmaiError):
    """The durable store could not be opened, read or written."""

"""The decision journal: every finding, step and order, numbered in the order they were made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from sim.kernel.clock import Ns, iso

KEPT = 500
"""Newest records kept in memory for the API's viewers; the sink has them all."""

Sink = Callable[[dict[str, Any]], None]


class Journal:
    """Numbers decision records and hands each to its sink.

    Parameters
    ----------
    sink
        Takes every record, once, in order; must not change it.
    last_seq
        Number of the last record of an earlier run that this one goes on from.
    """

    def __init__(self, sink: Sink, last_seq: int = 0) -> None:
        self.last_seq = last_seq
        self._sink = sink
        self._recent: deque[Mapping[str, Any]] = deque(maxlen=KEPT)

    @property
    def recent(self) -> tuple[Mapping[str, Any], ...]:
        """The newest records, oldest first, at most `KEPT`."""
        return tuple(self._recent)

    def write(self, record_type: str, at: Ns, /, **fields: Any) -> int:
        """Add one record and return its number.

        Parameters
        ----------
        record_type
            What was decided: ``"finding"``, ``"incident"``, ``"command"``, …
        at
            When it was decided.
        fields
            Its content as plain JSON values; ``seq``, ``at``, ``t_ns`` and ``type`` are taken.
        """
        self.last_seq += 1
        head = {"seq": self.last_seq, "at": iso(at), "t_ns": int(at), "type": record_type}
        taken = head.keys() & fields.keys()
        assert not taken, f"fields {sorted(taken)} are the journal's own"
        record = head | fields
        self._recent.append(record)
        self._sink(record)
        return self.last_seq

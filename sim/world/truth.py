"""What really happened, for scoring only: no topic carries it and no centre can see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.kernel.clock import MILLISECOND, Ns, iso

Sink = Callable[[dict[str, Any]], None]


class Truth:
    """Write truth records: ``at``, ``t_s``, ``type``, then the record's own fields in order.

    Parameters
    ----------
    sink
        Takes each record, a fresh dictionary of JSON values.
    start
        Scenario start, from which ``t_s`` counts.
    """

    def __init__(self, sink: Sink, start: Ns) -> None:
        self._sink = sink
        self._start = int(start)
        # Many records share an instant, and to spell it out costs as much as the record.
        self._at, self._spelt = int(start), iso(start)

    def write(self, record_type: str, at: Ns, **fields: Any) -> None:
        """Write one record; a float is kept to 6 decimals so that files stay short."""
        if at != self._at:
            self._at, self._spelt = int(at), iso(at)
        record: dict[str, Any] = {
            "at": self._spelt,
            "t_s": (int(at) - self._start) // MILLISECOND / 1000,
            "type": record_type,
        }
        for name, value in fields.items():
            record[name] = round(value, 6) if isinstance(value, float) else value
        self._sink(record)

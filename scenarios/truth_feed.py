"""Ground truth for testers: a side file, a topic root of its own, never the city's feed.

``city-truth/v1/{type}`` carries each record of `sim.world.truth` as one JSON object, at QoS 1,
not retained: hazards with onset, levels, course and end; faults of devices, with beginning and
end. Devices under test may not read it: see `sim.transport.brokers.nats.Guard`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from scenarios.output import Lines
from sim.kernel.errors import InputError
from sim.messages.envelope import WireMessage

ROOT = "city-truth/v1"

Sink = Callable[[Mapping[str, Any]], None]


def truth_topic(record_type: str) -> str:
    """Return the topic of one type of record; ``"#"`` for all."""
    return f"{ROOT}/{record_type}"


class TruthFeed:
    """Hand each record of the truth to every place that wants it.

    Parameters
    ----------
    folder_file
        File of the run's own folder, whose records are kept for scoring; None to only keep them.
    side_file
        Another file of JSON lines, or None; raises `InputError` when it cannot be written.
    send
        Publishes one message, or None where no topic carries the truth.
    """

    def __init__(
        self,
        folder_file: Path | None,
        side_file: Path | None = None,
        send: Callable[[WireMessage], None] | None = None,
    ) -> None:
        self._lines = Lines(folder_file)
        self._side = None if side_file is None else _open(side_file)
        self._send = send

    @property
    def records(self) -> Sequence[Mapping[str, Any]]:
        """What was told so far, in order."""
        return self._lines.records

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Take one record."""
        self._lines(record)
        if self._side is not None:
            self._side(record)
        if self._send is not None:
            topic = truth_topic(str(record["type"]))
            self._send(WireMessage(topic, msgspec.json.encode(record), qos=1))

    def close(self) -> None:
        """Finish the files."""
        self._lines.close()
        if self._side is not None:
            self._side.close()


def _open(path: Path) -> Lines:
    try:
        return Lines(path, keep=False)
    except OSError as error:
        raise InputError(
            "--truth", value=str(path), expected=f"a file to write ({error.strerror})"
        ) from error

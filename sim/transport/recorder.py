"""Wire traffic in a file: one line of JSON a message, with when it was heard.

Lines heard together bear the same time: they were handed over as one group, and a replay
hands them over so again. A program that was killed leaves at most a torn last line.
"""

from __future__ import annotations

import gzip
import itertools
import logging
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

import msgspec

from sim.kernel.clock import Ns
from sim.kernel.errors import InputError
from sim.messages import topics
from sim.transport.inbox import Inbound

log = logging.getLogger(__name__)

GZIP_FLUSH_LINES = 1_000
"""A packed recording reaches the disk at least this often; each flush costs some packing."""

KEPT_BACK = (topics.ORDER, topics.RECORDING_START, topics.RECORDING_END)
"""Topics of a recording that no broker may carry."""

EXPECTED = 'a line {"t": nanoseconds, "topic": text, "payload": text or {"b64": text}}'


class _Bytes(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    b64: str


class _Line(msgspec.Struct, kw_only=True):
    t: int
    topic: str
    payload: str | _Bytes


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message as it was heard.

    Attributes
    ----------
    at
        When, by the listener's clock; the same for all of a group.
    """

    at: Ns
    topic: str
    payload: bytes


class Recorder:
    """Write a recording; packed when the file's name ends in ``.gz``.

    A plain recording reaches the operating system after every group, so that a kill of this
    process loses nothing that was handled.

    Parameters
    ----------
    path
        The file.
    about
        What a replay must know, such as the listener's settings; stands in the first line.

    Raises
    ------
    InputError
        When the file cannot be written.
    """

    def __init__(self, path: Path, *, about: bytes = b"") -> None:
        self._about = about
        try:
            self._file: IO[bytes] = _open(path, "wb")
        except OSError as error:
            raise InputError(
                str(path), expected=f"a file that can be written ({error.strerror})"
            ) from error
        self._packed = path.suffix == ".gz"
        self._unflushed = 0
        self.lines = 0

    def start(self, at: Ns) -> None:
        """Note that the listener's clock begins at `at`."""
        self.write(at, [Inbound(topics.RECORDING_START, self._about)])

    def end(self, at: Ns) -> None:
        """Note that the listener's clock ends at `at`, its timers before then run."""
        self.write(at, [Inbound(topics.RECORDING_END, b"")])

    def write(self, at: Ns, group: Sequence[Inbound]) -> None:
        """Write a group of messages that were heard together at `at`."""
        for item in group:
            line = _Line(t=int(at), topic=item.topic, payload=_as_text(item.payload))
            self._file.write(_encoder.encode(line) + b"\n")
        self.lines += len(group)
        self._unflushed += len(group)
        if not self._packed or self._unflushed >= GZIP_FLUSH_LINES:
            self._file.flush()
            self._unflushed = 0

    def close(self) -> None:
        """Write what is left, and close the file."""
        self._file.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_recording(path: Path) -> Iterator[Recorded]:
    """Return the messages of a recording, in order, as they are read.

    A torn last line, which a kill leaves, ends the recording with a warning.

    Raises
    ------
    InputError
        When the file cannot be read, or a line before the last is damaged, or time runs back.
    """
    held: tuple[int, bytes] | None = None
    last_at = 0
    for number, raw in _lines(path):
        if held is not None:
            raise InputError(
                str(path), place=f"line {held[0]}", value=held[1][:80], expected=EXPECTED
            )
        read = _read_line(raw)
        if read is None:
            # Only the last line may be damaged: wait and see whether another follows.
            held = (number, raw)
            continue
        if read.at < last_at:
            raise InputError(
                str(path),
                place=f"line {number}",
                value=int(read.at),
                expected=f"a time not before {last_at}, that of the line above",
            )
        last_at = read.at
        yield read
    if held is not None:
        log.warning("recording_torn file=%s line=%d", path, held[0])


def groups(recording: Iterable[Recorded]) -> Iterator[tuple[Ns, list[Inbound]]]:
    """Return the groups that were handed over together, marks included, with their time."""
    for at, together in itertools.groupby(recording, lambda item: item.at):
        yield at, [Inbound(item.topic, item.payload) for item in together]


def recording_head(path: Path) -> Recorded:
    """Return a recording's first line: when its clock begins, and what it says about itself.

    Raises
    ------
    InputError
        When the recording is empty or cannot be read.
    """
    for item in read_recording(path):
        return item
    raise InputError(str(path), expected="a recording with at least one line")


def recording_start(path: Path) -> Ns:
    """Return when the recording's clock begins: its mark, or else its first message.

    Raises
    ------
    InputError
        When the recording is empty or cannot be read.
    """
    return recording_head(path).at


class Pace(Protocol):
    """Wall time to keep to, such as `sim.kernel.clock.WallClock`."""

    def wall_seconds_until(self, when: int) -> float:
        """Return how many wall seconds remain until `when`; negative when past."""


def republish(
    path: Path,
    publish: Callable[[str, bytes], None],
    *,
    pace: Pace | None = None,
    wait: Callable[[float], bool] | None = None,
) -> int:
    """Publish a recording's messages again, and return how many there were.

    Foreign feeds are published as they came; operators' orders and marks are not.

    Parameters
    ----------
    publish
        Sends one topic and payload.
    pace
        Wall time that starts at `recording_start`, at the speed wanted; None for no pause.
    wait
        Waits the given wall seconds, and returns whether to stop; `threading.Event.wait`.

    Raises
    ------
    InputError
        When the recording cannot be read.
    """
    published = 0
    for at, group in groups(read_recording(path)):
        if pace is not None:
            assert wait is not None, "a pace needs a way to wait"
            if wait(max(pace.wall_seconds_until(at), 0.0)):
                break
        for item in group:
            if item.topic not in KEPT_BACK:
                publish(item.topic, item.payload)
                published += 1
    return published


def _open(path: Path, mode: str) -> IO[bytes]:
    if path.suffix == ".gz":
        # A level above this packs telling little better, and takes several times as long.
        return cast(IO[bytes], gzip.open(path, mode, compresslevel=4))
    return cast(IO[bytes], path.open(mode))


def _as_text(payload: bytes) -> str | _Bytes:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return _Bytes(b64=b64encode(payload).decode())


def _read_line(raw: bytes) -> Recorded | None:
    """Return what a line says, or None when it is damaged."""
    try:
        line = _decoder.decode(raw)
        if isinstance(line.payload, str):
            payload = line.payload.encode()
        else:
            payload = b64decode(line.payload.b64, validate=True)
    except (msgspec.DecodeError, ValueError):
        return None
    return Recorded(Ns(line.t), line.topic, payload)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Return numbered lines, the torn rest of a packed file as a last, damaged one."""
    number = 0
    try:
        with _open(path, "rb") as file:
            try:
                for number, raw in enumerate(file, 1):
                    yield number, raw
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                yield number + 1, f"({error})".encode()
    except OSError as error:
        raise InputError(
            str(path), expected=f"a recording that can be read ({error.strerror or error})"
        ) from error

"""What a run leaves behind: decisions, truth, summary and report in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from ops_center.live.service import DECISIONS, INTAKE, QUARANTINE
from sim.kernel.errors import InputError

TRUTH = "truth.jsonl"
SUMMARY = "summary.json"
REPORT = "report.html"

__all__ = [
    "DECISIONS",
    "INTAKE",
    "QUARANTINE",
    "REPORT",
    "SUMMARY",
    "TRUTH",
    "Lines",
    "make_folder",
    "read_lines",
    "write_json",
]

_encoder = msgspec.json.Encoder()


def make_folder(path: Path) -> Path:
    """Return the folder, made when missing; raises `InputError` when it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "--out", value=str(path), expected=f"a folder ({error.strerror})"
        ) from error
    return path


class Lines:
    """A list of records that is written to a file of JSON lines as it grows.

    Parameters
    ----------
    path
        The file, or None to keep the records in memory only.
    keep
        Whether to keep them in memory too, for scoring.
    """

    def __init__(self, path: Path | None, *, keep: bool = True) -> None:
        self.records: list[Mapping[str, Any]] = []
        self._keep = keep
        self._file: IO[bytes] | None = path.open("wb") if path is not None else None

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Take one record."""
        if self._keep:
            self.records.append(record)
        if self._file is not None:
            self._file.write(_encoder.encode(record) + b"\n")

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def write_json(path: Path, document: object) -> None:
    """Write one JSON document, indented for people."""
    path.write_bytes(msgspec.json.format(_encoder.encode(document), indent=2) + b"\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the records of a file of JSON lines; raises `InputError` naming a bad line."""
    records = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(str(path), expected=f"a readable file ({error.strerror})") from error
    for number, line in enumerate(lines, start=1):
        try:
            records.append(msgspec.json.decode(line, type=dict[str, Any]))
        except msgspec.DecodeError as error:
            raise InputError(
                str(path), place=f"line {number}", expected=f"a JSON object: {error}"
            ) from error
    return records

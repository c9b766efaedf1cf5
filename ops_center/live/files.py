"""The centre's diary in files: one line of JSON a record, on disk as soon as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from sim.kernel.errors import StoreError

_encoder = msgspec.json.Encoder()


class AppendFile:
    """A file of JSON lines that grows.

    Raises
    ------
    StoreError
        When the file cannot be written.
    """

    def __init__(self, path: Path, *, anew: bool = False) -> None:
        try:
            self._file = path.open("wb" if anew else "ab", buffering=0)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written ({error.strerror})") from error

    def write(self, record: Mapping[str, Any]) -> None:
        """Add one record."""
        self.write_line(_encoder.encode(record))

    def write_line(self, line: bytes) -> None:
        """Add one record that is encoded already."""
        self._file.write(line + b"\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class DecisionFile(AppendFile):
    """The decisions of a run, whole: what an earlier process stored is written out first.

    The store is the truth of it: a kill between a save and this file loses nothing.
    """

    def __init__(self, path: Path, stored: Iterable[bytes]) -> None:
        super().__init__(path, anew=True)
        for line in stored:
            self.write_line(line)

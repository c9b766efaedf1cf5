"""Mapping files held against the catalogue: where foreign feeds and our sensor kinds meet."""

from __future__ import annotations

from pathlib import Path

from devices.catalogue import KINDS
from sim.transport.foreign.mapping import ForeignMapping, KindShape, load_mapping


def foreign_kinds() -> dict[str, KindShape]:
    """Return what a mapping needs to know of every kind of the catalogue."""
    return {
        kind.kind: KindShape(
            domain=kind.domain, channels=kind.message_channels, interval_s=kind.interval_s
        )
        for kind in KINDS.values()
    }


def load_foreign(file: str | None) -> ForeignMapping | None:
    """Return the mapping of a file, None for none; raises `InputError` as `load_mapping`."""
    return None if file is None else load_mapping(Path(file), foreign_kinds())

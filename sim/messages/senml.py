"""SenML packs (RFC 8428) as JSON and as CBOR, and the names that tell whose a reading is.

The two forms say the same: CBOR has an integer for each JSON name (section 6). Which it is, the
first byte tells: JSON begins with a bracket or white space, a CBOR array with 0x80 to 0x9f.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal

import cbor2
import msgspec

from sim.kernel.errors import PayloadError
from sim.kernel.ids import is_level
from sim.messages.wire import Record

Form = Literal["json", "cbor"]
"""How packs are written."""

MEDIA_TYPES: dict[Form, str] = {
    "json": "application/senml+json",
    "cbor": "application/senml+cbor",
}
"""Registered with IANA (RFC 8428, section 12.3)."""

SEQ, SIM_TIME, BATTERY, QUALITY = "seq", "sim_time", "battery", "quality"
"""Records beside a pack's readings; no channel may bear these names."""
ASIDE = (SEQ, SIM_TIME, BATTERY, QUALITY)

LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "n": 0, "u": 1, "v": 2, "vs": 3,
          "vb": 4, "t": 6}  # fmt: skip
"""CBOR's integers for the fields we know (RFC 8428, table 4)."""

_NAMES: dict[object, str] = {label: name for name, label in LABELS.items()}
URN = "urn:dev:ops:chengmai-"
"""Devices named by their operator (RFC 9039, section 4.3)."""
_DEPTH = 4
"""Nesting of a CBOR pack at most: an array of maps of values, which may be tagged."""

_encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder(list[Record]).decode


def base_name(kind: str, device_id: str) -> str:
    """Return the base name of a device's records."""
    return f"{URN}{kind}-{device_id}:"


def is_packable(kind: str) -> bool:
    """Return whether a base name tells kind and device apart: the kind has no hyphen."""
    return "-" not in kind


@lru_cache(maxsize=2**17)
def read_base_name(name: str) -> tuple[str, str] | None:
    """Return kind and device of a base name, or None when it is none of ours.

    The kind ends at the first hyphen.
    """
    if not name.startswith(URN) or not name.endswith(":"):
        return None
    kind, _, device_id = name[len(URN) : -1].partition("-")
    return (kind, device_id) if is_level(kind) and is_level(device_id) else None


def write(records: Sequence[Record], form: Form) -> bytes:
    """Return a pack as bytes."""
    if form == "json":
        return _encode_json(records)
    plain: list[dict[str, Any]] = msgspec.to_builtins(records)
    return cbor2.dumps([{LABELS[name]: value for name, value in one.items()} for one in plain])


def read(payload: bytes) -> list[Record]:
    """Return the records of a pack in either form.

    Raises
    ------
    PayloadError
        With reason ``"json"``, ``"cbor"`` or ``"schema"``.
    """
    if 0x80 <= payload[:1].rjust(1)[0] <= 0x9F:
        return _read_cbor(payload)
    try:
        return _decode_json(payload)
    except msgspec.ValidationError as error:
        raise PayloadError("schema", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError("json", str(error)) from error


def _read_cbor(payload: bytes) -> list[Record]:
    stream = BytesIO(payload)
    try:
        pack = cbor2.CBORDecoder(stream, max_depth=_DEPTH, allow_duplicate_keys=False).decode()
    except (cbor2.CBORError, ValueError, OverflowError) as error:
        raise PayloadError("cbor", str(error)) from error
    if stream.tell() != len(payload):
        raise PayloadError("cbor", f"{len(payload) - stream.tell()} bytes after the pack")
    if not all(isinstance(record, dict) for record in pack):
        raise PayloadError("schema", "a pack holds something else than records")
    named = [{_NAMES[label]: v for label, v in one.items() if label in _NAMES} for one in pack]
    try:
        return msgspec.convert(named, list[Record])
    except msgspec.ValidationError as error:
        raise PayloadError("schema", str(error)) from error

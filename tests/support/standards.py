"""Validators made from the schemas of standards in ``tests/standards``."""

from __future__ import annotations

import gzip
import json

import jsonschema_rs

from conftest import ROOT


def standard(name: str) -> jsonschema_rs.Draft7Validator:
    packed = ROOT / "tests" / "standards" / f"{name}.json.gz"
    return jsonschema_rs.Draft7Validator(json.loads(gzip.decompress(packed.read_bytes())))

"""Tests that only the whole check has time for."""

from __future__ import annotations

import os

import pytest

long_run = pytest.mark.skipif(
    os.environ.get("CHENGMAI_NO_SKIPS") != "1",
    reason="takes long; CHENGMAI_NO_SKIPS=1 runs it",
)

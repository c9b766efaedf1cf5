from __future__ import annotations

import pytest

from ops_center.core.journal import KEPT, Journal
from support.telemetry import T0, after


def test_records_are_numbered_in_order_and_handed_on_once():
    records = []
    journal = Journal(records.append)
    assert journal.write("device", T0, device="wg-1", status="silent", reason="") == 1
    assert journal.write("finding", after(1), kind="rain_gauge", value=1.5) == 2
    assert records[0] == {
        "seq": 1,
        "at": "2026-07-21T17:00:00.000+08:00",
        "t_ns": T0,
        "type": "device",
        "device": "wg-1",
        "status": "silent",
        "reason": "",
    }
    assert list(records[1]) == ["seq", "at", "t_ns", "type", "kind", "value"]
    assert journal.recent == tuple(records)


def test_numbers_go_on_from_an_earlier_run_and_memory_is_bounded():
    journal = Journal(lambda record: None, last_seq=41)
    for _ in range(KEPT + 10):
        journal.write("unit", T0, unit="u-1")
    assert journal.last_seq == 41 + KEPT + 10
    assert len(journal.recent) == KEPT
    assert journal.recent[-1]["seq"] == journal.last_seq


def test_fields_cannot_take_the_place_of_the_journals_own():
    with pytest.raises(AssertionError, match="seq"):
        Journal(lambda record: None).write("unit", T0, seq=7)

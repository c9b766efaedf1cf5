from __future__ import annotations

from sim.messages.envelope import WireMessage
from sim.transport.recent import Recent


def said(*numbers: int) -> list[WireMessage]:
    return [WireMessage(str(number), b"", qos=1) for number in numbers]


def recent(**more: int) -> Recent:
    return Recent(before_s=5.0, settle_s=6.0, **more)


def note(kept: Recent, *seconds: int) -> None:
    for second in seconds:
        kept.note(said(second)[0], float(second))


def test_while_the_connection_stands_nothing_is_said_again():
    kept = recent()
    note(kept, *range(20))
    assert kept.due(20.0) == []


def test_what_was_said_shortly_before_a_loss_is_said_again_at_once_and_when_all_are_back():
    kept = recent()
    note(kept, *range(11))
    kept.lost(10.0)
    note(kept, 12)
    assert kept.due(12.0) == []
    kept.back(14.0)
    assert kept.due(14.0) == said(5, 6, 7, 8, 9, 10, 12)
    note(kept, 16)
    assert kept.due(19.0) == []
    assert kept.due(20.0) == said(5, 6, 7, 8, 9, 10, 12, 16)
    assert kept.due(99.0) == []


def test_a_second_loss_before_all_are_back_keeps_what_the_first_endangered():
    kept = recent()
    note(kept, 8, 9)
    kept.lost(10.0)
    kept.back(11.0)
    assert kept.due(11.0) == said(8, 9)
    kept.lost(12.0)
    assert kept.due(30.0) == []
    kept.back(30.0)
    assert kept.due(30.0) == said(8, 9)
    assert kept.due(36.0) == said(8, 9)


def test_of_too_many_the_newest_are_kept():
    kept = recent(limit=3)
    kept.lost(0.0)
    note(kept, *range(10))
    kept.back(10.0)
    assert kept.due(10.0) == said(7, 8, 9)

from __future__ import annotations

from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from sim.transport.inbox import Inbound, Inbox


def telemetry(number: int, size: int = 1) -> Inbound:
    return Inbound(f"t/{number}", b"x" * size, droppable=True)


def certain(number: int) -> Inbound:
    return Inbound(f"c/{number}", b"")


def test_messages_leave_in_the_order_in_which_they_came():
    inbox = Inbox()
    sent = [telemetry(1), certain(2), telemetry(3), certain(4), certain(5)]
    for message in sent:
        inbox.put(message)
    assert inbox.take(3, 0) + inbox.take(9, 0) == sent


def test_a_full_inbox_drops_the_oldest_telemetry_and_counts_it():
    inbox = Inbox(limit=2)
    for message in [telemetry(1), certain(2), telemetry(3), telemetry(4)]:
        inbox.put(message)
    assert [m.topic for m in inbox.take(9, 0)] == ["c/2", "t/3", "t/4"]
    assert inbox.dropped == 1


def test_large_telemetry_is_bounded_by_its_bytes():
    inbox = Inbox(limit_bytes=100)
    for number in range(5):
        inbox.put(telemetry(number, size=40))
    assert [m.topic for m in inbox.take(9, 0)] == ["t/3", "t/4"]
    inbox.put(telemetry(9, size=100))
    assert len(inbox) == 1


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 10), st.integers(1, 7))
def test_whatever_comes_certain_messages_all_leave_and_order_holds(kinds, limit, most):
    inbox = Inbox(limit=limit)
    sent = [telemetry(i) if droppable else certain(i) for i, droppable in enumerate(kinds)]
    for message in sent:
        inbox.put(message)
    left = []
    while group := inbox.take(most, 0):
        assert len(group) <= most
        left += group
    numbers = [int(m.topic[2:]) for m in left]
    assert numbers == sorted(numbers)
    assert [m for m in left if not m.droppable] == [m for m in sent if not m.droppable]
    newest = [m for m in sent if m.droppable][-limit:]
    assert [m for m in left if m.droppable] == newest
    assert inbox.dropped == len(sent) - len(left)


def test_nothing_to_take_gives_nothing_after_the_time_out():
    assert Inbox().take(5, 0.0) == []


def test_taking_ends_when_another_thread_puts_or_wakes():
    inbox = Inbox()
    for act, found in ((lambda: inbox.put(certain(1)), 1), (inbox.wake, 0)):
        thread = Thread(target=act)
        thread.start()
        assert len(inbox.take(5, 10.0)) == found
        thread.join()


def test_a_wake_that_came_early_ends_the_next_take():
    inbox = Inbox()
    inbox.wake()
    assert inbox.take(5, 10.0) == []


def test_lingering_ends_as_soon_as_as_many_came_as_were_wanted():
    inbox = Inbox()
    inbox.put(telemetry(1))
    thread = Thread(target=lambda: inbox.put(telemetry(2)))
    thread.start()
    assert len(inbox.take(2, 10.0, linger_s=10.0)) == 2
    thread.join()

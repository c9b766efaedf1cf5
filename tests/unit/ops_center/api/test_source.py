"""The holder of the newest snapshot, between threads and loops."""

from __future__ import annotations

import asyncio
import threading

from ops_center.api.source import SnapshotSource
from support.centre import fake_snapshot, next_snapshot

DEADLINE_S = 5.0


def test_source_is_empty_until_the_first_snapshot():
    source = SnapshotSource()
    assert source.latest() is None
    source.publish(fake_snapshot())
    assert source.latest().version == 1


def test_reader_on_a_loop_is_woken_by_another_thread():
    source = SnapshotSource()

    async def wait() -> int:
        publisher = threading.Thread(target=source.publish, args=(fake_snapshot(),))
        waiting = asyncio.create_task(source.wait_after(0))
        await asyncio.sleep(0)
        publisher.start()
        published = await asyncio.wait_for(waiting, DEADLINE_S)
        publisher.join()
        return published.serial

    assert asyncio.run(wait()) == 1


def test_reader_who_is_behind_gets_the_newest_at_once():
    source = SnapshotSource()
    snapshot = fake_snapshot()
    source.publish(snapshot)
    source.publish(next_snapshot(snapshot))
    published = asyncio.run(source.wait_after(0))
    assert (published.serial, published.snapshot.version) == (2, 2)


def test_waiting_ends_empty_when_time_is_up_or_the_source_closes():
    source = SnapshotSource()
    assert asyncio.run(source.wait_after(0, timeout_s=0.001)) is None
    source.close()
    assert asyncio.run(source.wait_after(0)) is None


def test_reader_of_a_loop_that_ended_does_not_hinder_the_publisher():
    source = SnapshotSource()
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(source.wait_after(0))
    loop.run_until_complete(asyncio.sleep(0))
    waiting.cancel()
    loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
    loop.close()
    source.publish(fake_snapshot())
    assert source.latest() is not None


def test_pace_is_told_by_the_centre_or_measured_and_starts_anew_with_a_run(monkeypatch):
    wall = iter((10.0, 11.0, 12.0, 13.0))
    monkeypatch.setattr("ops_center.api.source.monotonic_s", lambda: next(wall))
    source = SnapshotSource()
    snapshot = fake_snapshot()
    speeds = []
    for published in (snapshot, next_snapshot(snapshot), fake_snapshot(minutes=1)):
        source.publish(published)
        speeds.append(source.latest_published().speed)
    source.publish(fake_snapshot(minutes=1), speed=60.0)
    assert [*speeds, source.latest_published().speed] == [None, 5.0, None, 60.0]

"""What the stream tells: changes only, in order, bounded, and to whoever comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from ops_center.api.changes import EVENTS
from ops_center.api.feed import Feed
from ops_center.api.settings import ApiSettings
from ops_center.api.source import SnapshotSource
from ops_center.core.snapshot import Snapshot
from sim.kernel.clock import Ns
from support.centre import (
    fake_decisions,
    fake_devices,
    fake_incident,
    fake_snapshot,
    fake_units,
    next_snapshot,
)
from support.centre_map import fake_map

DEADLINE_S = 5.0
QUICK = ApiSettings(columns_interval_s=0.0)


@dataclass
class Event:
    event: str
    data: dict
    id: str | None


@dataclass
class Scene:
    """A feed over a source, with a wall clock that the test moves."""

    settings: ApiSettings = QUICK
    source: SnapshotSource = field(default_factory=SnapshotSource)
    wall_s: float = 0.0

    def __post_init__(self) -> None:
        self.feed = Feed(self.source, self.settings, epoch="e", wall_s=lambda: self.wall_s)

    async def publish(self, snapshot: Snapshot) -> Snapshot:
        """Publish, and return when the feed has told of it."""
        self.source.publish(snapshot, speed=60.0)
        async with asyncio.timeout(DEADLINE_S):
            while self.feed.told_version != snapshot.version:
                await asyncio.sleep(0)
        return snapshot


async def take(stream: AsyncIterator[bytes], count: int) -> list[Event]:
    """The next `count` events of a stream; comments and the retry line are passed over."""
    events: list[Event] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(events) < count:
            for block in (await anext(stream)).decode().split("\n\n"):
                lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
                if "event" in lines:
                    events.append(Event(lines["event"], json.loads(lines["data"]), lines.get("id")))
    assert len(events) == count, [e.event for e in events]
    return events


def play(scene: Scene, act: Callable[[Scene], Awaitable[None]]) -> None:
    """Act with the feed running."""

    async def stage() -> None:
        running = asyncio.create_task(scene.feed.run())
        try:
            await act(scene)
        finally:
            scene.source.close()
            await running

    asyncio.run(stage())


def test_reader_hears_the_time_at_once_and_then_only_what_changed():
    async def act(scene):
        first = await scene.publish(fake_snapshot())
        stream = scene.feed.read(None, EVENTS)
        (hello,) = await take(stream, 1)
        assert (hello.event, hello.data["speed"]) == ("clock", 60.0)
        await scene.publish(next_snapshot(first))
        (clock,) = await take(stream, 1)
        assert clock.data == {"now": "2026-07-21T17:30:05.000+08:00", "speed": 60.0, "version": 2}

    play(Scene(), act)


def test_each_kind_of_change_is_an_event_with_new_values_only():
    basemap = fake_map()

    async def act(scene):
        first = await scene.publish(fake_snapshot(basemap=basemap))
        stream = scene.feed.read(None, EVENTS)
        await take(stream, 1)
        devices = replace(first.devices, value=first.devices.value.copy())
        devices.value[3] = 0.5
        speed = first.link_speed_mps.copy()
        speed[:2] = (np.nan, 3.25)
        pump = replace(first.actuators[0], position="on")
        acknowledged = replace(first.incidents[0], acknowledged_by="Li Wei")
        await scene.publish(
            next_snapshot(
                first,
                incidents=(acknowledged, first.incidents[1]),
                units=(*first.units[:4], replace(first.units[4], state="en_route")),
                actuators=(pump, *first.actuators[1:]),
                depth_m={**first.depth_m, "underpass-02": 0.2},
                vitals=first.vitals[:2],
                decisions=fake_decisions(8),
                devices=devices,
                link_speed_mps=speed,
                closed_links=frozenset({1}),
            )
        )
        told = {e.event: e.data for e in await take(stream, 9)}
        assert told["incident"]["acknowledged_by"] == "Li Wei"
        assert [u["id"] for u in told["unit"]["items"]] == ["ambulance-1"]
        assert [a["position"] for a in told["actuator"]["items"]] == ["on"]
        assert told["places"]["items"] == [{"id": "underpass-02", "depth_m": 0.2}]
        assert len(told["vitals"]["items"]) == 2
        assert [r["seq"] for r in told["decision"]["items"]] == [7, 8]
        assert told["devices"] == {"row": [3], "value": [0.5], "status": [1]}
        assert told["traffic"]["speed_mps"] == [None, 3.2]
        assert told["traffic"]["closed"] == [1]

    play(Scene(), act)


def test_reader_who_comes_back_goes_on_where_it_left_off():
    async def act(scene):
        snapshot = await scene.publish(fake_snapshot())
        stream = scene.feed.read(None, EVENTS)
        await take(stream, 1)
        snapshot = await scene.publish(next_snapshot(snapshot))
        (seen,) = await take(stream, 1)
        for _ in range(3):
            snapshot = await scene.publish(next_snapshot(snapshot))
        again = scene.feed.read(seen.id, EVENTS)
        await take(again, 1)
        missed = await take(again, 3)
        assert [e.data["version"] for e in missed] == [3, 4, 5]
        assert len({e.id for e in missed}) == 3

    play(Scene(), act)


@pytest.mark.parametrize("unknown", ["other-3", "e-999999", "e-x", "3", "e--1", ""])
def test_reader_with_a_place_of_another_time_is_told_to_reload(unknown):
    async def act(scene):
        snapshot = await scene.publish(fake_snapshot())
        stream = scene.feed.read(unknown, EVENTS)
        await take(stream, 1)
        (missed,) = await take(stream, 1)
        assert (missed.event, missed.data["what"]) == ("reload", ["all"])
        await scene.publish(next_snapshot(snapshot))
        assert [e.event for e in await take(stream, 1)] == ["clock"]

    play(Scene(), act)


def test_slow_reader_is_told_to_reload_and_the_buffer_stays_bounded():
    settings = ApiSettings(columns_interval_s=0.0, buffer_events=10)

    async def act(scene):
        snapshot = await scene.publish(fake_snapshot())
        stream = scene.feed.read(None, EVENTS)
        await take(stream, 1)
        for _ in range(40):
            snapshot = await scene.publish(next_snapshot(snapshot))
        assert scene.feed.kept == 10
        assert [e.event for e in await take(stream, 1)] == ["reload"]
        await scene.publish(next_snapshot(snapshot))
        assert [e.data["version"] for e in await take(stream, 1)] == [42]

    play(Scene(settings), act)


def test_buffer_is_bounded_in_bytes():
    settings = ApiSettings(columns_interval_s=0.0, buffer_bytes=1_000)

    async def act(scene):
        snapshot = await scene.publish(fake_snapshot())
        for _ in range(40):
            snapshot = await scene.publish(next_snapshot(snapshot))
        assert 1 <= scene.feed.kept < 12

    play(Scene(settings), act)


def test_only_wanted_events_come():
    async def act(scene):
        snapshot = await scene.publish(fake_snapshot())
        stream = scene.feed.read(None, {"incident", "reload"})
        await take(stream, 1)
        closed = replace(snapshot.incidents[1], state="closed")
        await scene.publish(next_snapshot(snapshot, incidents=(snapshot.incidents[0], closed)))
        (event,) = await take(stream, 1)
        assert (event.event, event.data["state"]) == ("incident", "closed")

    play(Scene(), act)


def test_columns_wait_for_their_interval_and_the_last_change_is_never_lost():
    async def act(scene):
        first = await scene.publish(fake_snapshot())
        scene.wall_s = 10.0
        stream = scene.feed.read(None, {"devices"})
        await take(stream, 1)
        warm = replace(first.devices, value=first.devices.value + 1.0)
        second = await scene.publish(next_snapshot(first, devices=warm))
        assert len((await take(stream, 1))[0].data["row"]) == 59
        hot = replace(warm, value=warm.value + 1.0)
        await scene.publish(next_snapshot(second, devices=hot))
        # No further snapshot comes: the change is told once the interval is over.
        scene.wall_s = 11.0
        (late,) = await take(stream, 1)
        assert late.data["value"][0] == pytest.approx(hot.value[0], abs=1e-3)

    play(Scene(ApiSettings(columns_interval_s=0.02)), act)


def test_large_changes_are_told_in_lots_until_all_are_told():
    async def act(scene):
        first = await scene.publish(fake_snapshot())
        stream = scene.feed.read(None, {"devices"})
        await take(stream, 1)
        moved = replace(first.devices, value=first.devices.value + 1.0)
        await scene.publish(next_snapshot(first, devices=moved))
        lots = await take(stream, 3)
        rows = [row for lot in lots for row in lot.data["row"]]
        assert [len(lot.data["row"]) for lot in lots] == [25, 25, 9]
        assert sorted(rows) == [row for row in range(60) if row != 40]

    play(Scene(ApiSettings(columns_interval_s=0.0, columns_max=25)), act)


def test_new_devices_and_a_new_map_ask_for_a_reload_of_just_those():
    async def act(scene):
        first = await scene.publish(fake_snapshot())
        stream = scene.feed.read(None, EVENTS)
        await take(stream, 1)
        basemap = fake_map(6, 3)
        await scene.publish(
            next_snapshot(
                first,
                basemap=basemap,
                devices=fake_devices(basemap, 61, minutes=30),
                link_speed_mps=np.full(len(basemap.roads), 5.0),
            )
        )
        events = await take(stream, 4)
        assert [e.data["what"] for e in events if e.event == "reload"] == [["map"], ["devices"]]
        traffic = next(e for e in events if e.event == "traffic")
        assert len(traffic.data["link"]) == len(basemap.roads)

    play(Scene(), act)


def test_another_run_asks_for_a_reload_of_everything():
    async def act(scene):
        await scene.publish(fake_snapshot(version=50, minutes=90))
        stream = scene.feed.read(None, EVENTS)
        await take(stream, 1)
        await scene.publish(fake_snapshot(version=1, minutes=0))
        reload, clock = await take(stream, 2)
        assert (reload.data["what"], clock.data["version"]) == (["all"], 1)

    play(Scene(), act)


def test_unit_that_only_repeats_itself_is_not_told_again():
    basemap = fake_map()

    async def act(scene):
        first = await scene.publish(fake_snapshot(basemap=basemap))
        stream = scene.feed.read(None, {"unit", "incident"})
        await take(stream, 1)
        same = tuple(replace(u, ts_event=Ns(u.ts_event + 1)) for u in first.units)
        second = await scene.publish(next_snapshot(first, units=same))
        moved = fake_units(basemap, minutes=31)
        opened = (*first.incidents, fake_incident(basemap, 3, minutes=31))
        await scene.publish(next_snapshot(second, units=moved, incidents=opened))
        incident, units = await take(stream, 2)
        assert incident.data["id"] == "inc-000003"
        assert [u["id"] for u in units.data["items"]] == ["pump-unit-1"]

    play(Scene(), act)


def test_silent_stream_sends_comments_so_that_proxies_keep_it_open():
    async def act(scene):
        await scene.publish(fake_snapshot())
        stream = scene.feed.read(None, EVENTS)
        async with asyncio.timeout(DEADLINE_S):
            chunks = [await anext(stream) for _ in range(3)]
        assert chunks[0].startswith(b"retry:")
        assert chunks[2].startswith(b":")

    play(Scene(ApiSettings(ping_s=0.01)), act)


def test_closed_source_ends_every_stream():
    async def act(scene):
        await scene.publish(fake_snapshot())
        streams = [scene.feed.read(None, EVENTS) for _ in range(3)]
        for stream in streams:
            await take(stream, 1)
        scene.source.close()
        async with asyncio.timeout(DEADLINE_S):
            for stream in streams:
                assert [chunk async for chunk in stream] == []

    play(Scene(), act)

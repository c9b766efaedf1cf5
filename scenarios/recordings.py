"""Recordings of city traffic: made from a broker, published again, decided on again."""

from __future__ import annotations

import math
from pathlib import Path

from ops_center.core.center import OpsCenter
from ops_center.core.store import NoStore
from ops_center.live.pace import CityPace, wait_for_clock
from ops_center.live.runner import replay
from scenarios import output
from scenarios.build import center_config
from scenarios.heads import head_document, read_head
from scenarios.options import Interrupt
from sim.kernel.clock import MILLISECOND, Ns, SteppedClock, WallClock, monotonic_s
from sim.messages import topics
from sim.messages.envelope import WireMessage
from sim.transport import recorder
from sim.transport.broker_url import BrokerUrl
from sim.transport.foreign.feeds import ForeignFeeds
from sim.transport.foreign.mapping import ForeignMapping
from sim.transport.inbox import Inbox
from sim.transport.link import MqttLink
from sim.transport.recorder import Recorder, recording_start
from sim.transport.replay import ReplayBus

RECORD_CLIENT = "chengmai-record"
REPLAY_CLIENT = "chengmai-replay"
TAKE_AT_MOST = 2000
TAKE_S = 0.2
RETAINED = (topics.STATE,)
"""Channels whose messages a broker keeps for those who come later."""


def record(
    url: BrokerUrl,
    path: Path,
    span_s: float | None,
    interrupt: Interrupt,
    foreign: ForeignMapping | None = None,
) -> int:
    """Write all city traffic of a broker to a file until stopped; return how many messages.

    Foreign feeds are written as they come, with their mapping at the head of the file.

    Stamped with city time where the broker knows a city's clock, else with the wall's.
    """
    city_clock = wait_for_clock(url, client_id=RECORD_CLIENT, timeout_s=2.0)
    wall = WallClock() if city_clock is None else CityPace(city_clock)
    inbox = Inbox()
    link = MqttLink(url, RECORD_CLIENT, on_message=inbox.put)
    ends_s = math.inf if span_s is None else monotonic_s() + span_s
    last = 0
    about = b"" if foreign is None else head_document(None, foreign)
    with Recorder(path, about=about) as file:
        file.start(Ns(wall.now() // MILLISECOND * MILLISECOND))
        marks = file.lines
        link.open()
        try:
            link.subscribe([f"{topics.ROOT}/#", *(foreign.filters if foreign else ())])
            while not interrupt.heard and monotonic_s() < ends_s:
                group = inbox.take(TAKE_AT_MOST, TAKE_S)
                if group:
                    last = max(wall.now() // MILLISECOND * MILLISECOND, last + MILLISECOND)
                    file.write(Ns(last), group)
                for item in group:
                    if item.receipt is not None:
                        item.receipt.acknowledge()
        finally:
            link.close()
        return file.lines - marks


def republish(path: Path, url: BrokerUrl, speed: float, interrupt: Interrupt) -> int:
    """Publish a recording to a broker at a speed; return how many messages."""
    link = MqttLink(url, REPLAY_CLIENT)
    start = recording_start(path)
    link.open()
    try:

        def publish(topic: str, payload: bytes) -> None:
            root, channel = topic.partition("/")[0], topic.rpartition("/")[2]
            retain = root == topics.ROOT and channel in RETAINED
            qos = 0 if channel == topics.TELEMETRY else 1
            link.publish(WireMessage(topic, payload, qos=qos, retain=retain))

        return recorder.republish(path, publish, pace=WallClock(start, speed), wait=interrupt.wait)
    finally:
        link.close()


def decide_again(path: Path, folder: Path, foreign: ForeignMapping | None = None) -> dict[str, int]:
    """Let a new centre decide on a recording, under the policies it was made with.

    Parameters
    ----------
    foreign
        A mapping to read its foreign feeds by, instead of the recording's own.
    """
    head = read_head(path)
    clock = SteppedClock(head.at)
    mapping = foreign or head.foreign
    feeds = ForeignFeeds(mapping, clock) if mapping is not None else None
    bus = ReplayBus(translator=feeds)
    with (
        output.Lines(folder / output.DECISIONS, keep=False) as decisions,
        output.Lines(folder / output.QUARANTINE, keep=False) as quarantine,
    ):
        center = OpsCenter(
            clock,
            bus,
            NoStore(),
            center_config(head.policies),
            sink=decisions,
            quarantine_sink=quarantine,
            counts_before=feeds.counters if feeds else None,
        )
        messages = replay(center, bus, clock, recorder.read_recording(path))
        return {
            "messages": messages,
            "decisions": center.journal.last_seq,
            **center.counters(),
        }

"""Recordings of foreign feeds: made, decided on, published again, and their heads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scenarios.heads import head_document, read_head
from scenarios.output import DECISIONS
from scenarios.schema import PoliciesPart
from sim.kernel.clock import MILLISECOND, SECOND, Ns, WallClock
from sim.kernel.errors import InputError
from sim.messages import topics
from sim.messages.city import CityClock, MapPublished
from sim.messages.envelope import WireMessage
from sim.transport.brokers.nats import NatsBroker
from sim.transport.inbox import Inbox
from sim.transport.link import MqttLink
from sim.transport.mqtt import MqttBus
from sim.transport.recorder import Recorder, read_recording
from support.foreign import GAUGES, TOPIC, mapping, payload
from support.long import long_run
from support.programs import Chengmai, records
from support.town import START, town
from support.waiting import until

SPEED = 60.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Chengmai]]:
    """Start a command of the program; all are ended with the test."""
    started: list[Chengmai] = []

    def begin(*arguments: str) -> Chengmai:
        started.append(Chengmai(tmp_path, *arguments))
        return started[-1]

    yield begin
    for program in started:
        program.close()


@long_run
def test_recording_keeps_a_foreign_feed_as_it_came_and_is_decided_on_by_its_own_mapping(
    tmp_path, start
):
    (tmp_path / "pilot.yaml").write_text(GAUGES, encoding="utf-8")
    path = tmp_path / "day.jsonl"
    wall_ns = WallClock().now() // MILLISECOND * MILLISECOND
    bodies = [payload(ts=wall_ns // MILLISECOND - 2000 + 50 * n, level=n) for n in range(41)]
    bodies.append(b"no gauge says this")
    with NatsBroker() as broker, MqttBus(broker.url, "city") as city:
        city.publish(
            CityClock(ts_event=START, speed=SPEED, ends_at=None, wall_ns=wall_ns, run_id="r")
        )
        city.publish(MapPublished(ts_event=START, basemap=town()))
        city.flush()
        here = ("--broker", str(broker.url))
        record = start("record", path.name, "--foreign", "pilot.yaml", *here)
        record.until(lambda: path.exists() and topics.MAP[2] in path.read_text(), "map")
        link = MqttLink(broker.url, "pilot")
        link.open()
        for body in bodies:
            link.publish(WireMessage(TOPIC, body, qos=1))
        link.close()
        record.until(lambda: len(heard(path)) == len(bodies), "all that was sent")
        # What the city says two minutes of its time later lets a replay run on so far.
        heard_ns = WallClock().now()
        until(lambda: WallClock().now() > heard_ns + 2 * SECOND)
        passed_ns = WallClock().now() // MILLISECOND * MILLISECOND - wall_ns
        city.publish(
            CityClock(
                ts_event=Ns(START + round(SPEED * passed_ns)),
                speed=SPEED,
                ends_at=None,
                wall_ns=wall_ns + passed_ns,
                run_id="r",
            )
        )
        record.until(lambda: read_recording_end(path) != TOPIC, "the clock")
        assert record.interrupt() == 0, record.output()
        assert heard(path) == bodies

        replay = start("replay", path.name, "--out", "again", "--json")
        assert replay.wait() == 0, replay.output()
        assert '"foreign.gauges.readings": 41' in replay.output()
        assert '"foreign.gauges.refused.json": 1' in replay.output()
        incidents = [d for d in records(tmp_path / "again" / DECISIONS) if d["type"] == "incident"]
        assert [d["place"] for d in incidents if d["state"] == "suspected"] == ["underpass-01"]

        inbox = Inbox()
        listener = MqttLink(broker.url, "listener", on_message=inbox.put)
        listener.open()
        listener.subscribe(["pilot/#"])
        publish = start("replay", path.name, *here, "--speed", "1000")
        assert publish.wait() == 0, publish.output()
        until(lambda: len(inbox) == len(bodies))
        assert [item.payload for item in inbox.take(100, 1.0)] == bodies
        listener.close()


def heard(path: Path) -> list[bytes]:
    """The foreign payloads of a recording that may still be growing."""
    return [item.payload for item in read_recording(path) if item.topic == TOPIC]


def read_recording_end(path: Path) -> str:
    return list(read_recording(path))[-1].topic


def head(folder: Path, about: bytes) -> Path:
    path = folder / "some.jsonl"
    with Recorder(path, about=about) as recorder:
        recorder.start(START)
    return path


def test_head_tells_policies_and_mapping_again(tmp_path):
    policies = PoliciesPart.model_validate({"lateness": "35 s", "acknowledge_after": "2 min"})
    found = read_head(head(tmp_path, head_document(policies, mapping())))
    assert found.policies == policies
    assert found.foreign == mapping()
    assert found.at == START


def test_head_of_a_plain_recording_leaves_all_to_people(tmp_path):
    for about in (b"", head_document(None, None)):
        found = read_head(head(tmp_path, about))
        assert found.policies == PoliciesPart(acknowledge_after=None)
        assert found.foreign is None


@pytest.mark.parametrize(
    "about", [b"{", b'{"policies": 3}', b'{"policies": {"plan": "heroic"}}', b'{"foreign": {}}']
)
def test_head_of_another_kind_is_refused(tmp_path, about):
    with pytest.raises(InputError, match="line 1"):
        read_head(head(tmp_path, about))


def test_mapping_in_a_head_that_no_longer_fits_is_told_with_its_line(tmp_path):
    about = head_document(None, mapping()).replace(b"road_water_gauge", b"road_water_gouge")
    with pytest.raises(InputError, match=r"pilot\.yaml: line 4, feeds\.gauges\.kind"):
        read_head(head(tmp_path, about))

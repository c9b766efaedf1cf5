"""A centre that takes a foreign gauge over a real broker, beside a city's own."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops_center.live.service import DECISIONS, INTAKE, QUARANTINE, OpsService, ServiceSpec
from scenarios.build import center_config
from scenarios.heads import head_document, read_head
from scenarios.recordings import decide_again
from scenarios.schema import PoliciesPart
from sim.kernel.clock import MILLISECOND, WallClock
from sim.messages.city import CityClock, MapPublished
from sim.messages.envelope import WireMessage
from sim.transport.brokers.nats import NatsBroker
from sim.transport.link import MqttLink
from sim.transport.mqtt import MqttBus
from support.foreign import TOPIC, mapping, payload
from support.programs import records
from support.town import START, town
from support.waiting import until

SPEED = 120.0
"""City seconds a second: two minutes' lateness and ticks pass in one."""
POLICIES = PoliciesPart(acknowledge_after=None)


class Pilot:
    """A centre on a broker with a city that has a map and a clock, and a pilot's own client."""

    def __init__(self, folder: Path, broker: NatsBroker) -> None:
        self.folder = folder
        self.wall_ns = WallClock().now() // MILLISECOND * MILLISECOND
        clock = CityClock(
            ts_event=START, speed=SPEED, ends_at=None, wall_ns=self.wall_ns, run_id="town"
        )
        foreign = mapping()
        self.service = OpsService(
            ServiceSpec(
                broker=broker.url,
                client_id="centre",
                config=center_config(POLICIES),
                folder=folder,
                about=head_document(POLICIES, foreign),
                foreign=foreign,
            ),
            clock,
        )
        self.service.open()
        self._thread = Thread(target=self.service.run)
        self._thread.start()
        with MqttBus(broker.url, "city") as city:
            city.publish(MapPublished(ts_event=START, basemap=town()))
            city.publish(clock)
            city.flush()
        self._link = MqttLink(broker.url, "pilot")
        self._link.open()

    def send(self, body: bytes, topic: str = TOPIC) -> None:
        self._link.publish(WireMessage(topic, body, qos=1))

    def now_ms(self) -> int:
        return WallClock().now() // MILLISECOND

    def counters(self) -> dict[str, int]:
        return self.service.counters()

    def health(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.service.url}api/v1/health", timeout=10) as answer:
            return dict(json.load(answer)["counters"])

    def stop(self) -> None:
        self._link.close()
        self.service.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()


@pytest.fixture
def pilot(tmp_path: Path) -> Iterator[Pilot]:
    with NatsBroker() as broker:
        running = Pilot(tmp_path, broker)
        yield running
        running.stop()


def opened(path: Path) -> Counter[tuple[str, str]]:
    return Counter(
        (d["incident_type"], d["place"])
        for d in records(path)
        if d["type"] == "incident" and d["state"] == "suspected"
    )


def bad(now_ms: int) -> list[tuple[str, bytes, str]]:
    """Messages that do not fit, with the reason why."""
    return [
        (TOPIC, b"level=3", "json"),
        (TOPIC, payload(level=None), "pointer"),
        (TOPIC, payload(level="high"), "type"),
        (TOPIC, payload(ts="noon"), "time"),
        (TOPIC, payload(level=9999), "range"),
        ("pilot/south/WL-9/up", payload(sn="WL-9", ts=now_ms), "place"),
    ]


def test_rising_foreign_gauge_opens_one_flood_and_a_replay_decides_the_same(pilot, tmp_path):
    wrong = bad(pilot.now_ms())
    for topic, body, _ in wrong:
        pilot.send(body, topic)
    # What the gauge measured in the last two seconds of the wall, four minutes of the city.
    begin_ms = pilot.now_ms() - 2000
    for step in range(20):
        pilot.send(payload(ts=begin_ms + 100 * step, level=2.0 * step))
    until(lambda: opened(tmp_path / DECISIONS))
    # A minute of the city more changes nothing: it is one incident.
    seen = pilot.counters()["accepted"]
    for step in range(5):
        pilot.send(payload(ts=begin_ms + 2000 + step, level=40.0 + step))
    until(lambda: pilot.counters()["accepted"] == seen + 5)
    until(lambda: pilot.health().get("foreign.gauges.readings", 0) == 25)
    shown = pilot.health()
    for _, _, reason in wrong:
        assert shown[f"foreign.gauges.refused.{reason}"] == 1
        assert shown[f"quarantined.foreign.{reason}"] == 1
    assert len(records(tmp_path / QUARANTINE)) == len(wrong)
    pilot.stop()
    assert opened(tmp_path / DECISIONS) == {("flood", "underpass-01"): 1}

    again = tmp_path / "again"
    again.mkdir()
    counters = decide_again(tmp_path / INTAKE, again)
    assert (again / DECISIONS).read_bytes() == (tmp_path / DECISIONS).read_bytes()
    assert counters["foreign.gauges.readings"] == 25
    assert read_head(tmp_path / INTAKE).foreign == mapping()


def test_recording_replayed_by_another_mapping_reads_it_so(pilot, tmp_path):
    pilot.send(payload(ts=pilot.now_ms(), level=20.0))
    until(lambda: pilot.counters().get("accepted"))
    pilot.stop()
    again = tmp_path / "again"
    again.mkdir()
    other = mapping(mapping().text.replace("pilot/+site", "elsewhere/+site"))
    counters = decide_again(tmp_path / INTAKE, again, other)
    assert counters["foreign.refused.topic"] == 1
    assert "foreign.gauges.readings" not in counters


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_no_rubbish_stops_the_centre(pilot, bodies):
    before = Counter(pilot.counters())
    for body in bodies:
        pilot.send(payload()[: len(body)] + body)
    pilot.send(b"{", "pilot/end/of/up")
    until(lambda: pilot.counters().get("foreign.gauges.messages", 0) >= _sent(before, bodies))
    after = pilot.counters()
    refused = sum(n for k, n in after.items() if k.startswith("foreign.") and ".refused." in k)
    read = after.get("foreign.gauges.readings", 0)
    assert refused + read == after["foreign.gauges.messages"]


def _sent(before: Counter[str], bodies: list[bytes]) -> int:
    return before["foreign.gauges.messages"] + len(bodies) + 1

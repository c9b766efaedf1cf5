"""The feed's page: its sample client runs, its figures of the protocol are those of the code."""

from __future__ import annotations

import re
import subprocess
import sys

from conftest import ROOT
from scenarios.__main__ import main
from sim.messages import senml, topics
from sim.messages.packing import MAX_REPORTS
from sim.messages.schemas import schemas
from sim.transport.brokers.nats import NatsBroker
from sim.transport.mqtt import MqttBus
from support.messages import batch, birth
from support.waiting import until

PAGE = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")


def test_the_sample_client_reads_the_feed_and_finds_it_as_published(tmp_path):
    (sample,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len([line for line in sample.splitlines() if line]) == 10
    assert main(["schema", "--out", str(tmp_path)]) == 0
    output = tmp_path / "output"
    with NatsBroker() as broker, output.open("w") as file:
        command = [sys.executable, "-c", sample, str(broker.url.port)]
        client = subprocess.Popen(command, cwd=tmp_path, stdout=file, stderr=subprocess.STDOUT)
        try:
            with MqttBus(broker.url, "city") as bus:
                bus.publish(birth(1))

                def say() -> None:
                    assert client.poll() is None, output.read_text()
                    bus.publish(batch(1))
                    bus.drain(timeout_s=0.05)

                until(lambda: "\n" in output.read_text(), say)
        finally:
            client.kill()
            client.wait()
    first = output.read_text().splitlines()[0]
    assert first.startswith("True city/v1/haidian/water/water_gauge/wg-0/telemetry [{")


def test_the_page_names_every_schema_channel_and_media_type():
    named = set(re.findall(r"`([^`\n]+)`", PAGE))
    assert set(schemas()) <= named
    assert set(topics.CHANNELS) <= named
    assert set(senml.MEDIA_TYPES.values()) <= named
    assert f"{MAX_REPORTS} reports at most" in PAGE

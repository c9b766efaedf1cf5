"""The page on foreign feeds: its five minutes are walked, its examples are read."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from scenarios.foreign import load_foreign
from scenarios.output import DECISIONS, INTAKE
from sim.kernel.clock import SECOND, Ns, SteppedClock
from sim.messages.city import MapPublished
from sim.messages.field import UnitStatus
from sim.transport.foreign.feeds import ForeignFeeds
from support.foreign import batches, births, reasons
from support.long import long_run
from support.programs import Chengmai, records
from support.storm import city
from support.town import START

PAGE = (ROOT / "docs" / "foreign-feeds.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples" / "foreign"


def fence(language: str, holding: str = "") -> str:
    found = re.findall(r"^```([a-z]*)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    return next(text for said, text in found if said == language and holding in text)


def ask(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}api/v1/{path}", timeout=10) as answer:
        return json.load(answer)


@long_run
def test_five_minutes_end_as_the_page_says(tmp_path):
    (tmp_path / "gauges.yaml").write_text(fence("yaml"), encoding="utf-8")
    (tmp_path / "pilot.py").write_text(fence("python"), encoding="utf-8")
    live = Chengmai(tmp_path, *shlex.split(fence("", "chengmai live"))[1:])
    try:
        live.until(lambda: "dashboard" in live.output(), "dashboard")
        said = dict(line.split()[:2] for line in live.output().splitlines()[:2])
        url = said["dashboard"]
        # The city's own devices first: its map and clock have come when they have.
        live.until(lambda: ask(url, "health")["counters"].get("accepted"), "reading of the city")
        subprocess.run([sys.executable, "pilot.py", said["broker"]], cwd=tmp_path, check=True)
        floods = "incidents?type=flood"
        live.until(lambda: ask(url, floods)["items"], "flood")
        (flood,) = ask(url, floods)["items"]
        assert flood["place"] == "underpass-07"
        counters = ask(url, "health")["counters"]
        shown = json.loads("{" + fence("", "foreign.gauges").strip().rstrip(",") + "}")
        assert {k: n for k, n in counters.items() if k.startswith("foreign.")} == shown
        assert live.interrupt() == 0, live.output()
    finally:
        live.close()
    command = shlex.split(fence("", "chengmai replay"))
    recording = tmp_path / command[-1]
    assert recording.name == INTAKE
    replay = Chengmai(tmp_path, *command[1:])
    try:
        assert replay.wait() == 0, replay.output()
    finally:
        replay.close()
    decided = records(recording.with_name(DECISIONS))
    assert records(tmp_path / "out" / "replay" / DECISIONS) == decided
    assert "underpass-07" in {d.get("place") for d in decided if d["type"] == "incident"}


def read_example(name: str) -> tuple[ForeignFeeds, list[Any]]:
    """What an example's messages say in the storm's city, ten seconds after its start."""
    foreign = ForeignFeeds(
        load_foreign(str(EXAMPLES / f"{name}.yaml")), SteppedClock(Ns(START + 10 * SECOND))
    )
    foreign.note(MapPublished(ts_event=START, basemap=city(7).basemap))
    lines = (EXAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    messages = [json.loads(line) for line in lines]
    read: list[Any] = []
    for message in messages:
        read += foreign.translate(message["topic"], json.dumps(message["payload"]).encode())
    return foreign, read


def told(read: list[Any]) -> list[tuple[str, str, float]]:
    """Device, channel and value of every reading."""
    return [
        (batch.roster.ids[device], batch.channels[0].name, round(value, 6))
        for batch in batches(read)
        for device, value in zip(batch.device.tolist(), batch.values[0].tolist(), strict=True)
    ]


def places(read: list[Any]) -> dict[str, str | None]:
    return {birth.devices[0].device_id: birth.devices[0].place_id for birth in births(read)}


def test_flat_example_is_read_in_metres():
    _, read = read_example("water-gauges")
    assert told(read) == [("pilot-wl-001", "depth", 0.125), ("pilot-wl-002", "depth", 0.03)]
    assert places(read) == {"pilot-wl-001": "underpass-07", "pilot-wl-002": "underpass-02"}
    assert reasons(read) == ["foreign.range"]


def test_array_example_is_read_element_by_element():
    foreign, read = read_example("property-arrays")
    assert told(read) == [("pilot-st-7", "rain", 1.2), ("pilot-water-st-7", "depth", 0.08)]
    assert places(read) == {"pilot-st-7": None, "pilot-water-st-7": "underpass-07"}
    assert sorted(reasons(read)) == ["foreign.place", "foreign.unit"]
    assert foreign.counters()["foreign.rain.messages"] == 2


def test_lorawan_example_measures_downwards():
    _, read = read_example("chirpstack")
    assert told(read) == [
        ("pilot-0102030405060708", "depth", 0.2),
        ("pilot-a840410000000001", "depth", 0.035),
    ]
    assert set(places(read).values()) == {"underpass-07"}
    assert reasons(read) == ["foreign.pointer"]


def test_vehicle_example_is_put_right_by_half_a_kilometre():
    _, read = read_example("vehicles")
    first, second = (status for status in read if isinstance(status, UnitStatus))
    assert (first.unit_id, first.state, second.state) == ("fleet-4eaca12345", "idle", "en_route")
    assert (first.lon, first.lat) == pytest.approx((116.398025, 39.914416), abs=2e-6)
    assert reasons(read) == ["foreign.place"]


def test_every_example_is_on_the_page_and_tried_here():
    names = {path.stem for path in EXAMPLES.glob("*.yaml")}
    assert names == {path.stem for path in EXAMPLES.glob("*.jsonl")}
    assert all(f"examples/foreign/{name}.yaml" in PAGE for name in names)
    source = Path(__file__).read_text(encoding="utf-8")
    assert all(f'read_example("{name}")' in source for name in names)

"""The live modes as their users run them: real brokers, real processes, real kills."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from conftest import find_program
from scenarios.output import DECISIONS, INTAKE, QUARANTINE, REPORT, SUMMARY
from support.brokers import Mosquitto
from support.programs import Chengmai, records
from support.waiting import until


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[list[Chengmai]]:
    started: list[Chengmai] = []
    yield started
    for program in started:
        program.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    program = find_program("mosquitto")
    if program is None:
        pytest.skip("mosquitto is not installed")
    broker = Mosquitto(program, tmp_path, durable=True)
    broker.start()
    yield broker
    broker.stop()


def of(decisions: list[dict], type_: str) -> list[dict]:
    return [d for d in decisions if d["type"] == type_]


def opened(decisions: list[dict]) -> Counter[str]:
    return Counter(d["place"] for d in of(decisions, "incident") if d["state"] == "suspected")


def test_recorded_live_run_replayed_gives_the_same_decisions(tmp_path, programs):
    live = Chengmai(
        tmp_path, "live", "storm", "--speed", "200", "--exit", "--until", "50min", "--out", "live"
    )
    programs.append(live)
    assert live.wait() == 0, live.output()
    again = Chengmai(tmp_path, "replay", f"live/{INTAKE}", "--out", "again")
    programs.append(again)
    assert again.wait() == 0, again.output()
    decided = (tmp_path / "live" / DECISIONS).read_bytes()
    assert of(records(tmp_path / "live" / DECISIONS), "command")
    assert (tmp_path / "again" / DECISIONS).read_bytes() == decided
    assert (tmp_path / "live" / REPORT).exists()


class Subscriber:
    """Debian's mosquitto_sub on everything the city says."""

    def __init__(self, broker: Mosquitto, folder: Path) -> None:
        program = find_program("mosquitto_sub")
        if program is None:
            pytest.skip("mosquitto_sub is not installed")
        self._path = folder / "subscriber.txt"
        self._file = self._path.open("wb")
        self._process = subprocess.Popen(
            [program, "-p", str(broker.url.port), "-t", "city/v1/#", "-v"], stdout=self._file
        )

    def heard(self) -> list[tuple[str, bytes]]:
        lines = self._path.read_bytes().split(b"\n")[:-1]
        pairs = [line.split(b" ", 1) for line in lines]
        return [(p[0].decode(), p[1]) for p in pairs if len(p) == 2 and p[0].startswith(b"city/")]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._file.close()


@pytest.mark.system
def test_live_on_mosquitto_survives_the_brokers_death(tmp_path, programs, mosquitto):
    live = Chengmai(
        tmp_path,
        *("live", "storm", "--broker", f"mqtt://127.0.0.1:{mosquitto.url.port}"),
        *("--speed", "90", "--exit", "--until", "45min", "--out", "live"),
    )
    programs.append(live)
    decisions = tmp_path / "live" / DECISIONS
    live.until(lambda: of(records(decisions), "command"), "command")
    mosquitto.kill()
    mosquitto.start()
    before = len(records(decisions))
    live.until(lambda: len(records(decisions)) > before, "decision after the broker's death")
    assert live.wait() == 0, live.output()
    taken = records(decisions)
    assert max(opened(taken).values()) == 1
    # Every command the centre stored as given was answered, or its silence was noticed.
    answered = {d["command"] for d in of(taken, "ack")}
    noticed = {d["cause"] for d in of(taken, "escalation")}
    end_ns = taken[-1]["t_ns"]
    given = {d["command"] for d in of(taken, "command") if end_ns - d["t_ns"] > 150e9}
    assert given <= answered | noticed
    summary = json.loads((tmp_path / "live" / SUMMARY).read_text())
    assert summary["messages"]["accepted"] > 0


@pytest.mark.system
def test_feed_and_killed_centre_as_two_processes(tmp_path, programs, mosquitto):
    broker = f"mqtt://127.0.0.1:{mosquitto.url.port}"
    subscriber = Subscriber(mosquitto, tmp_path)
    feed = Chengmai(tmp_path, "feed", "storm", "--broker", broker, "--speed", "90")
    programs.append(feed)
    feed.until(lambda: len(subscriber.heard()) > 100, "births")
    decisions = tmp_path / "ops" / DECISIONS
    ops = Chengmai(tmp_path, "ops", "--broker", broker, "--out", "ops")
    programs.append(ops)
    ops.until(lambda: of(records(decisions), "command"), "command")
    ops.kill()
    before = records(decisions)

    again = Chengmai(tmp_path, "ops", "--broker", broker, "--out", "ops")
    programs.append(again)
    again.until(lambda: len(records(decisions)) > len(before) + 5, "decision after the kill")
    after = records(decisions)
    # All that was decided is still there, goes on in order, and nothing was opened twice.
    assert after[: len(before)] == before
    assert [d["seq"] for d in after] == list(range(1, len(after) + 1))
    again.until(
        lambda: (
            {d["command"] for d in of(before, "command")}
            <= {d["command"] for d in of(records(decisions), "ack")}
        ),
        "answers to the orders given before the kill",
    )
    assert max(opened(records(decisions)).values()) == 1
    url = next(w for w in again.output().split() if w.startswith("http://"))
    with urllib.request.urlopen(f"{url}api/v1/incidents", timeout=10) as answer:
        shown = {item["id"] for item in json.load(answer)["items"]}
    assert {d["incident"] for d in of(before, "incident")} <= shown
    assert again.interrupt() == 0, again.output()

    assert not any(b'"offline"' in payload for _, payload in subscriber.heard())
    feed.kill()
    until(lambda: any(b'"offline"' in payload for _, payload in subscriber.heard()))
    heard = subscriber.heard()
    subscriber.stop()
    births = [p for t, p in heard if t.endswith("/state") and b'"online"' in p]
    telemetry = [p for t, p in heard if t.endswith("/telemetry")]
    assert len(births) >= 400
    pack = msgspec.json.decode(telemetry[-1])
    assert pack[0]["bn"].startswith("urn:dev:ops:chengmai-")
    assert {"bt", "n", "u", "v"} <= set(pack[0])
    assert {"seq", "sim_time"} <= {record["n"] for record in pack}


@pytest.mark.system
def test_garbage_on_the_topics_is_counted_and_quarantined(tmp_path, programs, mosquitto):
    program = find_program("mosquitto_pub")
    if program is None:
        pytest.skip("mosquitto_pub is not installed")
    ops = Chengmai(
        tmp_path,
        *("ops", "--broker", f"mqtt://127.0.0.1:{mosquitto.url.port}", "--out", "ops"),
    )
    programs.append(ops)
    ops.until(lambda: "http://" in ops.output(), "dashboard")
    base = "city/v1/east/municipal/road_water_gauge/g-1"
    bad = [
        (f"{base}/telemetry", "not json"),
        (f"{base}/telemetry", '[{"n":"depth","v":"deep"}]'),
        (f"{base}/telemetry", '[{"n":"depth","v":1e999}]'),
        (f"{base}/state", '{"type":"device","status":"asleep"}'),
        (f"{base}/ack", "{}"),
        ("city/v1/EAST/municipal/road_water_gauge/g-1/telemetry", "[]"),
    ]
    for topic, payload in bad:
        subprocess.run(
            [program, "-p", str(mosquitto.url.port), "-t", topic, "-m", payload], check=True
        )
    path = tmp_path / "ops" / QUARANTINE
    ops.until(lambda: len(records(path)) == len(bad), "quarantine")
    assert {r["reason"] for r in records(path)} >= {"json", "schema", "topic"}
    assert ops.interrupt() == 0, ops.output()
    assert "Traceback" not in ops.output()


@pytest.mark.system
def test_recorder_beside_the_centre_keeps_what_a_new_centre_decides_on(
    tmp_path, programs, mosquitto
):
    broker = f"mqtt://127.0.0.1:{mosquitto.url.port}"
    record = Chengmai(tmp_path, "record", "day.jsonl.gz", "--broker", broker)
    programs.append(record)
    feed = Chengmai(
        tmp_path,
        *("feed", "storm", "--broker", broker, "--speed", "200", "--until", "30min", "--json"),
    )
    programs.append(feed)
    assert feed.wait() == 0, feed.output()
    assert record.interrupt() == 0, record.output()
    decide = Chengmai(tmp_path, "replay", "day.jsonl.gz", "--out", "again")
    programs.append(decide)
    assert decide.wait() == 0, decide.output()
    assert opened(records(tmp_path / "again" / DECISIONS))

    publish = Chengmai(
        tmp_path, "replay", "day.jsonl.gz", "--broker", broker, "--speed", "1000", "--json"
    )
    programs.append(publish)
    assert publish.wait() == 0, publish.output()
    text = publish.output()
    assert json.loads(text[text.index("{") :])["messages"] > 1000

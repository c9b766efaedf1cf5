"""A feed as an integrator runs it: orders at its door, truth on a file and a guarded topic."""

from __future__ import annotations

import json
import re
import shlex

import msgspec
import pytest
import yaml

from conftest import ROOT
from scenarios.__main__ import main
from sim.transport.broker_url import parse_broker_url
from sim.transport.link import MqttLink
from support.programs import Chengmai, records
from support.waiting import until

GAUGE = "water-underpass-01-1"


@pytest.fixture
def feed(tmp_path, monkeypatch):
    monkeypatch.setenv("CHENGMAI_TRUTH_PASSWORD", "only-for-this-test")
    program = Chengmai(
        tmp_path,
        *("feed", "storm", "--scale", "0.002", "--speed", "100", "--out", "out"),
        *("--truth", "side.jsonl", "--truth-topic", "--replace", "barrier-underpass-01"),
    )
    program.until(lambda: "control" in program.output(), "its door")
    yield program
    program.close()


def named(program, word):
    return re.search(rf"^{word} +(\S+)", program.output(), flags=re.MULTILINE).group(1)


def inject(capsys, *words):
    status = main(["inject", *words])
    out, err = capsys.readouterr()
    return status, out + err


def test_orders_at_the_door_come_true_and_are_written_down(feed, tmp_path, capsys):
    door = named(feed, "control")
    heard = []
    url = parse_broker_url(named(feed, "broker"))
    reader_url = parse_broker_url(f"mqtt://truth:only-for-this-test@{url.host}:{url.port}")
    reader = MqttLink(reader_url, "reader", on_message=heard.append)
    reader.open()
    reader.subscribe(["city-truth/v1/fault"])
    status, said = inject(
        capsys,
        *("--to", door, "sensor_fault", "--device", GAUGE, "--fault", "stuck", "--for", "10min"),
    )
    assert status == 0, said
    assert said.startswith("injected-1  sensor_fault at ")
    assert inject(capsys, "--to", door, "gateway_outage", "--gateway", "gateway-01")[0] == 0
    assert inject(capsys, "--to", door, "fire", "people=3", "growth=fast")[0] == 0
    until(lambda: any(b'"stuck"' in item.payload for item in heard))
    reader.close()
    assert feed.interrupt() == 0
    listed = yaml.safe_load((tmp_path / "out" / "injected.yaml").read_text())["hazards"]
    assert [h["type"] for h in listed.values()] == ["sensor_fault", "gateway_outage", "fire"]
    truth = records(tmp_path / "side.jsonl")
    assert truth == records(tmp_path / "out" / "truth.jsonl")
    assert [r for r in truth if r["type"] == "fault" and r["target"] == GAUGE]
    assert "only-for-this-test" not in feed.output()


def documented():
    """Return the inject commands of the page for integrators."""
    page = (ROOT / "docs" / "testing-with-chengmai.md").read_text(encoding="utf-8")
    return re.findall(r"^chengmai (inject .*)$", page, flags=re.MULTILINE)


def test_every_documented_order_is_taken(feed, capsys, monkeypatch):
    monkeypatch.setenv("CHENGMAI_CONTROL", named(feed, "control"))
    assert len(documented()) >= 5
    for command in documented():
        assert main(shlex.split(command)) == 0, capsys.readouterr().err
    assert capsys.readouterr().out.count("injected-") == len(documented())


def test_what_the_door_refuses_is_one_line_and_status_2(feed, capsys):
    door = named(feed, "control")
    for words, expected in (
        (("fire", "groth=fast"), ["groth", "'growth'"]),
        (("fire", "at=5 min"), ["at", "it is now"]),
        (("frie",), ["frie", "'fire'"]),
        (("fire", "people"), ["people", "key=value"]),
        (("fire", "place=nowhere"), ["nowhere", "place of"]),
        (("medical", "--for", "5min"), ["--for", "medical"]),
        (("sensor_fault", "--device", "rain-0001", "--fault", "dead"), ["rain-0001", "rain-00"]),
    ):
        status, said = inject(capsys, "--to", door, *words)
        assert status == 2
        assert said.count("\n") == 1
        assert all(word in said for word in expected), said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ["--to", "http://127.0.0.1:PORT"]),
        (("--to", "ftp://x"), ["--to", "ftp://x"]),
        (("--to", "http://127.0.0.1:1"), ["no running city answers"]),
    ],
)
def test_without_a_city_inject_says_so(capsys, words, expected):
    status, said = inject(capsys, "fire", *words)
    assert status == 2
    assert all(word in said for word in expected)


def test_the_door_answers_json_on_this_machine_s_names_only(feed):
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    door = named(feed, "control")
    clock = json.load(urlopen(f"{door}/"))
    assert clock["speed"] == 100
    assert json.load(urlopen(f"{door}/injected")) == []
    hazard = msgspec.json.encode({"type": "fire"})
    for headers, status in (
        ({"Content-Type": "text/plain"}, 422),
        ({"Content-Type": "application/json", "Host": "evil.example"}, 421),
    ):
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(f"{door}/inject", data=hazard, headers=headers))
        assert refused.value.code == status
        refused.value.close()
    assert json.load(urlopen(f"{door}/injected")) == []


def test_an_unknown_device_to_replace_is_one_line_with_the_nearest(capsys):
    assert main(["feed", "storm", "--scale", "0.002", "--replace", "barier-underpass-01"]) == 2
    said = capsys.readouterr().err
    assert "barrier-underpass-01" in said
    assert said.count("\n") == 1


def test_a_run_repeats_what_was_let_happen(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "injected.yaml").write_text(
        f"hazards:\n  injected-1: {{type: sensor_fault, device: {GAUGE}, fault: stuck,"
        " at: 61.250 s, lasts: 2 min}\n"
    )
    words = ["run", "storm", "--scale", "0.002", "--until", "5min", "--out", "o", "--injected"]
    assert main([*words, "injected.yaml"]) == 0
    told = [r for r in records(tmp_path / "o" / "truth.jsonl") if r.get("target") == GAUGE]
    assert [(r["t_s"], r["phase"]) for r in told] == [(61.25, "start"), (181.25, "end")]
    assert main([*words, "nothing.yaml"]) == 2

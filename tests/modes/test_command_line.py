"""What a person at the command line sees when something is wrong, and what a program reads."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from scenarios.__main__ import main


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def scenario(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(f"name: mine\ntitle: Mine\n{text}\n", encoding="utf-8")
    return str(path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run what must end with status 2 and one line, and return the line."""
    status, _, err = answer(capsys, *arguments)
    assert status == 2
    assert err.endswith("\n")
    assert err.count("\n") == 1, err
    return err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("clok: {length: 3 h}", ["mine.yaml", "line 3", "clok", "'clock'"]),
        ("clock:\n  length: 3 kg", ["line 4", "clock.length", "3 kg", "h"]),
        ("clock: {length: 3}", ["line 3", "clock.length", "unit"]),
        ("clock: {start: yesterday}", ["line 3", "clock.start", "2026"]),
        ("hazards:\n  r: {type: storm, duratio: 3 h}", ["line 4", "duratio", "'duration'"]),
        ("hazards:\n  r: {type: strom}", ["line 4", "hazards.r", "storm"]),
        ("sensing: {water: {per_underpass: -2}}", ["line 3", "per_underpass", "-2"]),
        ("policies: {plan: pray}", ["line 3", "policies.plan", "pray", "underpass-flood"]),
        ("city:\n  scale: 0.001", ["line 4", "city.scale", "0.001", "0.002"]),
        ("city:\n  source: a.osm\n  scale: 0.5", ["line 5", "city.scale", "0.5", "only beijing"]),
        ("title: [", ["line", "YAML"]),
    ],
)
def test_wrong_scenario_file_is_one_line_with_place_value_and_expectation(
    capsys, tmp_path, text, words
):
    line = refused(capsys, "check", scenario(tmp_path, text))
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "strom"], ["strom", "'storm'"]),
        (["check", "storm", "--city", "nowhere.osm.pbf"], ["nowhere.osm.pbf"]),
        (["check", "storm", "--city", "city.docx"], ["city.docx", ".osm.pbf"]),
        (["check", "storm", "--city", "a.osm", "--scale", "0.5"], ["scale", "0.5", "only beijing"]),
        (["check", "storm", "--scale", "3"], ["scale", "3.0", "0.002 to 1"]),
        (["check", "storm", "--scale", "half"], ["--scale", "half"]),
        (["run", "storm", "--seed", "-3"], ["--seed", "-3"]),
        (["run", "storm", "--seed", "many"], ["--seed", "many"]),
        (["run", "storm", "--until", "3 kg"], ["--until", "3 kg"]),
        (["live", "storm", "--speed", "0"], ["--speed", "0.1"]),
        (["feed", "storm", "--broker", "http://x"], ["--broker", "mqtt"]),
        (["feed", "storm", "--broker", "mqtt://u:secret@x:notaport"], ["--broker"]),
        (["record", "f.jsonl"], ["--broker"]),
        (["replay", "nothing.jsonl"], ["nothing.jsonl"]),
        (["dance"], ["dance"]),
    ],
)
def test_wrong_command_line_is_one_line_naming_the_thing(
    capsys, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "city.docx").write_text("no city")
    line = refused(capsys, *arguments)
    assert all(word in line for word in words), line
    assert "secret" not in line


def test_damaged_city_file_is_refused_by_name(capsys, tmp_path):
    path = tmp_path / "broken.net.xml.gz"
    path.write_bytes(b"\x1f\x8b not gzip at all")
    assert "broken.net.xml.gz" in refused(capsys, "check", "storm", "--city", str(path))


def test_refused_broker_and_taken_port_are_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
    line = refused(capsys, "ops", "--broker", f"mqtt://127.0.0.1:{nobody}")
    assert f"127.0.0.1:{nobody}" in line
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused(capsys, "live", "storm", "--port", str(port))
    assert f"127.0.0.1:{port}" in line
    assert "taken" in line


def test_out_that_is_a_file_is_refused(capsys, tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert "--out" in refused(capsys, "run", "storm", "--out", str(path))


def test_scenarios_and_check_answer_in_json(capsys):
    status, out, _ = answer(capsys, "scenarios", "--json")
    assert status == 0
    assert "storm" in [s["name"] for s in json.loads(out)["scenarios"]]
    status, out, _ = answer(capsys, "check", "storm", "--json")
    assert status == 0
    found = json.loads(out)
    assert found["city"]["links"] > 1000
    assert found["city"]["assumed"]


def source_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    status, out, _ = answer(capsys, "check", *arguments, "--json")
    assert status == 0
    return json.loads(out)["city"]["source"]


def test_city_is_beijing_at_the_scale_of_the_flag_else_of_the_file_else_a_hundredth(
    capsys, tmp_path
):
    assert source_of(capsys, "storm") == "synthetic, scale 0.01, seed 7"
    assert source_of(capsys, "storm", "--scale", "0.003") == "synthetic, scale 0.003, seed 7"
    mine = scenario(tmp_path, "city: {scale: 0.004}")
    assert source_of(capsys, mine) == "synthetic, scale 0.004, seed 1"
    assert source_of(capsys, mine, "--scale", "0.003") == "synthetic, scale 0.003, seed 1"
    # Another city comes with its own scale.
    assert source_of(capsys, mine, "--city", "beijing") == "synthetic, scale 0.01, seed 1"


def test_city_that_took_long_is_kept_for_the_next_command(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("CHENGMAI_CACHE", str(tmp_path / "cities"))
    monkeypatch.setattr("sim.world.city.cache.MIN_BUILD_S", 0.0)
    source_of(capsys, "storm", "--scale", "0.002")
    (kept,) = (tmp_path / "cities").iterdir()
    written = kept.stat().st_ino
    source_of(capsys, "storm-pumps-out", "--seed", "7", "--scale", "0.002")
    assert [f.stat().st_ino for f in (tmp_path / "cities").iterdir()] == [written]


def test_report_tells_the_scale_in_the_command_that_repeats_it(capsys, tmp_path):
    folder = tmp_path / "o"
    arguments = ["run", "storm", "--scale", "0.003", "--until", "2min", "--out", str(folder)]
    assert answer(capsys, *arguments)[0] == 0
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "chengmai run storm --scale 0.003 --until 120s" in report


def test_run_answers_in_json_and_leaves_its_folder(capsys, tmp_path):
    arguments = ["run", "storm", "--until", "10min", "--out", str(tmp_path / "o"), "--json"]
    status, out, _ = answer(capsys, *arguments)
    assert status == 0
    assert json.loads(out)["simulated_s"] == 600.0
    assert (tmp_path / "o" / "report.html").exists()


def test_recording_with_a_damaged_line_is_refused_by_line(capsys, tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"t": 1, "topic": "a", "payload": ""}\nrubbish\n{"t": 2}\n')
    line = refused(capsys, "replay", str(path), "--out", str(tmp_path / "o"))
    assert "line 2" in line

from __future__ import annotations

import json

import pytest

from devices.catalogue import KINDS
from scenarios.__main__ import main
from scenarios.things import describe
from sim.messages.asyncapi import document
from sim.messages.schemas import schemas


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], schemas()),
        (["--asyncapi"], document()),
        (["--thing", "rain_gauge"], describe(KINDS["rain_gauge"])),
        (["--json"], schemas()),
    ],
)
def test_without_a_folder_it_prints_one_document(arguments, wanted, capsys):
    assert main(["schema", *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == wanted


def test_with_a_folder_it_writes_everything_and_says_what(tmp_path, capsys):
    assert main(["schema", "--out", str(tmp_path / "feed")]) == 0
    said = capsys.readouterr().out.split()
    found = {str(path) for path in (tmp_path / "feed").rglob("*.json")}
    assert set(said) == found
    assert len(found) == len(schemas()) + 1 + len(KINDS)
    ack = json.loads((tmp_path / "feed" / "schemas" / "ack.json").read_text())
    assert ack == schemas()["ack"]


def test_what_is_chosen_is_all_that_is_written(tmp_path, capsys):
    arguments = ["schema", "--out", str(tmp_path), "--asyncapi", "--thing", "gateway", "--json"]
    assert main(arguments) == 0
    found = sorted(str(path) for path in tmp_path.rglob("*.json"))
    assert sorted(json.loads(capsys.readouterr().out)["files"]) == found
    assert [path.rpartition("/")[2] for path in found] == ["asyncapi.json", "gateway.td.json"]


def test_an_unknown_kind_is_refused_with_those_there_are(capsys):
    assert main(["schema", "--thing", "teapot"]) == 2
    assert "rain_gauge" in capsys.readouterr().err

"""README and docs tell the truth of this commit: commands, links, paths, samples."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from conftest import ROOT
from ops_center.api.app import create_app
from ops_center.api.source import SnapshotSource
from scenarios.__main__ import main, read_options
from scenarios.load import list_scenarios
from sim.messages.decode import read_one

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
LIVE = {"live", "feed", "ops", "record", "probe"}


def fences(page: Path) -> list[str]:
    return re.findall(r"```[a-z]*\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def commands() -> list[str]:
    lines = [line for page in PAGES for fence in fences(page) for line in fence.splitlines()]
    return sorted({line.split(" #")[0].strip() for line in lines if line.startswith("chengmai ")})


def test_there_are_commands_to_check():
    assert len(commands()) >= 8


@pytest.mark.parametrize("command", commands())
def test_documented_command_is_one_the_program_takes(command):
    options = read_options(shlex.split(command)[1:])
    assert options.command is not None


@pytest.mark.parametrize(
    "command", [c for c in commands() if c.split()[1] not in LIVE and "replay" not in c]
)
def test_documented_command_that_ends_by_itself_works(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out


def test_documented_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = {
        target
        for page in PAGES
        for fence in fences(page)
        for target in re.findall(r"^make ([a-z-]+)", fence, flags=re.MULTILINE)
    }
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


def test_sample_telemetry_is_what_the_centre_reads():
    samples = [f for f in fences(ROOT / "README.md") if f.startswith("[{")]
    (sample,) = samples
    json.loads(sample)
    topic = "city/v1/daxing/municipal/road_water_gauge/water-underpass-05-1/telemetry"
    (pack,) = read_one(topic, sample.encode())
    assert [c.name for c in pack.readings] == ["depth"]
    assert pack.seq == 9


def test_documented_api_paths_are_served():
    app = create_app(SnapshotSource(), lambda _: None)
    served = set(app.openapi()["paths"])
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:GET |POST )?(/api/v1/[a-z{}/.-]+)", page))
    assert len(named) >= 8
    known = {re.sub(r"\{[^}]*\}", "{id}", path) for path in served} | {"/api/v1/openapi.json"}
    assert named <= known


def test_every_file_a_page_names_in_code_exists():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:sim|devices|ops_center|scenarios)/[\w/]+\.py)`", page)
    assert len(named) > 10
    assert not [name for name in named if not (ROOT / name).exists()]


def test_library_scenarios_are_short_and_say_what_they_are():
    for file in (ROOT / "scenarios" / "library").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 60, file.name
        assert text.startswith("#"), file.name
    assert len({s.title for s in list_scenarios()}) == len(list_scenarios())

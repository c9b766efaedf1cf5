"""The report: one file, whole, safe, and right about what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.events import Record
from scenarios.kpis import Sensing, compute
from scenarios.report.render import Run, RunInfo, render
from scenarios.score import score
from sim.kernel.basemap import BaseMap
from support.fake_run import LENGTH_S, NAMES, Records, fake_map, fake_run

VOID = {"meta", "br", "hr", "img", "input", "link", "col", "wbr"}
INFO = RunInfo(
    scenario="storm",
    title="Five-year storm, two pumps out · 五年一遇暴雨",
    seed=7,
    version="0.1.0",
    command="chengmai run storm --seed 7 --out out",
    assumptions=("Districts were made up.",),
)
SMALL_MAP = fake_map(columns=9, rows=8)


def report(
    path: Path,
    truth: Sequence[Record],
    decisions: Sequence[Record],
    basemap: BaseMap = SMALL_MAP,
    info: RunInfo = INFO,
    **more: Any,
) -> str:
    scored = score(truth, decisions, horizon_s=LENGTH_S)
    sensing = Sensing(devices=300, readings_made=2_143_000, readings_accepted=2_110_020)
    figures = compute(scored, truth, decisions, sensing=sensing)
    target = path / "report.html"
    run = Run(
        basemap=basemap,
        truth=truth,
        decisions=decisions,
        score=scored,
        kpis=figures,
        info=info,
        **more,
    )
    render(target, run)
    return target.read_text(encoding="utf-8")


class Balance(HTMLParser):
    """Follow a document's tags; every one that opens must close in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(html: str) -> Balance:
    document = Balance()
    document.feed(html)
    document.close()
    assert document.open == []
    return document


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> str:
    truth, decisions = fake_run()
    return report(tmp_path_factory.mktemp("report"), truth, decisions, fake_map())


def test_report_loads_nothing_from_anywhere(storm):
    document = parsed(storm)
    assert "http" not in storm
    assert "url(" not in storm
    assert "@import" not in storm
    assert not {"script", "link", "img", "iframe", "object"} & document.seen.keys()
    assert not {"src", "href", "srcset"} & {name for name, _ in document.attributes}


def test_every_tag_closes_in_its_place(storm):
    document = parsed(storm)
    assert (
        document.seen["html"]
        == document.seen["body"]
        == document.seen["title"] - (document.seen["title"] - 1)
    )
    assert {"thead", "caption", "figure", "svg"} <= document.seen.keys()


def test_no_coordinate_is_not_a_number(storm):
    assert "nan" not in storm.lower().replace("nanguan", "").replace("南", "")
    assert "None" not in storm


def test_answer_and_identity_lead_the_page(storm):
    text = " ".join("".join(parsed(storm).text).split())
    assert "4 of 5 floods were detected" in text
    assert "3 people were trapped and freed again." in text
    assert "1 false alarm." in text.replace("\N{NO-BREAK SPACE}", " ")
    for part in (
        "Mouzhou 某州",
        "seed 7",
        "version 0.1.0",
        INFO.command,
        "Districts were made up.",
    ):
        assert part in text


def test_each_flood_has_a_figure_with_limits_and_milestones(storm):
    document = parsed(storm)
    assert document.seen["article"] == 5
    text = "".join(document.text)
    for part in ("flood limit", "close road", "cars float", "first unit on scene", "road closed"):
        assert part in text
    assert "none: not detected" in text


def test_every_figure_is_told_apart_by_words_not_colour_alone(storm):
    text = "".join(parsed(storm).text)
    for part in ("on scene", "refused after", "✓ seen after", "motor protection tripped"):
        assert part in text


def test_map_names_the_flooded_places_and_credits_its_source(storm):
    map_part = storm[storm.index("Map of Mouzhou") : storm.index("Event by event")]
    assert NAMES[1].split()[0] in map_part
    assert "Made-up city · synthetic, seed 7" in map_part
    assert "2 km" in map_part


def test_quiet_run_renders_and_says_so(tmp_path):
    html = report(tmp_path, [], [])
    text = "".join(parsed(html).text).replace("\N{NO-BREAK SPACE}", " ")
    assert "Nothing happened; the centre raised no incidents." in text
    assert "–" in text


def test_run_without_rain_or_places_renders(tmp_path):
    bare = replace(SMALL_MAP, places=(), stations=(), districts=())
    parsed(report(tmp_path, [], [], bare))


def test_flood_still_open_at_the_horizon_renders(tmp_path):
    out = Records()
    out.flood(LENGTH_S - 300, None, "underpass-01")
    out.sample(LENGTH_S - 240, "underpass-01", 0.3, 40.0)
    out.incident(LENGTH_S - 200, "inc-1", "suspected", "underpass-01")
    text = "".join(parsed(report(tmp_path, *out.finished())).text)
    assert "open at the end" in text


def test_flood_at_a_place_the_map_has_not_renders_under_its_identifier(tmp_path):
    out = Records()
    out.flood(1000, 2000, "elsewhere")
    assert "elsewhere" in report(tmp_path, *out.finished())


def test_names_from_outside_are_escaped_and_long_ones_cut(tmp_path):
    hostile = "<script>alert('x')</script> & " + "Very Long Street Name " * 12
    places = (replace(SMALL_MAP.places[0], name=hostile), *SMALL_MAP.places[1:])
    basemap = replace(SMALL_MAP, name="A & B <i>", places=places)
    out = Records()
    out.flood(1000, 2000, places[0].place_id)
    out.sample(1060, places[0].place_id, 0.3)
    out.decided(
        1100,
        "command",
        command="cmd-1",
        incident="inc-1",
        step="<b>",
        department="water",
        target="<b>",
        target_kind="pump",
        action="start",
        args={},
        eta_s=None,
        cause=None,
    )
    out.incident(1050, "inc-1", "suspected", places[0].place_id)
    info = replace(INFO, title="<img src=x>", command="a && b > c")
    html = report(tmp_path, *out.finished(), basemap, info)
    document = parsed(html)
    assert not {"script", "img", "i"} & document.seen.keys()
    assert document.seen["b"] == 1, "only the page's own"
    assert "a &amp;&amp; b &gt; c" in html
    assert "&lt;script&gt;" in html


def test_units_tracks_are_drawn_when_given(tmp_path):
    track = np.array([[0.0, 0.0, 0.0], [60.0, 500.0, 0.0], [120.0, 500.0, 400.0]])
    html = report(tmp_path, [], [], tracks={"pump-unit-01": track})
    assert "pump-unit-01 drove here" in html
    assert "units drove here" in html


def test_network_of_ten_thousand_links_stays_under_two_megabytes(tmp_path):
    truth, decisions = fake_run()
    large = fake_map(columns=72, rows=72, block_m=120)
    assert len(large.roads) > 10_000
    html = report(tmp_path, truth, decisions, large)
    assert len(html.encode()) < 2_000_000


def test_same_run_renders_to_the_same_bytes(tmp_path, storm):
    truth, decisions = fake_run()
    assert report(tmp_path, truth, decisions, fake_map()) == storm

"""The city's map in a browser: what a person sees, moves and points at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenarios.city.page import page as write
from sim.kernel.rng import SeededStreams
from sim.world.city.load import load_city

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

DESK = {"width": 1000, "height": 700}
INK = """() => {
  const map = document.getElementById("map");
  const all = map.getContext("2d").getImageData(0, 0, map.width, map.height).data;
  let sum = 0;
  for (let i = 0; i < all.length; i += 4) {
    if (all[i + 3] && all[i] + all[i + 1] + all[i + 2] < 700) sum++;
  }
  return sum;
}"""
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "city.html"
    path.write_text(write(load_city("beijing", SeededStreams(1), scale=0.005)), encoding="utf-8")
    return path


def note(complaints: list[str], text: str) -> None:
    # The test itself reads the drawing back; the page does not.
    if "willReadFrequently" not in text:
        complaints.append(text)


@pytest.fixture
def sheet(browser: Any, file: Path) -> Iterator[Any]:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda m: m.type in ("error", "warning") and note(complaints, m.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    page.evaluate(SETTLED)
    yield page
    context.close()
    assert complaints == []
    assert requests == [file.as_uri()]


def test_the_map_is_drawn_and_layers_come_and_go(sheet: Any) -> None:
    assert sheet.evaluate(INK) > 2_000
    before = sheet.locator("#map").screenshot()
    sheet.get_by_label("clinic", exact=False).first.check()
    sheet.evaluate(SETTLED)
    assert sheet.locator("#map").screenshot() != before
    for button in sheet.get_by_role("button", name="none").all():
        button.click()
    sheet.evaluate(SETTLED)
    assert sheet.evaluate(INK) == 0


def test_zooming_and_moving_change_the_scale_and_come_back(sheet: Any) -> None:
    def scale() -> str:
        sheet.evaluate(SETTLED)
        return str(sheet.locator("#scale").inner_text())

    whole = scale()
    for _ in range(4):
        sheet.get_by_role("button", name="Zoom in").click()
    assert scale() != whole
    sheet.locator("#map").press("ArrowLeft")
    sheet.get_by_role("button", name="whole city").click()
    assert scale() == whole


def test_pointing_tells_the_district_and_the_place(sheet: Any) -> None:
    for button in sheet.get_by_role("button", name="none").all():
        button.click()
    box = sheet.locator("#map").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    sheet.mouse.move(*middle)
    assert "people" in sheet.locator("#tip").inner_text()
    sheet.get_by_label("communities", exact=False).first.check()
    sheet.evaluate(SETTLED)
    told = set()
    for step in range(100):
        across, down = step % 10, step // 10
        sheet.mouse.move(middle[0] - 50 + 12 * across, middle[1] + 12 * down)
        told.add(sheet.locator("#tip").inner_text())
    assert any("Community" in text and "1101" in text for text in told)
    sheet.mouse.move(box["x"] + 2, box["y"] + box["height"] - 60)
    assert sheet.locator("#tip").is_hidden()

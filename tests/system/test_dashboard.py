"""The dashboard in a real browser: what a duty officer sees and does, and whence it loads."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import pytest

from ops_center.api.app import create_app
from ops_center.api.serve import ApiServer
from ops_center.api.source import SnapshotSource
from ops_center.core.snapshot import Snapshot
from sim.messages.operator import OperatorOrder
from support.centre import fake_decisions, fake_incident, fake_snapshot, next_snapshot
from support.centre_map import fake_map

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

ARGUMENTS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DEADLINE_MS = 15_000
DESK = {"width": 1000, "height": 640}
"""Small, because the map is drawn in software here; still the layout of a desk."""
PHONE = {"width": 390, "height": 844}


@dataclass
class Stage:
    """A centre that the test moves, and what came of the page."""

    source: SnapshotSource = field(default_factory=SnapshotSource)
    orders: list[OperatorOrder] = field(default_factory=list)
    url: str = ""
    snapshot: Snapshot = field(default_factory=lambda: fake_snapshot(basemap=fake_map(7, 5)))
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def show(self, **fields: object) -> None:
        self.snapshot = next_snapshot(self.snapshot, **fields)
        self.source.publish(self.snapshot, speed=60.0)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    server = ApiServer(create_app(stage.source, stage.orders.append), stage.source)
    stage.url = server.start()
    stage.source.publish(stage.snapshot, speed=60.0)
    yield stage
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


def watched(stage: Stage, browser, viewport):
    """A page that writes down every complaint and every request."""
    context = browser.new_context(viewport=viewport, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    page.on("console", lambda m: m.type in ("error", "warning") and note(stage, m.text))
    page.on("pageerror", lambda error: note(stage, str(error)))
    context.on("request", lambda request: stage.requests.append(request.url))
    return page


def note(stage: Stage, text: str) -> None:
    # Software drawing makes the browser mention its own pipeline; that is not the page's fault.
    if "GPU stall due to ReadPixels" not in text and "GL Driver Message" not in text:
        stage.complaints.append(text)


@pytest.fixture
def page(stage, browser):
    page = watched(stage, browser, DESK)
    page.goto(stage.url)
    page.wait_for_selector('#link[data-state="live"]')
    page.wait_for_selector(".beacon")
    yield page
    assert stage.complaints == []
    outside = [
        url
        for url in stage.requests
        if urlsplit(url).scheme not in ("blob", "data") and urlsplit(url).hostname != "127.0.0.1"
    ]
    assert outside == []
    page.context.close()


def test_new_incident_appears_and_is_announced_without_reload(stage, page):
    assert page.locator("#incident-list .incident").count() == 2
    third = fake_incident(stage.snapshot.basemap, 3, minutes=30, level="I")
    stage.show(incidents=(*stage.snapshot.incidents, third))
    page.wait_for_selector('.incident[data-key="inc-000003"]')
    first = page.locator("#incident-list .incident").first
    assert "Second Canal Road" in first.inner_text()
    announced = "New incident: Flood, level I, Second Canal Road"
    page.wait_for_function("text => announcer.textContent === text", arg=announced)
    assert page.locator(".beacon").count() == 3


def test_duty_officer_opens_an_incident_and_acknowledges_it(stage, page):
    page.click('.incident[data-key="inc-000001"] button')
    page.wait_for_selector(".step")
    assert page.locator("#room-title").inner_text() == "Flood · Guangming Road"
    assert page.locator("#room-title").evaluate("node => node === document.activeElement")
    assert page.locator(".step").count() == 6
    assert "Failed" in page.locator(".step").nth(1).inner_text()
    assert page.locator(".evidence").count() == 3
    page.fill("#operator", "Li Wei")
    page.click('[data-action="acknowledge"]')
    page.wait_for_selector('[data-action="acknowledge"]:disabled')
    page.wait_for_selector("#toast:not([hidden])")
    (order,) = stage.orders
    assert (order.operator, order.action, order.incident_id) == (
        "Li Wei", "acknowledge", "inc-000001",
    )  # fmt: skip
    taken = replace(stage.snapshot.incidents[0], acknowledged_by="Li Wei", state="on_scene")
    stage.show(incidents=(taken, stage.snapshot.incidents[1]))
    page.wait_for_selector("text=Acknowledged by Li Wei")


def test_ending_an_incident_wants_a_second_press(stage, page):
    page.click('.incident[data-key="inc-000002"] button')
    button = page.locator('[data-action="false-alarm"]')
    page.wait_for_selector(".step")
    button.click()
    assert button.inner_text() == "Press again to confirm"
    assert stage.orders == []
    button.click()
    page.wait_for_selector("#toast:not([hidden])")
    assert [order.action for order in stage.orders] == ["false_alarm"]


def test_keyboard_alone_opens_and_leaves_an_incident(stage, page):
    page.focus("#incident-list button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".step")
    page.keyboard.press("Escape")
    page.wait_for_selector("#room", state="hidden")
    page.wait_for_function("() => document.activeElement.closest('.incident') !== null")


def test_page_speaks_chinese_and_remembers_it(stage, page):
    page.click("#language")
    page.wait_for_selector("text=城市体征")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.wait_for_selector('.incident__place:text-is("光明路")')
    page.click("#incident-list button")
    page.wait_for_selector("text=启动备用泵")
    page.reload()
    page.wait_for_selector("text=城市体征")
    leftover = page.evaluate(
        "[...document.querySelectorAll('[data-t]')].map(n => n.textContent).join(' ')"
    )
    assert re.findall(r"[A-Za-z]{3,}", leftover) == []


def test_vitals_of_a_district_and_a_sign_without_data(stage, page):
    unknown = page.locator('.vital[data-level="unknown"]')
    assert "no fresh data" in unknown.inner_text()
    page.wait_for_selector('#city-score:text-is("69")')
    page.select_option("#district", "hexi")
    page.wait_for_function("() => document.querySelectorAll('.vital').length === 1")
    assert "4.0cm" in page.locator(".vital").inner_text()


def test_new_decisions_reach_the_log_newest_first(stage, page):
    stage.show(decisions=fake_decisions(9))
    page.wait_for_function("() => document.querySelector('.entry time').textContent === '17:08:00'")
    assert page.locator(".entry").first.inner_text().split() == [
        "17:08:00", "Command", "close", "→", "barrier-01", "·", "Traffic", "inc-000001",
    ]  # fmt: skip
    assert page.locator('.entry[data-type="finding"]').count() == 0
    page.check("#show-findings")
    page.wait_for_selector('.entry[data-type="finding"]')


def test_page_finds_its_way_back_when_the_centre_restarts(stage, page):
    stage.snapshot = replace(stage.snapshot, now=stage.snapshot.now, version=0, incidents=())
    stage.show()
    page.wait_for_selector("text=No open incident.")
    page.wait_for_selector('#link[data-state="live"]')


def test_phone_shows_everything_in_one_column_without_sideways_scroll(stage, browser):
    page = watched(stage, browser, PHONE)
    page.goto(stage.url)
    page.wait_for_selector(".beacon")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    for region in ("#map", "#incident-list", "#vitals", "#log"):
        assert page.locator(region).bounding_box()["width"] > PHONE["width"] * 0.9
    page.click("#incident-list button")
    page.wait_for_selector(".step")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.evaluate(
        "[...document.querySelectorAll('.room button')].filter(b => b.offsetHeight < 24).length"
    )
    assert small == 0
    assert stage.complaints == []
    page.context.close()

"""Every refusal is a problem document that says what was wrong."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from ops_center.api.app import create_app
from ops_center.api.settings import ApiSettings
from ops_center.api.source import SnapshotSource
from support.centre import fake_snapshot, next_snapshot

API = "/api/v1"


@pytest.mark.parametrize(
    "path",
    ["clock", "incidents", "incidents/x", "devices", "units", "vitals", "map", "traffic",
     "decisions", "places", "actuators"],
)  # fmt: skip
def test_before_the_first_snapshot_lists_are_unavailable_for_now(starting, path):
    answer = starting.get(f"{API}/{path}")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"


def test_map_is_unavailable_until_the_city_published_it(centre, client):
    centre.source.publish(next_snapshot(fake_snapshot(), basemap=None))
    answer = client.get(f"{API}/map")
    assert (answer.status_code, answer.json()["detail"]) == (503, "no base map was received yet")
    assert len(client.get(f"{API}/places").json()["items"]) == 3


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("incidents/inc-9", 404, "inc-9"),
        ("devices/none", 404, "none"),
        ("nothing", 404, None),
        ("incidents?state=weird", 422, "query.state"),
        ("incidents?level=V", 422, "query.level"),
        ("incidents?limit=0", 422, "query.limit"),
        ("incidents?cursor=%21%21", 422, "!!"),
        ("incidents?cursor=eA", 422, "eA"),
        ("devices?cursor=eA", 422, "eA"),
        ("devices?status=happy", 422, "query.status"),
        ("devices?format=xml", 422, "query.format"),
        ("decisions?after=-1", 422, "query.after"),
        ("stream?events=A%20B", 422, "query.events"),
    ],
)
def test_problem_names_what_was_wrong(client, path, status, named):
    answer = client.get(f"{API}/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["instance"] == f"{API}/{path.partition('?')[0]}"
    assert named is None or named in problem["detail"]


def test_wrong_method_is_a_problem_too(client):
    answer = client.delete(f"{API}/incidents")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


def test_fault_of_ours_is_a_problem_without_its_inside(centre, client, caplog):
    def fail(order: object) -> None:
        raise RuntimeError("secret inside")

    centre.take = fail
    path = f"{API}/incidents/inc-000001/close"
    answer = client.post(path, json={"operator": "x"})
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "instance": path,
    }
    assert "secret inside" in caplog.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_other_host_names_are_not_answered(client, host):
    answer = client.get(f"{API}/clock", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_this_machine_is_answered_under_its_names(client, host):
    assert client.get(f"{API}/clock", headers={"Host": host}).status_code == 200


def test_hosts_can_be_opened_by_settings():
    app = create_app(SnapshotSource(), print, settings=ApiSettings(hosts=("*",)))
    answer = TestClient(app, base_url="http://ops.example").get(f"{API}/health")
    assert answer.status_code == 200


def test_no_other_origin_is_let_in_and_the_page_loads_from_here_only(client):
    answer = client.get(f"{API}/clock", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_dashboard_files_and_maplibre_are_served(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for path in (
        "/static/js/main.js",
        "/static/css/base.css",
        "/vendor/maplibre-gl.js",
        "/favicon.ico",
    ):
        assert client.get(path).status_code == 200, path
    assert client.get("/vendor/pywidget.js").status_code == 404
    assert client.get("/static/../api/app.py").status_code == 404

"""What the routes tell about a snapshot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from ops_center.core.snapshot import DEVICE_STATUS
from support.centre import fake_incident, fake_snapshot, next_snapshot
from support.centre_map import fake_map

API = "/api/v1"


def pages(client: TestClient, path: str, items: str) -> list[list[dict]]:
    """All pages of a list, followed by their `next`."""
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{API}/{path}{cursor and f'&cursor={cursor}'}").json()
        found.append(page[items])
        cursor = page["next"]
    return found


def test_clock_tells_city_time_with_its_offset_and_pace(client):
    assert client.get(f"{API}/clock").json() == {
        "now": "2026-07-21T17:30:00.000+08:00",
        "speed": 60.0,
        "version": 1,
    }


def test_incidents_come_newest_first_without_their_details(client):
    incidents = client.get(f"{API}/incidents").json()["items"]
    assert [i["id"] for i in incidents] == ["inc-000002", "inc-000001"]
    assert incidents[1] | {"steps_total": 6, "steps_done": 3, "level": "II"} == incidents[1]
    assert "timeline" not in incidents[1]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("state=dispatched", ["inc-000001"]),
        ("state=dispatched&state=suspected", ["inc-000002", "inc-000001"]),
        ("level=IV", ["inc-000002"]),
        ("district=nowhere", []),
        ("type=flood&level=II", ["inc-000001"]),
        ("type=fire", []),
    ],
)
def test_incidents_are_filtered(client, query, ids):
    items = client.get(f"{API}/incidents?{query}").json()["items"]
    assert [i["id"] for i in items] == ids


def test_incident_pages_hold_every_incident_once_though_new_ones_open_meanwhile(centre, client):
    basemap = fake_map()
    many = [fake_incident(basemap, n, minutes=n % 3) for n in range(1, 8)]
    snapshot = replace(fake_snapshot(), incidents=tuple(many))
    centre.source.publish(snapshot)
    first = client.get(f"{API}/incidents?limit=3").json()
    newer = fake_incident(basemap, 99, minutes=59)
    centre.source.publish(next_snapshot(snapshot, incidents=(*many, newer)))
    second = client.get(f"{API}/incidents?limit=3&cursor={first['next']}").json()
    third = client.get(f"{API}/incidents?limit=3&cursor={second['next']}").json()
    seen = [i["id"] for page in (first, second, third) for i in page["items"]]
    assert sorted(seen) == [i.incident_id for i in many]
    assert third["next"] is None


def test_incident_tells_evidence_steps_and_timeline(client):
    incident = client.get(f"{API}/incidents/inc-000001").json()
    assert [e["signal"] for e in incident["evidence"]] == ["depth_high", "rain_high", "speed_low"]
    assert incident["steps"][4]["eta"] == "2026-07-21T17:24:00.000+08:00"
    assert incident["timeline"][0]["what"] == "suspected"


def test_devices_are_geojson_points_page_by_page(client):
    pages_found = pages(client, "devices?limit=25", "features")
    assert [len(page) for page in pages_found] == [25, 25, 10]
    assert len({f["id"] for page in pages_found for f in page}) == 60
    feature = pages_found[0][0]
    assert feature["geometry"]["type"] == "Point"
    assert feature["properties"]["status"] == "online"


def test_devices_are_filtered_by_kind_district_and_status(client):
    found = client.get(f"{API}/devices?kind=road_water_gauge").json()["features"]
    assert len(found) == 6
    both = client.get(f"{API}/devices?kind=vehicle_detector&status=faulty").json()["features"]
    assert [f["properties"]["status"] for f in both] == ["faulty"]
    assert client.get(f"{API}/devices?district=hexi").json()["features"]


def test_devices_as_columns_have_one_entry_a_device_and_null_for_no_reading(client):
    columns = client.get(f"{API}/devices?format=columns").json()
    lists = [
        columns[k] for k in ("id", "kind", "district", "unit", "lon", "lat", "value", "status")
    ]
    assert {len(column) for column in lists} == {60}
    assert columns["statuses"] == list(DEVICE_STATUS)
    assert columns["value"][40] is None


def test_device_that_was_never_heard_has_no_time_and_no_value(client):
    silent = client.get(f"{API}/devices?status=never_heard").json()["features"][0]
    one = client.get(f"{API}/devices/{silent['id']}").json()
    assert one == silent
    assert one["properties"] | {"last_seen": None, "value": None} == one["properties"]


def test_units_and_actuators_are_as_they_reported_themselves(client):
    units = client.get(f"{API}/units").json()["items"]
    assert {u["id"]: u["state"] for u in units}["police-1"] == "on_scene"
    assert next(u for u in units if u["id"] == "police-1")["observed"] == {"depth_m": 0.31}
    actuators = client.get(f"{API}/actuators").json()["items"]
    assert {a["id"]: a["position"] for a in actuators}["barrier-01"] == "closed"


def test_places_show_believed_depth_and_null_where_nothing_is_known(centre, client):
    centre.source.publish(
        next_snapshot(fake_snapshot(), depth_m={"underpass-01": 0.31, "underpass-02": np.nan})
    )
    items = client.get(f"{API}/places").json()["items"]
    assert {p["id"]: p["depth_m"] for p in items} == {
        "underpass-01": 0.31,
        "underpass-02": None,
        "underpass-03": None,
    }


def test_vitals_are_filtered_by_district_and_domain(client):
    every = client.get(f"{API}/vitals").json()["items"]
    some = client.get(f"{API}/vitals?district=hexi").json()["items"]
    assert len(some) == 1 < len(every)
    unknown = next(v for v in every if v["level"] == "unknown")
    assert (unknown["value"], unknown["score"]) == (None, None)
    city = client.get(f"{API}/vitals?domain=city&district=all").json()["items"]
    assert [v["indicator"] for v in city] == ["score"]


def test_map_has_roads_numbered_as_traffic_counts_them(client):
    document = client.get(f"{API}/map").json()
    roads = document["layers"]["roads"]["features"]
    traffic = client.get(f"{API}/traffic").json()
    assert [road["id"] for road in roads] == list(range(len(traffic["speed_mps"])))
    assert traffic["closed"] == sorted(
        document["layers"]["places"]["features"][0]["properties"]["links"]
    )
    assert None in traffic["speed_mps"]
    ring = document["layers"]["districts"]["features"][0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    west, south, east, north = document["bounds"]
    lon, lat = roads[0]["geometry"]["coordinates"][0]
    assert west - 1e-6 <= lon <= east + 1e-6
    assert south - 1e-6 <= lat <= north + 1e-6


def test_map_is_not_sent_again_to_who_has_it_and_is_compressed(centre, client):
    first = client.get(f"{API}/map")
    assert first.headers["content-encoding"] == "gzip"
    again = client.get(f"{API}/map", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    centre.source.publish(next_snapshot(fake_snapshot(), basemap=fake_map(6, 3)))
    other = client.get(f"{API}/map", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_decisions_go_on_where_a_reader_left_off(client):
    first = client.get(f"{API}/decisions?limit=4").json()
    assert [r["seq"] for r in first["items"]] == [1, 2, 3, 4]
    rest = client.get(f"{API}/decisions?after={first['next']}").json()
    assert [r["seq"] for r in rest["items"]] == [5, 6]
    none = client.get(f"{API}/decisions?after={rest['next']}").json()
    assert (none["items"], none["next"], none["oldest"]) == ([], 6, 1)
    commands = client.get(f"{API}/decisions?type=command").json()["items"]
    assert [r["target"] for r in commands] == ["barrier-01"]


def test_health_answers_before_the_first_snapshot_and_after(centre, starting):
    assert starting.get(f"{API}/health").json()["status"] == "starting"
    centre.source.publish(fake_snapshot())
    health = starting.get(f"{API}/health").json()
    assert (health["status"], health["version"]) == ("ok", 1)
    assert health["counters"]["quarantined.json"] == 1


def test_every_operation_is_described_with_an_id_and_its_problems(client):
    document = client.get(f"{API}/openapi.json").json()
    operations = [op for path in document["paths"].values() for op in path.values()]
    ids = [op["operationId"] for op in operations]
    assert len(set(ids)) == len(ids) == 17
    assert all("_" not in name for name in ids)
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "ProblemView" in document["components"]["schemas"]

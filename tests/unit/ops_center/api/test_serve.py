"""The server in its thread: a URL, a taken port, streams that end."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from ops_center.api.serve import ApiServer
from sim.kernel.errors import TransportError
from support.centre import fake_snapshot, next_snapshot

DEADLINE_S = 10.0


@pytest.fixture
def server(centre):
    server = ApiServer(centre.app(), centre.source)
    yield server
    server.stop()


def test_server_listens_on_this_machine_and_frees_its_port_when_stopped(centre, server):
    url = server.start()
    assert url.startswith("http://127.0.0.1:")
    assert httpx2.get(f"{url}api/v1/health").json()["status"] == "starting"
    server.stop()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)
    again = ApiServer(centre.app(), centre.source, port=int(url.rstrip("/").rpartition(":")[2]))
    assert again.start() == url
    again.stop()


def test_taken_port_is_one_line_that_names_it(centre):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(TransportError, match=f"^127.0.0.1:{port}: port is taken"):
            ApiServer(centre.app(), centre.source, port=port).start()


@pytest.mark.parametrize(("host", "port"), [("203.0.113.1", 0), ("127.0.0.1", 70_000)])
def test_address_that_cannot_be_used_is_one_line(centre, host, port):
    with pytest.raises(TransportError, match=f"^{host}:{port}: cannot listen there") as caught:
        ApiServer(centre.app(), centre.source, host=host, port=port).start()
    assert "\n" not in str(caught.value)


def test_stop_without_start_does_nothing(centre):
    ApiServer(centre.app(), centre.source).stop()


def test_stream_carries_a_change_and_ends_when_the_server_stops(centre, server):
    snapshot = fake_snapshot()
    centre.source.publish(snapshot)
    url = server.start()
    heard = threading.Event()

    def listen() -> list[dict]:
        found = []
        with httpx2.stream("GET", f"{url}api/v1/stream", timeout=DEADLINE_S) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in answer.headers
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line[6:]))
                    heard.set()
        return found

    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(listen)
        assert heard.wait(DEADLINE_S)
        centre.source.publish(next_snapshot(snapshot, incidents=()))
        centre.source.publish(next_snapshot(next_snapshot(snapshot), depth_m={"underpass-03": 0.4}))
        while listening.running() and {"id": "underpass-03", "depth_m": 0.4} not in _places(url):
            pass
        server.stop()
        assert any("now" in data for data in listening.result(DEADLINE_S))


def _places(url: str) -> list[dict]:
    return httpx2.get(f"{url}api/v1/places").json()["items"]


def test_many_readers_hear_every_version_in_order(centre, server):
    snapshot = fake_snapshot()
    centre.source.publish(snapshot)
    url = server.start()
    ready = threading.Barrier(9)

    def listen() -> list[int]:
        versions = []
        with httpx2.stream("GET", f"{url}api/v1/stream?events=clock", timeout=DEADLINE_S) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    data = json.loads(line[6:])
                    if "version" in data:
                        versions.append(data["version"])
                    if len(versions) == 1:
                        ready.wait(DEADLINE_S)
                    if data.get("version") == 20:
                        break
        return versions

    with ThreadPoolExecutor(8) as pool:
        listening = [pool.submit(listen) for _ in range(8)]
        ready.wait(DEADLINE_S)
        for _ in range(19):
            snapshot = next_snapshot(snapshot)
            centre.source.publish(snapshot)
        for versions in (reader.result(DEADLINE_S) for reader in listening):
            assert versions == sorted(set(versions))
            assert versions[-1] == 20

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ops_center.api.app import create_app
from ops_center.api.source import SnapshotSource
from sim.messages.operator import OperatorOrder
from support.centre import fake_snapshot

HERE = "http://127.0.0.1"


@dataclass
class Centre:
    """An app over a source, and the orders that came out of it."""

    source: SnapshotSource = field(default_factory=SnapshotSource)
    orders: list[OperatorOrder] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.take: Callable[[OperatorOrder], None] = self.orders.append

    def app(self) -> FastAPI:
        return create_app(self.source, lambda order: self.take(order))


@pytest.fixture
def centre() -> Centre:
    return Centre()


@pytest.fixture
def starting(centre: Centre) -> Iterator[TestClient]:
    """A client of a centre that has not taken stock yet."""
    with TestClient(centre.app(), base_url=HERE, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(centre: Centre, starting: TestClient) -> TestClient:
    """A client of a centre half an hour into the storm."""
    centre.source.publish(fake_snapshot(), speed=60.0)
    return starting

"""What every route is given: the newest snapshot, or a plain "not yet"."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request

from ops_center.api.feed import Feed
from ops_center.api.layers import MapShelf
from ops_center.api.orders import OrderDesk
from ops_center.api.problems import Problem
from ops_center.api.settings import ApiSettings
from ops_center.api.source import Published, SnapshotSource
from ops_center.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The collaborators of the routes of one app."""

    source: SnapshotSource
    desk: OrderDesk
    feed: Feed
    maps: MapShelf
    settings: ApiSettings


def get_context(request: Request) -> Context:
    """Return what the app was made with."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


Room = Annotated[Context, Depends(get_context)]


def get_published(context: Room) -> Published:
    """Return the newest publication; refuses with 503 before the first."""
    published = context.source.latest_published()
    if published is None:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "the centre has not taken stock yet",
            retry_after_s=1,
        )
    return published


def get_snapshot(published: Annotated[Published, Depends(get_published)]) -> Snapshot:
    """Return the newest snapshot; refuses with 503 before the first."""
    return published.snapshot


Latest = Annotated[Published, Depends(get_published)]
Now = Annotated[Snapshot, Depends(get_snapshot)]

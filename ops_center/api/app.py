"""The API and the dashboard over one centre's snapshots.

It reads immutable snapshots and enqueues orders; it never touches the centre itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from ops_center.api import city, incidents, pages, problems, status, stream
from ops_center.api.context import Context
from ops_center.api.feed import Feed
from ops_center.api.layers import MapShelf
from ops_center.api.orders import Enqueue, OrderDesk
from ops_center.api.security import Doorkeeper
from ops_center.api.settings import ApiSettings
from ops_center.api.source import SnapshotSource
from sim.kernel.clock import WallClock, monotonic_s

PREFIX = "/api/v1"

_GZIP_LEVEL = 5
"""Half the time of level 9 for a few percent more bytes on GeoJSON."""


class _Application(FastAPI):
    """FastAPI whose description knows the shape of our problems."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = problems.describe(super().openapi())
        return self.openapi_schema


def create_app(
    source: SnapshotSource, order: Enqueue, *, settings: ApiSettings | None = None
) -> FastAPI:
    """Return the web application of one centre.

    Parameters
    ----------
    source
        Where the centre publishes its snapshots.
    order
        Takes an operator's order to the centre's thread; called on the web server's
        thread, must not block.
    settings
        Limits; the defaults serve this machine only.

    Raises
    ------
    InputError
        When MapLibre's files cannot be found.
    """
    settings = settings or ApiSettings()
    feed = Feed(source, settings, epoch=f"{WallClock().now():x}", wall_s=monotonic_s)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        follower = asyncio.create_task(feed.run(), name="feed")
        yield
        feed.end()
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower

    app = _Application(
        title="Chengmai operations centre",
        version="1",
        description=__doc__,
        lifespan=lifespan,
        openapi_url=f"{PREFIX}/openapi.json",
        # Their pages load scripts from elsewhere; nothing here may.
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = Context(
        source=source,
        desk=OrderDesk(order, settings.idempotency_keys),
        feed=feed,
        maps=MapShelf(),
        settings=settings,
    )
    problems.install(app)
    api = APIRouter(prefix=PREFIX)
    for room in (incidents, city, status, stream):
        api.include_router(room.router)
    app.include_router(api)
    pages.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=_GZIP_LEVEL)
    app.add_middleware(Doorkeeper, hosts=settings.hosts)
    return app

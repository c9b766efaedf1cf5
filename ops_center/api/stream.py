"""The stream route: changes as server-sent events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from ops_center.api.changes import EVENTS
from ops_center.api.context import Room
from ops_center.api.problems import documented

router = APIRouter(tags=["stream"])

_DESCRIPTION = f"""Tell what changes, as server-sent events, without end.

Events: {", ".join(f"`{event}`" for event in EVENTS)}. Data is JSON with new values, never
differences, so what a list has shown already does no harm. `Last-Event-ID` goes on where a
reader left off; `reload` names lists (`all`, `map`, `devices`) to fetch anew, when events
were missed, or a run begins. Open the stream first, fetch the lists next.
"""


@router.get(
    "/stream",
    operation_id="stream",
    description=_DESCRIPTION,
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        **documented(422),
    },
)
async def stream(
    room: Room,
    events: Annotated[
        str | None,
        Query(
            description="Names of wanted events, by comma; `reload` always comes.",
            pattern="^[a-z,]+$",
        ),
    ] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Stream changes."""
    wanted = set(EVENTS) if events is None else {*events.split(","), "reload"}
    return StreamingResponse(
        room.feed.read(last_event_id, wanted),
        media_type="text/event-stream",
        # Proxies would otherwise hold events back to send more at once.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )

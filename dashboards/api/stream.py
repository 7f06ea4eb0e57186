"""The one stream of a browser tab."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.responses import StreamingResponse

from dashboards.context import CurrentFeed, CurrentSettings
from dashboards.live.feed import Change, Look
from dashboards.metrics import STREAMS
from dashboards.security.access import Reader, StillValid, StreamCheck

router = APIRouter()

RUN = uuid4().hex[:8]
"""Names this run of the server in event ids: versions start anew with each, and an id of another run means nothing."""
RECONNECT_MILLISECONDS = 2000
CHECK_SECONDS = 20.0
"""How often a viewer's rights are looked at again: whoever has lost them loses the stream within a minute."""
EXAMPLE = """event: update
id: 5a1f3c2e-1204
data: {"now":1777600000123,"broker":true,"database":true,"machines":12,"rows":[{"id":7,"t":1777600000000,"v":{"steam_flow":9.8}}]}
"""
_count = 0


async def _place(settings: CurrentSettings) -> AsyncIterator[None]:
    """Hold a place while the stream is open; one too many is told to come back."""
    global _count  # noqa: PLW0603 - one loop, one number
    if _count >= settings.most_streams:
        raise HTTPException(503, f"{_count} tabs follow live values already", headers={"Retry-After": "30"})
    _count += 1
    STREAMS.set(_count)
    try:
        yield
    finally:
        _count -= 1
        STREAMS.set(_count)


@router.get(
    "/api/v1/stream",
    response_class=StreamingResponse,
    dependencies=[Depends(_place)],
    responses={200: {"description": "server-sent events", "content": {"text/event-stream": {"example": EXAMPLE}}}},
)
async def stream(
    *,
    feed: CurrentFeed,
    viewer: Reader,
    is_still_valid: StreamCheck,
    equipment: Annotated[
        str,
        Query(max_length=4000, pattern=r"^(\d{1,18}(,\d{1,18})*)?$", description="ids of machines, comma-separated; none: all"),
    ] = "",
    signals: Annotated[Literal["key", "all"], Query(description="values of key signals, or of all")] = "key",
    last_event_id: Annotated[
        str, Header(max_length=100, description="of the last event that was heard; what came after it follows")
    ] = "",
) -> StreamingResponse:
    """Follow live values: ``update`` events with the rows that changed, ``resync`` after a tab was too slow for them all.

    A third event, ``alarms``, tells the counts of alarms whenever one changed. At least every five seconds there is an event.
    """
    ids = frozenset(map(int, equipment.split(","))) if equipment else None
    run, _, version = last_event_id.partition("-")
    seen = int(version) if run == RUN and version.isdecimal() else 0
    look = Look(equipment=ids, only_key=signals == "key", gateways=viewer.gateways)
    return StreamingResponse(
        _frames(feed.changes(seen, look), is_still_valid),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _frames(changes: AsyncIterator[Change], is_still_valid: StillValid) -> AsyncIterator[bytes]:
    """Lay events out as a browser reads them; their data are JSON, so no line ends in the middle."""
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n".encode()
    clock = asyncio.get_running_loop().time
    check_at = clock() + CHECK_SECONDS
    async for change in changes:
        if clock() >= check_at:
            if not await is_still_valid():
                return
            check_at = clock() + CHECK_SECONDS
        yield f"event: {change.event}\nid: {RUN}-{change.version}\ndata: {change.data}\n\n".encode()

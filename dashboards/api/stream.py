"""The one stream of a browser tab."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from dashboards.context import CurrentFeed, CurrentSettings
from dashboards.metrics import STREAMS

router = APIRouter()

RUN = uuid4().hex[:8]
"""Names this run of the server in event ids: versions start anew with each, and an id of another run means nothing."""
RECONNECT_MILLISECONDS = 2000
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


@router.get("/api/v1/stream", response_class=EventSourceResponse, dependencies=[Depends(_place)])
async def stream(
    feed: CurrentFeed,
    equipment: Annotated[str, Query(max_length=4000, pattern=r"^(\d{1,18}(,\d{1,18})*)?$", description="ids; none: all")] = "",
    signals: Literal["key", "all"] = "key",
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """Follow live values: ``update`` events with the rows that changed, ``resync`` after a tab was too slow for them all."""
    ids = frozenset(map(int, equipment.split(","))) if equipment else None
    run, _, version = last_event_id.partition("-")
    seen = int(version) if run == RUN and version.isdecimal() else 0
    async for change in feed.changes(seen, equipment=ids, only_key=signals == "key"):
        yield ServerSentEvent(
            event=change.event,
            raw_data=change.data,
            id=f"{RUN}-{change.version}",
            retry=RECONNECT_MILLISECONDS,
        )

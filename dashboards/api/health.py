"""Whether the app does its work, for watchdogs; details are for those who are signed in."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import State

from dashboards.security.access import Visitor

router = APIRouter()


@router.get("/healthz")
async def healthz(request: Request, viewer: Visitor) -> JSONResponse:
    """Say ``ok`` or, with status 503, ``unwell``."""
    is_well, details = health_of(request.app.state)
    status = {"status": "ok" if is_well else "unwell"}
    return JSONResponse(status if viewer is None else status | details, 200 if is_well else 503)


def health_of(state: State) -> tuple[bool, dict[str, Any]]:
    feed, is_running = state.feed, not state.feed_task.done()
    details = {
        "feed": is_running,
        "broker": feed.broker_connected,
        "database": feed.database_connected is True,
        "machines": len(feed.state),
    }
    return is_running and feed.broker_connected and feed.database_connected is True, details

"""Whether the app does its work, for watchdogs and for Prometheus."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dashboards.context import CurrentFeed

router = APIRouter()


@router.get("/healthz")
async def healthz(request: Request, feed: CurrentFeed) -> JSONResponse:
    is_running = not request.app.state.feed_task.done()
    is_well = is_running and feed.broker_connected and feed.database_connected is True
    details = {
        "status": "ok" if is_well else "unwell",
        "feed": is_running,
        "broker": feed.broker_connected,
        "database": feed.database_connected is True,
        "machines": len(feed.state),
    }
    return JSONResponse(details, 200 if is_well else 503)


@router.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

"""The web app put together: resources and pages are found by iterating their folders."""

import asyncio
import importlib
import logging
import pkgutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import ModuleType

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

import dashboards.api
import dashboards.pages
from dashboards.alarms.feed import AlarmFeed
from dashboards.api.health import health_of
from dashboards.error_answers import REFUSALS, add_error_answers
from dashboards.live.feed import Feed
from dashboards.production.planner import Planner
from dashboards.security.access import Reader, refuse_open_routes, sign_in_first
from dashboards.security.body_limit import BodyLimit
from dashboards.security.identities import Identities
from dashboards.security.origin import OriginCheck
from dashboards.security.passwords import Passwords
from dashboards.security.security_headers import SecurityHeaders
from dashboards.settings import WebSettings
from dashboards.spares.lists import Lists
from dashboards.static_files import STATIC
from dashboards.templating import environments
from store.database import Database
from telemetry.errors import ConfigError
from telemetry.health import serve_health

_log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent


def create_application(settings: WebSettings, *, on_failure: Callable[[BaseException], None] = lambda _: None) -> FastAPI:
    """Make the app; ``on_failure`` is called when the live feed has ended by a fault, so that the process can end too."""

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        with database:
            feed = Feed(database, settings.broker)
            application.state.feed = feed
            task = asyncio.create_task(feed.run(), name="live feed")
            task.add_done_callback(lambda task: _ended(task, on_failure))
            application.state.feed_task = task
            feed.alarms = application.state.alarm_feed = AlarmFeed(database, wake=feed.wake, on_loss=feed.look_again)
            alarms = asyncio.create_task(feed.alarms.run(), name="alarm feed")
            alarms.add_done_callback(lambda task: _ended(task, on_failure))
            health = asyncio.create_task(_serve_health(application), name="health door")
            health.add_done_callback(lambda task: _ended(task, on_failure))
            try:
                yield
            finally:
                application.state.planner.close()
                application.state.reorder_lists.close()
                feed.close()
                for started in (task, alarms, health):
                    started.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await started

    database = Database(settings.database)
    # The pages that describe an API by themselves load scripts from other hosts.
    application = FastAPI(
        title="Shangyun",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(sign_in_first)],
        responses=REFUSALS,
    )
    application.state.settings, application.state.database = settings, database
    application.state.templates = environments()
    application.state.planner, application.state.reorder_lists = Planner(database), Lists()
    application.state.identities, application.state.passwords = Identities(database), Passwords()
    application.add_middleware(BodyLimit)
    application.add_middleware(OriginCheck, settings=settings)
    application.add_middleware(SecurityHeaders)  # the outermost: refusals carry the headers too
    add_error_answers(application)
    for module in _modules(dashboards.api):
        application.include_router(module.router)
    for package in _modules(dashboards.pages):
        application.include_router(importlib.import_module(f"{package.__name__}.page").router, include_in_schema=False)
        name = package.__name__.rpartition(".")[2]
        files = FOLDER / "pages" / name / "static"
        if files.is_dir():
            application.mount(f"/pages/{name}", StaticFiles(directory=files), name=name)
    application.mount("/static", StaticFiles(directory=STATIC), name="static")
    application.add_api_route("/api/v1/openapi.json", _description, include_in_schema=False)
    refuse_open_routes(application)
    return application


def _description(request: Request, _viewer: Reader) -> JSONResponse:
    return JSONResponse(request.app.openapi())


async def _serve_health(application: FastAPI) -> None:
    port = application.state.settings.health_port
    if port is not None:
        async with serve_health(port, lambda: health_of(application.state)):
            await asyncio.Event().wait()


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in sorted(pkgutil.iter_modules(package.__path__, f"{package.__name__}."), key=lambda found: found.name):
        yield importlib.import_module(found.name)


def _ended(task: "asyncio.Task[None]", on_failure: Callable[[BaseException], None]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    if isinstance(error, BaseExceptionGroup) and (mistakes := error.subgroup(ConfigError)) is not None:
        error = mistakes.exceptions[0]  # a password file that cannot be read shows only when it is used
    if not isinstance(error, ConfigError):
        _log.critical("the %s ended by a fault", task.get_name(), exc_info=error)
    on_failure(error)

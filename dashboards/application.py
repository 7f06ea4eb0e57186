"""The web app put together: resources and pages are found by iterating their folders."""

import asyncio
import importlib
import logging
import pkgutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import ModuleType

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import dashboards.api
import dashboards.pages
from dashboards.error_answers import add_error_answers
from dashboards.feed import Feed
from dashboards.security_headers import SecurityHeaders
from dashboards.settings import WebSettings
from dashboards.static_files import STATIC, vendor_address
from store.database import Database
from telemetry.errors import ConfigError

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
            try:
                yield
            finally:
                feed.close()
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    database = Database(settings.database)
    # The pages that describe an API by themselves load scripts from other hosts.
    application = FastAPI(title="Shangyun", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    application.state.settings, application.state.database = settings, database
    application.state.templates = _templates()
    application.add_middleware(SecurityHeaders)
    add_error_answers(application)
    for module in _modules(dashboards.api):
        application.include_router(module.router)
    for package in _modules(dashboards.pages):
        application.include_router(importlib.import_module(f"{package.__name__}.page").router)
        name = package.__name__.rpartition(".")[2]
        application.mount(f"/pages/{name}", StaticFiles(directory=FOLDER / "pages" / name / "static"), name=name)
    application.mount("/static", StaticFiles(directory=STATIC), name="static")
    return application


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in sorted(pkgutil.iter_modules(package.__path__, f"{package.__name__}."), key=lambda found: found.name):
        yield importlib.import_module(found.name)


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([FOLDER / "templates", FOLDER / "pages"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["vendor_address"] = vendor_address
    return environment


def _ended(task: "asyncio.Task[None]", on_failure: Callable[[BaseException], None]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    mistakes = error.subgroup(ConfigError) if isinstance(error, BaseExceptionGroup) else None
    if mistakes is None:
        _log.critical("the live feed ended by a fault", exc_info=error)
        on_failure(error)
    else:  # a password file that cannot be read shows only when it is used
        on_failure(mistakes.exceptions[0])

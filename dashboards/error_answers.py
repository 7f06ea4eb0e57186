"""What a visitor gets when something is wrong: a sentence, as JSON below /api and as a page elsewhere, never a traceback."""

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException

from dashboards.context import render
from dashboards.feed import Feed
from telemetry.errors import ShangyunError

RETRY_AFTER_SECONDS = 5


def add_error_answers(application: FastAPI) -> None:
    application.add_exception_handler(AnyHTTPException, _refused)
    application.add_exception_handler(RequestValidationError, _invalid)
    application.add_exception_handler(ShangyunError, _away)
    application.add_exception_handler(Exception, _broken)


def _answer(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    path = request.url.path
    if path.startswith(("/api/", "/static/", "/pages/")) or path in {"/healthz", "/metrics"}:
        return JSONResponse({"error": message}, status, headers=headers)
    section = status if status in {404, 503} else 500
    page = render(request, "error.html", status, title=f"error.title_{section}", message=f"error.message_{section}")
    page.headers.update(headers or {})
    return page


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    return _answer(request, error.status_code, str(error.detail), dict(error.headers or {}))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [f"{_place(problem['loc'])}: {problem['msg']}" for problem in error.errors()]
    # A page whose address holds no number is simply not there.
    status = 422 if request.url.path.startswith("/api/") else 404
    return _answer(request, status, "; ".join(problems))


def _away(request: Request, error: Exception) -> Response:
    return _answer(request, 503, f"the database does not serve: {error}", {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _broken(request: Request, _error: Exception) -> Response:
    """Answer for a bug; the server logs its traceback."""
    return _answer(request, 500, "this is a fault of the server; its log tells more")


def _place(location: tuple[Any, ...]) -> str:
    return str(location[-1]) if location else "request"


def not_found(what: str) -> HTTPException:
    return HTTPException(404, f"there is no {what}")


def require_directory(feed: Feed) -> None:
    """Refuse while the database has not once said which machines there are."""
    if feed.database_connected is False and not len(feed.state):
        raise HTTPException(503, "the database is away", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})

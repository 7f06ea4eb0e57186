"""What a visitor gets when something is wrong: a sentence, as JSON below /api and as a page elsewhere, never a traceback."""

from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException as AnyHTTPException

from dashboards.context import language_of, render
from dashboards.live.feed import Feed
from dashboards.security.access import PasswordChangeNeeded
from dashboards.texts import Translate, translator
from telemetry.errors import ShangyunError

RETRY_AFTER_SECONDS = 5


class Problem(BaseModel):
    """What an answer below /api says instead of what was asked for."""

    error: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": meaning}
    for status, meaning in {
        401: "nobody is signed in, or the token has ended",
        403: "the role does not allow it",
        404: "there is no such thing, or it is at a site that this viewer does not see",
        409: "it has changed meanwhile",
        422: "a parameter or the body is wrong; the text says which",
        503: "the database does not answer, or too much is asked at once; `Retry-After` says when to come back",
    }.items()
}


def add_error_answers(application: FastAPI) -> None:
    application.add_exception_handler(AnyHTTPException, _refused)
    application.add_exception_handler(RequestValidationError, _invalid)
    application.add_exception_handler(ShangyunError, _away)
    application.add_exception_handler(Exception, _broken)


def _answer(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    if _is_for_programs(request):
        return JSONResponse({"error": message}, status, headers=headers)
    title, explanation = _words(status, translator(language_of(request)))
    page = render(request, "error.html", status, title=title, message=explanation)
    page.headers.update(headers or {})
    return page


def _is_for_programs(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/static/", "/pages/")) or request.url.path == "/healthz"


def _elsewhere(request: Request, address: str) -> Response:
    """Lead a page elsewhere; htmx would put the other page into a corner of this one."""
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def _log_in_address(request: Request) -> str:
    """Lead back to the page that was asked for; what a form sent is lost anyway."""
    if request.method != "GET" or request.headers.get("hx-request"):
        return "/login"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/login?{urlencode({'next': request.url.path + query})}"


def _words(status: int, _: Translate) -> tuple[str, str]:
    known = {
        403: (_("没有权限"), _("您的角色不能做这件事。需要时请联系管理员。")),
        404: (_("没有这个页面"), _("地址可能有误，或者这台设备不在列表中。")),
        429: (_("请求过于频繁"), _("请稍等片刻再试。")),
        503: (_("暂时无法显示"), _("数据库没有应答，请稍后再试。")),
    }
    refused = (_("请求无法处理"), _("提交的内容不符合要求，没有改动任何数据。请返回检查后再试。"))
    broken = (_("服务器出错"), _("这是服务器的故障，已记入日志。"))
    return known.get(status, refused if status < 500 else broken)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    if (error.status_code == 401 or isinstance(error, PasswordChangeNeeded)) and not _is_for_programs(request):
        return _elsewhere(request, "/account" if isinstance(error, PasswordChangeNeeded) else _log_in_address(request))
    return _answer(request, error.status_code, str(error.detail), dict(error.headers or {}))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [f"{_place(problem['loc'])}: {problem['msg']}" for problem in error.errors()]
    # A page whose address holds no number is simply not there.
    status = 404 if request.method == "GET" and not request.url.path.startswith("/api/") else 422
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

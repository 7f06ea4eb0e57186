"""Signing in and out; works without any script."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.security.access import SignedIn, Visitor, cookie_name, record_act
from dashboards.security.log_in import Browser, Locked, log_in
from dashboards.security.origin import client_address
from dashboards.security.passwords import LONGEST
from dashboards.texts import translator
from store.sessions import close_session_of
from store.users import has_users

router = APIRouter()

_OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]{0,2000}")
_LANGUAGE_SECONDS = 365 * 86_400


def own_path(address: str) -> str:
    """Give an address if it leads to a page of ours, else the first page: a link to us must not lead on to anybody."""
    return address if _OWN_PATH.fullmatch(address) else "/"


@router.get("/login", response_class=HTMLResponse)
def ask(
    request: Request,
    database: CurrentDatabase,
    viewer: Visitor,
    next_address: Annotated[str, Query(alias="next")] = "/",
) -> Response:
    """Show the form, and on a new installation how the first administrator is made."""
    if viewer is not None:
        return RedirectResponse(own_path(next_address), 303)
    return render(request, "login/page.html", next=own_path(next_address), is_new=not has_users(database))


@router.post("/login", response_class=HTMLResponse)
async def let_in(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=LONGEST)] = "",
    next_address: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Open a session under a new secret, whatever cookie the browser had."""
    browser = Browser(
        address=client_address(request, settings.trusted_proxies),
        agent=request.headers.get("user-agent", ""),
        old_secret=request.cookies.get(cookie_name(settings), ""),
    )
    answer = await log_in(database, request.app.state.passwords, settings, name=name, password=password, browser=browser)
    if answer is None or isinstance(answer, Locked):
        _ = translator(language_of(request))
        if answer is None:
            problem, status = _("用户名或密码不正确。"), 401
        else:
            minutes = -(-answer.seconds // 60)
            problem, status = _("失败次数过多，请在 {minutes} 分钟后再试。", minutes=minutes), 429
        page = render(request, "login/page.html", status, next=own_path(next_address), name=name, problem=problem, is_new=False)
        if isinstance(answer, Locked):
            page.headers["Retry-After"] = str(answer.seconds)
        return page
    response = RedirectResponse(own_path(next_address), 303)
    response.set_cookie(
        cookie_name(settings),
        answer.secret,
        max_age=None if answer.lasts is None else int(answer.lasts.total_seconds()),
        secure=settings.public_address.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    if answer.language:
        response.set_cookie("lang", answer.language, max_age=_LANGUAGE_SECONDS, httponly=True, samesite="lax")
    return response


@router.post("/logout")
async def leave(request: Request, viewer: SignedIn, database: CurrentDatabase, settings: CurrentSettings) -> Response:
    """End this session."""
    name = cookie_name(settings)

    def close() -> None:
        with database.connection() as connection:
            close_session_of(connection, request.cookies.get(name, ""))
            record_act(connection, viewer, "log_out", viewer.name)

    await run_in_threadpool(close)
    request.app.state.identities.forget()
    response = RedirectResponse("/login", 303)
    response.delete_cookie(name, secure=settings.public_address.startswith("https:"), httponly=True, samesite="lax")
    return response

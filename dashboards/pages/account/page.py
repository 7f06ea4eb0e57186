"""One's own account: password, language, and where one is signed in."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from dashboards.context import CurrentDatabase, language_of, render
from dashboards.error_answers import not_found
from dashboards.plant_time import plant_time
from dashboards.security.access import SignedIn, Viewer, record_act
from dashboards.security.passwords import LONGEST, SHORTEST, Passwords, problem_of
from dashboards.texts import Language, Translate, translator
from store import sessions, users
from store.database import Database

router = APIRouter(prefix="/account")

Password = Annotated[str, Form(max_length=LONGEST)]


@router.get("", response_class=HTMLResponse)
def account(request: Request, viewer: SignedIn, database: CurrentDatabase) -> HTMLResponse:
    return _page(request, viewer, database)


@router.post("/password", response_class=HTMLResponse)
async def change_password(
    *,
    request: Request,
    viewer: SignedIn,
    database: CurrentDatabase,
    old: Password = "",
    new: Password = "",
    repeated: Password = "",
) -> Response:
    """Change the password; every other session of the user ends."""
    user, _ = _person(viewer), translator(language_of(request))
    passwords: Passwords = request.app.state.passwords
    problem = await _problem(_, viewer, user, database, passwords, (old, new, repeated))
    if problem is not None:
        return await run_in_threadpool(_page, request, viewer, database, problem=problem)
    password_hash = await passwords.hash(new)

    def store() -> None:
        with database.connection() as connection:
            users.set_password(connection, user, password_hash, must_change_password=False)
            users.forget_attempts(connection, name=viewer.name, address=viewer.address, now=datetime.now(UTC))
            sessions.close_all_sessions(connection, user, but=viewer.session)
            record_act(connection, viewer, "account.change_password", viewer.name)

    await run_in_threadpool(store)
    request.app.state.identities.forget()
    return RedirectResponse("/account?done=password", 303)


@router.post("/sessions/{session}/end")
def end_session(
    request: Request, viewer: SignedIn, database: CurrentDatabase, session: Annotated[int, Path(ge=1, le=2**63 - 1)]
) -> Response:
    """End one of the viewer's own sessions."""
    with database.connection() as connection:
        if not sessions.close_session(connection, session, user=_person(viewer)):
            raise not_found(f"session {session}")
        record_act(connection, viewer, "account.end_session", str(session))
    request.app.state.identities.forget()
    return RedirectResponse("/account?done=session", 303)


@router.post("/language")
def choose_language(viewer: SignedIn, database: CurrentDatabase, language: Annotated[Language, Form()]) -> Response:
    """Remember the language for every browser that the user signs in with."""
    with database.connection() as connection:
        users.set_language(connection, _person(viewer), language)
    return RedirectResponse(f"/account?lang={language}", 303)


async def _problem(
    _: Translate, viewer: Viewer, user: int, database: Database, passwords: Passwords, given: tuple[str, str, str]
) -> str | None:
    old, new, repeated = given
    wrong = problem_of(new, viewer.name)
    if wrong == "length":
        return _("新密码需要 {shortest} 至 {longest} 个字符。", shortest=SHORTEST, longest=LONGEST)
    if wrong == "name":
        return _("新密码不能与用户名相同。")
    if new != repeated:
        return _("两次输入的新密码不一致。")
    if new == old:
        return _("新密码不能与原密码相同。")
    now = datetime.now(UTC)
    if await run_in_threadpool(users.count_attempt, database, name=viewer.name, address=viewer.address, now=now):
        return _("失败次数过多，请稍后再试。")
    password_hash = await run_in_threadpool(users.password_hash_of, database, user)
    return None if await passwords.is_right(password_hash, old) else _("原密码不正确。")


def _person(viewer: Viewer) -> int:
    if viewer.user is None:
        raise HTTPException(403, "a program has no account")
    return viewer.user


def _page(request: Request, viewer: Viewer, database: Database, *, problem: str = "") -> HTMLResponse:
    return render(
        request,
        "account/page.html",
        422 if problem else 200,
        sessions=sessions.list_sessions(database, _person(viewer), now=datetime.now(UTC)),
        local_time=plant_time(request.app.state.settings),
        problem=problem,
        done=request.query_params.get("done", ""),
    )

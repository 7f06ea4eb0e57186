"""What administrators see to: users, sites, tokens, the audit log; plain forms, each act answered by the page that it changed."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from dashboards.context import CurrentDatabase, language_of, render
from dashboards.plant_time import plant_time
from dashboards.security import administration as acts
from dashboards.security.access import Administrator, record_act
from dashboards.security.administration import ActRefused
from dashboards.security.passwords import random_password
from dashboards.texts import Translate, translator
from store.audit import Filter, count_acts, first_broken_row, list_acts
from store.database import Database
from store.sessions import list_tokens
from store.sites import known_gateways, list_sites
from store.users import list_users

router = APIRouter(prefix="/admin")

Model = TypeVar("Model", bound=BaseModel)
ACTS_PER_PAGE = 50
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class Shown(NamedTuple):
    """A secret that is shown this once, and what it is."""

    title: str
    secret: str


@router.get("")
def first(_viewer: Administrator) -> Response:
    return RedirectResponse("/admin/users", 303)


@router.get("/users", response_class=HTMLResponse)
def users(request: Request, _viewer: Administrator, database: CurrentDatabase) -> HTMLResponse:
    return _page(request, database, "users")


@router.post("/users", response_class=HTMLResponse)
async def add_user(request: Request, viewer: Administrator, database: CurrentDatabase) -> Response:
    password = random_password()
    password_hash = await request.app.state.passwords.hash(password)

    def act(form: FormData) -> Shown:
        acts.add_user(database, viewer, _read(acts.NewUser, form), password_hash)
        return Shown(_password_title(request), password)

    return await _act(request, database, "users", act)


@router.post("/users/{user}", response_class=HTMLResponse)
async def change_user(request: Request, viewer: Administrator, database: CurrentDatabase, user: Number) -> Response:
    return await _act(
        request, database, "users", lambda form: acts.change_user(database, viewer, user, _read(acts.UserRights, form))
    )


@router.post("/users/{user}/password", response_class=HTMLResponse)
async def reset_password(request: Request, viewer: Administrator, database: CurrentDatabase, user: Number) -> Response:
    password = random_password()
    password_hash = await request.app.state.passwords.hash(password)

    def act(_form: FormData) -> Shown:
        acts.reset_password(database, viewer, user, password_hash)
        return Shown(_password_title(request), password)

    return await _act(request, database, "users", act)


@router.get("/sites", response_class=HTMLResponse)
def sites(request: Request, _viewer: Administrator, database: CurrentDatabase) -> HTMLResponse:
    return _page(request, database, "sites")


@router.post("/sites", response_class=HTMLResponse)
async def add_site(request: Request, viewer: Administrator, database: CurrentDatabase) -> Response:
    def act(form: FormData) -> None:
        acts.add_site(database, viewer, _read(acts.NewSite, form))

    return await _act(request, database, "sites", act)


@router.post("/sites/gateways", response_class=HTMLResponse)
async def assign_gateway(request: Request, viewer: Administrator, database: CurrentDatabase) -> Response:
    return await _act(
        request, database, "sites", lambda form: acts.assign_gateway(database, viewer, _read(acts.Assignment, form))
    )


@router.post("/sites/{site}", response_class=HTMLResponse)
async def change_site(request: Request, viewer: Administrator, database: CurrentDatabase, site: Number) -> Response:
    return await _act(
        request, database, "sites", lambda form: acts.change_site(database, viewer, site, _read(acts.SiteLabels, form))
    )


@router.get("/tokens", response_class=HTMLResponse)
def tokens(request: Request, _viewer: Administrator, database: CurrentDatabase) -> HTMLResponse:
    return _page(request, database, "tokens")


@router.post("/tokens", response_class=HTMLResponse)
async def add_token(request: Request, viewer: Administrator, database: CurrentDatabase) -> Response:
    def act(form: FormData) -> Shown:
        _ = translator(language_of(request))
        return Shown(_("新令牌："), acts.add_token(database, viewer, _read(acts.NewToken, form))[1])

    return await _act(request, database, "tokens", act)


@router.post("/tokens/{token}/revoke", response_class=HTMLResponse)
async def revoke_token(request: Request, viewer: Administrator, database: CurrentDatabase, token: Number) -> Response:
    return await _act(request, database, "tokens", lambda _form: acts.revoke_token(database, viewer, token))


@router.get("/audit", response_class=HTMLResponse)
def audit(
    *,
    request: Request,
    _viewer: Administrator,
    database: CurrentDatabase,
    actor: Annotated[str, Query(max_length=40, pattern=acts.NO_CONTROL)] = "",
    action: Annotated[str, Query(max_length=60, pattern=acts.NO_CONTROL)] = "",
    search: Annotated[str, Query(max_length=100, pattern=acts.NO_CONTROL)] = "",
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> HTMLResponse:
    return _page(request, database, "audit", _audit(database, Filter(actor, action, search), offset))


@router.post("/audit/verify", response_class=HTMLResponse)
def verify(request: Request, viewer: Administrator, database: CurrentDatabase) -> HTMLResponse:
    """Check the whole chain."""
    count, broken = count_acts(database), first_broken_row(database)
    record_act(database, viewer, "audit.verify", "audit", {"rows": count, "first_broken": broken})
    return _page(request, database, "audit", _audit(database, Filter(), 0) | {"verified": count, "broken": broken})


def _audit(database: Database, wanted: Filter, offset: int) -> dict[str, Any]:
    total, rows = list_acts(database, wanted, limit=ACTS_PER_PAGE, offset=offset)
    query = {"actor": wanted.actor, "action": wanted.action, "search": wanted.search}
    return {
        "acts": rows,
        "total": total,
        "limit": ACTS_PER_PAGE,
        "offset": offset,
        "query": query,
        "verified": None,
        "broken": None,
    }


async def _act(request: Request, database: Database, name: str, act: Callable[[FormData], Shown | None]) -> Response:
    """Do what a form asks and lead back to its page; a secret to be shown once, or a problem, is shown at once."""
    form = await request.form(max_fields=2000)
    secret = problem = None
    status = 200
    try:
        secret = await run_in_threadpool(act, form)
    except ActRefused as error:
        status, problem = error.status_code, _words(error.reason, translator(language_of(request)))
    except ValidationError as error:
        status, problem = 422, _fields(error, translator(language_of(request)))
    request.app.state.identities.forget()
    if secret is None and problem is None:
        return RedirectResponse(f"/admin/{name}", 303)
    return await run_in_threadpool(_page, request, database, name, {"problem": problem, "secret": secret}, status)


def _page(
    request: Request, database: Database, name: str, shown: Mapping[str, Any] | None = None, status: int = 200
) -> HTMLResponse:
    content: dict[str, Any] = {"problem": None, "secret": None, "local_time": plant_time(request.app.state.settings)}
    if name != "audit":
        content["sites"] = list_sites(database)
    match name:
        case "users":
            content["users"] = list_users(database)
        case "sites":
            content["gateways"] = known_gateways(database)
        case "tokens":
            content["tokens"] = list_tokens(database)
    return render(request, f"admin/{name}.html", status, **(content | dict(shown or {})))


def _read(model: type[Model], form: FormData) -> Model:
    """Make what the API takes of a form, whose fields are texts, and whose sites come with the choice between all and some."""
    given: dict[str, Any] = {key: form[key] for key in form if key not in ("scope", "sites")}
    if "sites" in model.model_fields:
        given["sites"] = form.getlist("sites") if form.get("scope") == "some" else None
    if given.get("site") == "":
        given["site"] = None
    return model.model_validate(given)


def _password_title(request: Request) -> str:
    _ = translator(language_of(request))
    return _("一次性密码（首次登录后必须修改）：")


def _words(reason: str, _: Translate) -> str:
    known = {
        "name_taken": _("这个名称已有人使用。"),
        "last_administrator": _("至少要保留一个可见全部站点的管理员。"),
        "unknown_site": _("没有这个站点。"),
    }
    return known.get(reason) or _("对象不存在，可能已被删除。")


def _fields(error: ValidationError, _: Translate) -> str:
    names = sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]})
    return _("填写有误：{fields}", fields=", ".join(names))

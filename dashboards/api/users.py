"""Users: who may sign in, and what they may do."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from dashboards.context import CurrentDatabase
from dashboards.plant_time import utc_text
from dashboards.security import administration as acts
from dashboards.security.access import Administrator
from dashboards.security.passwords import random_password
from dashboards.short_lists import Limit, Offset, Page, Search, Sort, part
from store.users import User, list_users

router = APIRouter(prefix="/api/v1/users", tags=["administration"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="number of the user")]


class UserItem(BaseModel):
    """A user; ``sites`` null: all."""

    id: int
    name: str
    role: str
    sites: list[int] | None
    language: str | None
    must_change_password: bool
    is_disabled: bool
    created_at: str


class GivenPassword(BaseModel):
    """A password that must be changed at the first log-in; it is shown this once."""

    id: int
    password: str


class Changed(BaseModel):
    """What was changed."""

    id: int


@router.get("", response_model=Page[UserItem])
def list_all(
    *,
    _viewer: Administrator,
    database: CurrentDatabase,
    limit: Limit = 50,
    offset: Offset = 0,
    sort: Sort = "name",
    search: Search = "",
) -> dict[str, Any]:
    """List users."""
    items = [_item(user) for user in list_users(database)]
    return part(items, limit=limit, offset=offset, sort=sort, sorts=("name", "role", "created_at"), search=search)


@router.post("", response_model=GivenPassword, status_code=201)
async def add(request: Request, viewer: Administrator, database: CurrentDatabase, asked: acts.NewUser) -> dict[str, Any]:
    """Add a user with a random password."""
    password = random_password()
    password_hash = await request.app.state.passwords.hash(password)
    user = await run_in_threadpool(acts.add_user, database, viewer, asked, password_hash)
    return {"id": user, "password": password}


@router.put("/{user}", response_model=Changed)
def change(
    request: Request, viewer: Administrator, database: CurrentDatabase, user: Number, asked: acts.UserRights
) -> dict[str, int]:
    """Set role and sites, disable or enable; whoever is disabled is signed out at once."""
    acts.change_user(database, viewer, user, asked)
    request.app.state.identities.forget()
    return {"id": user}


@router.post("/{user}/password", response_model=GivenPassword)
async def reset_password(request: Request, viewer: Administrator, database: CurrentDatabase, user: Number) -> dict[str, Any]:
    """Give a user a new random password and sign them out."""
    password = random_password()
    password_hash = await request.app.state.passwords.hash(password)
    await run_in_threadpool(acts.reset_password, database, viewer, user, password_hash)
    request.app.state.identities.forget()
    return {"id": user, "password": password}


def _item(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role,
        "sites": None if user.sites is None else sorted(user.sites),
        "language": user.language,
        "must_change_password": user.must_change_password,
        "is_disabled": user.disabled_at is not None,
        "created_at": utc_text(user.created_at),
    }

"""Tokens with which programs ask, as ``Authorization: Bearer``."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from dashboards.context import CurrentDatabase
from dashboards.plant_time import utc_text
from dashboards.security import administration as acts
from dashboards.security.access import Administrator
from dashboards.short_lists import Limit, Offset, Page, Search, Sort, part
from store.sessions import list_tokens

router = APIRouter(prefix="/api/v1/tokens", tags=["administration"])


class TokenItem(BaseModel):
    """A token without its secret; ``sites`` null: all."""

    id: int
    name: str
    role: str
    sites: list[int] | None
    created_by: str
    created_at: str
    expires_at: str


class MadeToken(BaseModel):
    """A new token; the secret is shown this once."""

    id: int
    token: str


@router.get("", response_model=Page[TokenItem])
def list_all(
    *,
    _viewer: Administrator,
    database: CurrentDatabase,
    limit: Limit = 50,
    offset: Offset = 0,
    sort: Sort = "name",
    search: Search = "",
) -> dict[str, Any]:
    """List tokens."""
    items = [
        token._asdict() | {"created_at": utc_text(token.created_at), "expires_at": utc_text(token.expires_at)}
        for token in list_tokens(database)
    ]
    sorts = ("name", "role", "created_at", "expires_at")
    return part(items, limit=limit, offset=offset, sort=sort, sorts=sorts, search=search)


@router.post("", response_model=MadeToken, status_code=201)
def add(viewer: Administrator, database: CurrentDatabase, asked: acts.NewToken) -> dict[str, Any]:
    """Make a token."""
    token, secret = acts.add_token(database, viewer, asked)
    return {"id": token, "token": secret}


@router.delete("/{token}", status_code=204)
def revoke(
    request: Request,
    viewer: Administrator,
    database: CurrentDatabase,
    token: Annotated[int, Path(ge=1, le=2**31 - 1, description="number of the token")],
) -> Response:
    """Revoke a token."""
    acts.revoke_token(database, viewer, token)
    request.app.state.identities.forget()
    return Response(status_code=204)

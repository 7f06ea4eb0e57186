"""The audit log: who did what, and whether it is whole."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from dashboards.context import CurrentDatabase
from dashboards.plant_time import utc_text
from dashboards.security.access import Administrator, record_act
from dashboards.security.administration import NO_CONTROL
from dashboards.short_lists import Limit, Offset, Page, Search
from store.audit import Act, Filter, count_acts, first_broken_row, list_acts

router = APIRouter(prefix="/api/v1/audit", tags=["administration"])

Time = Annotated[str, Query(max_length=40, description="ISO 8601 with an offset")]


class ActItem(BaseModel):
    """One row; ``hash`` is bound to all rows before."""

    id: int
    time: str
    actor: str
    role: str
    address: str
    action: str
    object: str
    detail: dict[str, Any]
    result: str
    hash: str


class Verdict(BaseModel):
    """How many rows there are, and the first that was changed or behind which rows are missing; null: all is well."""

    rows: int
    first_broken: int | None


@router.get("", response_model=Page[ActItem])
def list_all(
    *,
    _viewer: Administrator,
    database: CurrentDatabase,
    limit: Limit = 50,
    offset: Offset = 0,
    actor: Annotated[str, Query(max_length=100, pattern=NO_CONTROL, description="name of a user or token")] = "",
    action: Annotated[str, Query(max_length=100, pattern=NO_CONTROL, description="how the action begins, such as user.")] = "",
    search: Search = "",
    start: Annotated[Time, Query(alias="from")] = "",
    end: Annotated[Time, Query(alias="to")] = "",
) -> dict[str, Any]:
    """List the log, newest row first."""
    wanted = Filter(actor, action, search, _time(start, "from"), _time(end, "to"))
    total, acts = list_acts(database, wanted, limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [_item(act) for act in acts]}


@router.post("/verify", response_model=Verdict)
def verify(viewer: Administrator, database: CurrentDatabase) -> dict[str, Any]:
    """Check the whole chain of hashes."""
    verdict = {"rows": count_acts(database), "first_broken": first_broken_row(database)}
    record_act(database, viewer, "audit.verify", "audit", verdict)
    return verdict


def _time(text: str, key: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text.replace(" ", "+"))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise HTTPException(422, f"{key}: {text!r} is not a time; one looks like 2026-05-01T08:00:00+08:00") from None


def _item(act: Act) -> dict[str, Any]:
    return act._asdict() | {"time": utc_text(act.time), "hash": act.hash.hex()}

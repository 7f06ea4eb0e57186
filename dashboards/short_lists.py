"""Lists that are short enough to be sorted and searched in memory: users, sites, tokens."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import HTTPException, Query
from pydantic import BaseModel

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=1000, description="rows to give at most")]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="rows to leave out at the beginning")]
Search = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$", description="text that a row holds")]
Sort = Annotated[str, Query(max_length=40, description="field to sort by; with - before it the other way round")]


class Page(BaseModel, Generic[Item]):
    """Some rows of a list, and how many there are."""

    total: int
    offset: int
    limit: int
    items: list[Item]


def part(
    items: Sequence[Mapping[str, Any]], *, limit: int, offset: int, sort: str, sorts: Collection[str], search: str = ""
) -> dict[str, Any]:
    """Give the part of a list that is asked for."""
    field = sort.removeprefix("-")
    if field not in sorts:
        raise HTTPException(422, f"sort: {sort!r} is none of {', '.join(sorts)}, with or without - before it")
    wanted = search.casefold()
    found = [item for item in items if wanted in " ".join(str(value) for value in item.values()).casefold()]
    found.sort(key=lambda item: item[field], reverse=sort.startswith("-"))
    return {"total": len(found), "offset": offset, "limit": limit, "items": found[offset : offset + limit]}

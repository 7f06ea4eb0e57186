"""Checked filters, order and bounds of lists that come from the database page by page."""

from collections.abc import Collection
from typing import Annotated

from fastapi import HTTPException, Query
from pydantic import Field

from dashboards.asking import MOST_ID
from dashboards.security.access import Viewer
from store.database import Database
from store.sites import gateway_sites

MOST_LISTED = 1000
MOST_IN_FILE = 20_000
"""Rows of a table for spreadsheets."""

Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="rows at most")]
Sort = Annotated[str, Query(max_length=40, description="field to sort by; with - before it, downwards")]
Words = Annotated[str, Query(max_length=400, description="words, comma-separated; all where it is left out")]
MachineId = Annotated[int | None, Query(ge=1, le=MOST_ID, description="id of a machine")]
GivenId = Annotated[int, Field(ge=1, le=MOST_ID)]
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00\n\r]*$")]
Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]


def chosen(words: str, legal: Collection[str], name: str) -> list[str] | None:
    """Split a filter into its words; None, which lets all through, where there is none."""
    found = list(filter(None, words.split(",")))
    wrong = [word[:40] for word in found if word not in legal]
    if wrong:
        raise HTTPException(422, f"{name}: {wrong[0]!r} is none of {', '.join(legal)}")
    return found or None


def checked_sort(sort: str, legal: Collection[str]) -> str:
    if sort.removeprefix("-") not in legal:
        raise HTTPException(422, f"sort: {sort[:40]!r} is none of {', '.join(legal)}, with or without - before it")
    return sort


def seen_gateways(viewer: Viewer, database: Database, site: int | None) -> frozenset[str] | None:
    """Give the gateways that a list is about: those that the viewer sees, of a site or of all; None for all there are."""
    if site is None:
        return viewer.gateways
    there = frozenset(gateway for gateway, number in gateway_sites(database).items() if number == site)
    return there if viewer.gateways is None else there & viewer.gateways

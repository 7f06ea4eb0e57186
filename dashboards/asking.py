"""Checked parameters that several routes take."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import HTTPException, Path, Query

from dashboards.live.equipment_json import iso
from dashboards.settings import WebSettings

MOST_ID = 2**31 - 1
SPANS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}

EquipmentId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of a machine, as the list of equipment gives it")]
Search = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$", description="text in the name of machine or gateway")]
Name = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="rows to leave out at the beginning")]
SiteId = Annotated[int | None, Query(ge=1, le=MOST_ID, description="id of a site")]
Instant = Annotated[
    str | None, Query(max_length=40, pattern=r"^[^\x00]*$", description="ISO 8601; without an offset in the plant's time zone")
]


def example(content: dict[str, Any], media_type: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """Show an answer in the API's description."""
    return {200: {"content": {media_type: {"example": content}}}}


def interval(
    settings: WebSettings, *, span: str | None, start: str | None, end: str | None, longest_days: float
) -> tuple[datetime, datetime]:
    """Make two instants of what was asked: a span up to now, or from and to.

    Raises
    ------
    HTTPException
        With the reason, if that makes no interval.
    """
    now = datetime.now(UTC)
    if span is not None:
        if start or end:
            raise HTTPException(422, "span: give either span, or from and to")
        if span not in SPANS:
            raise HTTPException(422, f"span: {span[:20]!r} is none of {', '.join(SPANS)}")
        return now - SPANS[span], now
    if start is None:
        raise HTTPException(422, f"from: give from (and to), or a span of {', '.join(SPANS)}")
    first = _instant(start, "from", settings)
    last = now if end is None else _instant(end, "to", settings)
    if first >= last:
        raise HTTPException(422, f"from: {iso(first)} is not before {iso(last)}")
    if last - first > timedelta(days=longest_days):
        raise HTTPException(422, f"from: at most {longest_days:g} days can be asked for at once")
    return first, last


def _instant(text: str, key: str, settings: WebSettings) -> datetime:
    """Read a time; one without a zone is meant in the plant's."""
    try:
        # A plus sign that was not encoded arrives as a space.
        time = datetime.fromisoformat(text.replace(" ", "+", 1) if text.count(":") > 1 and " " in text[19:] else text)
        found = (time if time.tzinfo else time.replace(tzinfo=ZoneInfo(settings.time_zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None or not 1970 <= found.year <= 9000:  # PostgreSQL and the arithmetic on both sides must have room
        raise HTTPException(422, f"{key}: {text[:40]!r} is not a time; one looks like 2026-05-01T08:00:00+08:00")
    return found

"""What a city should look into, and what has happened in it: gateways gone silent, open suspicions, news."""

from datetime import date, datetime
from typing import NamedTuple

from store.database import Database
from store.sql_files import query


class SilentGateway(NamedTuple):
    """An enrolled gateway whose machines have sent nothing for some days, or (``last_day`` None) in the whole window."""

    name: str
    uscc: str
    enterprise: str
    area: str
    machines: int
    last_day: date | None


class OpenSuspicions(NamedTuple):
    """Suspicions that nobody has decided yet."""

    area: str
    method: str
    suspicions: int
    machines: int


class Event(NamedTuple):
    """``event`` is ``new_on_cloud``, ``enterprise``, ``gateway``, or the form of a frozen count; ``name`` an enterprise's."""

    at: datetime
    event: str
    name: str
    area: str


def silent_gateways(database: Database, snapshot: int, *, before: date, area: str | None = None) -> list[SilentGateway]:
    """Give those without data on or after a day, the one that fell silent last first."""
    values = {"snapshot": snapshot, "before": before, "area": area}
    with database.connection() as connection:
        return [SilentGateway._make(row) for row in connection.execute(query("city_quality", "silent_gateways"), values)]


def open_suspicions(database: Database, snapshot: int, *, area: str | None = None) -> list[OpenSuspicions]:
    values = {"snapshot": snapshot, "area": area}
    with database.connection() as connection:
        return [OpenSuspicions._make(row) for row in connection.execute(query("city_quality", "open_suspicions"), values)]


def newest_events(database: Database, snapshot: int | None, *, limit: int) -> list[Event]:
    """Give the newest events, the newest first."""
    values = {"snapshot": snapshot, "limit": limit}
    with database.connection() as connection:
        return [Event._make(row) for row in connection.execute(query("city_quality", "newest_events"), values)]

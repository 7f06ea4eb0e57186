"""What a city has told its province, and what a province has been told by its cities."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from store.city_snapshots import TESTS, FunnelStep
from store.database import Connection, Database
from store.sql_files import query


class MachineFact(NamedTuple):
    """Machines of one kind, area, state and test that they were lost at."""

    area: str
    kind: str
    state: str
    lost_at: str
    machines: int


class Published(NamedTuple):
    """The newest revision of what was told of a day, byte by byte."""

    day: date
    revision: int
    content: bytes
    published_at: datetime


class PublishedDay(NamedTuple):
    """A day that was told of, with its newest revision."""

    area: str
    day: date
    revision: int
    published_at: datetime


class City(NamedTuple):
    """A city that has told something."""

    city: str
    label_zh: str
    label_en: str
    has_key: bool


class CityDay(NamedTuple):
    """What a city has told of a day: the newest revision."""

    city: str
    day: date
    revision: int
    name: str
    is_signed: bool
    rule_version: str
    machines: int
    counted: int
    enterprises: int
    on_cloud: int
    new_on_cloud: int
    counted_at: datetime
    read_at: datetime
    hash: bytes


class CityKind(NamedTuple):
    """Machines of one kind in one city."""

    city: str
    kind: str
    machines: int
    counted: int


def machine_facts(database: Database, snapshot_id: int) -> list[MachineFact]:
    """Add up the machines of a snapshot."""
    with database.connection() as connection:
        return [MachineFact(*row) for row in connection.execute(query("city_province", "machine_facts"), [snapshot_id])]


def lock_area(connection: Connection, area: str) -> bool:
    """Keep others from publishing for this area meanwhile; False if there is none."""
    return connection.execute(query("city_province", "lock_area"), [area]).fetchone() is not None


def published(connection: Connection, area: str, day: date | None = None) -> Published | None:
    """Give what was told of a day, of the newest day where none is named; None: nothing was."""
    row = connection.execute(query("city_province", "published"), {"area": area, "day": day}).fetchone()
    return None if row is None else Published(row[0], row[1], bytes(row[2]), row[3])


def published_days(database: Database, *, area: str | None = None, limit: int = 50) -> list[PublishedDay]:
    """List the days that were told of, the newest first."""
    with database.connection() as connection:
        rows = connection.execute(query("city_province", "published_days"), {"area": area, "limit": limit}).fetchall()
    return [PublishedDay(*row) for row in rows]


def add_published(connection: Connection, *, area: str, day: date, revision: int, snapshot_id: int, content: bytes) -> None:
    values = {"area": area, "day": day, "revision": revision, "snapshot_id": snapshot_id, "content": content}
    connection.execute(query("city_province", "publish"), values)


def save_city(connection: Connection, *, city: str, label_zh: str, label_en: str, public_key: bytes | None) -> None:
    """Add a city, or bring its names up to date; a key that it has stays."""
    values = {"city": city, "label_zh": label_zh, "label_en": label_en, "public_key": public_key}
    connection.execute(query("city_province", "save_city"), values)


def city_key(connection: Connection, city: str) -> bytes | None:
    """Give the key that a city's files must be signed with, and keep others from reading its files meanwhile."""
    row = connection.execute(query("city_province", "city_key"), [city]).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


def revisions(connection: Connection, city: str, day: date) -> dict[int, bytes]:
    """Give the hash of each revision of a day."""
    rows = connection.execute(query("city_province", "revisions"), {"city": city, "day": day})
    return {revision: bytes(digest) for revision, digest in rows}


def save_file(
    connection: Connection,
    head: Mapping[str, Any],
    areas: Iterable[Mapping[str, Any]],
    facts: Iterable[MachineFact],
) -> None:
    """Store one file; ``head`` has the columns of `CityDay` but ``read_at``, and ``read_by``."""
    key = {name: head[name] for name in ("city", "day", "revision")}
    connection.execute(query("city_province", "save_file"), dict(head))
    with connection.cursor() as cursor:
        cursor.executemany(query("city_province", "save_area"), [{**key, **area} for area in areas])
        cursor.executemany(query("city_province", "save_fact"), [{**key, **fact._asdict()} for fact in facts])


def cities(database: Database) -> list[City]:
    with database.connection() as connection:
        return [City(*row) for row in connection.execute(query("city_province", "cities"))]


def newest_day(database: Database) -> date | None:
    with database.connection() as connection:
        ((day,),) = connection.execute(query("city_province", "newest_day")).fetchall()
    found: date | None = day
    return found


def city_days(database: Database, first_day: date, last_day: date) -> list[CityDay]:
    """Give what was told of each day by each city; a day that is not there was not told."""
    with database.connection() as connection:
        rows = connection.execute(query("city_province", "files"), {"first_day": first_day, "last_day": last_day}).fetchall()
    return [CityDay._make([*row[:-1], bytes(row[-1])]) for row in rows]


def province_funnel(database: Database, day: date, *, city: str | None = None) -> list[FunnelStep]:
    """Give all tests in their order over the cities that have told of a day: the same funnel as a city's own."""
    with database.connection() as connection:
        lost = dict(connection.execute(query("city_province", "lost"), {"day": day, "city": city}).fetchall())
    reached = sum(lost.values())
    steps = []
    for test in TESTS:
        left = reached - lost.get(test, 0)
        steps.append(FunnelStep(test, reached, reached - left, left))
        reached = left
    return steps


def by_city_and_kind(database: Database, day: date) -> list[CityKind]:
    with database.connection() as connection:
        return [CityKind(*row) for row in connection.execute(query("city_province", "kinds"), {"day": day})]

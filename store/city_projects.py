"""Projects of migration to the cloud: records are added, never changed, and each adds an event to the project's history."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from store.database import Connection, Database
from store.row_pages import as_list, read_page
from store.sql_files import query

ORDERS = {
    "title": "p.title",
    "enterprise": "e.name",
    "area": "a.code",
    "state": "p.state",
    "created": "p.created_at",
    "id": "p.id",
}
RECORDS = ("document", "test", "drill", "declared", "answer")
"""What `add_record` adds: a statement ``add_<record>`` each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project; the last five are the enterprise's and the checklist's, filled in by reading."""

    id: int
    uscc: str
    title: str
    template: str
    provider: str
    state: str
    """``preparing``, ``cutting_over``, ``running``, ``rolled_back``, ``accepted`` or ``verified``."""
    cut_over_at: datetime | None
    accepted_by: str | None
    verified_by: str | None
    created_at: datetime
    created_by: str
    enterprise: str
    area_zh: str
    area_en: str
    items_done: int
    items: int


class Item(NamedTuple):
    """How an item of the checklist stands."""

    code: str
    state: str
    owner: str
    due_on: date | None
    done_on: date | None
    note: str


class ScopeEntry(NamedTuple):
    """A system or a machine with the way that it takes."""

    id: int
    name: str
    machine_id: int | None
    strategy: str
    dependence: str
    longest_interruption_minutes: int | None
    recorded_by: str
    kind: str
    gateway: str | None
    equipment_name: str | None


class Document(NamedTuple):
    id: int
    kind: str
    item_code: str
    title: str
    reference: str
    added_at: datetime
    added_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class ProjectTest(NamedTuple):
    id: int
    stage: str
    type: str
    performed_on: date
    passed: bool
    document: str
    note: str
    recorded_at: datetime
    recorded_by: str


class Drill(NamedTuple):
    id: int
    form: str
    performed_on: date
    succeeded: bool
    rollback_minutes: Decimal | None
    document: str
    note: str
    recorded_at: datetime
    recorded_by: str


class Declared(NamedTuple):
    id: int
    category: str
    name: str
    value: Decimal
    unit: str
    document: str
    recorded_at: datetime
    recorded_by: str


class Answer(NamedTuple):
    id: int
    duty: str
    answer: str
    document: str
    note: str
    recorded_at: datetime
    recorded_by: str


class Event(NamedTuple):
    id: int
    time: datetime
    actor: str
    act: str
    detail: dict[str, Any]


class Records(NamedTuple):
    """All that a project has of its own."""

    items: list[Item]
    scope: list[ScopeEntry]
    documents: list[Document]
    tests: list[ProjectTest]
    drills: list[Drill]
    declared: list[Declared]
    answers: dict[str, Answer]
    """The newest of each duty."""


class Access(NamedTuple):
    """Who can come in, as a review of access rights lists it; ``form`` is ``user`` or ``token``."""

    form: str
    name: str
    role: str
    sites: list[int] | None
    created_at: datetime
    disabled_at: datetime | None
    created_by: str
    last_sign_in: datetime | None
    expires_at: datetime | None


def projects(
    database: Database,
    *,
    project_id: int | None = None,
    uscc: str | None = None,
    states: Collection[str] | None = None,
    search: str = "",
    sort: str = "-created",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Project]]:
    """Count and list projects; ``sort`` is a name of `ORDERS`, with ``-`` downwards."""
    values = {
        "id": project_id,
        "uscc": uscc,
        "states": as_list(states),
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''}, p.id DESC"
    total, rows = read_page(database, "city_projects", "projects", order=order, values=values)
    return total, [Project(**dict(zip(Project.__slots__, row, strict=True))) for row in rows]


def get_project(database: Database, project_id: int) -> Project | None:
    _, found = projects(database, project_id=project_id, limit=1)
    return found[0] if found else None


def add_project(
    connection: Connection, *, uscc: str, title: str, template: str, provider: str, codes: Collection[str], actor: str
) -> int | None:
    """Open a project with the items of its template, all open; None if there is no such enterprise."""
    values = {"uscc": uscc, "title": title, "template": template, "provider": provider, "actor": actor}
    row = connection.execute(query("city_projects", "add_project"), values).fetchone()
    if row is None:
        return None
    connection.execute(query("city_projects", "add_items"), {"project_id": row[0], "codes": list(codes)})
    add_event(connection, row[0], actor, "open", {"title": title, "template": template})
    return int(row[0])


def records(database: Database | Connection, project_id: int) -> Records:
    """Read everything of a project; with a connection, within its transaction."""
    if isinstance(database, Database):
        with database.connection() as connection:
            return records(connection, project_id)

    def rows(name: str) -> list[tuple[Any, ...]]:
        return database.execute(query("city_projects", name), [project_id]).fetchall()

    return Records(
        items=[Item._make(row) for row in rows("items")],
        scope=[ScopeEntry._make(row) for row in rows("scope")],
        documents=[Document._make(row) for row in rows("documents")],
        tests=[ProjectTest._make(row) for row in rows("tests")],
        drills=[Drill._make(row) for row in rows("drills")],
        declared=[Declared._make(row) for row in rows("declared")],
        answers={row[1]: Answer._make(row) for row in rows("answers")},
    )


def lock_project(connection: Connection, project_id: int) -> tuple[str, str | None, datetime | None]:
    """Give state, who accepted, and time of the cut-over, and let nobody else change the project until the transaction ends.

    Raises
    ------
    LookupError
        If there is no such project.
    """
    row = connection.execute(query("city_projects", "lock_project"), [project_id]).fetchone()
    if row is None:
        raise LookupError(f"there is no project {project_id}")
    return row[0], row[1], row[2]


def move_project(
    connection: Connection,
    project_id: int,
    *,
    state: str,
    cut_over_at: datetime | None,
    accepted_by: str | None = None,
    verified_by: str | None = None,
) -> None:
    values = {
        "id": project_id,
        "state": state,
        "cut_over_at": cut_over_at,
        "accepted_by": accepted_by,
        "verified_by": verified_by,
    }
    connection.execute(query("city_projects", "move_project"), values)


def change_item(connection: Connection, project_id: int, item: Item, *, actor: str) -> bool:
    """Bring an item up to date; False if the project has none of that code."""
    values = {**item._asdict(), "project_id": project_id}
    if connection.execute(query("city_projects", "change_item"), values).fetchone() is None:
        return False
    add_event(connection, project_id, actor, "item", item._asdict())
    return True


def put_scope(
    connection: Connection,
    project_id: int,
    *,
    name: str,
    machine_id: int | None,
    strategy: str,
    dependence: str,
    longest_interruption_minutes: int | None,
    actor: str,
) -> int | None:
    """Add a system or machine, or change the one of that name; None if the machine is not the enterprise's."""
    values = {
        "name": name,
        "machine_id": machine_id,
        "strategy": strategy,
        "dependence": dependence,
        "longest_interruption_minutes": longest_interruption_minutes,
    }
    row = connection.execute(query("city_projects", "add_scope"), {**values, "project_id": project_id, "actor": actor}).fetchone()
    if row is None:
        return None
    add_event(connection, project_id, actor, "scope", values)
    return int(row[0])


def add_record(connection: Connection, project_id: int, record: str, values: Mapping[str, object], *, actor: str) -> int:
    """Add a document, test, drill, declared effect or answer, whose columns ``values`` holds."""
    assert record in RECORDS
    statement = query("city_projects", f"add_{record}")
    row = connection.execute(statement, {**values, "project_id": project_id, "actor": actor}).fetchone()
    assert row is not None
    add_event(connection, project_id, actor, record, {**values, "id": row[0]})
    return int(row[0])


def withdraw_document(connection: Connection, project_id: int, document_id: int, *, actor: str) -> bool:
    """Let a document count no more; it stays in the list. False if there is none that counts."""
    values = {"project_id": project_id, "id": document_id, "actor": actor}
    if connection.execute(query("city_projects", "withdraw_document"), values).fetchone() is None:
        return False
    add_event(connection, project_id, actor, "withdraw_document", {"id": document_id})
    return True


def add_event(connection: Connection, project_id: int, actor: str, act: str, detail: Mapping[str, object]) -> None:
    text = json.dumps(dict(detail), ensure_ascii=False, default=str)
    connection.execute(
        query("city_projects", "add_event"), {"project_id": project_id, "actor": actor, "act": act, "detail": text}
    )


def events(database: Database, project_id: int, *, limit: int = 500) -> list[Event]:
    """Give what was done in a project, the newest first."""
    with database.connection() as connection:
        rows = connection.execute(query("city_projects", "events"), {"project_id": project_id, "limit": limit}).fetchall()
    return [Event._make(row) for row in rows]


def machines_of(database: Database, uscc: str) -> list[tuple[int, str, str]]:
    """Name number, label and kind of an enterprise's machines."""
    with database.connection() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query("city_projects", "machines"), [uscc])]


def access_review(database: Database) -> list[Access]:
    """List the people, then the tokens, by name."""
    with database.connection() as connection:
        return [Access._make(row) for row in connection.execute(query("city_projects", "access_review"))]

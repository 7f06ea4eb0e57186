"""Trainings with the enterprises that came, and pilots on their way from report to verification."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from store.database import Connection, Database
from store.sql_files import query


class Training(NamedTuple):
    """One training; ``enterprises`` counts who came, each once."""

    id: int
    area: str
    held_on: date
    title: str
    organisers: list[str]
    document: str
    recorded_by: str
    recorded_at: datetime
    enterprises: int


class Pilot(NamedTuple):
    """An enterprise with the label pilot, and how far it is: the newest step, empty before the first."""

    label_id: int
    uscc: str
    name: str
    area: str
    level: str
    valid_from: date
    document: str
    step: str
    taken_at: datetime | None
    accepted_by: str | None


class PilotStep(NamedTuple):
    """One step with who took it."""

    step: str
    note: str
    document: str
    taken_at: datetime
    taken_by: str


def add_training(
    connection: Connection,
    *,
    area: str,
    held_on: date,
    title: str,
    organisers: Sequence[str],
    document: str,
    codes: Collection[str],
    recorded_by: str,
) -> int | None:
    """Record a training with the codes of those who came, normalised; None if that day has one of the title already."""
    values = {
        "area": area,
        "held_on": held_on,
        "title": title,
        "organisers": list(organisers),
        "document": document,
        "recorded_by": recorded_by,
    }
    row = connection.execute(query("city_plans", "add_training"), values).fetchone()
    if row is None:
        return None
    connection.execute(query("city_plans", "add_participants"), {"id": row[0], "codes": sorted(set(codes))})
    return int(row[0])


def trainings(database: Database, *, limit: int = 50, offset: int = 0) -> tuple[int, int, list[Training]]:
    """Give how many trainings there are, how many enterprises came to any, and some of them, the newest first."""
    with database.connection() as connection:
        ((total, enterprises),) = connection.execute(query("city_plans", "count_trainings")).fetchall()
        rows = connection.execute(query("city_plans", "trainings"), {"limit": limit, "offset": offset}).fetchall()
    return int(total), int(enterprises), [Training(*row) for row in rows]


def participants(database: Database, training: int) -> list[tuple[str, str]]:
    """Give code and name of who came; the name is empty where the enterprise is not registered."""
    with database.connection() as connection:
        return [(code, name) for code, name in connection.execute(query("city_plans", "participants"), [training])]


def pilots(database: Database, *, label_id: int | None = None, limit: int = 50, offset: int = 0) -> tuple[int, list[Pilot]]:
    values = {"id": label_id, "limit": limit, "offset": offset}
    with database.connection() as connection:
        ((total,),) = connection.execute(query("city_plans", "count_pilots")).fetchall()
        return int(total), [Pilot(*row) for row in connection.execute(query("city_plans", "pilots"), values)]


def lock_pilot(connection: Connection, label_id: int) -> bool:
    """Keep others from taking a step of this pilot meanwhile; False if there is no such pilot."""
    return connection.execute(query("city_plans", "lock_pilot"), [label_id]).fetchone() is not None


def pilot_steps(connection: Connection, label_id: int) -> list[PilotStep]:
    return [PilotStep(*row) for row in connection.execute(query("city_plans", "pilot_steps"), [label_id])]


def add_pilot_step(connection: Connection, *, label_id: int, step: str, note: str, document: str, taken_by: str) -> None:
    values = {"label_id": label_id, "step": step, "note": note, "document": document, "taken_by": taken_by}
    connection.execute(query("city_plans", "add_pilot_step"), values)

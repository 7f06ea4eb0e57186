"""Bring a database to the schema of this installation: numbered files first, then the tables of the kinds."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from store.database import Connection, Database, Edition
from store.kind_tables import ROLLUPS, TimeTable, add_column, create_rollup, create_table, known_tables, rollup_columns
from store.partitions import create_partitions
from store.sql_files import FOLDER, query
from telemetry.errors import ConfigError

PARTITIONS_AHEAD_DAYS = 7


class Step(NamedTuple):
    """One change, made in one transaction; ``migration`` is its file, empty for a generated table."""

    title: str
    statements: list[str]
    migration: str = ""


def migrate(database: Database, *, report: Callable[[str], None], plan_only: bool = False) -> int:
    """Do what is missing, telling each step, and give the number of steps; a second run finds nothing to do.

    Raises
    ------
    ConfigError
        If a signal's type has changed since its column was made: old and new values have no common meaning.
    """
    with _only_one(database):
        count = _create_extension(database, report=report, plan_only=plan_only)
        for step in _steps(database):
            report(step.title)
            count += 1
            if not plan_only:
                _apply(database, step)
        if not plan_only and not database.edition.has_hypertables:
            today = datetime.now(UTC).date()
            days = {today + timedelta(days=ahead) for ahead in range(-1, PARTITIONS_AHEAD_DAYS + 1)}
            for table in known_tables():
                create_partitions(database, table.name, days)
    return count


@contextmanager
def _only_one(database: Database) -> Iterator[None]:
    with database.autocommit() as connection:
        connection.execute(b"SET lock_timeout = 0")  # another migration may take its time
        connection.execute(query("database", "lock_migrations"))
        try:
            yield
        finally:
            connection.execute(query("database", "unlock_migrations"))
            connection.execute(b"SET lock_timeout = '30s'")


def _create_extension(database: Database, *, report: Callable[[str], None], plan_only: bool) -> int:
    database.forget_edition()
    if not database.edition.has_hypertables or "TimescaleDB" in database.versions:
        return 0
    report("create the extension timescaledb")
    if not plan_only:
        with database.connection() as connection:
            connection.execute(b"CREATE EXTENSION timescaledb")
        database.forget_edition()
    return 1


def _apply(database: Database, step: Step) -> None:
    with database.connection() as connection:
        for statement in step.statements:
            connection.execute(statement.encode())
        if step.migration:
            connection.execute(query("database", "record_migration"), [step.migration])


def _steps(database: Database) -> list[Step]:
    edition = database.edition
    with database.connection() as connection:
        applied = _applied(connection)
        tables, rollups = _existing_columns(connection)
    return [*_migrations(applied), *_table_steps(edition, tables, rollups)]


def _applied(connection: Connection) -> set[str]:
    (exists,) = connection.execute(query("database", "has_bookkeeping")).fetchone() or (False,)
    return {name for (name,) in connection.execute(query("database", "applied_migrations"))} if exists else set()


def _existing_columns(connection: Connection) -> tuple[dict[str, dict[str, str]], dict[str, list[str]]]:
    tables: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, sql_type in connection.execute(query("database", "reading_columns")):
        tables[table][column] = sql_type
    rollups: dict[str, list[str]] = defaultdict(list)
    for view, column in connection.execute(query("database", "rollup_columns")):
        rollups[view].append(column)
    return tables, rollups


def _migrations(applied: set[str]) -> Iterator[Step]:
    for path in sorted((FOLDER / "migrations").glob("[0-9][0-9][0-9][0-9]_*.sql")):
        if path.stem not in applied:
            title = path.stem.replace("_", " ")
            yield Step(title, [path.read_text(encoding="utf-8")], path.stem)


def _table_steps(edition: Edition, tables: dict[str, dict[str, str]], rollups: dict[str, list[str]]) -> Iterator[Step]:
    for table in known_tables():
        existing = tables.get(table.name)
        if existing is None:
            columns = dict(table.columns)
            yield Step(f"create table reading.{table.name}", create_table(table, edition))
        else:
            _check_types(table, existing)
            missing = [column for column in table.columns if column not in existing]
            columns = {name: kind for name, kind in existing.items() if name not in ("time", "equipment_id")}
            columns |= {column: table.columns[column] for column in missing}
            if missing:
                title = f"add to reading.{table.name}: {', '.join(missing)}"
                yield Step(title, [add_column(table, column) for column in missing])
        if not table.has_rollups:
            continue
        # In the table's own order, so that a view only ever gains columns at its end.
        stored = TimeTable(name=table.name, columns=columns)
        for suffix in ROLLUPS:
            if rollups.get(f"{table.name}_{suffix}") != rollup_columns(columns):
                yield Step(f"create rollup reading.{table.name}_{suffix}", list(create_rollup(stored, suffix, edition)))


def _check_types(table: TimeTable, existing: dict[str, str]) -> None:
    for column, sql_type in table.columns.items():
        if existing.get(column, sql_type) != sql_type:
            raise ConfigError(
                f"reading.{table.name}.{column} is {existing[column]} in the database and {sql_type} in the profile;"
                " give the signal a new name, or change the column by hand"
            )

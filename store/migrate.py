"""Bring a database to the schema of this installation: numbered files first, then the tables of the kinds.

Workers may write meanwhile. A new column is there before anyone names it; under a changed type a worker of the old installation
fails with a fault of schema, and nothing of its group is stored, until it is started anew.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from store.database import Connection, Database, Edition, quoted
from store.kind_tables import (
    RAW,
    ROLLUPS,
    WIDER_TYPES,
    TimeTable,
    add_columns,
    create_table,
    known_tables,
    widen_columns,
)
from store.partitions import create_partitions
from store.sql_files import FOLDER, query, query_text
from telemetry.errors import ConfigError

PARTITIONS_AHEAD_DAYS = 7

Columns = Mapping[str, str]


class Step(NamedTuple):
    """One change, made in one transaction; ``migration`` is its file, empty for a generated table."""

    title: str
    statements: list[str]
    migration: str = ""
    filled_from: str = ""
    """Table whose rows the new rollup must take in."""


def migrate(database: Database, *, report: Callable[[str], None], plan_only: bool = False) -> int:
    """Do what is missing, telling each step, and give the number of steps; a second run finds nothing to do.

    Raises
    ------
    ConfigError
        If a signal's type has changed so that stored values would be lost; nothing is touched then.
    """
    with _only_one(database):
        count = _create_extension(database, report=report, plan_only=plan_only)
        steps, notes = _plan(database)
        for step in steps:
            report(step.title)
            count += 1
            if not plan_only:
                _apply(database, step)
        for note in notes:
            report(note)
        if not plan_only:
            create_partitions_ahead(database, datetime.now(UTC))
    return count


def create_partitions_ahead(database: Database, now: datetime) -> int:
    """Make the partitions that live rows will need, so that the live path never has to; count them."""
    if database.edition.has_hypertables:
        return 0
    days = {now.date() + timedelta(days=ahead) for ahead in range(-1, PARTITIONS_AHEAD_DAYS + 1)}
    return sum(create_partitions(database, table.name, days, table.period) for table in all_tables())


def all_tables() -> Iterator[TimeTable]:
    """Give every table with its rollups behind it."""
    for table in known_tables():
        yield table
        if table.has_rollups:
            yield from (rollup.table_of(table) for rollup in ROLLUPS.values())


@contextmanager
def _only_one(database: Database) -> Iterator[None]:
    with database.autocommit() as connection:
        connection.execute(b"SET lock_timeout = 0")  # another migration may take its time
        connection.execute(query("database", "lock_schema"))
        try:
            yield
        finally:
            connection.execute(query("database", "unlock_schema"))
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
        if step.filled_from:
            table = f"reading.{quoted(step.filled_from)}"
            connection.execute(query_text("rollups", "touch_everything", table=table), {"table": step.filled_from})


def _plan(database: Database) -> tuple[list[Step], list[str]]:
    edition = database.edition
    with database.connection() as connection:
        applied = _applied(connection)
        existing = _existing_columns(connection)
    known = known_tables()
    problems = [problem for table in known for problem in _losses(table, existing.get(table.name, {}))]
    if problems:
        raise ConfigError(*problems)
    steps = list(_migrations(applied))
    for table in known:
        steps += _table_steps(table, existing.get(table.name), edition)
        for rollup in ROLLUPS.values() if table.has_rollups else ():
            made = rollup.table_of(table)
            source = table.name if rollup.source == RAW else ""
            steps += _table_steps(made, existing.get(made.name), edition, filled_from=source)
    notes = [note for table in known for note in _vanished(table, existing.get(table.name, {}))]
    return steps, notes


def _applied(connection: Connection) -> set[str]:
    (exists,) = connection.execute(query("database", "has_bookkeeping")).fetchone() or (False,)
    return {name for (name,) in connection.execute(query("database", "applied_migrations"))} if exists else set()


def _existing_columns(connection: Connection) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, sql_type in connection.execute(query("database", "reading_columns")):
        tables[table][column] = sql_type
    return tables


def _migrations(applied: set[str]) -> Iterator[Step]:
    for path in sorted((FOLDER / "migrations").glob("[0-9][0-9][0-9][0-9]_*.sql")):
        if path.stem not in applied:
            title = path.stem.replace("_", " ")
            yield Step(title, [path.read_text(encoding="utf-8")], path.stem)


def _table_steps(table: TimeTable, existing: Columns | None, edition: Edition, *, filled_from: str = "") -> Iterator[Step]:
    """Give one step per table and kind of change: a transaction that held two tables could lock readers out in a ring."""
    if existing is None:
        yield Step(f"create table reading.{table.name}", create_table(table, edition), filled_from=filled_from)
        return
    missing = [column for column in table.columns if column not in existing]
    if missing:
        yield Step(f"add to reading.{table.name}: {', '.join(missing)}", add_columns(table, missing))
    changed = {
        column: existing[column]
        for column, sql_type in table.columns.items()
        if column in existing and existing[column] != sql_type
    }
    if changed:
        told = ", ".join(f"{column} from {old} to {table.columns[column]}" for column, old in changed.items())
        yield Step(
            f"widen in reading.{table.name}: {told} (rewrites the table; ingest waits meanwhile)",
            widen_columns(table, changed, edition),
        )


def _losses(table: TimeTable, existing: Columns) -> Iterator[str]:
    for column, sql_type in table.columns.items():
        stored = existing.get(column, sql_type)
        if stored != sql_type and sql_type not in WIDER_TYPES.get(stored, ()):
            yield (
                f"reading.{table.name}.{column} is {stored} in the database and {sql_type} in the profile, which does not hold"
                f" every {stored}: give the signal its old type in kind.toml, or a new name"
            )


def _vanished(table: TimeTable, existing: Columns) -> Iterator[str]:
    gone = [column for column in existing if column not in table.all_columns]
    if gone:
        yield f"kept, though no profile names it any more: reading.{table.name}: {', '.join(gone)}"

"""How the database is: what it holds, how far behind it is, and what a person should look at."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from store.database import Connection, Database, Edition, quoted
from store.sql_files import query, query_text

_ROLLUP_LATE = timedelta(minutes=10)
_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStatus:
    """A table with its chunks or partitions; ``newest_part`` is the start of the newest, ``rows`` an estimate."""

    name: str
    size_bytes: int
    rows: int
    parts: int | None = None
    newest_part: datetime | None = None
    chunk_hours: float | None = None
    stray_rows: int = 0
    """In the default partition, at most 1000 are counted."""
    compression_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelStatus:
    """The rows themselves or a rollup; ``waiting`` are the notes of what a rollup must still take in."""

    name: str
    kept_from: datetime | None
    done_until: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KindStatus:
    name: str
    machines: int
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterStatus:
    reason: str
    letters: int
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    name: str
    ran_at: datetime
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All of it; ``is_migrated`` is False, and the rest is empty, before the first migration."""

    read_at: datetime
    edition: Edition
    versions: dict[str, str]
    is_migrated: bool = True
    tables: list[TableStatus] = field(default_factory=list)
    levels: list[LevelStatus] = field(default_factory=list)
    kinds: list[KindStatus] = field(default_factory=list)
    ledger_bundles: int = 0
    epochs: int = 0
    pending_signals: int = 0
    """Signals of some gateway and kind that have no column; their values are in ``reading.other``."""
    dead_letters: list[DeadLetterStatus] = field(default_factory=list)
    tasks: list[TaskStatus] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_status(database: Database, *, now: datetime | None = None) -> Status:
    """Read everything; estimates instead of counts where a count would take long."""
    now = now or datetime.now(UTC)
    status = Status(read_at=now, edition=database.edition, versions=dict(database.versions))
    with database.connection() as connection:
        (is_ours,) = connection.execute(query("database", "has_levels")).fetchone() or (False,)
        if not is_ours:
            return replace(status, is_migrated=False)
        ledger, epochs = connection.execute(query("status", "delivery")).fetchone() or (0, 0)
        status = replace(
            status,
            tables=_tables(connection, database.edition),
            levels=[
                LevelStatus(name=name, kept_from=kept_from, done_until=done_until, waiting=waiting)
                for name, kept_from, done_until, waiting in connection.execute(query("status", "levels"))
            ],
            kinds=[
                KindStatus(name=name, machines=machines, newest=newest)
                for name, machines, newest in connection.execute(query("status", "kinds"))
            ],
            ledger_bundles=ledger,
            epochs=epochs,
            pending_signals=len(connection.execute(query("pending", "list")).fetchall()),
            dead_letters=[
                DeadLetterStatus(reason=reason, letters=letters, copies=copies)
                for reason, letters, copies in connection.execute(query("status", "dead_letters"))
            ],
            tasks=[
                TaskStatus(name=name, ran_at=ran_at, result=result)
                for name, ran_at, result in connection.execute(query("status", "tasks"))
            ],
        )
    return replace(status, warnings=list(_warnings(status)))


def _tables(connection: Connection, edition: Edition) -> list[TableStatus]:
    found = {row[0]: row for row in connection.execute(query("status", "tables")).fetchall()}
    ratios: dict[str, float] = {}
    if edition.has_hypertables:
        found |= {row[0]: row for row in connection.execute(query("status", "hypertables")).fetchall()}
    if edition is Edition.TIMESCALEDB_COMMUNITY:
        ratios = dict(connection.execute(query("status", "compression")).fetchall())
    tables = []
    for name, size_bytes, rows, parts, newest_part, chunk_hours, filled_default in found.values():
        stray_rows = 0
        if filled_default is not None:
            statement = query_text("status", "count_default", table=quoted(filled_default))
            (stray_rows,) = connection.execute(statement).fetchone() or (0,)
        tables.append(
            TableStatus(
                name=name,
                size_bytes=size_bytes,
                rows=rows,
                parts=parts,
                newest_part=newest_part,
                chunk_hours=chunk_hours,
                stray_rows=stray_rows,
                compression_ratio=ratios.get(name),
            )
        )
    return tables


def _warnings(status: Status) -> Iterator[str]:
    newest = max((kind.newest for kind in status.kinds if kind.newest is not None), default=None)
    for table in status.tables:
        if table.stray_rows:
            yield f"{table.name}: {table.stray_rows} rows in the default partition keep partitions for their days from being made"
        # Only the daily ones: the month or year that has begun is enough of the others.
        is_daily = table.newest_part is not None and table.parts and table.chunk_hours is None and "_1" not in table.name
        if is_daily and table.newest_part is not None and table.newest_part < status.read_at + _AHEAD:
            yield f"{table.name}: partitions are made until {table.newest_part:%Y-%m-%d} only; is an ingest worker running?"
    for level in status.levels:
        # As far as it could be: the newest value, or the end of its hour before.
        behind = None if newest is None or level.done_until is None else min(newest, status.read_at) - level.done_until
        allowed = _ROLLUP_LATE + (timedelta(hours=1) if level.name == "1h" else timedelta())
        if level.name != "raw" and newest is not None and (behind is None or behind > allowed):
            yield f"rollup {level.name}: not made {'yet' if behind is None else f'since {level.done_until:%Y-%m-%d %H:%M}Z'}"
    for task in status.tasks:
        if task.result.startswith("failed"):
            yield f"maintenance, {task.name}: {task.result}"

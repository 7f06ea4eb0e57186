"""The tables of readings: one per kind of equipment, generated from its ``kind.toml``, with rollups by minute and hour.

`NARROW_TABLES` are the two that no kind owns. All of them are split by time and have one index, (equipment_id, time DESC):
on the measured server an index entry costs more than its row, so a second index is a decision, never a default.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from device_profiles.kind import Kind, SignalType, kind_names, load_kind
from store.database import Edition, quoted
from store.partitions import Period
from telemetry.errors import ConfigError

SQL_TYPES = {
    SignalType.REAL: "real",
    SignalType.DOUBLE: "double precision",
    SignalType.INTEGER: "bigint",
    SignalType.BOOLEAN: "boolean",
    SignalType.ENUM: "smallint",
}
WIDER_TYPES = {
    "boolean": ("smallint", "integer", "bigint", "real", "double precision"),
    "smallint": ("integer", "bigint", "real", "double precision"),
    "integer": ("bigint", "double precision"),
    "real": ("double precision",),
}
"""What a column may become without losing a value; a bigint beyond 2^53 has no equal among floating-point numbers."""
KEY_COLUMNS = {"time": "timestamp with time zone", "equipment_id": "integer"}
_LONGEST_SIGNAL = 63 - len("_count")  # PostgreSQL cuts identifiers at 63 bytes, and two rollup columns would become one


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTable:
    """A table in the schema ``reading``: time, equipment and its own columns with their SQL types.

    It is split by ``period`` where partitions are native and by ``chunk`` where it is a hypertable.
    """

    name: str
    columns: Mapping[str, str]
    has_rollups: bool = True
    period: Period = Period.DAY
    chunk: timedelta = timedelta(days=1)

    @property
    def all_columns(self) -> dict[str, str]:
        return {**KEY_COLUMNS, **self.columns}

    @property
    def sql_name(self) -> str:
        return f"reading.{quoted(self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """A level of buckets: ``<kind>_<name>`` is made from the tables of the level ``source``."""

    name: str
    width: timedelta
    source: str
    period: Period
    chunk: timedelta

    def table_of(self, table: TimeTable) -> TimeTable:
        """Describe the rollup of a table: minimum and maximum keep the signal's type, a boolean counts as 0 and 1."""
        columns: dict[str, str] = {}
        for name, sql_type in table.columns.items():
            extreme = "smallint" if sql_type == "boolean" else sql_type
            columns |= {f"{name}_min": extreme, f"{name}_max": extreme}
            columns |= {f"{name}_mean": "double precision", f"{name}_count": "integer"}
        return TimeTable(
            name=f"{table.name}_{self.name}", columns=columns, has_rollups=False, period=self.period, chunk=self.chunk
        )


RAW = "raw"
ROLLUPS = {
    rollup.name: rollup
    for rollup in (
        Rollup(name="1m", width=timedelta(minutes=1), source=RAW, period=Period.MONTH, chunk=timedelta(days=7)),
        Rollup(name="1h", width=timedelta(hours=1), source="1m", period=Period.YEAR, chunk=timedelta(days=90)),
    )
}
"""Each after the level that it is made from."""

OTHER = "other"
"""Kind of equipment without a profile: any signals, stored one value per row."""
WAVEFORM = "waveform"

NARROW_TABLES = (
    TimeTable(name=OTHER, columns={"signal_id": "integer", "value": "double precision"}, has_rollups=False),
    TimeTable(
        name=WAVEFORM,
        columns={"signal": "text", "rate_hz": "double precision", "samples": "bytea"},  # float32, little-endian
        has_rollups=False,
    ),
)


def table_of(kind: Kind) -> TimeTable:
    """Describe the table of a kind.

    Raises
    ------
    ConfigError
        If a signal's name is too long for its rollup columns.
    """
    too_long = [name for name in kind.numeric_signals if len(name) > _LONGEST_SIGNAL]
    if too_long:
        raise ConfigError(f"{kind.name}: signal {too_long[0]!r} is longer than {_LONGEST_SIGNAL} characters")
    return TimeTable(name=kind.name, columns={name: SQL_TYPES[kind.signals[name].type] for name in kind.numeric_signals})


def known_tables() -> tuple[TimeTable, ...]:
    """Describe all tables that this installation wants, without the rollups."""
    return (*NARROW_TABLES, *(table_of(load_kind(name)) for name in kind_names()))


def create_table(table: TimeTable, edition: Edition) -> list[str]:
    name = table.sql_name
    columns = ", ".join(
        f"{quoted(column)} {sql_type}{' NOT NULL' if column in KEY_COLUMNS else ''}"
        for column, sql_type in table.all_columns.items()
    )
    create = f"CREATE TABLE {name} ({columns})"
    index = f"CREATE INDEX {quoted(table.name + '_equipment_time')} ON {name} (equipment_id, time DESC)"
    if edition.has_hypertables:
        by_time = f"by_range('time', INTERVAL '{table.chunk.days} days')"
        hypertable = f"SELECT create_hypertable('{name}', {by_time}, create_default_indexes => false)"
        return [create, hypertable, index, *(_compress(name) if edition is Edition.TIMESCALEDB_COMMUNITY else ())]
    # The default partition stays empty, since a partition is made before its first row; a row in it is an alarm, not a loss.
    default = f"CREATE TABLE reading.{quoted(table.name + '_default')} PARTITION OF {name} DEFAULT"
    return [f"{create} PARTITION BY RANGE (time)", default, index]


def _compress(name: str) -> list[str]:
    return [
        f"ALTER TABLE {name} SET (timescaledb.compress, timescaledb.compress_segmentby = 'equipment_id')",
        f"SELECT add_compression_policy('{name}', INTERVAL '7 days')",  # later than most late rows, which cost more there
    ]


def add_columns(table: TimeTable, columns: Iterable[str]) -> list[str]:
    added = ", ".join(f"ADD COLUMN {quoted(column)} {table.columns[column]}" for column in columns)
    return [f"ALTER TABLE {table.sql_name} {added}"]


def widen_columns(table: TimeTable, columns: Mapping[str, str], edition: Edition) -> list[str]:
    """Give columns the types that they have in ``table``; ``columns`` says which types they have now."""
    changed = ", ".join(
        f"ALTER COLUMN {quoted(column)} TYPE {table.columns[column]}"
        f" USING {quoted(column)}{'::integer' if sql_type == 'boolean' else ''}::{table.columns[column]}"
        for column, sql_type in columns.items()
    )
    alter = f"ALTER TABLE {table.sql_name} {changed}"
    if edition is not Edition.TIMESCALEDB_COMMUNITY:
        return [alter]
    # A type cannot change under compressed chunks; the policy compresses them again.
    return [
        f"SELECT remove_compression_policy('{table.sql_name}', if_exists => true)",
        f"SELECT decompress_chunk(chunk, true) FROM show_chunks('{table.sql_name}') AS chunk",  # noqa: S608 - a name of ours
        f"ALTER TABLE {table.sql_name} SET (timescaledb.compress = false)",
        alter,
        *_compress(table.sql_name),
    ]

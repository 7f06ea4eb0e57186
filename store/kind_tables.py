"""The tables of readings: one per kind of equipment, generated from its ``kind.toml``, with rollups by minute and hour.

`NARROW_TABLES` are the two that no kind owns. All of them are split by day and have one index, (equipment_id, time DESC):
on the measured server an index entry costs more than its row, so a second index is a decision, never a default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from device_profiles.kind import Kind, SignalType, kind_names, load_kind
from store.database import Edition, quoted
from telemetry.errors import ConfigError

SQL_TYPES = {
    SignalType.REAL: "real",
    SignalType.DOUBLE: "double precision",
    SignalType.INTEGER: "bigint",
    SignalType.BOOLEAN: "boolean",
    SignalType.ENUM: "smallint",
}
KEY_COLUMNS = {"time": "timestamp with time zone", "equipment_id": "integer"}
ROLLUPS = {"1m": "1 minute", "1h": "1 hour"}
_LONGEST_SIGNAL = 63 - len("_count")  # PostgreSQL cuts identifiers at 63 bytes, and two rollup columns would become one


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTable:
    """A table in the schema ``reading``: time, equipment and its own columns with their SQL types."""

    name: str
    columns: Mapping[str, str]
    has_rollups: bool = True

    @property
    def all_columns(self) -> dict[str, str]:
        return {**KEY_COLUMNS, **self.columns}


OTHER = "other"
"""Kind of equipment without a profile: any signals, stored one value per row."""

NARROW_TABLES = (
    TimeTable(name=OTHER, columns={"signal_id": "integer", "value": "double precision"}, has_rollups=False),
    TimeTable(
        name="waveform",
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
    """Describe all tables that this installation wants."""
    return (*NARROW_TABLES, *(table_of(load_kind(name)) for name in kind_names()))


def create_table(table: TimeTable, edition: Edition) -> list[str]:
    name = f"reading.{quoted(table.name)}"
    columns = ", ".join(
        f"{quoted(column)} {sql_type}{' NOT NULL' if column in KEY_COLUMNS else ''}"
        for column, sql_type in table.all_columns.items()
    )
    create = f"CREATE TABLE {name} ({columns})"
    index = f"CREATE INDEX {quoted(table.name + '_equipment_time')} ON {name} (equipment_id, time DESC)"
    if edition.has_hypertables:
        hypertable = f"SELECT create_hypertable('{name}', by_range('time', INTERVAL '1 day'), create_default_indexes => false)"
        return [create, hypertable, index, *(_compress(name) if edition is Edition.TIMESCALEDB_COMMUNITY else ())]
    # The default partition stays empty, since ingest makes a day's partition first; a row in it is an alarm, not a loss.
    default = f"CREATE TABLE reading.{quoted(table.name + '_default')} PARTITION OF {name} DEFAULT"
    return [f"{create} PARTITION BY RANGE (time)", default, index]


def _compress(name: str) -> list[str]:
    return [
        f"ALTER TABLE {name} SET (timescaledb.compress, timescaledb.compress_segmentby = 'equipment_id')",
        f"SELECT add_compression_policy('{name}', INTERVAL '7 days')",  # later than most late rows, which cost more there
    ]


def add_column(table: TimeTable, column: str) -> str:
    return f"ALTER TABLE reading.{quoted(table.name)} ADD COLUMN {quoted(column)} {table.columns[column]}"


def rollup_columns(columns: Mapping[str, str]) -> list[str]:
    """Name the columns of a rollup, in order."""
    return ["time", "equipment_id", *(f"{name}_{part}" for name in columns for part in ("min", "max", "mean", "count"))]


def create_rollup(table: TimeTable, suffix: str, edition: Edition) -> Iterator[str]:
    """Make a rollup: kept up by TimescaleDB Community, computed when asked elsewhere, under the same name."""
    width = ROLLUPS[suffix]
    name = f"reading.{quoted(f'{table.name}_{suffix}')}"
    parts = [
        f"min({value}) AS {quoted(f'{column}_min')}, max({value}) AS {quoted(f'{column}_max')}, "
        f"avg({value})::float8 AS {quoted(f'{column}_mean')}, count({quoted(column)}) AS {quoted(f'{column}_count')}"
        for column, sql_type in table.columns.items()
        for value in [f"{quoted(column)}::int" if sql_type == "boolean" else quoted(column)]
    ]
    community = edition is Edition.TIMESCALEDB_COMMUNITY
    bucket = (
        f"time_bucket(INTERVAL '{width}', time)" if community else f"date_bin('{width}', time, TIMESTAMPTZ '2000-01-01 00:00Z')"
    )
    select = (
        f"SELECT {bucket} AS time, equipment_id, {', '.join(parts)} "  # noqa: S608 - identifiers of ours
        f"FROM reading.{quoted(table.name)} GROUP BY 1, 2"
    )
    if not community:
        yield f"CREATE OR REPLACE VIEW {name} AS {select}"
        return
    yield f"DROP MATERIALIZED VIEW IF EXISTS {name}"  # a continuous aggregate cannot gain a column
    yield (
        f"CREATE MATERIALIZED VIEW {name} WITH (timescaledb.continuous, timescaledb.materialized_only = false) "
        f"AS {select} WITH NO DATA"
    )
    # The window reaches back further than an outage lasts: a spool that drains writes into the past.
    yield (
        f"SELECT add_continuous_aggregate_policy('{name}', start_offset => INTERVAL '30 days', "
        f"end_offset => INTERVAL '{width}', schedule_interval => INTERVAL '{width}')"
    )

"""Where the values of a signal list go: tables, columns and encoders, known once per list.

What the database has decides, not what this installation knows: a worker may be older than the profile of a gateway and than the
tables. Signals without a column go to ``reading.other``, under the same names, until a migration brings the column.
"""

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from store.copy_binary import CopyEncoder, Matrix
from store.database import Database, quoted
from store.kind_tables import KEY_COLUMNS, OTHER, WAVEFORM, WIDER_TYPES, TimeTable, known_tables
from store.other_signals import OtherSignals
from store.sql_files import query
from telemetry.bundle import SignalList
from telemetry.errors import BadPayload, ConfigError
from telemetry.topics import NAME_PATTERN

_MAX_TARGETS = 500
"""Signal lists remembered at once; each costs half a megabyte of scratch, and a whole city has a few dozen."""
_RELOAD_SECONDS = 60.0
_Columns = TypeVar("_Columns", bound=npt.NDArray[Any])


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """The signals of one list that go to one table; ``taken`` are their places in the list, None where it is all of them."""

    kind: str
    table: str
    names: tuple[str, ...]
    columns: Mapping[str, str]
    taken: npt.NDArray[np.intp] | None = None
    other_signals: OtherSignals | None = None
    """For the table ``other`` only, where the values are stored one per row."""

    @cached_property
    def encoder(self) -> CopyEncoder:
        return CopyEncoder(self.columns)

    @cached_property
    def statement(self) -> bytes:
        columns = ", ".join(map(quoted, (*KEY_COLUMNS, *self.columns)))
        return f"COPY reading.{quoted(self.table)} ({columns}) FROM STDIN (FORMAT binary)".encode()

    @cached_property
    def signal_ids(self) -> npt.NDArray[np.float64]:
        """Registered when the first rows come here, after their bundles have passed every check of names."""
        assert self.other_signals is not None
        return np.array(self.other_signals.ids(self.names), np.float64)

    def take(self, matrix: _Columns) -> _Columns:
        """Choose the columns of this target."""
        return matrix if self.taken is None else matrix[:, self.taken]  # type: ignore[return-value]

    def misfits(self, values: Matrix) -> npt.NDArray[np.bool_]:
        return np.zeros(0, bool) if self.table == OTHER else self.encoder.misfits(values)

    def encode(self, times_us: npt.NDArray[np.int64], equipment_ids: npt.NDArray[Any], values: Matrix) -> bytes:
        if self.table != OTHER:
            return self.encoder.encode(times_us, equipment_ids, values)
        row, column = np.nonzero(~np.isnan(values))
        return self.encoder.encode(
            times_us[row], equipment_ids[row], np.column_stack((self.signal_ids[column], values[row, column].astype(np.float64)))
        )

    def misfit(self, row: Matrix) -> str:
        """Say which value of a row does not fit its column."""
        for name, value, sql_type in zip(self.names, row.tolist(), self.columns.values(), strict=True):
            if self.encoder.misfits(np.array([[np.nan if other != name else value for other in self.names]]))[0]:
                return f"{name} = {value:g} does not fit {sql_type}"
        raise AssertionError(self.names)


class Targets:
    """Find the targets of a signal list; ``tables`` is what `load_tables` gave, or gives again when a signal lacks its column."""

    def __init__(self, tables: "Tables", other_signals: OtherSignals, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.other_signals = other_signals
        self._tables = tables
        self._clock = clock
        self._found: dict[str, tuple[Target, ...]] = {}
        self._reload_at = float("inf")

    def find(self, signals: SignalList) -> tuple[Target, ...]:
        """Look a list up: the table of its kind for the columns that it has, ``other`` for the rest.

        Raises
        ------
        BadPayload
            With the reason ``kind_name`` or ``signal_name``.
        """
        if self._clock() >= self._reload_at:
            self.reload()
        targets = self._found.get(signals.text)
        if targets is None:
            targets = self._make(signals)
            if len(self._found) >= _MAX_TARGETS:
                self._found.clear()
            self._found[signals.text] = targets
        return targets

    def reload(self) -> None:
        """Read the catalogue again: it may have got the columns that some list lacks, or wider types."""
        self._tables = self._tables.reloaded()
        self._found.clear()
        self._reload_at = float("inf")

    def _make(self, signals: SignalList) -> tuple[Target, ...]:
        kind, names = signals.kind, signals.names
        if not re.fullmatch(NAME_PATTERN, kind):
            raise BadPayload("kind_name", f"{kind[:80]!r} cannot name a kind of equipment")
        bad = [name for name in names if not re.fullmatch(NAME_PATTERN, name)]
        if bad:
            raise BadPayload("signal_name", f"{bad[0][:80]!r} cannot name a signal")
        columns = {} if kind == OTHER else self._tables.columns_of(kind)
        places = {table: [n for n, name in enumerate(names) if (name in columns) == (table != OTHER)] for table in (kind, OTHER)}
        if places[OTHER] and kind != OTHER:
            self._reload_at = min(self._reload_at, self._clock() + _RELOAD_SECONDS)
        return tuple(
            Target(
                kind=kind,
                table=table,
                names=tuple(names[n] for n in taken),
                columns=self._tables.columns_of(OTHER) if table == OTHER else {names[n]: columns[names[n]] for n in taken},
                taken=None if len(taken) == len(names) else np.array(taken),
                other_signals=self.other_signals if table == OTHER else None,
            )
            for table, taken in places.items()
            if taken
        )


class Tables:
    """The tables that values may go to, with the columns and types that they really have."""

    def __init__(self, database: Database, known: Callable[[], tuple[TimeTable, ...]]) -> None:
        self._database = database
        self._known = known
        existing: dict[str, dict[str, str]] = {}
        with database.connection() as connection:
            for table, column, sql_type in connection.execute(query("database", "reading_columns")):
                existing.setdefault(table, {})[column] = sql_type
        for wanted in known():
            for column, sql_type in wanted.all_columns.items():
                if not _holds(existing.get(wanted.name, {}).get(column, ""), sql_type):
                    raise ConfigError(f"the database has no {sql_type} reading.{wanted.name}.{column}: run `shangyun db migrate`")
        names = {table.name for table in known()} - {WAVEFORM}
        self._columns = {
            name: {
                column: sql_type
                for column, sql_type in existing[name].items()
                if column not in KEY_COLUMNS and sql_type in _NUMERIC  # people may add a column of their own
            }
            for name in names
        }

    @property
    def kinds(self) -> Collection[str]:
        """Name the tables, ``other`` among them."""
        return self._columns.keys()

    def columns_of(self, kind: str) -> Mapping[str, str]:
        """Give the columns of a kind's table in their order; none where the kind has no table."""
        return self._columns.get(kind, {})

    def reloaded(self) -> "Tables":
        return Tables(self._database, self._known)


def load_tables(database: Database, known: Callable[[], tuple[TimeTable, ...]] = known_tables) -> Tables:
    """Read the tables of this installation's kinds from the catalogue.

    Raises
    ------
    ConfigError
        If the database lacks a table or column of this installation.
    """
    return Tables(database, known)


_NUMERIC = {*WIDER_TYPES, "bigint", "double precision"}


def _holds(existing: str, wanted: str) -> bool:
    """Tell whether a column takes all values of a type: a newer installation may have widened it."""
    return existing == wanted or existing in WIDER_TYPES.get(wanted, ())

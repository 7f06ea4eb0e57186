"""Where the rows of a signal list go: table, columns and encoder, known once per list."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from store.copy_binary import CopyEncoder, Matrix
from store.database import Database, quoted
from store.equipment import OtherSignals
from store.kind_tables import KEY_COLUMNS, OTHER, TimeTable, known_tables
from store.sql_files import query
from telemetry.bundle import SignalList
from telemetry.errors import BadPayload, ConfigError
from telemetry.topics import NAME_PATTERN

_MAX_TARGETS = 500
"""Signal lists remembered at once; each costs half a megabyte of scratch, and a whole city has a few dozen."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One signal list of one kind."""

    kind: str
    names: tuple[str, ...]
    columns: Mapping[str, str]
    signal_ids: npt.NDArray[np.float64] | None = None
    """Of the list's signals, for kind ``other`` only: its values are stored one per row."""

    @property
    def table(self) -> str:
        return self.kind

    @cached_property
    def encoder(self) -> CopyEncoder:
        return CopyEncoder(self.columns)

    @cached_property
    def statement(self) -> bytes:
        columns = ", ".join(map(quoted, (*KEY_COLUMNS, *self.columns)))
        return f"COPY reading.{quoted(self.table)} ({columns}) FROM STDIN (FORMAT binary)".encode()

    def encode(self, times_us: npt.NDArray[np.int64], equipment_ids: npt.NDArray[Any], values: Matrix) -> bytes:
        if self.signal_ids is None:
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
    """Find the target of a signal list, among the kinds that this installation and the database both know."""

    def __init__(self, tables: Mapping[str, TimeTable], other_signals: OtherSignals) -> None:
        self._tables = tables
        self._other_signals = other_signals
        self._found: dict[str, Target] = {}

    def find(self, signals: SignalList) -> Target:
        """Look a list up.

        Raises
        ------
        BadPayload
            With the reason ``unknown_kind`` or ``unknown_signal``.
        """
        target = self._found.get(signals.text)
        if target is None:
            target = self._make(signals)
            if len(self._found) >= _MAX_TARGETS:
                self._found.clear()
            self._found[signals.text] = target
        return target

    def _make(self, signals: SignalList) -> Target:
        table = self._tables.get(signals.kind)
        if table is None:
            raise BadPayload("unknown_kind", f"{signals.kind[:80]!r}; known: {', '.join(sorted(self._tables))}")
        if signals.kind == OTHER:
            bad = [name for name in signals.names if not re.match(NAME_PATTERN, name)]
            if bad:
                raise BadPayload("unknown_signal", f"{bad[0][:80]!r} cannot name a signal")
            ids = np.array(self._other_signals.ids(signals.names), np.float64)
            return Target(kind=OTHER, names=signals.names, columns=table.columns, signal_ids=ids)
        unknown = [name for name in signals.names if name not in table.columns]
        if unknown:
            raise BadPayload("unknown_signal", f"{signals.kind} has no numeric signal {', '.join(unknown)[:300]}")
        return Target(kind=signals.kind, names=signals.names, columns={name: table.columns[name] for name in signals.names})


def load_tables(database: Database, known: Callable[[], tuple[TimeTable, ...]] = known_tables) -> dict[str, TimeTable]:
    """Read from the catalogue the tables that batches may go to, with the types that their columns really have.

    Raises
    ------
    ConfigError
        If the database lacks a table or column of this installation.
    """
    existing: dict[str, dict[str, str]] = {}
    with database.connection() as connection:
        for table, column, sql_type in connection.execute(query("database", "reading_columns")):
            existing.setdefault(table, {})[column] = sql_type
    wanted = {table.name: table for table in known() if table.name != "waveform"}
    for table in wanted.values():
        for column, sql_type in table.all_columns.items():
            if existing.get(table.name, {}).get(column) != sql_type:
                raise ConfigError(f"the database has no {sql_type} reading.{table.name}.{column}: run `shangyun db migrate`")
    return wanted

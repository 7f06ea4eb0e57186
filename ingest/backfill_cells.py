"""From the cells of a piece to rows of numbers, with every cell named that is none."""

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.backfill_mapping import Column, Layout, Mapping
from ingest.backfill_pieces import Fault, History, Piece
from ingest.backfill_times import TimeReader, Times
from telemetry.topics import NAME_PATTERN

_NUMBER = r"^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|(?i:inf|infinity))$"
_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
_EXACT = 2.0**53
_MAX_FAULTS = 20
"""Told of one piece: the first few are enough to mend a file, and all are counted."""

Values = npt.NDArray[np.float64]


@dataclass(kw_only=True)
class Sheet:
    """The rows of a piece; all arrays have one element, or row, per row."""

    times_us: Times = field(default_factory=lambda: np.zeros(0, np.int64))
    machines: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """Indices of `names`."""
    names: list[str] = field(default_factory=list)
    values: Values = field(default_factory=lambda: np.zeros((0, 0)))
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    nulled: int = 0
    """Cells that were no values and are stored as "no value"."""

    def take(self, kept: npt.NDArray[np.bool_]) -> None:
        """Keep some of the rows."""
        if not kept.all():
            self.times_us, self.machines, self.values = self.times_us[kept], self.machines[kept], self.values[kept]


class SheetReader:
    """Read the pieces of one file; for any number of threads."""

    def __init__(
        self, history: History, mapping: Mapping, layout: Layout, times: TimeReader, *, low_us: int, high_us: int
    ) -> None:
        self._history, self._mapping, self._layout, self._times = history, mapping, layout, times
        self._low_us, self._high_us = low_us, high_us
        self._encoders = {column.name: column.encoder for column in layout.columns}

    def read(self, piece: Piece) -> Sheet:
        """Read one piece; where its rows or times cannot be read, that is the only fault told, and there are no rows."""
        sheet = Sheet()
        columns, faults = self._history.read(piece, self._layout)
        if faults:
            sheet.faults, sheet.fault_count = faults[:_MAX_FAULTS], len(faults)
            return sheet
        times_us, failing, why = self._times.read(columns[self._layout.time])
        if failing is not None:
            self._fault(sheet, piece, failing, f"{self._layout.time} {why}")
            return sheet
        sheet.times_us = times_us
        for index in np.flatnonzero((times_us < self._low_us) | (times_us > self._high_us)).tolist():
            low, high = np.array([self._low_us, self._high_us], "<M8[us]").astype("<M8[s]")
            shown = np.datetime64(int(times_us[index]), "us")
            self._fault(sheet, piece, index, f"{self._layout.time} {shown}Z is not within {low}Z and {high}Z")
        self._name_machines(sheet, piece, columns)
        sheet.values = np.empty((len(times_us), len(self._layout.columns)))
        for number, column in enumerate(self._layout.columns):
            sheet.values[:, number] = self._values(sheet, piece, column, columns[column.name])
        return sheet

    def read_times(self, piece: Piece) -> Sheet:
        """Read times and machines only, of a piece that is known to be good."""
        columns, _ = self._history.read(piece, self._layout)
        sheet = Sheet(times_us=self._times.read(columns[self._layout.time])[0])
        self._name_machines(sheet, piece, columns)
        return sheet

    def _name_machines(self, sheet: Sheet, piece: Piece, columns: dict[str, pa.Array]) -> None:
        if not self._layout.equipment:
            sheet.names, sheet.machines = [self._mapping.equipment], np.zeros(len(sheet.times_us), np.int32)
            return
        coded = columns[self._layout.equipment].cast(pa.string()).dictionary_encode()
        sheet.machines = coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False).astype(np.int32)
        sheet.names = [name.removeprefix(f"{self._mapping.gateway}/") for name in coded.dictionary.to_pylist()] + [""]
        for number, name in enumerate(sheet.names):
            if not re.match(NAME_PATTERN, name):
                for index in np.flatnonzero(sheet.machines == number).tolist():
                    what = f"{name[:80]!r} cannot name an equipment of {self._mapping.gateway}" if name else "is empty"
                    self._fault(sheet, piece, index, f"{self._layout.equipment} {what}")

    def _values(self, sheet: Sheet, piece: Piece, column: Column, cells: pa.Array) -> Values:
        values, bad = _numbers(column, cells)
        if column.conversion != (1.0, 0.0):
            values = values * column.conversion.factor + column.conversion.offset
        bad |= self._encoders[column.name].misfits(values[:, None])
        if bad.any():
            if self._mapping.bad_cells == "null":
                sheet.nulled += int(bad.sum())
            else:
                for index in np.flatnonzero(bad).tolist():
                    shown = f"{column.name} = {str(cells[index])[:80]!r}"
                    self._fault(sheet, piece, index, f"{shown} is no value of {column.signal} ({column.sql_type})")
            values = np.where(bad, np.nan, values)
        return values

    def _fault(self, sheet: Sheet, piece: Piece, index: int, what: str) -> None:
        sheet.fault_count += 1
        if len(sheet.faults) < _MAX_FAULTS:
            sheet.faults.append(Fault(self._history.place_of(piece, index), what))


def _numbers(column: Column, cells: pa.Array) -> tuple[Values, npt.NDArray[np.bool_]]:
    """Give numbers, NaN for "no value", and tell which cells hold something else."""
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        return _from_texts(column, pc.utf8_trim_whitespace(cells.cast(pa.string())))
    if not any(is_type(cells.type) for is_type in _NUMERIC):
        return np.full(len(cells), np.nan), ~cells.is_null().to_numpy(zero_copy_only=False)
    values = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    bad = np.zeros(len(values), bool)
    if pa.types.is_integer(cells.type) and (np.abs(values) >= _EXACT).any():
        # A whole number that no float64 holds would be stored as its neighbour.
        back = pa.array(values, from_pandas=True).cast(cells.type, safe=False)
        bad = pc.not_equal(back, cells).fill_null(False).to_numpy(zero_copy_only=False).copy()
    return values, bad


def _from_texts(column: Column, texts: pa.Array) -> tuple[Values, npt.NDArray[np.bool_]]:
    if column.words is not None:
        coded = texts.dictionary_encode()
        distinct = [_of_word(text, column.words) for text in coded.dictionary.to_pylist()] + [np.nan]
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        values = np.array(distinct)[codes]
        return values, np.isnan(values) & (codes >= 0)
    is_number = pc.match_substring_regex(texts, _NUMBER)
    kept = pc.if_else(is_number, texts, None)
    if column.sql_type == "bigint":
        try:
            return _numbers(column, kept.cast(pa.int64()))
        except pa.ArrowInvalid:  # written like 12.0, or beyond 64 bits: then what a float64 makes of it counts
            pass
    values = kept.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values, ~is_number.fill_null(True).to_numpy(zero_copy_only=False)


def _of_word(text: str, words: dict[str, float]) -> float:
    if text.lower() in words:
        return words[text.lower()]
    try:
        return float(text)
    except ValueError:
        return np.nan

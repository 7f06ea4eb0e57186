"""PostgreSQL's binary COPY format from numpy columns, without a Python step per row or value.

A record is an int16 field count, then for each field an int32 length and that many bytes, all big-endian; NULL is the length
-1 without bytes. Records of one table differ only in their NULLs, so a block of them is one byte matrix: neighbouring columns of
one type are assigned at once and numpy swaps the bytes. Without NULLs the block is the output; with them the bytes of the missing
values are cut out by one mask. The block is small enough to stay in the processor's cache.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
EPOCH_2000_US = 946_684_800_000_000
"""Where PostgreSQL's time starts, in microseconds of ours."""

_BLOCK_ROWS = 1024
_KEY_FIELDS, _KEY_BYTES = 2, 22
_LENGTH = np.dtype(">i4")
_WIRE_TYPES = {"real": ">f4", "double precision": ">f8", "bigint": ">i8", "integer": ">i4", "boolean": "u1", "smallint": ">i2"}
# Limits within which a float64 becomes this type without overflow; 2^63 itself is a float64 but no bigint.
LIMITS = {
    "bigint": (-(2.0**63), np.nextafter(2.0**63, 0)),
    "integer": (-(2.0**31), 2.0**31 - 1),
    "smallint": (-(2.0**15), 2.0**15 - 1),
    "boolean": (0.0, 1.0),
    "real": (-float(np.finfo(np.float32).max), float(np.finfo(np.float32).max)),
}

Matrix = npt.NDArray[np.float32] | npt.NDArray[np.float64]


class _Run(NamedTuple):
    """Neighbouring columns of one type, as views of the block: each is (rows, columns of the run)."""

    sql_type: str
    columns: slice
    lengths: npt.NDArray[Any]
    values: npt.NDArray[Any]
    kept: npt.NDArray[Any]
    """Of the mask; one element spans all words of a value."""
    all_kept: np.unsignedinteger[Any]


class CopyEncoder:
    """Encode rows of (time, equipment_id, columns...) for ``COPY ... FROM STDIN (FORMAT binary)``; not for two threads at once.

    ``columns`` maps each column to its SQL type, in the order of the matrix. Binary COPY does not check types of equal width,
    so the types must be those of the catalogue.
    """

    def __init__(self, columns: Mapping[str, str]) -> None:
        self.types = tuple(columns.values())
        sizes = [np.dtype(_WIRE_TYPES[sql_type]).itemsize for sql_type in self.types]
        row_bytes = _KEY_BYTES + sum(_LENGTH.itemsize + size for size in sizes)
        self._block = np.zeros((_BLOCK_ROWS, row_bytes), np.uint8)
        key: npt.NDArray[Any] = self._view(
            0, 1, row_bytes, [("count", ">i2"), ("time_length", ">i4"), ("time", ">i8"), ("id_length", ">i4"), ("id", ">i4")]
        )[:, 0]
        key["count"], key["time_length"], key["id_length"] = _KEY_FIELDS + len(self.types), 8, 4
        self._times, self._ids = key["time"], key["id"]
        # Words of two bytes halve the work of the mask; a boolean is one byte, and then everything is counted in bytes.
        word = np.dtype(np.uint8 if "boolean" in self.types else np.uint16)
        self._words = self._block.view(word)
        self._kept = np.ones(self._words.shape, bool)
        self._runs = []
        at, column = _KEY_BYTES, 0
        for sql_type, members in groupby(self.types):
            count, value = len(list(members)), np.dtype(_WIRE_TYPES[sql_type])
            step, words = _LENGTH.itemsize + value.itemsize, value.itemsize // word.itemsize
            flag = np.dtype(f"u{words}")
            first = (at + _LENGTH.itemsize) // word.itemsize
            self._runs.append(
                _Run(
                    sql_type,
                    slice(column, column + count),
                    self._view(at, count, step, _LENGTH),
                    self._view(at + _LENGTH.itemsize, count, step, value),
                    np.ndarray(
                        (_BLOCK_ROWS, count), flag, self._kept.data, first, (row_bytes // word.itemsize, step // word.itemsize)
                    ),
                    np.frombuffer(b"\1" * words, flag)[0],
                )
            )
            at, column = at + count * step, column + count

    def _view(self, offset: int, columns: int, step: int, dtype: Any) -> npt.NDArray[Any]:
        """Look at the block as columns that begin at ``offset`` and lie ``step`` bytes apart."""
        return np.ndarray((_BLOCK_ROWS, columns), dtype, self._block.data, offset, (self._block.shape[1], step))

    def misfits(self, values: Matrix) -> npt.NDArray[np.bool_]:
        """Tell which rows hold a value beyond its column's range; NaN and, for floats, infinities fit."""
        bad = np.zeros(len(values), dtype=bool)
        for run in self._runs:
            if run.sql_type == "double precision" or (run.sql_type == "real" and values.dtype == np.float32):
                continue
            part = values[:, run.columns].astype(np.float64)  # float32 would round the limits themselves
            low, high = LIMITS[run.sql_type]
            outside = (part < low) | (part > high)
            if run.sql_type == "real" and outside.any():
                outside &= np.isfinite(part)
            bad |= outside.any(axis=1)
        return bad

    def encode(self, times_us: npt.NDArray[np.int64], equipment_ids: npt.NDArray[Any], values: Matrix) -> bytes:
        """Give the whole stream; NaN becomes NULL. Values must have passed `misfits`."""
        pieces = [HEADER]
        for start in range(0, len(times_us), _BLOCK_ROWS):
            part = slice(start, start + _BLOCK_ROWS)
            pieces.append(self._encode_block(times_us[part], equipment_ids[part], values[part]))
        pieces.append(TRAILER)
        return b"".join(pieces)

    def _encode_block(self, times_us: npt.NDArray[np.int64], equipment_ids: npt.NDArray[Any], values: Matrix) -> bytes:
        rows = len(times_us)
        self._times[:rows] = times_us - EPOCH_2000_US
        self._ids[:rows] = equipment_ids
        missing = np.isnan(values)
        is_whole = not missing.any()
        for run in self._runs:
            part, absent = values[:, run.columns], missing[:, run.columns]
            if run.values.dtype.kind != "f":
                # Whole numbers have no NaN to carry; what stands in its place is cut out below.
                part = np.rint(part if is_whole else np.where(absent, 0, part))
            run.values[:rows] = part
            # Always set: a length of -1 left by an earlier block would shift the whole stream.
            run.lengths[:rows] = run.values.itemsize if is_whole else np.where(absent, -1, run.values.itemsize)
            if not is_whole:
                run.kept[:rows] = np.where(absent, 0, run.all_kept)
        stream = self._block[:rows] if is_whole else self._words[:rows][self._kept[:rows]]
        return stream.tobytes()

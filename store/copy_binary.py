"""PostgreSQL's binary COPY format from numpy columns, without a Python step per row or value.

A record is an int16 field count, then for each field an int32 length and that many bytes, all big-endian; NULL is the length
-1 without bytes. Records of one table differ only in their NULLs, so a block of them is one packed structured array: whole
columns are assigned at once and numpy swaps the bytes. Without NULLs the block is the output; with them the bytes of the missing
values are cut out by one mask. The block is small enough to stay in the processor's cache.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
EPOCH_2000_US = 946_684_800_000_000
"""Where PostgreSQL's time starts, in microseconds of ours."""

_BLOCK_ROWS = 1024
_MISSING = -1
_KEY_FIELDS = 2
_WIRE_TYPES = {"real": ">f4", "double precision": ">f8", "bigint": ">i8", "integer": ">i4", "boolean": "u1", "smallint": ">i2"}
# Limits within which a float64 becomes this type without overflow; 2^63 itself is a float64 but no bigint.
_LIMITS = {
    "bigint": (-(2.0**63), np.nextafter(2.0**63, 0)),
    "integer": (-(2.0**31), 2.0**31 - 1),
    "smallint": (-(2.0**15), 2.0**15 - 1),
    "boolean": (0.0, 1.0),
    "real": (-float(np.finfo(np.float32).max), float(np.finfo(np.float32).max)),
}

Matrix = npt.NDArray[np.float32] | npt.NDArray[np.float64]


class CopyEncoder:
    """Encode rows of (time, equipment_id, columns...) for ``COPY ... FROM STDIN (FORMAT binary)``; not for two threads at once.

    ``columns`` maps each column to its SQL type, in the order of the matrix. Binary COPY does not check types of equal width,
    so the types must be those of the catalogue.
    """

    def __init__(self, columns: Mapping[str, str]) -> None:
        self.types = tuple(columns.values())
        fields: list[tuple[str, str]] = [("count", ">i2"), ("time_length", ">i4"), ("time", ">i8")]
        fields += [("equipment_length", ">i4"), ("equipment", ">i4")]
        for number, sql_type in enumerate(self.types):
            fields += [(f"length_{number}", ">i4"), (f"value_{number}", _WIRE_TYPES[sql_type])]
        dtype = np.dtype(fields)
        self._block = np.zeros(_BLOCK_ROWS, dtype)
        self._block["count"] = _KEY_FIELDS + len(self.types)
        self._block["time_length"], self._block["equipment_length"] = 8, 4
        self._sizes = [dtype[f"value_{number}"].itemsize for number in range(len(self.types))]
        # Words of two bytes halve the work of the mask; a boolean is one byte, and then everything is counted in bytes.
        self._word = np.uint8 if "boolean" in self.types else np.uint16
        step = np.dtype(self._word).itemsize
        self._words = self._block.view(self._word).reshape(_BLOCK_ROWS, -1)
        self._kept = np.ones(self._words.shape, dtype=bool)
        # View of each value's words in the mask, so that a column is masked by one assignment.
        offsets = [dtype.fields[f"value_{number}"][1] for number in range(len(self.types))]  # type: ignore[index]
        self._places = [slice(offset // step, (offset + size) // step) for offset, size in zip(offsets, self._sizes, strict=True)]
        self._lengths = [self._block[f"length_{number}"] for number in range(len(self.types))]
        self._values = [self._block[f"value_{number}"] for number in range(len(self.types))]
        self._whole = [sql_type in ("bigint", "integer", "smallint", "boolean") for sql_type in self.types]

    def misfits(self, values: Matrix) -> npt.NDArray[np.bool_]:
        """Tell which rows hold a value beyond its column's range; NaN and, for floats, infinities fit."""
        bad = np.zeros(len(values), dtype=bool)
        for number, sql_type in enumerate(self.types):
            if sql_type == "double precision" or (sql_type == "real" and values.dtype == np.float32):
                continue
            column = values[:, number].astype(np.float64)  # float32 would round the limits themselves
            low, high = _LIMITS[sql_type]
            outside = (column < low) | (column > high)
            if sql_type == "real" and outside.any():
                outside &= np.isfinite(column)
            bad |= outside
        return bad

    def encode(self, times_us: npt.NDArray[np.int64], equipment_ids: npt.NDArray[Any], values: Matrix) -> bytes:
        """Give the whole stream; NaN becomes NULL. Values must have passed `misfits`."""
        pieces = [HEADER]
        missing = np.isnan(values)
        for start in range(0, len(times_us), _BLOCK_ROWS):
            part = slice(start, start + _BLOCK_ROWS)
            pieces.append(self._encode_block(times_us[part], equipment_ids[part], values[part], missing[part]))
        pieces.append(TRAILER)
        return b"".join(pieces)

    def _encode_block(
        self, times_us: npt.NDArray[np.int64], equipment_ids: npt.NDArray[Any], values: Matrix, missing: npt.NDArray[np.bool_]
    ) -> bytes:
        rows = len(times_us)
        block = self._block[:rows]
        block["time"] = times_us - EPOCH_2000_US
        block["equipment"] = equipment_ids
        columns_missing: npt.NDArray[np.bool_] = np.any(missing, axis=0)
        for number, target in enumerate(self._values):
            column = values[:, number]
            if self._whole[number]:
                # Whole numbers have no NaN to carry; what stands in its place is cut out below.
                column = np.rint(np.where(missing[:, number], 0, column)) if columns_missing[number] else np.rint(column)
            target[:rows] = column
            # Always set: a length of -1 left by an earlier block would shift the whole stream.
            self._lengths[number][:rows] = (
                np.where(missing[:, number], _MISSING, self._sizes[number]) if columns_missing[number] else self._sizes[number]
            )
        if not columns_missing.any():
            return block.tobytes()
        kept = self._kept[:rows]
        for number in np.flatnonzero(columns_missing).tolist():
            kept[:, self._places[number]] = ~missing[:, number, None]
        stream: bytes = self._words[:rows][kept].tobytes()
        for number in np.flatnonzero(columns_missing).tolist():
            kept[:, self._places[number]] = True
        return stream

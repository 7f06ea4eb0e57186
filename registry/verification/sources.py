"""The two sides of a comparison: a database, or a folder of Parquet files as ``shangyun export`` writes them."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np

from device_profiles.kind import kind_names
from registry.verification.faults import Rows
from store.database import Database
from store.verification import ROWS, Bucket, BucketKey, VerifiedMachine, buckets, machines, read_rows
from telemetry.errors import ConfigError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


class Source(Protocol):
    """What can be compared."""

    def machines(self) -> Sequence[VerifiedMachine]: ...

    def buckets(
        self, machine: VerifiedMachine, *, start: datetime, end: datetime, offset: timedelta
    ) -> Mapping[BucketKey, Bucket]: ...

    def rows(self, machine: VerifiedMachine, point: str, *, start: datetime, end: datetime) -> Rows: ...


class DatabaseSource:
    """A Shangyun database of any edition."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def machines(self) -> Sequence[VerifiedMachine]:
        return machines(self.database)

    def buckets(
        self, machine: VerifiedMachine, *, start: datetime, end: datetime, offset: timedelta
    ) -> Mapping[BucketKey, Bucket]:
        return buckets(self.database, machine, start=start, end=end, offset=offset)

    def rows(self, machine: VerifiedMachine, point: str, *, start: datetime, end: datetime) -> Rows:
        return Rows(*read_rows(self.database, machine, point, start=start, end=end))


class FolderSource:
    """Files ``*.parquet`` with a row a machine and time: raw rows, the kind in the file's metadata.

    Raises
    ------
    ConfigError
        If there is no such file, or one is not what ``shangyun export`` writes, with the file named.
    """

    def __init__(self, folder: Path) -> None:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - heavy, and of no use to who compares databases

        files = sorted(folder.glob("*.parquet"))
        if not files:
            raise ConfigError("holds no Parquet file (*.parquet) of `shangyun export`", file=folder)
        self._columns: dict[VerifiedMachine, dict[str, Rows]] = {}
        for file in files:
            try:
                table = parquet.read_table(file)
            except (ArrowException, OSError) as error:
                raise ConfigError(f"cannot be read as Parquet: {str(error)[:200]}", file=file) from None
            told = {
                key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items() if key != b"ARROW:schema"
            }
            kind = told.get("kind", "")
            if kind not in kind_names() or table.schema.names[:2] != ["time", "equipment"] or told.get("level") != "raw":
                raise ConfigError("is no file of raw rows of a known kind, as `shangyun export` writes it", file=file)
            self._take(table, kind, file)

    def _take(self, table: object, kind: str, file: Path) -> None:
        names = np.asarray(table["equipment"].to_pylist())  # type: ignore[index]
        times = np.asarray(table["time"].cast("int64").to_numpy())  # type: ignore[index]
        for name in sorted(set(names.tolist())):
            gateway, _, label = name.partition("/")
            machine = VerifiedMachine(0, gateway, label, kind)
            if machine in self._columns:
                raise ConfigError(f"holds {name}, which another file holds already", file=file)
            own = names == name
            order = np.argsort(times[own], kind="stable")
            self._columns[machine] = {}
            for point in table.schema.names[2:]:  # type: ignore[attr-defined]
                if point.endswith("_quality"):
                    continue
                values = table[point].cast("float64").to_numpy(zero_copy_only=False)[own][order]  # type: ignore[index]
                self._columns[machine][point] = Rows(times[own][order], values.astype(np.float64))

    def machines(self) -> Sequence[VerifiedMachine]:
        return list(self._columns)

    def points(self, machine: VerifiedMachine) -> Sequence[str]:
        return list(self._columns[machine])

    def buckets(
        self, machine: VerifiedMachine, *, start: datetime, end: datetime, offset: timedelta
    ) -> Mapping[BucketKey, Bucket]:
        found: dict[BucketKey, Bucket] = {}
        for point, of_point in self._columns[machine].items():
            rows = of_point.between((start - _EPOCH) // _US, (end - _EPOCH) // _US)
            days = (rows.times_us + offset // _US) // 86_400_000_000
            for day in np.unique(days).tolist():
                times, values = rows.times_us[days == day], rows.values[days == day]
                distinct = len(np.unique(times))
                known = ~np.isnan(values)
                first, last = (_EPOCH + int(times[n]) * _US for n in (0, -1))
                found[day, ROWS] = Bucket(len(times), len(times), distinct, first, last, "")
                if known.any():
                    first, last = (_EPOCH + int(times[known][n]) * _US for n in (0, -1))
                    digest = digest_of(times[known].tolist(), values[known].tolist())
                    found[day, point] = Bucket(len(times), int(known.sum()), distinct, first, last, digest)
        return found

    def rows(self, machine: VerifiedMachine, point: str, *, start: datetime, end: datetime) -> Rows:
        rows = self._columns[machine].get(point, Rows(np.empty(0, np.int64), np.empty(0)))
        return rows.between((start - _EPOCH) // _US, (end - _EPOCH) // _US)


def digest_of(times_us: Sequence[int], values: Sequence[float]) -> str:
    """Digest a bucket as the database does."""
    total = 0
    for time_us, value in zip(times_us, values, strict=True):
        text = f"{time_us}|{struct.pack('>d', value).hex()}|0"
        total += int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big", signed=True)
    return str(total)

"""The files that an export writes: CSV that a spreadsheet opens, and Parquet. A half file never has the name of a whole one."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from telemetry.errors import ShangyunError

_GROUP_ROWS = 500_000
"""Small row groups make a Parquet file large and slow."""


class CannotWrite(ShangyunError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """The file cannot be written where it is wanted."""


class CsvSink:
    """Times as ISO 8601 with the offset that the zone has at that instant."""

    def __init__(self, stream: IO[bytes], schema: pa.Schema, *, zone: str, bom: bool) -> None:
        self._stream, self._zone = stream, zone
        self._options = csv.WriteOptions(include_header=False, quoting_style="none")
        stream.write((b"\xef\xbb\xbf" if bom else b"") + ",".join(schema.names).encode() + b"\n")

    def write(self, table: pa.Table) -> None:
        local = table["time"].cast(pa.timestamp("us", self._zone))
        texts = pc.strftime(local, format="%Y-%m-%dT%H:%M:%S%Ez")
        csv.write_csv(table.set_column(0, "time", texts), self._stream, self._options)

    def close(self) -> None:
        """Nothing is held back."""


class ParquetSink:
    """One row group for many slices."""

    def __init__(self, stream: IO[bytes], schema: pa.Schema) -> None:
        self._writer = parquet.ParquetWriter(stream, schema, compression="zstd")
        self._waiting: list[pa.Table] = []

    def write(self, table: pa.Table) -> None:
        self._waiting.append(table)
        if sum(part.num_rows for part in self._waiting) >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=2 * _GROUP_ROWS)
            self._waiting.clear()


@contextmanager
def open_sink(path: str, schema: pa.Schema, *, form: str, zone: str, bom: bool) -> Iterator[CsvSink | ParquetSink]:
    """Open a file, or standard output for ``-``; what is not finished is removed.

    Raises
    ------
    CannotWrite
        With the file and the reason.
    """
    with ExitStack() as stack:
        try:
            stream = sys.stdout.buffer if path == "-" else stack.enter_context(_renamed_when_whole(Path(path)))
            sink = ParquetSink(stream, schema) if form == "parquet" else CsvSink(stream, schema, zone=zone, bom=bom)
            yield sink
            sink.close()
            stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CannotWrite(f"{path}: {error.strerror or error}") from error


@contextmanager
def _renamed_when_whole(path: Path) -> Iterator[IO[bytes]]:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            yield cast("IO[bytes]", stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:  # Ctrl-C too
        part.unlink(missing_ok=True)
        raise

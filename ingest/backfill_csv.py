"""History from CSV, plain or compressed with gzip."""

import codecs
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

import pyarrow as pa
from isal import igzip
from isal.isal_zlib import IsalError
from pyarrow import csv

from ingest.backfill_mapping import Layout, Mapping
from ingest.backfill_pieces import Fault, Piece, UnusableHistory

PIECE_BYTES = 8 << 20
"""About 50,000 rows of 20 signals: a commit of a third of a second. Part of a piece's identity."""

_READ_ERRORS: tuple[type[Exception], ...] = (OSError, EOFError, IsalError)  # type: ignore[assignment]  # a stub names an instance
_READ_BYTES = 1 << 20
_LONGEST_LINE_BYTES = 1 << 20


class _Extent(NamedTuple):
    start: int
    size: int
    line: int


class CsvHistory:
    """A CSV file with a header; cells may be quoted, but not hold line breaks. Pieces are whole lines."""

    counts = "line"

    def __init__(self, path: Path, mapping: Mapping, *, advance: Callable[[int], None]) -> None:
        self.path = path
        self._mapping = mapping
        self._is_compressed = path.suffix.lower() == ".gz"
        self._extents: list[_Extent] = []
        digest = hashlib.sha256()
        with self._open() as stream:
            header = stream.readline(_LONGEST_LINE_BYTES)
            digest.update(header)
            self.names = self._header(header)
            last_line = self._survey(stream, digest.update, len(header), advance)
        self.digest = digest.digest()
        self.rows = last_line - 1
        self.piece_count = len(self._extents)

    def pieces(self, layout: Layout, wanted: Callable[[int], bool]) -> Iterator[Piece]:  # noqa: ARG002 - lines hold all columns
        with self._open() as stream:
            for number, extent in enumerate(self._extents, 1):
                if wanted(number):
                    stream.seek(extent.start)
                    yield Piece(number=number, first=extent.line, content=stream.read(extent.size))

    def read(self, piece: Piece, layout: Layout) -> tuple[dict[str, pa.Array], list[Fault]]:
        measured = {
            column.name: pa.int64() if column.sql_type == "bigint" else pa.float64()
            for column in layout.columns
            if column.words is None
        }
        try:
            return self._parse(piece, layout, measured)
        except pa.ArrowInvalid:  # a cell that is no number: as texts all can be read, and each is judged by itself
            return self._parse(piece, layout, {})

    def place_of(self, piece: Piece, index: int) -> str:
        lines = cast("bytes", piece.content).split(b"\n")
        filled = (number for number, line in enumerate(lines) if line.strip())  # the parser passes over empty lines
        return f"{self.counts} {piece.first + next(number for n, number in enumerate(filled) if n == index)}"

    def _parse(self, piece: Piece, layout: Layout, types: dict[str, pa.DataType]) -> tuple[dict[str, pa.Array], list[Fault]]:
        wrong: list[csv.InvalidRow] = []

        def note(row: csv.InvalidRow) -> str:
            wrong.append(row)
            return "skip"

        options = csv.ConvertOptions(
            include_columns=layout.names,
            column_types={name: pa.string() for name in layout.names} | types,
            strings_can_be_null=True,
        )
        options.null_values = [*options.null_values, *self._mapping.null]
        try:
            table = csv.read_csv(
                pa.BufferReader(piece.content),
                # One block, so that columns come in one part; the other core works on another piece.
                read_options=csv.ReadOptions(
                    column_names=self.names,
                    use_threads=False,
                    block_size=2 * len(piece.content) + 2,
                    encoding=self._mapping.encoding,
                ),
                parse_options=csv.ParseOptions(delimiter=self._mapping.delimiter, invalid_row_handler=note),
                convert_options=options,
            )
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            if types and isinstance(error, pa.ArrowInvalid):
                raise
            start = f"{self.path}: from line {piece.first}"
            raise UnusableHistory(f"{start}: {str(error)[:300]} (is the encoding {self._mapping.encoding}?)") from None
        if wrong:
            return {}, [
                Fault(self.place_of(piece, row.number - 1), f"has {row.actual_columns} cells, the header {row.expected_columns}")
                for row in wrong
            ]
        return {name: table[name].combine_chunks() for name in layout.names}, []

    def _header(self, line: bytes) -> list[str]:
        encoding = "utf-8-sig" if codecs.lookup(self._mapping.encoding).name == "utf-8" else self._mapping.encoding
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            raise UnusableHistory(f"{self.path}: its header is not {self._mapping.encoding}: give --encoding") from None
        if not text.strip():
            raise UnusableHistory(f"{self.path}: has no header")
        table = csv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=csv.ReadOptions(autogenerate_column_names=True),
            parse_options=csv.ParseOptions(delimiter=self._mapping.delimiter),
            convert_options=csv.ConvertOptions(column_types={f"f{n}": pa.string() for n in range(len(text))}),
        )
        return [str(column[0].as_py()).strip() for column in table.columns]

    def _survey(self, stream: IO[bytes], update: Callable[[bytes], object], start: int, advance: Callable[[int], None]) -> int:
        """Cut the file into pieces of whole lines, and give the number of the last line."""
        line, rest = 2, b""
        while block := _read_fully(stream, PIECE_BYTES):
            update(block)
            advance(len(block))
            content = rest + block
            size = content.rfind(b"\n") + 1
            if len(content) - size > _LONGEST_LINE_BYTES:
                raise UnusableHistory(f"{self.path}: line {line} is longer than {_LONGEST_LINE_BYTES} bytes")
            if size:
                self._extents.append(_Extent(start, size, line))
            line += content.count(b"\n", 0, size)
            start, rest = start + size, content[size:]
        if rest.strip():
            self._extents.append(_Extent(start, len(rest), line))
            line += 1
        return line - 1

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        try:
            with igzip.IGzipFile(self.path, "rb") if self._is_compressed else self.path.open("rb") as stream:  # type: ignore[no-untyped-call]
                yield cast("IO[bytes]", stream)
        except _READ_ERRORS as error:
            raise UnusableHistory(f"{self.path}: {getattr(error, 'strerror', None) or error}") from error


def _read_fully(stream: IO[bytes], size: int) -> bytes:
    """Read exactly so much unless the file ends: pieces must not depend on how a compressed stream comes."""
    parts = []
    while size and (part := stream.read(min(size, _READ_BYTES))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)

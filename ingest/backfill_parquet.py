"""History from Parquet."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ingest.backfill_mapping import Layout
from ingest.backfill_pieces import Fault, Piece, UnusableHistory

PIECE_ROWS = 50_000
"""Part of a piece's identity, like the row groups of the file."""

_READ_BYTES = 8 << 20


class ParquetHistory:
    """A Parquet file with flat columns; pieces are parts of its row groups."""

    counts = "row"

    def __init__(self, path: Path, *, advance: Callable[[int], None]) -> None:
        self.path = path
        digest = hashlib.sha256()
        try:
            with path.open("rb") as stream:
                while block := stream.read(_READ_BYTES):
                    digest.update(block)
                    advance(len(block))
            with parquet.ParquetFile(path) as file:
                self.names: list[str] = file.schema_arrow.names
                self._group_rows = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        except (OSError, pa.ArrowException) as error:
            raise UnusableHistory(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        self.digest = digest.digest()
        self.rows = sum(self._group_rows)
        self.piece_count = sum(-(-rows // PIECE_ROWS) for rows in self._group_rows)

    def pieces(self, layout: Layout, wanted: Callable[[int], bool]) -> Iterator[Piece]:
        number, first = 0, 1
        try:
            with parquet.ParquetFile(self.path) as file:
                for group, rows in enumerate(self._group_rows):
                    numbers = range(number + 1, number + 1 - (-rows // PIECE_ROWS))
                    if any(map(wanted, numbers)):
                        batches = file.iter_batches(PIECE_ROWS, row_groups=[group], columns=layout.names, use_threads=False)
                        for n, batch in zip(numbers, batches, strict=True):
                            if wanted(n):
                                yield Piece(number=n, first=first + (n - numbers.start) * PIECE_ROWS, content=batch)
                    number, first = numbers.stop - 1, first + rows
        except (OSError, pa.ArrowException) as error:
            raise UnusableHistory(f"{self.path}: {error}") from error

    def read(self, piece: Piece, layout: Layout) -> tuple[dict[str, pa.Array], list[Fault]]:
        return {name: piece.content.column(name) for name in layout.names}, []

    def place_of(self, piece: Piece, index: int) -> str:
        return f"{self.counts} {piece.first + index}"

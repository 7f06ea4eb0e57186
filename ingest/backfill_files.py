"""The formats in which history comes."""

from collections.abc import Callable
from pathlib import Path

from ingest.backfill_csv import CsvHistory
from ingest.backfill_mapping import Mapping
from ingest.backfill_parquet import ParquetHistory
from ingest.backfill_pieces import History, UnusableHistory


def open_history(path: Path, mapping: Mapping, *, advance: Callable[[int], None] = lambda _: None) -> History:
    """Look through a file by the format that its name tells; ``advance`` is told of the bytes.

    Raises
    ------
    UnusableHistory
        If it cannot be read.
    """
    if path.suffix.lower() in (".parquet", ".pq"):
        return ParquetHistory(path, advance=advance)
    if path.suffix.lower() not in (".csv", ".gz", ".txt", ".tsv"):
        raise UnusableHistory(f"{path}: is neither .csv, .csv.gz nor .parquet")
    return CsvHistory(path, mapping, advance=advance)

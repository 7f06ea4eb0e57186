"""What a backfill needs of a file of history, whatever its format: pieces that are the same each time it is read.

A piece is the unit of a transaction and of going on after a kill, so its limits must follow from the file's bytes alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from ingest.backfill_mapping import Layout
from telemetry.errors import ShangyunError


class UnusableHistory(ShangyunError):  # noqa: N818 - named by what is wrong, as in telemetry.errors
    """A file of history that cannot be stored as it is; nothing of it was written."""


class Fault(NamedTuple):
    """Something in a file that cannot be stored as it stands."""

    place: str
    """``line 17`` or ``row 17``, counted as people do."""
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some consecutive rows; ``number`` counts from 1, and ``first`` is the file's own number of the first of them."""

    number: int
    first: int
    content: Any


class History(Protocol):
    """A file, looked through once when it is opened."""

    path: Path
    names: list[str]
    digest: bytes
    """Of the content; a compressed file and its plain form are the same."""
    rows: int
    """About how many there are, for the progress line."""
    piece_count: int
    counts: str
    """What its places count: ``line`` or ``row``."""

    def pieces(self, layout: Layout, wanted: Callable[[int], bool]) -> Iterator[Piece]:
        """Read the wanted pieces, in order."""
        ...

    def read(self, piece: Piece, layout: Layout) -> tuple[dict[str, pa.Array], list[Fault]]:
        """Give the columns of a piece; faults mean that its rows cannot be told apart, and then there are no columns."""
        ...

    def place_of(self, piece: Piece, index: int) -> str:
        """Say where a row stands."""
        ...

"""Messages that could not be stored: kept whole, listed, and tried again by command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from store.arrivals import DeadLetter, Item, read_bundle
from store.database import Database, RowRefused
from store.group import GroupBuilder
from store.sql_files import query
from store.writer import enter_ids, store_group
from telemetry.topics import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLetter:
    """A dead letter without its payload; epoch and seq are None where its header was unreadable."""

    id: int
    received_at: datetime
    topic: str
    gateway: str | None
    epoch: int | None
    seq: int | None
    reason: str
    detail: str
    copies: int
    payload_bytes: int


def list_dead_letters(
    database: Database, *, reason: str | None = None, letter_ids: Sequence[int] | None = None, limit: int = 1000
) -> list[StoredLetter]:
    """Read dead letters, oldest first."""
    with database.connection() as connection:
        rows = connection.execute(
            query("delivery", "list_dead_letters"),
            {"reason": reason, "ids": None if letter_ids is None else list(letter_ids), "limit": limit},
        ).fetchall()
    names = ("id", "received_at", "topic", "gateway", "epoch", "seq", "reason", "detail", "copies", "payload_bytes")
    return [StoredLetter(**dict(zip(names, row, strict=True))) for row in rows]


def read_payload(database: Database, letter_id: int) -> bytes | None:
    """Give the message itself, None if there is no such letter."""
    with database.connection() as connection:
        row = connection.execute(query("delivery", "read_dead_letter"), [letter_id]).fetchone()
    return None if row is None else bytes(row[0])


def discard(database: Database, letter_ids: Sequence[int]) -> int:
    """Delete letters for good, and give the number of those that were still there."""
    with database.connection() as connection:
        return connection.execute(query("delivery", "discard_dead_letters"), [list(letter_ids)]).rowcount


class Replayed(NamedTuple):
    letter_id: int
    reason: str
    """Empty when it is stored now; else why it is still refused."""
    detail: str


Read = Callable[[Message, datetime], Item | DeadLetter | None]
"""Reads a message that came in at the time given."""


def replay(
    database: Database,
    builder: GroupBuilder,
    letter_ids: Sequence[int],
    *,
    read: Read = lambda message, _: read_bundle(message),
    report: Callable[[Replayed], None] = lambda _: None,
) -> int:
    """Try dead letters again, each in a transaction of its own, and give the number that are stored now.

    The letter is deleted in the transaction that stores its rows, so this too happens once. A letter whose header was readable
    has its ledger entry since it came; the ledger decides only for the others, which their gateway may have sent again since.
    """
    stored = 0
    for letter_id in letter_ids:
        result = _replay(database, builder, letter_id, read)
        stored += not result.reason
        report(result)
    return stored


def _replay(database: Database, builder: GroupBuilder, letter_id: int, read: Read) -> Replayed:
    try:
        with database.connection() as connection:
            row = connection.execute(query("delivery", "take_dead_letter"), [letter_id]).fetchone()
            if row is None:
                return Replayed(letter_id, "gone", "another replay has taken it")
            topic, payload, received_at, was_entered = row
            found = read(Message(topic, bytes(payload)), received_at)
            if found is None:
                raise _StillDeadError("unexplained", "it needs a birth certificate that came before it")  # noqa: TRY301 - see below
            if isinstance(found, DeadLetter):
                raise _StillDeadError(found.reason, found.detail)  # noqa: TRY301 - it must leave the transaction to undo it
            group = builder.gather([found])
            if group.dead:
                raise _StillDeadError(group.dead[0].reason, group.dead[0].detail)  # noqa: TRY301 - the same
            fresh = enter_ids(connection, {item.key for item in group.items})
            if was_entered or fresh:
                store_group(connection, group)
    except _StillDeadError as error:
        return Replayed(letter_id, error.reason, error.detail)
    except RowRefused as error:
        return Replayed(letter_id, f"refused_{error.sqlstate}", str(error))
    return Replayed(letter_id, "", "")


class _StillDeadError(Exception):
    """Ends the transaction, so that the letter stays."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail

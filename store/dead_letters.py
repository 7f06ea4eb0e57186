"""Messages that could not be stored: kept whole, listed, and tried again by command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from store.arrivals import DeadLetter
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
    database: Database, *, reason: str | None = None, letter_id: int | None = None, limit: int = 1000
) -> list[StoredLetter]:
    """Read dead letters, oldest first."""
    with database.connection() as connection:
        rows = connection.execute(
            query("delivery", "list_dead_letters"), {"reason": reason, "id": letter_id, "limit": limit}
        ).fetchall()
    names = ("id", "received_at", "topic", "gateway", "epoch", "seq", "reason", "detail", "copies", "payload_bytes")
    return [StoredLetter(**dict(zip(names, row, strict=True))) for row in rows]


class Replayed(NamedTuple):
    letter_id: int
    reason: str
    """Empty when it is stored now; else why it is still refused."""
    detail: str


def replay(
    database: Database, builder: GroupBuilder, letter_ids: Sequence[int], *, report: Callable[[Replayed], None] = lambda _: None
) -> int:
    """Try dead letters again, each in a transaction of its own, and give the number that are stored now.

    The letter is deleted in the transaction that stores its rows, so this too happens once. A letter whose header was readable
    has its ledger entry since it came; the ledger decides only for the others, which their gateway may have sent again since.
    """
    stored = 0
    for letter_id in letter_ids:
        result = _replay(database, builder, letter_id)
        stored += not result.reason
        report(result)
    return stored


def _replay(database: Database, builder: GroupBuilder, letter_id: int) -> Replayed:
    try:
        with database.connection() as connection:
            row = connection.execute(query("delivery", "take_dead_letter"), [letter_id]).fetchone()
            if row is None:
                return Replayed(letter_id, "gone", "another replay has taken it")
            topic, payload, was_entered = row
            group = builder.build([Message(topic, bytes(payload))])
            if group.dead:
                raise _StillDeadError(group.dead[0])  # noqa: TRY301 - it must leave the transaction to undo it
            fresh = enter_ids(connection, {item.key for item in group.items})
            if was_entered or fresh:
                store_group(connection, group)
    except _StillDeadError as error:
        return Replayed(letter_id, error.letter.reason, error.letter.detail)
    except RowRefused as error:
        return Replayed(letter_id, f"refused_{error.sqlstate}", str(error))
    return Replayed(letter_id, "", "")


class _StillDeadError(Exception):
    """Ends the transaction, so that the letter stays."""

    def __init__(self, letter: DeadLetter) -> None:
        self.letter = letter

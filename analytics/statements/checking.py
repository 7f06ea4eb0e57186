"""Checks what the database keeps: the chains themselves, and that the columns beside them say the same."""

from analytics.leasing.chain import Break, verify
from analytics.statements.keys import key_id_of
from store.database import Database
from store.statements import StatementRow, public_keys, statements


def check_chain(
    database: Database, equipment_id: int, *, public_key: bytes | None = None, newest_hash: str | None = None
) -> Break | None:
    """Check a machine's chain from its first statement on, and give where it breaks first; None where it holds.

    Parameters
    ----------
    public_key : bytes, optional
        As the plant has given it; where it is left out, the database's own, which shows less.
    newest_hash : str, optional
        The last record's hash as somebody else kept it.
    """
    return broken_in(statements(database, equipment_id), database, public_key=public_key, newest_hash=newest_hash)


def broken_in(
    rows: list[StatementRow], database: Database, *, public_key: bytes | None = None, newest_hash: str | None = None
) -> Break | None:
    """Do the same with rows that have been read already."""
    key = public_key
    if key is None and rows:
        key = public_keys(database).get(rows[0].key_id)
    if key is None:
        return Break(1, "signature", "the key that it was signed with is not there") if rows else None
    broken = verify([row.line for row in rows], public_key=key, newest_hash=newest_hash)
    if broken is not None:
        return broken
    for line, row in enumerate(rows, start=1):
        # Lists are made from the columns; they must not say anything else than what is signed.
        if row.day.isoformat() != row.statement.get("day"):
            return Break(line, "day", f"is kept under {row.day}, which is not its day")
        if row.key_id != key_id_of(key):
            return Break(line, "signature", f"is kept under the key {row.key_id}, which did not sign it")
    return None

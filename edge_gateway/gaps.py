"""What will not come, remembered beside what waits: a row in the spool's file for each stretch of lost data."""

import sqlite3
from typing import NamedTuple

GAP_SCHEMA = """
CREATE TABLE gap (
    id INTEGER PRIMARY KEY,
    reason TEXT NOT NULL,
    first_seq INTEGER,
    last_seq INTEGER,
    from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL,
    bundles INTEGER NOT NULL,
    row_count INTEGER NOT NULL
);
"""
_ONE_STRETCH_US = 60_000_000
"""Rows that were lost so close together are one gap; what two kills cost is always two."""
_GAPS_KEPT = 1000
_GAPS_TOLD = 20


class Gap(NamedTuple):
    """Data that will not come: bundles dropped from disk (with their seqs), or rows that never reached it (without)."""

    reason: str
    first_seq: int | None
    last_seq: int | None
    from_us: int
    to_us: int
    bundles: int
    row_count: int


def note_gap(database: sqlite3.Connection, gap: Gap) -> None:
    """Record a gap, as one row with the last one where it goes on."""
    last = database.execute(
        "SELECT id, first_seq, last_seq, from_us, to_us, bundles, row_count, reason FROM gap ORDER BY id DESC LIMIT 1"
    ).fetchone()
    is_like = last is not None and last[7] == gap.reason and (gap.first_seq is None) == (last[2] is None)
    if gap.first_seq is None:
        follows = is_like and gap.row_count and last[6] and gap.from_us <= last[4] + _ONE_STRETCH_US
    else:
        follows = is_like and gap.first_seq == last[2] + 1
    if follows:
        database.execute(
            "UPDATE gap SET last_seq = ?, from_us = ?, to_us = ?, bundles = ?, row_count = ? WHERE id = ?",
            (
                gap.last_seq,
                min(last[3], gap.from_us),
                max(last[4], gap.to_us),
                last[5] + gap.bundles,
                last[6] + gap.row_count,
                last[0],
            ),
        )
    else:
        database.execute(
            "INSERT INTO gap (reason, first_seq, last_seq, from_us, to_us, bundles, row_count) VALUES (?, ?, ?, ?, ?, ?, ?)",
            gap,
        )
        database.execute("DELETE FROM gap WHERE id <= (SELECT max(id) FROM gap) - ?", (_GAPS_KEPT,))


def recent_gaps(database: sqlite3.Connection) -> list[Gap]:
    """Give the newest gaps, for the gateway's state."""
    rows = database.execute(
        "SELECT reason, first_seq, last_seq, from_us, to_us, bundles, row_count FROM gap ORDER BY id DESC LIMIT ?", (_GAPS_TOLD,)
    )
    return [Gap(*row) for row in rows]

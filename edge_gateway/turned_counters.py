"""How far counters that turn over have come, kept beside what waits: a row in the spool's file for each of them."""

import sqlite3
from collections.abc import Mapping

from device_profiles.rollover import Rollover

COUNTER_SCHEMA = """
CREATE TABLE counter (
    equipment TEXT NOT NULL,
    signal TEXT NOT NULL,
    modulus INTEGER NOT NULL,
    last_raw INTEGER NOT NULL,
    wraps INTEGER NOT NULL,
    PRIMARY KEY (equipment, signal)
);
"""


def read_counters(database: sqlite3.Connection) -> dict[tuple[str, str], Rollover]:
    """Give what was kept, by equipment and signal."""
    counters = {}
    for equipment, signal, modulus, last_raw, wraps in database.execute(
        "SELECT equipment, signal, modulus, last_raw, wraps FROM counter"
    ):
        counters[equipment, signal] = rollover = Rollover(modulus)
        rollover.state = last_raw, wraps
    return counters


def write_counters(database: sqlite3.Connection, counters: Mapping[tuple[str, str], Rollover]) -> None:
    rows = [(*names, rollover.modulus, *rollover.state) for names, rollover in counters.items()]
    database.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?, ?)", rows)

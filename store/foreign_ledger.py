"""How long a copy of a foreign message is recognised.

A gateway of ours says by its floor what can be forgotten. A foreign producer says nothing, so its messages are forgotten by the
age of their storing, not of their samples: a message with old samples is recognised as long as any other.
"""

from datetime import timedelta

from store.database import Database
from store.sql_files import query

RECOGNISED = timedelta(days=3)
"""Brokers and clients that send again do so within minutes, or after a weekend without power."""


def purge_foreign(database: Database, *, older_than: timedelta = RECOGNISED) -> int:
    """Forget the foreign messages that were stored longer ago, and give their number."""
    with database.connection() as connection:
        return connection.execute(query("delivery", "purge_foreign"), [older_than]).rowcount

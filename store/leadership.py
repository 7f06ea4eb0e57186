"""One leader among workers that do the same: who holds the database's advisory lock, for as long as its connection lives."""

from collections.abc import Iterator
from contextlib import contextmanager

from store.database import Database
from store.sql_files import query


class Lead:
    """The lock, held by a connection of its own."""

    def __init__(self, database: Database, process: int) -> None:
        self._database, self._process = database, process

    def is_held(self) -> bool:
        """Ask the server whether the lock's connection still lives there.

        Raises
        ------
        DatabaseError
            While that cannot be known.
        """
        with self._database.connection() as connection:
            (is_held,) = connection.execute(query("alarm_worker", "still_leads"), [self._process]).fetchone() or (False,)
        return bool(is_held)


@contextmanager
def lead(database: Database, work: str) -> Iterator[Lead | None]:
    """Try to lead in ``work``; None where another worker does. The lock goes with the block's end, or with the connection."""
    with database.autocommit() as connection:
        is_ours, process = connection.execute(query("alarm_worker", "try_lead"), [work]).fetchone() or (False, 0)
        try:
            yield Lead(database, process) if is_ours else None
        finally:
            connection.close()  # the pool would lend it again with the lock

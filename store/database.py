"""The one door to PostgreSQL: a pool of connections, what the server can do, and its errors as ours.

``DatabaseError`` says by its class what to do (PostgreSQL, Appendix A: the first two letters of the SQLSTATE):

* `DatabaseAway`, `DatabaseBusy`: classes 08, 25, 40, 53, 55, 57 and lost connections; the same again, later.
* `RowRefused`: classes 22 and 23; these rows will never be stored.
* `DatabaseFault`: all others, 42 above all, and a COPY of the wrong width; a fault of schema, rights or program for no retry.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import cached_property
from types import TracebackType
from typing import Any, NoReturn, Self

import psycopg
import psycopg_pool
from psycopg.conninfo import conninfo_to_dict

from store.sql_files import query
from telemetry.errors import ConfigError, NotConnected, RetryableError, ShangyunError

Connection = psycopg.Connection[tuple[Any, ...]]

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it tells of every attempt; we tell of the failure, once

_AWAY_CLASSES = frozenset({"08", "57"})
_BUSY_CLASSES = frozenset({"25", "40", "53", "55"})  # 25006: a primary that has become a standby
_ROW_CLASSES = frozenset({"22", "23"})
_WRONG_WIDTH = frozenset({"22P03", "08P01"})  # a column's type has changed since this process read the schema
_SESSION_SETTINGS = (
    b"SET TIME ZONE 'UTC'; "
    b"SET jit = off; "  # compiling costs a chart's query more than it saves
    b"SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'"  # a stuck worker must not hold the others
)

_CONNECTION: dict[str, Any] = {"application_name": "shangyun", "connect_timeout": 5}
_LISTENER: dict[str, Any] = {**_CONNECTION, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""Who only listens does not notice by itself that the other side is gone."""


class DatabaseError(ShangyunError):
    """What the database said; ``sqlstate`` is its own code, empty where the connection was lost."""

    def __init__(self, message: str, *, sqlstate: str = "") -> None:
        self.sqlstate = sqlstate
        super().__init__(f"database: {message.strip()}" + (f" (SQLSTATE {sqlstate})" if sqlstate else ""))


class DatabaseAway(DatabaseError, NotConnected):  # noqa: N818 - named by what happened, as in telemetry.errors
    """The server cannot be reached, is going down, or went away; a commit may or may not have happened."""


class DatabaseBusy(DatabaseError, RetryableError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A deadlock, a lock time-out, no memory, no disk: nothing was stored, and later it may work."""


class RowRefused(DatabaseError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """The data themselves cannot be stored."""


class DatabaseFault(DatabaseError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """Schema, rights or program are at fault."""


class Edition(StrEnum):
    """What the server can do; detected, never configured."""

    TIMESCALEDB_COMMUNITY = "TimescaleDB Community"
    TIMESCALEDB_APACHE = "TimescaleDB Apache"
    POSTGRESQL = "PostgreSQL"

    @property
    def has_hypertables(self) -> bool:
        return self is not Edition.POSTGRESQL


class Database:
    """A pool of connections to one database; entering it does not connect yet, so a server may come later."""

    def __init__(self, dsn: str, *, max_connections: int = 4, timeout_seconds: float = 5.0) -> None:
        try:
            conninfo_to_dict(dsn)
        except psycopg.ProgrammingError as error:
            raise ConfigError(f"database address: {str(error).strip()}") from None
        self._dsn = dsn
        self._pool = psycopg_pool.ConnectionPool(
            dsn,
            min_size=0,
            max_size=max_connections,
            open=False,
            timeout=timeout_seconds,
            kwargs=_CONNECTION,
            configure=_configure,
            check=psycopg_pool.ConnectionPool.check_connection,  # one round trip instead of one error for each that has died
        )

    def __enter__(self) -> Self:
        self._pool.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection for one transaction: commit when the block ends, roll back when it raises.

        Raises
        ------
        DatabaseError
            For everything that psycopg raises inside the block, by what to do about it.
        """
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.Error as error:
            _raise_ours(error)

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Lend a connection on which each statement is a transaction of its own."""
        with self.connection() as connection:
            connection.autocommit = True
            try:
                yield connection
            finally:
                if not connection.closed:
                    connection.autocommit = False

    @contextmanager
    def listen(self, channel: str) -> Iterator[Iterator[list[str]]]:
        """Hear what is notified on a channel, on a connection beside the pool.

        From the moment that the block begins nothing is missed: read then what the notices are about. The iterator gives the
        payloads that came, and nothing at least each second, so that its user can stop.

        Raises
        ------
        DatabaseAway
            When the connection is lost, also in the middle.
        """
        try:
            with psycopg.connect(self._dsn, autocommit=True, **_LISTENER) as connection:
                connection.execute(b"LISTEN " + quoted(channel).encode())
                yield _notices(connection)
        except psycopg.Error as error:
            _raise_ours(error)

    @cached_property
    def edition(self) -> Edition:
        """What the server can do in this database.

        The licence is known only where the extension exists; before `migrate` has made it, a server that has the library
        loaded counts as Apache, the smaller edition.
        """
        with self.connection() as connection:
            row = connection.execute(query("database", "edition")).fetchone()
        assert row is not None
        installed, available, license_name = row
        if installed and license_name == "timescale":
            return Edition.TIMESCALEDB_COMMUNITY
        return Edition.TIMESCALEDB_APACHE if installed or available else Edition.POSTGRESQL

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """Version of the server and, where it is there, of TimescaleDB."""
        with self.connection() as connection:
            return dict(connection.execute(query("database", "versions")).fetchall())

    def forget_edition(self) -> None:
        """Detect again: the extension has just been made."""
        for name in ("edition", "versions"):
            self.__dict__.pop(name, None)


def quoted(name: str) -> str:
    """Write an identifier into SQL text; a signal may be named like a key word."""
    return '"' + name.replace('"', '""') + '"'


def _notices(connection: psycopg.Connection[Any]) -> Iterator[list[str]]:
    while True:
        yield [notice.payload for notice in connection.notifies(timeout=1.0, stop_after=1)]


def _configure(connection: Connection) -> None:
    # The floor must be read by a later statement that sees what others committed in between.
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    connection.execute(_SESSION_SETTINGS)
    connection.commit()


def _raise_ours(error: psycopg.Error) -> NoReturn:
    state = error.sqlstate or ""
    message = str(error).split("\nCONTEXT:")[0]
    if state in _WRONG_WIDTH:
        raise DatabaseFault(message, sqlstate=state) from error
    if state[:2] in _ROW_CLASSES:
        raise RowRefused(message, sqlstate=state) from error
    if state[:2] in _BUSY_CLASSES:
        raise DatabaseBusy(message, sqlstate=state) from error
    if state[:2] in _AWAY_CLASSES or (not state and isinstance(error, psycopg.OperationalError)):
        raise DatabaseAway(message, sqlstate=state) from error
    raise DatabaseFault(message, sqlstate=state) from error

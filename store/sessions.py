"""Signed-in browsers and tokens of programs. The secrets are not here, only their SHA-256: 256 random bits need no salt."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from store.database import Connection, Database
from store.sql_files import query

_TOUCHED_AFTER = timedelta(seconds=60)
"""How exactly a session's last use is known: writing it with every request would cost more than the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a secret stands for; a program has neither session nor user."""

    session: int | None
    user: int | None
    name: str
    role: str
    sites: frozenset[int] | None
    gateways: frozenset[str] | None
    """Those of the sites; None for all."""
    must_change_password: bool
    ends_at: datetime
    """When it ends unless it is used before."""


class Session(NamedTuple):
    """A signed-in browser, as its owner sees it."""

    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


class Token(NamedTuple):
    """A program's token, as an administrator sees it."""

    id: int
    name: str
    role: str
    sites: list[int] | None
    created_by: str
    created_at: datetime
    expires_at: datetime


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def open_session(
    connection: Connection,
    secret: str,
    *,
    user: int,
    now: datetime,
    idle: timedelta,
    longest: timedelta,
    address: str = "",
    agent: str = "",
) -> None:
    """Sign a browser in; sessions that have ended are cleared away on the way."""
    connection.execute(query("sessions", "purge"), {"now": now})
    values = {
        "token_hash": digest(secret),
        "user": user,
        "now": now,
        "idle_seconds": idle.total_seconds(),
        "expires_at": now + longest,
        "address": address,
        "agent": agent,
    }
    connection.execute(query("sessions", "open"), values)


def look_up_session(database: Database, secret: str, *, now: datetime, is_use: bool) -> Identity | None:
    """Give who is signed in with a secret; ``is_use`` lets the idle time begin anew."""
    values = {"token_hash": digest(secret), "now": now}
    with database.connection() as connection:
        row = connection.execute(query("sessions", "look_up"), values).fetchone()
        if row is None:
            return None
        *_, seen_at, ends_at = row
        if is_use and now - seen_at >= _TOUCHED_AFTER:
            touched = connection.execute(query("sessions", "touch"), values).fetchone()
            ends_at = ends_at if touched is None else touched[0]
    return _identity(row, ends_at)


def look_up_token(database: Database, secret: str, *, now: datetime) -> Identity | None:
    with database.connection() as connection:
        row = connection.execute(query("sessions", "look_up_token"), {"token_hash": digest(secret), "now": now}).fetchone()
    return None if row is None else _identity(row, row[-1])


def list_sessions(database: Database, user: int, *, now: datetime) -> list[Session]:
    """Give a user's sessions, the one used last first."""
    with database.connection() as connection:
        return [
            Session._make(row) for row in connection.execute(query("sessions", "list"), {"user": user, "now": now}).fetchall()
        ]


def close_session(connection: Connection, session: int, *, user: int) -> bool:
    """End one of a user's own sessions; False if it is not theirs or over."""
    return connection.execute(query("sessions", "close"), {"session": session, "user": user}).fetchone() is not None


def close_session_of(connection: Connection, secret: str) -> None:
    connection.execute(query("sessions", "close_token"), {"token_hash": digest(secret)})


def close_all_sessions(connection: Connection, user: int, *, but: int | None = None) -> None:
    """End a user's sessions, all or all but one."""
    connection.execute(query("sessions", "close_all"), {"user": user, "except": but})


def list_tokens(database: Database) -> list[Token]:
    with database.connection() as connection:
        return [Token._make(row) for row in connection.execute(query("sessions", "list_tokens")).fetchall()]


def add_token(
    connection: Connection,
    secret: str,
    *,
    name: str,
    role: str,
    sites: Collection[int] | None,
    created_by: str,
    expires_at: datetime,
) -> int | None:
    """Keep a program's token and give its id, or None if the name is taken."""
    values = {
        "token_hash": digest(secret),
        "name": name,
        "role": role,
        "sites": None if sites is None else sorted(sites),
        "created_by": created_by,
        "expires_at": expires_at,
    }
    row = connection.execute(query("sessions", "add_token"), values).fetchone()
    return None if row is None else int(row[0])


def drop_token(connection: Connection, token: int) -> str | None:
    """Revoke a token and give its name, or None if there is no such token."""
    row = connection.execute(query("sessions", "drop_token"), [token]).fetchone()
    return None if row is None else str(row[0])


def _identity(row: tuple[Any, ...], ends_at: datetime) -> Identity:
    session, user, name, role, sites, must_change_password, gateways, *_ = row
    return Identity(
        session=session,
        user=user,
        name=name,
        role=role,
        sites=None if sites is None else frozenset(sites),
        gateways=None if gateways is None else frozenset(gateways),
        must_change_password=must_change_password,
        ends_at=ends_at,
    )

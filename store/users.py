"""The people who may look at the web app, and how often somebody has failed to be one of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from store.database import Connection, Database
from store.sql_files import query

MOST_FAILURES = 5
FAILURES_WITHIN = timedelta(minutes=5)
LOCKED_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person; ``sites`` are those that they may see, None for all."""

    id: int
    name: str
    role: str
    sites: frozenset[int] | None
    language: str | None
    must_change_password: bool
    created_at: datetime
    disabled_at: datetime | None


def list_users(database: Database) -> list[User]:
    """Give all users by name; a company has hundreds at most."""
    with database.connection() as connection:
        return [_user(row) for row in connection.execute(query("users", "list")).fetchall()]


def has_users(database: Database) -> bool:
    with database.connection() as connection:
        row = connection.execute(query("users", "any")).fetchone()
    return bool(row and row[0])


def find_log_in(database: Database, name: str) -> tuple[User, str] | None:
    """Look a user up by name, with the hash of the password."""
    with database.connection() as connection:
        row = connection.execute(query("users", "log_in"), [name]).fetchone()
    return None if row is None else (_user(row[:-1]), row[-1])


def password_hash_of(database: Database, user: int) -> str | None:
    with database.connection() as connection:
        row = connection.execute(query("users", "password_hash"), [user]).fetchone()
    return None if row is None else str(row[0])


def add_user(
    connection: Connection,
    *,
    name: str,
    password_hash: str,
    role: str,
    sites: Collection[int] | None = None,
    must_change_password: bool = True,
) -> int | None:
    """Add a user and give the id, or None if the name is taken."""
    values = {
        "name": name,
        "password_hash": password_hash,
        "role": role,
        "sites": None if sites is None else sorted(sites),
        "must_change_password": must_change_password,
    }
    row = connection.execute(query("users", "add"), values).fetchone()
    return None if row is None else int(row[0])


def change_user(connection: Connection, user: int, *, role: str, sites: Collection[int] | None, is_disabled: bool) -> str | None:
    """Change what a user may do and give their name, or None if there is no such user."""
    connection.execute(query("users", "lock"))
    values = {"id": user, "role": role, "sites": None if sites is None else sorted(sites), "is_disabled": is_disabled}
    row = connection.execute(query("users", "change"), values).fetchone()
    return None if row is None else str(row[0])


def has_administrator(connection: Connection) -> bool:
    """Say whether anybody is left who may administer all sites."""
    row = connection.execute(query("users", "has_administrator")).fetchone()
    return bool(row and row[0])


def set_password(connection: Connection, user: int, password_hash: str, *, must_change_password: bool) -> str | None:
    """Set a password and give the user's name, or None if there is no such user."""
    values = {"id": user, "password_hash": password_hash, "must_change_password": must_change_password}
    row = connection.execute(query("users", "set_password"), values).fetchone()
    return None if row is None else str(row[0])


def set_language(connection: Connection, user: int, language: str) -> None:
    connection.execute(query("users", "set_language"), {"id": user, "language": language})


def count_attempt(database: Database, *, name: str, address: str, now: datetime) -> datetime | None:
    """Count an attempt to log in; gives until when this name is locked for this address, or None if it may go on."""
    who = {"name": name, "address": address}
    values = {**who, "now": now, "window": FAILURES_WITHIN, "lock": LOCKED_FOR, "most": MOST_FAILURES}
    with database.connection() as connection:
        if connection.execute(query("users", "count_attempt"), values).fetchone() is not None:
            return None
        row = connection.execute(query("users", "locked_until"), who).fetchone()
    return None if row is None else row[0]


def forget_attempts(connection: Connection, *, name: str, address: str, now: datetime) -> None:
    """Clear the count after a success, and what is long over."""
    connection.execute(query("users", "forget_attempts"), {"name": name, "address": address, "now": now})


def _user(row: tuple[Any, ...]) -> User:
    number, name, role, sites, language, must_change_password, created_at, disabled_at = row
    return User(
        id=number,
        name=name,
        role=role,
        sites=None if sites is None else frozenset(sites),
        language=language,
        must_change_password=must_change_password,
        created_at=created_at,
        disabled_at=disabled_at,
    )

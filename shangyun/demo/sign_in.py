"""Who looks at the demo: one administrator with a random password in the demo's folder, and a token for the demo itself."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashboards.security.passwords import Passwords, random_password
from store.database import Database
from store.sessions import add_token, drop_token
from store.users import add_user, find_log_in, set_password

NAME = "admin"


def sign_in(database: Database, folder: Path) -> str:
    """Give the password of the demo's administrator: the one of the last time, or a new one where there is none."""
    file = folder / "sign-in.txt"
    found = find_log_in(database, NAME)
    if found and file.exists():
        return file.read_text(encoding="utf-8").split()[-1]
    password = random_password()
    password_hash = Passwords().hash_now(password)
    with database.connection() as connection:
        if found:
            set_password(connection, found[0].id, password_hash, must_change_password=False)
        else:
            add_user(connection, name=NAME, password_hash=password_hash, role="admin", must_change_password=False)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as written:
        written.write(f"{NAME}\n{password}\n")
    return password


@contextmanager
def token(database: Database) -> Iterator[str]:
    """Lend a token that may only read."""
    secret = f"sy_{secrets.token_urlsafe(32)}"
    with database.connection() as connection:
        number = add_token(
            connection,
            secret,
            name=f"demo {secrets.token_hex(4)}",
            role="viewer",
            sites=None,
            created_by="demo",
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )
    try:
        yield secret
    finally:
        with database.connection() as connection:
            drop_token(connection, number or 0)

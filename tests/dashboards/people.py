"""Who visits in tests: a client of the API, and the cookie of a browser, signed in with a role."""

import secrets
from datetime import UTC, datetime, timedelta

import httpx

from store.database import Database
from store.sessions import open_session
from store.users import add_user


def client_for(address: str, database: str, *, role: str = "admin", sites: tuple[int, ...] = ()) -> httpx.Client:
    """Give a client that is signed in as a person of a role; without ``sites`` the person sees all of them."""
    # The header is what a browser sends with a form of our own pages.
    return httpx.Client(
        base_url=address, timeout=30, cookies={"sid": sign_in(database, role=role, sites=sites)}, headers={"Origin": address}
    )


def cookies_for(address: str, database: str, *, role: str = "admin", sites: tuple[int, ...] = ()) -> list[dict[str, str]]:
    """Give what Playwright's ``context.add_cookies`` takes."""
    return [{"name": "sid", "value": sign_in(database, role=role, sites=sites), "url": address}]


def sign_in(database: str, *, role: str = "admin", sites: tuple[int, ...] = ()) -> str:
    """Make a person and a session, without the time that a password takes, and give the session's secret."""
    secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
    with Database(database) as opened, opened.connection() as connection:
        name = f"{role}-{secrets.token_hex(4)}"
        user = add_user(connection, name=name, password_hash="none", role=role, sites=sites or None, must_change_password=False)
        assert user is not None
        hours = timedelta(hours=12)
        open_session(connection, secret, user=user, now=now, idle=hours, longest=hours)
    return secret

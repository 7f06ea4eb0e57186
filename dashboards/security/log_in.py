"""Logging in: the count of failures, the password, the new session, and a line in the audit log for either end."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from dashboards.security.access import ROLES, Permission
from dashboards.security.passwords import Passwords
from dashboards.security.user_names import LONGEST, normal_name
from dashboards.settings import WebSettings
from store import audit, sessions, users
from store.database import Database

_WALL_SCREEN = timedelta(days=365)
_LONGEST_AGENT = 200


class Browser(NamedTuple):
    """What asks to be let in."""

    address: str
    agent: str
    old_secret: str = ""
    """A cookie that it has already: it ends with the log-in, whoever has set it."""


class Welcome(NamedTuple):
    """A log-in that succeeded."""

    secret: str
    lasts: timedelta | None
    """How long the browser keeps the cookie; None until it is closed."""
    language: str | None


class Locked(NamedTuple):
    """Too many failures: not even the right password counts for a while."""

    seconds: int


async def log_in(
    database: Database, passwords: Passwords, settings: WebSettings, *, name: str, password: str, browser: Browser
) -> Welcome | Locked | None:
    """Let a person in; None for a wrong name or password, which are not told apart."""
    now = datetime.now(UTC)
    try:
        name = normal_name(name)
    except ValueError:
        name = name[:LONGEST].replace("\x00", "").encode("utf-8", "replace").decode()
    locked_until = await run_in_threadpool(users.count_attempt, database, name=name, address=browser.address, now=now)
    if locked_until is not None:
        return Locked(max(round((locked_until - now).total_seconds()), 1))
    found = await run_in_threadpool(users.find_log_in, database, name)
    user = found[0] if found and found[0].disabled_at is None else None
    is_right = await passwords.is_right(found[1] if found and user else None, password)
    if user is None or not is_right:
        await run_in_threadpool(_record, database, name, "", browser, "refused")
        return None
    is_wall_screen = user.name in settings.wall_screen_users and ROLES[user.role] == {Permission.READ}
    idle = _WALL_SCREEN if is_wall_screen else timedelta(minutes=settings.session_idle_minutes)
    longest = _WALL_SCREEN if is_wall_screen else timedelta(hours=settings.session_hours)
    secret = secrets.token_urlsafe(32)

    def let_in() -> None:
        with database.connection() as connection:
            if browser.old_secret:
                sessions.close_session_of(connection, browser.old_secret)
            users.forget_attempts(connection, name=name, address=browser.address, now=now)
            agent = browser.agent.replace("\x00", "")[:_LONGEST_AGENT]
            sessions.open_session(
                connection, secret, user=user.id, now=now, idle=idle, longest=longest, address=browser.address, agent=agent
            )
            audit.record(connection, actor=user.name, role=user.role, address=browser.address, action="log_in", obj=user.name)

    await run_in_threadpool(let_in)
    return Welcome(secret, _WALL_SCREEN if is_wall_screen else None, user.language)


def _record(database: Database, name: str, role: str, browser: Browser, result: str) -> None:
    audit.record(database, actor=name, role=role, address=browser.address, action="log_in", obj=name, result=result)

"""Who stands behind a secret: looked up in the database, and known for some seconds, because pages ask often."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from store.database import Database, DatabaseError
from store.sessions import Identity, look_up_session, look_up_token

KNOWN_FOR_SECONDS = 10.0
MOST_KNOWN = 10_000


class _Known(NamedTuple):
    identity: Identity
    until: float


class Identities:
    """Looks secrets up; what was changed by another process is seen after `KNOWN_FOR_SECONDS` at the latest."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._now, self._clock = database, now, clock
        self._known: dict[tuple[str, bool, bool], _Known] = {}
        self._ask_again_at = 0.0
        """Until then the database, which did not answer, is not asked for who is known."""

    async def find(self, secret: str, *, is_token: bool, is_use: bool = True) -> Identity | None:
        """Give who it is, or None; ``is_use`` lets a session's idle time begin anew.

        While the database is away nobody can be shut out there either: who was known stays known until their time is over, so
        that operators go on seeing live values; and one request in `KNOWN_FOR_SECONDS` waits for the database, not each.
        """
        key, now = (secret, is_token, is_use), self._now()
        known = self._known.get(key)
        if known is not None and now < known.identity.ends_at and self._clock() < max(known.until, self._ask_again_at):
            return known.identity
        try:
            found = await run_in_threadpool(self._look_up, secret, now, is_token=is_token, is_use=is_use)
        except DatabaseError:
            if known is not None and now < known.identity.ends_at:
                self._ask_again_at = self._clock() + KNOWN_FOR_SECONDS
                return known.identity
            raise
        if found is None:
            self._known.pop(key, None)
            return None
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = _Known(found, self._clock() + KNOWN_FOR_SECONDS)
        return found

    def forget(self) -> None:
        """Look everybody up again: somebody's rights have just changed."""
        self._ask_again_at = 0.0
        for key, known in list(self._known.items()):
            self._known[key] = known._replace(until=0.0)

    def _look_up(self, secret: str, now: datetime, *, is_token: bool, is_use: bool) -> Identity | None:
        if is_token:
            return look_up_token(self._database, secret, now=now)
        return look_up_session(self._database, secret, now=now, is_use=is_use)

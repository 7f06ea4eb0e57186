"""Who stands behind a secret, asked again and again, with the database there and away."""

import time

import pytest

from dashboards.security.identities import KNOWN_FOR_SECONDS, Identities
from store.database import Database, DatabaseError
from store.sessions import close_all_sessions
from tests.dashboards.people import sign_in

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


class Clock:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.forward = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.forward


async def test_a_database_that_does_not_answer_is_asked_once_and_again_when_the_time_is_over(migrated_database: str) -> None:
    secret, clock = sign_in(migrated_database), Clock()
    opened = Database(migrated_database)
    known = Identities(opened, clock=clock)
    with opened:
        found = await known.find(secret, is_token=False)
    assert found is not None
    asked = 0

    def does_not_answer(*_: object, **__: object) -> None:
        nonlocal asked
        asked += 1
        raise DatabaseError("away")

    known._look_up = does_not_answer  # type: ignore[method-assign]  # noqa: SLF001 - a server that is away takes 5 s each time
    for times in (1, 2):
        clock.forward += KNOWN_FOR_SECONDS + 1
        for _ in range(3):
            assert await known.find(secret, is_token=False) == found
        assert asked == times
    known.forget()
    assert await known.find(secret, is_token=False) == found
    assert asked == 3


async def test_who_was_shut_out_is_known_no_longer_than_the_time_says_and_not_at_all_after_a_change_of_rights(
    migrated_database: str,
) -> None:
    with Database(migrated_database) as opened:
        for is_told in (False, True):
            secret, clock = sign_in(migrated_database), Clock()
            known = Identities(opened, clock=clock)
            found = await known.find(secret, is_token=False)
            assert found is not None
            assert found.user is not None
            with opened.connection() as connection:
                close_all_sessions(connection, found.user)
            assert await known.find(secret, is_token=False) == found
            if is_told:
                known.forget()
            else:
                clock.forward = KNOWN_FOR_SECONDS + 1
            assert await known.find(secret, is_token=False) is None

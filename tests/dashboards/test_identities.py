"""Who stands behind a secret, asked again and again, with the database there and away."""

import time

import pytest

from dashboards.security.identities import KNOWN_FOR_SECONDS, Identities
from store.database import Database
from store.sessions import close_all_sessions
from tests.dashboards.people import sign_in

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


async def test_who_was_shut_out_is_known_until_the_time_is_over_and_as_long_as_the_database_is_away(
    migrated_database: str,
) -> None:
    secret, later, is_away = sign_in(migrated_database), 0.0, False
    with Database(migrated_database) as opened:
        known = Identities(opened, is_away=lambda: is_away, clock=lambda: time.monotonic() + later)
        found = await known.find(secret, is_token=False)
        assert found is not None
        assert found.user is not None
        with opened.connection() as connection:
            close_all_sessions(connection, found.user)
        assert await known.find(secret, is_token=False) == found
        later, is_away = KNOWN_FOR_SECONDS + 1, True
        assert await known.find(secret, is_token=False) == found, "nobody waits for a database that is known to be away"
        is_away = False
        assert await known.find(secret, is_token=False) is None

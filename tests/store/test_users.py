"""Users, sessions, tokens and the lock, at fixed times."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from store.database import Database
from store.sessions import (
    add_token,
    close_all_sessions,
    close_session,
    list_sessions,
    look_up_session,
    look_up_token,
    open_session,
)
from store.sites import add_site, assign_gateway
from store.users import add_user, change_user, count_attempt, find_log_in, forget_attempts, has_administrator, has_users

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        yield made


def new_user(database: Database, name: str = "li", *, role: str = "operator", sites: list[int] | None = None) -> int:
    with database.connection() as connection:
        user = add_user(connection, name=name, password_hash="$hash", role=role, sites=sites)
    assert user is not None
    return user


def sign_in(database: Database, user: int, secret: str = "secret") -> None:
    with database.connection() as connection:
        open_session(connection, secret, user=user, now=NOW, idle=30 * MINUTE, longest=720 * MINUTE)


def is_signed_in(database: Database, at: datetime, *, is_use: bool = False) -> bool:
    return look_up_session(database, "secret", now=at, is_use=is_use) is not None


def test_a_name_is_taken_once_and_the_hash_comes_back(opened: Database) -> None:
    assert not has_users(opened)
    user = new_user(opened)
    with opened.connection() as connection:
        assert add_user(connection, name="li", password_hash="x", role="admin") is None
    found = find_log_in(opened, "li")
    assert found is not None
    assert (found[0].id, found[0].sites, found[1]) == (user, None, "$hash")
    assert find_log_in(opened, "wang") is None


def test_the_secret_of_a_session_is_not_in_the_database(opened: Database) -> None:
    sign_in(opened, new_user(opened), "a-secret-that-no-dump-shows")
    with opened.connection() as connection:
        assert "no-dump" not in str(connection.execute(b"SELECT * FROM web.session").fetchall())


def test_a_session_ends_after_half_an_hour_without_use(opened: Database) -> None:
    sign_in(opened, new_user(opened))
    assert is_signed_in(opened, NOW + 29 * MINUTE, is_use=True)
    assert is_signed_in(opened, NOW + 58 * MINUTE)  # a look is no use
    assert not is_signed_in(opened, NOW + 60 * MINUTE)


def test_a_session_ends_after_twelve_hours_however_busy(opened: Database) -> None:
    sign_in(opened, new_user(opened))
    for quarter in range(1, 48):
        assert is_signed_in(opened, NOW + quarter * 15 * MINUTE, is_use=True)
    assert not is_signed_in(opened, NOW + 720 * MINUTE, is_use=True)


def test_a_session_is_ended_by_its_owner_alone(opened: Database) -> None:
    user, other = new_user(opened), new_user(opened, "wang")
    sign_in(opened, user)
    (session,) = list_sessions(opened, user, now=NOW)
    with opened.connection() as connection:
        assert not close_session(connection, session.id, user=other)
        assert close_session(connection, session.id, user=user)
    assert not is_signed_in(opened, NOW)


def test_a_new_password_leaves_the_session_that_asked_for_it(opened: Database) -> None:
    user = new_user(opened)
    sign_in(opened, user)
    sign_in(opened, user, "other")
    mine = look_up_session(opened, "secret", now=NOW, is_use=False)
    assert mine is not None
    with opened.connection() as connection:
        close_all_sessions(connection, user, but=mine.session)
    assert is_signed_in(opened, NOW)
    assert look_up_session(opened, "other", now=NOW, is_use=False) is None


def test_a_disabled_user_is_signed_out_and_the_last_administrator_is_noticed(opened: Database) -> None:
    user = new_user(opened, role="admin")
    sign_in(opened, user)
    with opened.connection() as connection:
        assert has_administrator(connection)
        assert change_user(connection, user, role="admin", sites=None, is_disabled=True) == "li"
        assert not has_administrator(connection)
        assert change_user(connection, user + 1, role="admin", sites=None, is_disabled=True) is None
    assert not is_signed_in(opened, NOW)


def test_a_user_of_a_site_sees_its_gateways_and_one_of_a_site_without_any_sees_none(opened: Database) -> None:
    with opened.connection() as connection:
        site = add_site(connection, {"name": "east", "label_zh": "东", "label_en": "E", "time_zone": "Asia/Shanghai"})
        empty = add_site(connection, {"name": "west", "label_zh": "西", "label_en": "W", "time_zone": "Asia/Shanghai"})
        assert site is not None
        assert empty is not None
        assign_gateway(connection, "gw-1", site)
        add_token(connection, "t", name="t", role="viewer", sites=[empty], created_by="li", expires_at=NOW + MINUTE)
    sign_in(opened, new_user(opened, sites=[site]))
    found = look_up_session(opened, "secret", now=NOW, is_use=False)
    assert found is not None
    assert found.gateways == frozenset({"gw-1"})
    program = look_up_token(opened, "t", now=NOW)
    assert program is not None
    assert program.gateways == frozenset()
    assert look_up_token(opened, "t", now=NOW + MINUTE) is None


def test_the_sixth_failure_in_five_minutes_is_locked_for_ten_for_that_name_and_address_alone(opened: Database) -> None:
    def attempt(at: datetime, *, name: str = "li", address: str = "10.0.0.1") -> datetime | None:
        return count_attempt(opened, name=name, address=address, now=at)

    assert [attempt(NOW + second * timedelta(seconds=1)) for second in range(5)] == [None] * 5
    until = NOW + timedelta(seconds=4) + 10 * MINUTE
    assert attempt(NOW + MINUTE) == until
    assert attempt(NOW + MINUTE, name="wang") is None
    assert attempt(NOW + MINUTE, address="10.0.0.2") is None
    assert attempt(until) is None


def test_failures_that_lie_far_apart_do_not_lock_and_a_success_clears_them(opened: Database) -> None:
    for number in range(10):
        assert count_attempt(opened, name="li", address="", now=NOW + number * 2 * MINUTE) is None
    for _ in range(3):
        for _ in range(4):
            assert count_attempt(opened, name="wang", address="", now=NOW) is None
        with opened.connection() as connection:
            forget_attempts(connection, name="wang", address="", now=NOW)

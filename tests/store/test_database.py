"""The door: what a library's error becomes, and what it says to do."""

from typing import Any

import pytest

from store.database import Database, DatabaseAway, DatabaseBusy, DatabaseFault, RowRefused
from telemetry.errors import ConfigError, NotConnected, RetryableError


@pytest.mark.parametrize(
    ("statement", "error", "sqlstate"),
    [
        ("SELECT 1 / 0", RowRefused, "22012"),
        ("SELECT * FROM nowhere", DatabaseFault, "42P01"),
        ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", DatabaseBusy, "40P01"),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", DatabaseBusy, "53100"),
        ("DO $$ BEGIN RAISE SQLSTATE '25006'; END $$", DatabaseBusy, "25006"),
        ("DO $$ BEGIN RAISE SQLSTATE '57P03'; END $$", DatabaseAway, "57P03"),
    ],
)
def test_an_error_becomes_ours_and_keeps_its_code(empty: Database, statement: str, error: type[Any], sqlstate: str) -> None:
    with pytest.raises(error) as raised, empty.connection() as connection:
        connection.execute(statement.encode())
    assert raised.value.sqlstate == sqlstate


def test_a_connection_that_is_cut_is_away_and_the_next_one_works(empty: Database) -> None:
    with pytest.raises(DatabaseAway), empty.connection() as connection:
        connection.execute(b"SELECT pg_terminate_backend(pg_backend_pid())")
    with empty.connection() as connection:
        assert connection.execute(b"SELECT 1").fetchone() == (1,)


def test_a_server_that_is_not_there_is_not_connected() -> None:
    with Database("postgresql://nobody@127.0.0.1:1/x", timeout_seconds=0.3) as database:
        with pytest.raises(NotConnected) as raised, database.connection():
            pass
        assert isinstance(raised.value, RetryableError)


def test_an_address_that_is_none_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError):
        Database("not an address")

"""The audit log: what is written stays, and what is changed behind its back is found."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC

import pytest

from store.audit import Filter, first_broken_row, list_acts, record
from store.database import Connection, Database, DatabaseFault

OWNER = "ALTER TABLE web.audit DISABLE TRIGGER insert_only"
"""What somebody can do who owns the table, and no program of ours does."""

REHASHED = """
    UPDATE web.audit a SET actor = 'wang', hash = web.audit_hash((a.id, a.time, 'wang', a.role, a.address, a.action, a.object,
      a.detail, a.result, a.previous_hash, a.hash)::web.audit)
    WHERE id = 2
"""
"""A row that is right in itself; the one behind it tells."""


@pytest.fixture
def log(migrated_database: str) -> Iterator[Database]:
    """Give a database with five rows in its log."""
    with Database(migrated_database) as opened:
        for number in range(1, 6):
            write(opened, number)
        yield opened


def write(where: Database | Connection, number: int) -> None:
    record(where, actor="li", role="admin", address="10.0.0.1", action="user.add", obj=f"名{number}", detail={"n": number})


def run(database: Database, *statements: str) -> None:
    with database.connection() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_rows_are_numbered_and_each_hash_is_that_of_the_row_before_and_its_own_content(log: Database) -> None:
    _, acts = list_acts(log, Filter(), limit=10)
    before = hashlib.sha256(b"").digest()
    for number, act in enumerate(reversed(acts), start=1):
        time = act.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        content = [number, time, "li", "admin", "10.0.0.1", "user.add", f"名{number}", {"n": number}, "done"]
        before = hashlib.sha256(before + json.dumps(content, ensure_ascii=False).encode()).digest()
        assert (act.id, act.hash) == (number, before)
    assert first_broken_row(log) is None


@pytest.mark.parametrize(
    "statement",
    ["UPDATE web.audit SET actor = 'wang'", "DELETE FROM web.audit WHERE id = 5", "TRUNCATE web.audit"],
)
def test_nothing_written_can_be_changed_or_taken_out(log: Database, statement: str) -> None:
    with pytest.raises(DatabaseFault, match="never changed"):
        run(log, statement)
    assert list_acts(log, Filter(), limit=1)[0] == 5


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE web.audit SET actor = 'wang' WHERE id = 3", 3),
        ("UPDATE web.audit SET detail = '{}' WHERE id = 1", 1),
        ("DELETE FROM web.audit WHERE id = 2", 3),
        ("DELETE FROM web.audit WHERE id = 5", 5),
        ("DELETE FROM web.audit", 5),
        (REHASHED, 3),
    ],
)
def test_a_chain_that_its_owner_has_tampered_with_is_found(log: Database, statement: str, row: int) -> None:
    run(log, OWNER, statement)
    assert first_broken_row(log) == row


def test_an_act_that_is_rolled_back_leaves_no_line_and_no_gap(log: Database) -> None:
    def fail() -> None:
        with log.connection() as connection:
            write(connection, 6)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    write(log, 6)
    total, acts = list_acts(log, Filter(), limit=1)
    assert (total, acts[0].id, first_broken_row(log)) == (6, 6, None)


def test_the_log_is_filtered_by_actor_action_and_text(log: Database) -> None:
    record(log, actor="wang", role="admin", address="", action="site.add", obj="east", detail={"zone": "Asia/Shanghai"})
    assert list_acts(log, Filter(actor="wang"), limit=9)[0] == 1
    assert list_acts(log, Filter(action="user."), limit=9)[0] == 5
    assert list_acts(log, Filter(search="SHANGHAI"), limit=9)[0] == 1
    assert list_acts(log, Filter(search="100%'; DROP"), limit=9)[0] == 0

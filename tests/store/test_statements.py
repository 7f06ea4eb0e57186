"""Statements of use in the database: in chains, and never changed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from store.database import DatabaseFault, RowRefused
from store.statements import (
    StatementRow,
    add_key,
    add_statement,
    chains,
    last_shown,
    newest_statements,
    public_keys,
    statements,
)

KEY = bytes(range(32))
KEY_ID = "630dcd2966c43366"
"""The SHA-256 of those bytes begins so."""
pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
SEEN = datetime(2026, 3, 4, 15, 59, tzinfo=UTC)


@pytest.fixture
def machine(store: Any) -> int:
    store.run("INSERT INTO reading.equipment (gateway, name, kind) VALUES ('site-1', 'excavator-1', 'construction_machine')")
    add_key(store.database, KEY)
    return int(store.ask("SELECT id FROM reading.equipment")[0][0])


def row(machine: int, number: int, *, text: str = "{}", **changes: Any) -> StatementRow:
    return StatementRow(
        **{
            "equipment_id": machine,
            "number": number,
            "day": date(2026, 3, 3) + timedelta(days=number),
            "text": text,
            "previous_hash": bytes([number - 1] * 32),
            "hash": bytes([number] * 32),
            "signature": bytes(64),
            "key_id": KEY_ID,
            **changes,
        }
    )


def test_a_chain_is_read_as_it_was_written_and_found_by_its_machine(store: Any, machine: int) -> None:
    texts = ['{"engine_hours_at_end":"10.00","fuel_total_at_end":"7.5"}', '{"engine_hours_at_end":"12.50"}', "{}"]
    for number, text in enumerate(texts, 1):
        seen = SEEN + timedelta(days=number) if number < 3 else None
        add_statement(store.database, row(machine, number, text=text, seen_at=seen))
    found = statements(store.database, machine)
    assert [(one.number, one.text) for one in found] == list(enumerate(texts, 1))
    assert found[0].line == (
        f'{{"hash":"{"01" * 32}","number":1,"previous":"{"00" * 32}","signature":"{"00" * 64}","statement":{texts[0]}}}'.encode()
    )
    assert [one.number for one in statements(store.database, machine, after=1, limit=1)] == [2]
    assert newest_statements(store.database, [machine, machine + 1])[machine].number == 3
    assert public_keys(store.database) == {KEY_ID: KEY}
    # Each counter from the newest statement that knows it.
    shown = last_shown(store.database, [machine], ["engine_hours", "fuel_total", "idle_hours"])[machine]
    assert shown == (SEEN + timedelta(days=2), {"engine_hours": 12.5, "fuel_total": 7.5})
    total, (chain,) = chains(store.database, gateways=frozenset({"site-1"}), search="EXCA")
    assert (total, chain.machine, chain.days, chain.first_day, chain.last_day) == (
        *(1, "excavator-1", 3),
        *(date(2026, 3, 4), date(2026, 3, 6)),
    )
    assert chains(store.database, gateways=frozenset({"elsewhere"})) == (0, [])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE usage.statement SET text = '{}'",
        "DELETE FROM usage.statement",
        "TRUNCATE usage.statement",
        "DELETE FROM usage.key",
    ],
)
def test_nothing_is_changed_or_taken_out(store: Any, machine: int, statement: str) -> None:
    add_statement(store.database, row(machine, 1))
    with pytest.raises(DatabaseFault, match="never changed") as caught:
        store.run(statement)
    assert caught.value.sqlstate == "42501"
    assert len(statements(store.database, machine)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"number": 3}, {"number": 1}, {"previous_hash": bytes(32)}, {"day": date(2026, 3, 4)}, {"key_id": "0" * 16}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_statement_that_does_not_follow_the_last_one_is_refused(store: Any, machine: int, changes: dict[str, Any]) -> None:
    add_statement(store.database, row(machine, 1))
    with pytest.raises(RowRefused):
        add_statement(store.database, row(machine, 2) if not changes else row(machine, **{"number": 2, **changes}))
    add_statement(store.database, row(machine, 2))

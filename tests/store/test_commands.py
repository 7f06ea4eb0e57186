"""``shangyun db`` and ``shangyun ingest`` beside a database."""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest import commands as ingest_commands
from store import commands
from store.maintenance import Maintenance
from telemetry.errors import ConfigError

TOO_OLD = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def run() -> Callable[..., int]:
    def run(*words: str) -> int:
        parser = argparse.ArgumentParser()
        subparsers = parser.add_subparsers()
        commands.add_commands(subparsers)
        ingest_commands.add_commands(subparsers)
        chosen = parser.parse_args(words)
        return int(chosen.run(chosen))

    return run


def test_migrate_plans_does_and_then_has_nothing_to_do(database: str, run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("db", "status", "--database", database) == 1
    assert run("db", "migrate", "--plan", "--database", database) == 0
    plan = capsys.readouterr().out
    assert "create table reading.boiler" in plan
    assert run("db", "migrate", "--database", database) == 0
    assert "create table reading.boiler" in capsys.readouterr().out
    assert run("db", "migrate", "--database", database) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_status_tells_edition_sizes_lag_and_dead_letters(
    store: Any, bundle: Any, batch: Any, run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    store.commit(bundle(1), bundle(2, batch("x", [[1.0, 1.0]], at=TOO_OLD)))
    store.writer.tidy()

    assert run("db", "status", "--database", store.dsn) == 0

    shown = capsys.readouterr().out
    assert str(store.database.edition) in shown
    assert "reading.boiler" in shown
    assert "2 bundles in flight" in shown
    assert "time_range" in shown


def test_status_for_programs_says_the_same(store: Any, bundle: Any, run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    store.commit(bundle(1))
    store.writer.tidy()
    Maintenance(store.database).run_due(datetime.now(UTC))

    assert run("db", "status", "--json", "--database", store.dsn) == 0

    status = json.loads(capsys.readouterr().out)
    assert status["edition"] == str(store.database.edition)
    assert [(kind["name"], kind["machines"]) for kind in status["kinds"]] == [("boiler", 1)]
    assert {task["name"]: task["result"] for task in status["tasks"]}["rollup 1m"] == "1 done"
    assert status["warnings"] == []


def test_dead_letters_are_listed_and_replayed(
    store: Any, bundle: Any, batch: Any, run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    store.commit(bundle(1, batch("x", [[1.0, 1.0]], at=TOO_OLD)))

    assert run("ingest", "dead-letters", "--database", store.dsn) == 0
    assert "time_range" in capsys.readouterr().out
    assert run("ingest", "replay", "--reason", "time_range", "--database", store.dsn) == 1
    assert "still refused: time_range" in capsys.readouterr().out
    assert run("ingest", "replay", "--reason", "no_such", "--database", store.dsn) == 0


def test_no_database_named_is_wrong_use(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHANGYUN_DATABASE", raising=False)
    with pytest.raises(ConfigError, match="SHANGYUN_DATABASE"):
        run("db", "status")


def test_who_has_no_name_in_a_container_acts_under_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 54_321)
    assert commands.os_user() == "uid 54321"


def test_nobody_acts_under_a_name_that_they_set_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    before = commands.os_user()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "the-mayor")
    assert commands.os_user() == before != "the-mayor"

"""The commands of the count, from the rule to the comparison, as an officer types them."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from shangyun.cli import main
from store.audit import Filter, list_acts
from store.database import Database
from tests.registry import city
from tests.registry.counting.facts import LAST, counted_machine, put_facts

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def address(migrated_database: str) -> str:
    with Database(migrated_database) as database, database.connection() as connection:
        city.add_city(connection)
        uscc = city.enterprise(connection, 1)
        for number, days in ((1, 30), (2, 10)):
            _, equipment = counted_machine(connection, uscc, number)
            put_facts(connection, equipment, [LAST - timedelta(days=n) for n in range(days)])
    return migrated_database


def run(address: str, *words: str) -> int:
    return main(["registry", *words, "--database", address])


def test_an_officer_loads_the_rule_freezes_verifies_compares_and_exports(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(address, "recount", "--area", "jining", "--to", "2026-11-30") == 2
    assert "registry rule load" in capsys.readouterr().err
    assert run(address, "rule", "load") == 0
    with Database(address) as database, database.connection() as connection:
        connection.execute(b"INSERT INTO city.fact_progress VALUES ('Asia/Shanghai', '2026-12-31')")
    assert run(address, "recount", "--area", "jining", "--form", "month", "--to", "2026-11-05") == 0
    told = capsys.readouterr().out
    assert "1 of 2 machines, 1 of 1 enterprises, 1 new" in told
    assert "continuity             2 -        1 =         1" in told
    assert (
        run(address, "rule", "new", "half", "--set", "least_points=0.5", "--set", "least_valid_days=10", "--document", "文") == 0
    )
    assert (
        run(address, "recount", "--area", "jining", "--form", "month", "--to", "2026-11-05", "--replaces", "1", "--why", "规则")
        == 0
    )
    assert run(address, "snapshot", "verify", "1") == 0
    assert run(address, "snapshot", "compare", "1", "2", "--language", "zh") == 0
    told = capsys.readouterr().out
    assert "rule: least_valid_days was 20, is 10" in told
    assert "1 + 1 gained - 0 lost = 2" in told
    assert "计数规则改变" in told
    assert run(address, "snapshot", "compare", "1", "2", "--csv", str(tmp_path / "out.csv")) == 0
    assert "gained,rule,jining-rencheng" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig").replace(",,", ",")
    assert run(address, "snapshot", "export", "1", str(tmp_path / "all")) == 0
    assert "2 machines, 1 enterprises, 40 facts" in capsys.readouterr().out
    assert run(address, "snapshot", "list", "--area", "jining", "--form", "month") == 0
    assert "replaced by 2" in capsys.readouterr().out
    assert run(address, "rule", "show", "half") == 0
    assert "least_points                 0.5" in capsys.readouterr().out
    assert run(address, "rule", "show") == 0
    with Database(address) as database:
        _, acts = list_acts(database, Filter(action="city."), limit=9)
    assert sorted(act.action for act in acts) == ["city.rule", "city.rule", "city.snapshot.frozen", "city.snapshot.frozen"]


def test_a_snapshot_that_was_forged_ends_with_status_1(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(address, "rule", "load")
    run(address, "recount", "--area", "jining", "--to", "2026-11-30")
    with Database(address) as database, database.connection() as connection:
        connection.execute(b"UPDATE city.day_fact SET hours = 1 WHERE day = %s", [date(2026, 11, 30)])
    assert run(address, "snapshot", "verify", "1") == 1
    assert "does NOT hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("recount", "--area", "atlantis", "--to", "2026-11-30"), 1, "no area 'atlantis'"),
        (("recount", "--area", "jining", "--to", "30.11.2026"), 2, "--to: '30.11.2026' is not a day"),
        (("recount", "--area", "jining", "--to", "9999-12-31"), 2, "is not a day to count"),
        (("recount", "--area", "jining"), 2, "no facts are made yet"),
        (("rule", "new", "x", "--set", "least_valid_days", "--document", "d"), 2, "NAME=VALUE"),
        (("rule", "new", "x", "--set", "least_valid_days=99", "--document", "d"), 2, "99 in a window of 30"),
        (("rule", "show", "nothing"), 2, "no rule 'nothing'; known: 2026.1"),
        (("rule", "load", "/nowhere/rule.toml"), 2, "No such file"),
        (("snapshot", "verify", "9"), 1, "no snapshot 9"),
        (("snapshot", "compare", "9", "10"), 1, "no snapshot 9"),
        (("snapshot", "list", "--limit", "0"), 2, "--limit 0"),
        (("count", "--once", "--zone", "Mars"), 2, "--zone: 'Mars' is not a time zone"),
        (("count", "--every", "nan"), 2, "--every nan"),
        (("count", "--keep-days", "0"), 2, "--keep-days 0"),
        (("count", "--again", "2026-11-30", "2026-11-01"), 2, "is before"),
    ],
)
def test_bad_words_are_told_in_a_sentence(
    address: str, words: tuple[str, ...], status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(address, "rule", "load")
    capsys.readouterr()
    assert run(address, *words) == status
    assert told in capsys.readouterr().err


def test_counting_once_makes_the_facts_and_the_day(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(address, "rule", "load")
    assert run(address, "count", "--once") == 0
    assert "0 machine-days made" in capsys.readouterr().out
    with Database(address) as database, database.connection() as connection:
        connection.execute(b"INSERT INTO city.fact_progress VALUES ('Asia/Shanghai', '2026-11-30')")
    assert run(address, "count", "--once", "--area", "jining") == 0
    assert "day      2026-11-30" in capsys.readouterr().out
    assert run(address, "recount", "--area", "jining", "--form", "month") == 0
    assert "2026-11-01 to 2026-11-30" in capsys.readouterr().out

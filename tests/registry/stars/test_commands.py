"""The commands of the rating: the table, a rating now, and the import of hosts with its audit row."""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.stars.commands import add_commands
from store.audit import Filter, list_acts
from store.commands import os_user
from store.database import Database
from telemetry.errors import ConfigError
from tests.registry.stars.suzhou import add_county, enterprise, prove
from tests.registry.stars.test_host_file import GOOD, file

Run = Callable[..., int]
ONE = enterprise()


@pytest.fixture
def run() -> Run:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())

    def run_it(*arguments: str) -> int:
        args = parser.parse_args(["stars", *arguments])
        return int(args.run(args))

    return run_it


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        with made.connection() as connection:
            add_county(connection, ONE)
        yield made


def test_the_table_is_shown_with_clauses_and_what_is_off(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("table") == 0
    shown = capsys.readouterr().out
    assert "R11  年度上云投入" in shown
    assert "5 stars >= 4,000,000 (clause 四 综合绩效)" in shown
    assert "windows: months 4, 9 of 2018-2020" in shown
    assert "off quota" in shown


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_enterprise_is_rated_with_a_month(
    run: Run, opened: Database, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened.connection() as connection:
        prove(connection, ONE.uscc, 4)
    given = ("rate", ONE.uscc.lower(), "--month", "2018-03", "--database", database)
    assert run(*given) == 0
    shown = capsys.readouterr().out
    assert "no application: nothing is declared" in shown
    assert "stars: none" in shown
    assert run(*given, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["month"], told["star"], told["application"]) == ("2018-03", 0, None)
    assert {row["row"]: row["value"] for row in told["rows"]}["R10"] == "10000"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_hosts_are_imported_with_an_audit_row_or_not_at_all(
    run: Run, opened: Database, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hosts.csv"
    options = (str(path), "--document", "三月报告", "--database", database)
    path.write_bytes(file(GOOD, "x"))
    assert run("import-hosts", *options) == 1
    assert f"{path}: line 3, 1 cells instead of 9" in capsys.readouterr().err
    assert list_acts(opened, Filter(), limit=5)[0] == 0
    path.write_bytes(file(GOOD))
    assert run("import-hosts", *options) == 0
    (act,) = list_acts(opened, Filter(), limit=5)[1]
    assert (act.actor, act.action, act.detail) == (os_user(), "city.star.import_hosts", {"rows": 1, "document": "三月报告"})


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_wrong_use_is_told(run: Run, opened: Database, database: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="15"):
        run("rate", "3" * 15, "--database", database)
    with pytest.raises(ConfigError, match="not registered"):
        run("rate", enterprise(9).uscc, "--database", database)
    for month in ("2018-13", "2018", "2018-3", "0001-01"):
        with pytest.raises(ConfigError, match="is not a month"):
            run("rate", ONE.uscc, "--month", month, "--database", database)
    with pytest.raises(ConfigError, match="known: jiangsu-2018"):
        run("table", "--edition", "jinan-2022")
    missing = str(tmp_path / "missing.csv")
    with pytest.raises(ConfigError, match=r"missing\.csv"):
        run("import-hosts", missing, "--document", "x", "--database", database)
    with pytest.raises(ConfigError, match="--time-zone"):
        run("rate", ONE.uscc, "--time-zone", "Moon/Base", "--database", database)

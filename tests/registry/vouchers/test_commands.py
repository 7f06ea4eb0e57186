"""The commands of vouchers: what they print, and what they refuse."""

from datetime import date
from pathlib import Path

import pytest

from registry.vouchers.policy import FILE
from shangyun.cli import main
from store import audit
from store.commands import os_user
from store.database import Database
from tests.registry.vouchers.town import COUNTY, Town, code_of

AMOUNTS = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def run(*words: object) -> int:
    return main(["registry", "vouchers", *map(str, words)])


def test_a_quote_shows_both_readings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("quote", "200000", "--year", 2020, "--certified") == 0
    said = capsys.readouterr().out.splitlines()
    assert " ".join(said[0].split()) == "points (in use) 40000.00 CNY of 200000: rate 0.20, cap 60000.00"
    assert said[1].split()[:2] == ["relative", "54150.00"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["quote", "NaN"], "fee: 'NaN' is no amount"),
        (["quote", "-1"], "a fee is above 0"),
        (["quote", "1.001"], "at most two places"),
        (["quote", "much"], "fee: 'much' is no amount"),
        (["quote", "1", "--year", "2017"], "2017: before the first year"),
        (["budget", "--amount", "5"], "--amount: name the area"),
        (["budget", "--year", "99999"], "2000 to 2100"),
        (["policy", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_what_makes_no_sense_is_refused_with_status_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHANGYUN_DATABASE", "")
    if words[:2] == ["quote", "-1"]:
        words = ["quote", "--", "-1"]
    assert run(*words) == 2
    assert said in capsys.readouterr().err


@AMOUNTS
def test_a_policy_is_loaded_once_and_never_changed(
    town: Town, migrated_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ours.toml"
    text = FILE.read_text(encoding="utf-8")
    file.write_text(text.replace('"jining-2018"', '"ours-2"').replace("2020-12-31", "2027-12-31"), encoding="utf-8")
    assert run("policy", file, "--check") == 0
    assert run("policy", file, "--database", migrated_database) == 0
    assert "version ours-2 holds from 2018-01-23 to 2027-12-31" in capsys.readouterr().out
    assert run("policy", file, "--database", migrated_database) == 2
    assert "version: version ours-2 is there already and never changes" in capsys.readouterr().err
    assert run("policy", "--database", migrated_database) == 0
    assert "ours-2" in capsys.readouterr().out


@AMOUNTS
def test_money_is_granted_and_shown_and_stands_in_the_audit_log(
    town: Town, migrated_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    grant = ["budget", COUNTY, "--year", 2018, "--document", "预算", "--database", migrated_database, "--amount"]
    assert run(*grant, "100000") == 0
    assert "100000.00" in capsys.readouterr().out
    assert run(*grant[:-1], "--amount=-100001") == 1
    assert "cannot be taken back" in capsys.readouterr().err
    assert run(*grant, "0") == 2
    _total, acts = audit.list_acts(town.database, audit.Filter(action="city.voucher.grant"), limit=10)
    assert [(one.actor, one.role, one.object) for one in acts] == [(os_user(), "command line", f"budget {COUNTY} 2018")]


@AMOUNTS
def test_batches_and_silent_vouchers_are_listed(town: Town, migrated_database: str, capsys: pytest.CaptureFixture[str]) -> None:
    town.grant(100_000)
    town.publicised()
    assert run("batches", "--database", migrated_database) == 0
    told = "2018H1 jining-rencheng 1 vouchers, 0 paid, 30000.00 CNY; publicised 2018-07-09 to 2018-07-16"
    assert " ".join(capsys.readouterr().out.split()) == told
    assert run("silent", "--database", migrated_database) == 0
    assert "1 vouchers in redemption or paid, 0 silent, of 1 nothing is known" in capsys.readouterr().err
    with Database(migrated_database) as opened, opened.connection() as connection:
        connection.execute(
            b"INSERT INTO city.day_fact (equipment_id, day, number, point_set_id, hours, point_hours)"
            b" VALUES (1, %s, 1, 1, 1, '{1}')",
            [date(2018, 5, 2)],
        )
    assert run("silent", "--database", migrated_database) == 1
    assert f"{code_of(1)} 企业1: nothing from 2018-03-01 to 2018-06-30" in capsys.readouterr().out

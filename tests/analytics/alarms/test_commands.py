"""The commands ``shangyun alarms ...``."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics.alarms.acts import ProcessChange, record_changes
from analytics.alarms.rule_set import read_rules, write_kind_rules
from shangyun.cli import main
from store.alarms import ConditionKey
from store.database import Database
from tests.analytics.notifications.conftest import WebSide
from tests.analytics.notifications.conftest import web_side as web_side  # noqa: PLC0414 - a fixture of another folder

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULE = """
[[rules]]
name = "boiler.own.level_rate"
kind = "boiler"
when = { form = "rate_of_change", signal = "drum_level", value = 20, per_seconds = 10 }
title = { zh = "水位变化快", en = "Level changes fast" }
consequence = { zh = "汽水共腾", en = "Foaming" }
action = { zh = "检查给水", en = "Check feedwater" }
priority = "low"
"""


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "alarms.toml"
    path.write_text('database = "postgresql:///x"\n[broker]\nhost = "127.0.0.1"\n')
    return path


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_rules_are_loaded_once_and_listed(migrated_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULE)
    assert main(["alarms", "rules", "check", str(path)]) == 0
    for _ in range(2):
        assert main(["alarms", "rules", "load", "--database", migrated_database, str(path)]) == 0
    assert main(["alarms", "rules", "list", "--database", migrated_database, "--kind", "boiler", "--json"]) == 0
    checked, new, same, listed = capsys.readouterr().out.splitlines()
    assert checked.endswith("1 rules, fine")
    assert (new, same) == ("boiler.own.level_rate: new", "boiler.own.level_rate: as it was")
    rule = json.loads(listed)
    assert (rule["origin"], rule["version"], rule["when"]["per_seconds"]) == ("plant", 1, 10)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_standing_alarms_are_listed(migrated_database: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Database(migrated_database) as database:
        write_kind_rules(database, now=NOW, offline_seconds=15)
        rules = read_rules(database)
        assert read_rules(database, rules) is rules
        with database.connection() as connection:
            connection.execute(b"INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw', 'boiler-1', 'boiler')")
        found = [
            ProcessChange(ConditionKey(1, "boiler.drum_level.high"), NOW, is_active=True, value=60, limit_value=50),
            ProcessChange(ConditionKey(None, "gateway.offline", "gw"), NOW, is_active=True),
        ]
        record_changes(database, found, rules.announced, now=NOW)
    assert main(["alarms", "list", "--database", migrated_database]) == 0
    offline, level = capsys.readouterr().out.splitlines()
    assert offline.split() == ["high", "unacknowledged", "2026-11-20", "12:00:00Z", "gw", "gateway.offline"]
    assert level.split()[-2:] == ["gw/boiler-1", "boiler.drum_level.high"]
    assert main(["alarms", "list", "--database", migrated_database, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[1])["value"] == 60


def test_a_rule_without_an_action_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULE.replace("action", "# action"))
    assert main(["alarms", "rules", "check", str(path)]) == 2
    assert "it is an event, not an alarm" in capsys.readouterr().err


def test_a_test_message_goes_through_a_channel(
    settings_file: Path, web_side: WebSide, capsys: pytest.CaptureFixture[str]
) -> None:
    (settings_file.parent / "key").write_text("k")
    channel = f'[[channels]]\nname = "duty"\ntype = "wecom"\naddress = "{web_side.address}"\nkey_file = "key"\n'
    settings_file.write_text(settings_file.read_text() + channel)
    assert main(["alarms", "check", str(settings_file)]) == 0
    assert main(["alarms", "notify", str(settings_file), "duty"]) == 0
    assert "这是一条测试消息" in web_side.requests[0].json["markdown"]["content"]
    assert capsys.readouterr().out.endswith("channel duty: errcode 0: ok\n")
    web_side.answers = [(500, "no")]
    assert main(["alarms", "notify", str(settings_file), "duty"]) == 1
    assert capsys.readouterr().err == "shangyun: channel duty: HTTP 500: no\n"
    assert main(["alarms", "notify", str(settings_file), "other"]) == 2
    assert "known: duty" in capsys.readouterr().err


def test_a_missing_secret_file_is_found_by_check(settings_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings_file.write_text(settings_file.read_text() + '[[channels]]\nname = "duty"\ntype = "wecom"\nkey_file = "no-key"\n')
    assert main(["alarms", "check", str(settings_file)]) == 2
    assert "no-key" in capsys.readouterr().err

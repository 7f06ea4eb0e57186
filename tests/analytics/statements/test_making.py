"""Statements from the database: the missing days alone, hours that come late counted once, and chains that were touched."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.leasing.chain import verify
from analytics.leasing.statement import is_place
from analytics.statements.checking import check_chain
from analytics.statements.keys import Keys, make_keys, read_keys
from analytics.statements.making import find_missing, make_missing
from shangyun.cli import main
from store.database import Database
from store.equipment import list_equipment
from store.statements import statements
from tests.analytics.statements.construction_site import FIRST, OFFSET_HOURS, TODAY, Site, rows

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
NAME = "plant-1/excavator-1"
TERMS = Path(__file__).parents[3] / "examples" / "lease_terms.toml"


@pytest.fixture
def site(migrated_database: str) -> Iterator[Site]:
    with Database(migrated_database) as opened:
        yield Site(opened, migrated_database)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path / "statements.key")


def make(site: Site, keys: Keys, *, now: datetime | None = None) -> list[tuple[str, str]]:
    machines = list_equipment(site.database, kind="construction_machine")
    wanted = find_missing(
        site.database, keys, machines, now=now or datetime.now(UTC), offset=timedelta(hours=OFFSET_HOURS), first_day=FIRST.date()
    )
    done: list[int] = []
    failed = list(make_missing(site.database, keys, wanted, on_progress=done.append))
    assert sum(done) == wanted.count
    return [*wanted.refused.items(), *failed]


def told(site: Site, name: str = "excavator-1") -> list[dict[str, Any]]:
    (machine,) = [one for one in list_equipment(site.database) if one.name == name]
    return [row.statement for row in statements(site.database, machine.id)]


def test_the_missing_days_are_made_up_to_yesterday_and_once(site: Site, keys: Keys) -> None:
    site.commit("excavator-1", rows(FIRST, TODAY))
    assert make(site, keys, now=TODAY - timedelta(hours=1)) == []
    assert len(told(site)) == 2  # a day that is not over has no statement
    assert make(site, keys) == []
    assert make(site, keys) == []
    found = told(site)
    assert [one["day"] for one in found] == [str((FIRST + timedelta(days=number)).date()) for number in range(3)]
    # Ten hours a day, a quarter of them idle, twelve litres an hour; the first day begins with its first reading.
    assert [(one["hours"], one["idle_hours"], one["fuel_litres"]) for one in found] == [("10.00", "2.50", "120.0")] * 3
    assert found[0]["machine"] == NAME
    assert is_place(found[0]["location_hash"], 36.6, 117.2, key=keys.location_key)
    (machine,) = list_equipment(site.database)
    assert check_chain(site.database, machine.id) is None
    assert verify([row.line for row in statements(site.database, machine.id)], public_key=keys.public_key) is None


def test_hours_that_come_late_belong_to_the_day_after_and_are_counted_once(site: Site, keys: Keys) -> None:
    second = FIRST + timedelta(days=1)
    # The tracker falls silent at noon of the first day, with 4 of its 10 hours told.
    site.commit("excavator-1", rows(FIRST, FIRST + timedelta(hours=12, minutes=10)))
    assert make(site, keys, now=second + timedelta(hours=1)) == []
    site.commit("excavator-1", rows(FIRST + timedelta(hours=12, minutes=10), TODAY))
    assert make(site, keys) == []
    assert [one["hours"] for one in told(site)] == ["4.00", "16.00", "10.00"]


def test_a_silent_day_has_a_statement_that_knows_nothing(site: Site, keys: Keys) -> None:
    second, third = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
    site.commit("excavator-1", {**rows(FIRST, second), **rows(third, TODAY)})
    assert make(site, keys) == []
    assert [one["hours"] for one in told(site)] == ["10.00", None, "20.00"]


def test_a_chain_that_was_touched_is_told_and_not_continued(site: Site, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("excavator-1", "excavator-2"):
        site.commit(name, rows(FIRST, TODAY))
    make(site, keys, now=TODAY - timedelta(hours=1))
    with site.database.connection() as connection:
        connection.execute(b"ALTER TABLE usage.statement DISABLE TRIGGER insert_only")
        changed = b"""UPDATE usage.statement SET text = replace(text, '"hours":"10.00"', '"hours":"8.00"')
            WHERE number = 2 AND equipment_id = (SELECT id FROM reading.equipment WHERE name = 'excavator-1')"""
        connection.execute(changed)
    assert make(site, keys) == [(NAME, "statement 2 was changed after it was made")]
    assert (len(told(site)), len(told(site, "excavator-2"))) == (2, 3)
    assert main(["statements", "verify", "--database", site.address]) == 1
    said = capsys.readouterr().out
    assert f"{NAME}: statement 2 was changed after it was made" in said
    assert "plant-1/excavator-2: 3 statements of plant-1/excavator-2" in said
    span = ["--from", str(FIRST.date()), "--to", str(TODAY.date()), "--database", site.address]
    assert main(["statements", "fees", str(TERMS), "--equipment", NAME, *span]) == 1
    assert "no fee is computed" in capsys.readouterr().out
    assert main(["statements", "fees", str(TERMS), "--equipment", "plant-1/excavator-2", *span, "--json"]) == 0
    # 30 h were used and 150 are paid for: 150 x 120 + 8000.
    fee = json.loads(capsys.readouterr().out)
    assert (fee["hours"], fee["billed_hours"], fee["total"], fee["days_missing"]) == ("30.00", "150", "26000.00", [])


def test_the_commands_make_and_check_with_a_key_file(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, other, lines = tmp_path / "a.key", tmp_path / "b.key", tmp_path / "lines.jsonl"
    assert main(["statements", "key", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys = read_keys(file)
    assert keys.public_key.hex() in capsys.readouterr().out
    site.commit("excavator-1", rows(FIRST, TODAY))
    options = ["--database", site.address, "--from", str(FIRST.date()), f"--utc-offset-hours={OFFSET_HOURS}"]
    assert main(["statements", "make", str(file), *options]) == 0
    assert "1 machines, 3 statements made" in capsys.readouterr().out
    assert main(["statements", "make", str(file), *options]) == 0
    assert "0 statements made" in capsys.readouterr().out
    # Another key goes on with nothing.
    make_keys(other)
    assert main(["statements", "make", str(other), *options]) == 1
    assert f"{NAME}: is signed with the key {keys.key_id}" in capsys.readouterr().err
    (machine,) = list_equipment(site.database)
    written = [row.line for row in statements(site.database, machine.id)]
    lines.write_bytes(b"".join(line + b"\n" for line in written))
    key = ["--public-key", keys.public_key.hex()]
    assert main(["statements", "verify", str(lines), *key]) == 0
    assert f"3 statements of {NAME}" in capsys.readouterr().out
    newest = json.loads(written[-1])["hash"]
    lines.write_bytes(b"".join(line + b"\n" for line in written[:-1]))
    assert main(["statements", "verify", str(lines), *key]) == 0
    assert main(["statements", "verify", str(lines), *key, "--newest-hash", newest]) == 1
    assert f"{lines}:3: records are missing at the end" in capsys.readouterr().out
    lines.write_bytes(written[0].replace(b'"hours":"10.00"', b'"hours":"1.00"') + b"\n")
    assert main(["statements", "verify", str(lines), *key]) == 1
    assert f"{lines}:1: was changed after it was made" in capsys.readouterr().out
    assert main(["statements", "verify", str(lines)]) == 2

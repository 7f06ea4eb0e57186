"""``shangyun registry export``: a count as a file, whole or not at all."""

import argparse
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from registry.exports.commands import add_commands
from store.database import Database
from telemetry.errors import ConfigError
from tests.registry.city import code_of
from tests.registry.plans.frozen import Seen, freeze, load_areas


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_count_is_written_whole_and_a_wrong_name_or_number_writes_nothing(migrated_database: str, tmp_path: Path) -> None:
    code = code_of(1)
    with Database(migrated_database) as opened:
        load_areas(opened, "jining")
        with opened.connection() as connection:
            machine = {"area": "jining-rencheng", "kind": "boiler", "state": "verified", "lost_at": "", "uscc": code}
            day = date(2026, 11, 30)
            number = freeze(
                connection, "jining", day.replace(day=1), day, [Seen(code, "jining-rencheng")], machines=[machine, machine]
            )
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())

    def run(table: str, snapshot: int, out: Path) -> int:
        args = parser.parse_args(["export", table, str(snapshot), "--out", str(out), "--database", migrated_database])
        return int(args.run(args))

    out = tmp_path / "machines.xlsx"
    assert run("machines", number, out) == 0
    sheet = openpyxl.load_workbook(out).active
    assert (sheet.max_row, sheet["B2"].value, sheet["A1"].value) == (3, code, "设备编号")
    assert run("enterprises", number, tmp_path / "enterprises.csv") == 0
    for snapshot, name in ((number, "machines.pdf"), (number + 9, "other.csv"), (number, "no/such/folder.csv")):
        with pytest.raises(ConfigError):
            run("machines", snapshot, tmp_path / name)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["enterprises.csv", "machines.xlsx"]

"""``shangyun spares plan``: a list on the screen or in a file, and mistakes told before anything long begins."""

import csv
import io
from pathlib import Path

import pytest

from analytics.spare_parts.plan_process import main as run_process
from analytics.spare_parts.reorder_plan import COLUMNS, Limits, Wishes, make_plan
from shangyun.cli import main
from telemetry.errors import ConfigError

DEMAND = "part,month,quantity\n" + "".join(
    f"filter,2026-{month:02d},4\nhose,2026-{month:02d},{month % 2}\n" for month in range(1, 13)
)
STOCK = "part,on_hand,on_order,price,lead_time_months\nfilter,3,1,10,2\nhose,9,0,20,\nnew,0,0,5,\n"


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    demand, stock = tmp_path / "demand.csv", tmp_path / "stock.csv"
    demand.write_text(DEMAND, encoding="utf-8")
    stock.write_text(STOCK, encoding="utf-8")
    return demand, stock


def test_a_list_is_written_and_summed_up(tables: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "reorder.csv"
    assert main(["spares", "plan", *map(str, tables), "--lead-time-months", "2", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "1 of 3 parts to order for 40.00" in told
    assert "1 parts were never asked for and are not judged: new" in told
    (row,) = csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig")))
    assert tuple(row) == COLUMNS
    # Four a month without exception: eight in two months, of which four are there or on their way.
    assert (row["part"], row["demand_class"], row["base_stock"], row["on_hand"], row["on_order"], row["quantity"]) == (
        *("filter", "smooth", "8", "3.0", "1.0", "4"),
    )


def test_the_list_on_the_screen_is_a_table_alone(tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spares", "plan", *map(str, tables), "--budget", "25"]) == 0
    told = capsys.readouterr()
    assert next(csv.reader(io.StringIO(told.out))) == list(COLUMNS)
    assert "more would fill every stock" in told.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--target", "95"], "--target: 95 is not above 0"),
        (["--target", "nan"], "--target: nan is not above 0"),
        (["--lead-time-months", "0"], "--lead-time-months: 0 is not between 1 and 60"),
        (["--lead-time-months", "24"], "a lead time of 24 months in a history of 12"),
        (["--budget", "-1"], "--budget: -1 is not an amount"),
    ],
)
def test_a_wish_out_of_range_is_told(
    tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert main(["spares", "plan", *map(str, tables), *options]) == 2
    assert told in capsys.readouterr().err


def test_mistakes_of_both_tables_are_told_at_once(tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    demand, stock = tables
    demand.write_text("part,month,quantity\nfilter,2026-13,1\n", encoding="utf-8")
    stock.write_text("part,on_hand,price\nfilter,-1,1\n", encoding="utf-8")
    assert main(["spares", "plan", str(demand), str(stock)]) == 2
    told = capsys.readouterr().err
    assert f"{demand}:2: month:" in told
    assert f"{stock}:2: on_hand:" in told


def test_a_store_beyond_all_bounds_is_refused_before_it_is_computed(tables: tuple[Path, Path]) -> None:
    demand, stock = tables
    with pytest.raises(ConfigError, match="2 lead times that differ, at most 1"):
        make_plan(demand, stock, Wishes(), limits=Limits(lead_times=1))
    demand.write_text(DEMAND + "nut,2026-01,1e300\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="more than 10,000,000 units in all"):
        make_plan(demand, stock, Wishes())


def test_the_process_tells_its_progress_and_then_the_list(tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_process([*map(str, tables), '{"lead_time_months": 3}']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ['{"done": 0, "total": 2}', '{"done": 1, "total": 2}']
    assert lines[2].startswith('{"plan": ')

"""Tables as files: numbers stay numbers, days stay days, what is unknown is empty, and no text runs as a formula."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from registry.exports.tables import Column, Table, write_table

COLUMNS = (
    Column("name", "名称", "Name"),
    Column("count", "台数", "Machines", "integer"),
    Column("rate", "完成率", "Rate", "percent"),
    Column("day", "日期", "Day", "day"),
    Column("time", "时间", "Time", "time"),
    Column("is_new", "新增", "New", "boolean"),
)
ROWS: list[list[Any]] = [
    ["=HYPERLINK(1)", 12, Decimal("98.7"), date(2026, 3, 1), datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC), True],
    ["锅炉\x07", None, None, None, None, None],
]


def written(form: str, **options: Any) -> io.BytesIO:
    out = io.BytesIO()
    assert write_table(Table(title="设备/2026", columns=COLUMNS, rows=ROWS), form, out, **options) == 2
    out.seek(0)
    return out


def test_excel_has_chinese_headings_that_stay_in_sight_and_cells_of_their_own_form() -> None:
    sheet = openpyxl.load_workbook(written("xlsx")).active
    assert [cell.value for cell in sheet[1]] == ["名称", "台数", "完成率", "日期", "时间", "新增"]
    assert sheet.freeze_panes == "A2"
    first = list(sheet[2])
    assert [cell.value for cell in first] == [
        "=HYPERLINK(1)",
        12,
        98.7,
        datetime(2026, 3, 1),  # noqa: DTZ001 - a spreadsheet knows no zones
        datetime(2026, 3, 1, 2, 3, 4),  # noqa: DTZ001
        True,
    ]
    assert first[0].data_type == "s"
    assert [cell.number_format for cell in first[1:4]] == ["#,##0", "0.0", "yyyy-mm-dd"]
    assert [cell.value for cell in sheet[3]] == ["锅炉", None, None, None, None, None]


def test_csv_is_read_by_spreadsheets_and_runs_no_formula() -> None:
    data = written("csv", language="en").getvalue()
    assert data.startswith(b"\xef\xbb\xbfName,Machines")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[1] == ["'=HYPERLINK(1)", "12", "98.7", "2026-03-01", "2026-03-01T02:03:04+00:00", "True"]
    assert rows[2][1:] == ["", "", "", "", ""]


def test_parquet_has_types_and_unknown_is_null() -> None:
    table = parquet.read_table(written("parquet"))
    assert table.schema.field("day").type == pa.date32()
    assert table.column("count").to_pylist() == [12, None]
    assert table.column("rate").to_pylist() == [Decimal("98.70"), None]


def test_another_form_of_file_is_refused() -> None:
    with pytest.raises(ValueError, match="known: xlsx, csv, parquet"):
        write_table(Table(title="x", columns=COLUMNS, rows=()), "pdf", io.BytesIO())

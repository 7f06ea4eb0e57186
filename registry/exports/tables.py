"""One table, written as XLSX, CSV or Parquet; what is not known is an empty cell, and no text ever becomes a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any, Literal

FORMATS = ("xlsx", "csv", "parquet")
Form = Literal["text", "integer", "number", "percent", "day", "time", "boolean"]
_EXCEL_FORMATS = {
    "text": "@",
    "integer": "#,##0",
    "number": "#,##0.00",
    "percent": "0.0",
    "day": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm:ss",
    "boolean": "General",
}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NOT_EXCEL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ROWS_A_GROUP = 10_000
MOST_EXCEL_ROWS = 1_048_575
"""Below the heading."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for programs, its headings for people, and what stands in it."""

    name: str
    zh: str
    en: str
    form: Form = "text"
    width: int = 14
    """In letters of a spreadsheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its rows, which may come one by one; times are UTC."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]


def write_table(table: Table, form: str, out: IO[bytes], *, language: Literal["zh", "en"] = "zh") -> int:
    """Write a table, and give the number of its rows.

    Raises
    ------
    ValueError
        If there is no such form, or more rows than Excel takes.
    """
    match form:
        case "xlsx":
            return _write_xlsx(table, out, language)
        case "csv":
            return _write_csv(table, out, language)
        case "parquet":
            return _write_parquet(table, out)
    raise ValueError(f"{form!r} is not a form of file; known: {', '.join(FORMATS)}")


def _write_xlsx(table: Table, out: IO[bytes], language: str) -> int:
    from openpyxl import Workbook  # noqa: PLC0415 - a third of a second of loading that only an Excel file has to pay
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", table.title)[:31] or "1")
    sheet.freeze_panes = "A2"
    for place, column in enumerate(table.columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width

    def cell(value: Any, column: Column) -> Any:
        shown = value if column.form != "time" or value is None else value.replace(tzinfo=None)
        made = WriteOnlyCell(sheet, value=_NOT_EXCEL.sub("", shown) if isinstance(shown, str) else shown)
        if isinstance(shown, str):
            made.data_type = "s"  # what begins with = is text as well
        made.number_format = _EXCEL_FORMATS[column.form]
        return made

    heading = []
    for column in table.columns:
        title = WriteOnlyCell(sheet, value=getattr(column, language))
        title.font, title.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        heading.append(title)
    sheet.append(heading)
    count = 0
    for row in table.rows:
        count += 1
        if count > MOST_EXCEL_ROWS:
            raise ValueError(f"{table.title}: more than {MOST_EXCEL_ROWS:,} rows; take CSV or Parquet")
        sheet.append([cell(value, column) for value, column in zip(row, table.columns, strict=True)])
    book.save(out)
    return count


def _write_csv(table: Table, out: IO[bytes], language: str) -> int:
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([getattr(column, language) for column in table.columns])
    count = 0
    for row in table.rows:
        count += 1
        writer.writerow([_csv_cell(value) for value in row])
    text.flush()
    text.detach()
    return count


def _csv_cell(value: Any) -> object:
    match value:
        case datetime():
            return value.isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case str() if value.startswith(_FORMULA_STARTS):
            return f"'{value}"
        case _:
            return value


def _write_parquet(table: Table, out: IO[bytes]) -> int:
    import pyarrow as pa  # noqa: PLC0415 - only who writes Parquet has to have it loaded
    from pyarrow import parquet  # noqa: PLC0415

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.decimal128(16, 2),
        "percent": pa.decimal128(16, 2),
        "day": pa.date32(),
        "time": pa.timestamp("us", tz="UTC"),
        "boolean": pa.bool_(),
    }
    schema = pa.schema([(column.name, types[column.form]) for column in table.columns])
    rows, count = iter(table.rows), 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while group := list(islice(rows, _ROWS_A_GROUP)):
            count += len(group)
            columns = zip(*group, strict=True)
            arrays = [pa.array(list(values), type=of) for values, of in zip(columns, schema.types, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    return count

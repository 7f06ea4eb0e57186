"""The rows of a table of points, out of CSV or Excel."""

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from device_profiles.point_words import field_of_head
from telemetry.errors import ConfigError

MAX_POINTS = 65_536
"""One for each address of a table; a file with more is no table of one machine."""
_MAX_BYTES = 128 * 2**20
MAX_COLUMNS = 256
_MAX_EXCEL_ROWS = 1_048_576


class NoValue(NamedTuple):
    """What stands in an Excel cell that holds no text or number."""

    why: str


Cell = str | NoValue


Row = tuple[int, Sequence[Cell]]


def read_rows(path: Path, sheet: str | None) -> Iterable[Row]:
    """Give the rows that are not blank, with the number that a spreadsheet shows beside them."""
    data = _data_of(path)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise ConfigError("is an old (.xls) or encrypted Excel file; save it as .xlsx without a password", file=path)
    if data.startswith(b"PK"):
        rows = _excel_rows(path, data, sheet)
    elif sheet is not None:
        raise ConfigError(f"is no Excel file and has no sheet {sheet!r}", file=path)
    else:
        rows = _csv_rows(path, data)
    kept = 0
    for number, cells in rows:
        stripped = [cell.strip(" \t\r\n\v\f\u00a0\u3000\u200b\ufeff") if isinstance(cell, str) else cell for cell in cells]
        while stripped and not stripped[-1]:
            stripped.pop()
        if not stripped:
            continue
        if kept > MAX_POINTS:  # the first that was kept is the heads
            raise ConfigError(f"has more than {MAX_POINTS:,} points", file=path, line=number)
        if len(stripped) > MAX_COLUMNS:
            raise ConfigError(f"has more than {MAX_COLUMNS} columns", file=path, line=number)
        kept += 1
        yield number, stripped


def _data_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"is larger than {_MAX_BYTES >> 20} MiB and no table of points", file=path)
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(error.strerror or str(error), file=path) from error


def _csv_rows(path: Path, data: bytes) -> Iterator[Row]:
    text = _decoded(path, data)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=lambda mark: _known_heads(text, mark)), strict=True
    )
    try:
        yield from enumerate(reader, start=1)
    except csv.Error as error:
        raise ConfigError(f"is not a table in CSV: {error}", file=path, line=reader.line_num) from error


def _decoded(path: Path, data: bytes) -> str:
    encodings = ["utf-16"] if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ConfigError("is neither an Excel file (.xlsx) nor text in UTF-8 or GB18030", file=path)


def _known_heads(text: str, delimiter: str) -> tuple[int, int]:
    try:
        heads = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)), [])
    except csv.Error:
        heads = []
    return sum(field_of_head(head) is not None for head in heads), len(heads)


def _excel_rows(path: Path, data: bytes, sheet: str | None) -> Iterator[Row]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of styles and validations that mean nothing here
            yield from _sheet_rows(path, data, sheet)
    except ConfigError:
        raise
    except Exception as error:  # its parser lets errors of zip, XML and numbers through; whatever it is, this is no workbook
        raise ConfigError(f"cannot be read as an Excel file (.xlsx): {error}", file=path) from error


def _sheet_rows(path: Path, data: bytes, sheet: str | None) -> Iterator[Row]:
    from openpyxl import load_workbook  # noqa: PLC0415 - a third of a second of loading that only an Excel file has to pay

    if sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(data)).infolist()) > _MAX_BYTES:
        raise ConfigError(f"unpacks to more than {_MAX_BYTES >> 20} MiB and is no table of points", file=path)
    with (
        closing(load_workbook(io.BytesIO(data), read_only=True, data_only=True)) as of_values,
        closing(load_workbook(io.BytesIO(data), read_only=True, data_only=False)) as of_formulas,
    ):
        names = [worksheet.title for worksheet in of_values.worksheets]
        if sheet is None and len(names) != 1:
            raise ConfigError(f"has {len(names)} sheets; name one with --sheet: {', '.join(names)}", file=path)
        if sheet is not None and sheet not in names:
            raise ConfigError(f"has no sheet {sheet!r}; it has: {', '.join(names)}", file=path)
        values, formulas = (book[sheet or names[0]] for book in (of_values, of_formulas))
        merged = re.findall(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z0-9:]+)"', values._get_source().read())  # noqa: SLF001 - its read-only sheets do not tell
        if merged:
            ranges = ", ".join(name.decode() for name in merged[:10])
            message = f"has merged cells ({ranges}), whose value stands in the first of them alone; unmerge and fill them"
            raise ConfigError(message, file=path)
        for worksheet in (values, formulas):
            worksheet.reset_dimensions()  # some programs write a size that is too small
        pairs = zip(*(worksheet.iter_rows(max_col=MAX_COLUMNS + 1) for worksheet in (values, formulas)), strict=True)
        for number, (row, sources) in enumerate(pairs, start=1):
            if number > _MAX_EXCEL_ROWS:
                raise ConfigError(f"has more than {_MAX_EXCEL_ROWS:,} rows", file=path)
            yield number, [_excel_cell(cell, source) for cell, source in zip(row, sources, strict=True)]


def _excel_cell(cell: Any, source: Any) -> Cell:
    match cell.value:
        case None:
            is_formula = source.data_type == "f"
            return NoValue("is a formula whose value was not stored; open the file in Excel and save it") if is_formula else ""
        case bool() as value:
            return str(value).lower()
        case float() as value if value.is_integer():
            return str(int(value))
        case date() | time() | timedelta():
            return NoValue("became a date in Excel; format the cell as text and write it again")
        case value:
            return NoValue(f"holds Excel's error {value}") if cell.data_type == "e" else str(value)

"""The rows of a table that an office sends: CSV in UTF-8, UTF-16 or GB18030, or Excel."""

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

MOST_ROWS = 100_000
MOST_COLUMNS = 100
MOST_LETTERS = 4000
"""Of one cell."""
MOST_BYTES = 64 * 2**20
_MOST_UNPACKED_BYTES = 512 * 2**20
_MOST_UNPACKED_RATIO = 100
"""Tables that people fill in pack to a tenth; what packs to far less is made to eat memory."""
_SMALL_BYTES = 16 * 2**20
"""Up to this a file may pack as well as it likes."""
_DIGITS_OF_EXCEL = 15
"""It keeps no more of a number; the rest of a longer one is zeros."""
_BLANKS = " \t\r\n\v\f\u00a0\u3000\u200b\ufeff"


class Mistake(NamedTuple):
    """What is wrong, for who reads Chinese and who reads English."""

    zh: str
    en: str


Cell = str | date | Mistake
"""Text, a day that Excel holds as one, or what stands in a cell that holds neither."""


class Row(NamedTuple):
    """A row that is not blank, and the number that a spreadsheet or an editor shows beside it."""

    line: int
    cells: Sequence[Cell]


class NoTableError(Exception):
    """The file as a whole cannot be taken."""

    def __init__(self, zh: str, en: str, *, line: int | None = None) -> None:
        super().__init__(en)
        self.mistake, self.line = Mistake(zh, en), line


def read_rows(data: bytes, knows: Callable[[str], bool]) -> Iterator[Row]:
    """Give the rows that are not blank, the heading first.

    Parameters
    ----------
    knows : callable
        Tells whether a text is the heading of a column, by which the separator of a CSV is found.

    Raises
    ------
    NoTableError
        If it is neither CSV nor an Excel file, or too large.
    """
    if len(data) > MOST_BYTES:
        raise NoTableError(f"文件超过 {MOST_BYTES >> 20} MiB", f"the file is larger than {MOST_BYTES >> 20} MiB")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise NoTableError(
            "是旧格式（.xls）或加密的 Excel 文件，请另存为不加密的 .xlsx",
            "an old (.xls) or encrypted Excel file; save it as .xlsx without a password",
        )
    count = 0
    for line, cells in _excel_rows(data) if data.startswith(b"PK") else _csv_rows(data, knows):
        stripped = [cell.strip(_BLANKS) if isinstance(cell, str) else cell for cell in cells]
        while stripped and not stripped[-1]:
            stripped.pop()
        if not stripped:
            continue
        if count > MOST_ROWS:  # the first of them was the heading
            raise NoTableError(
                f"超过 {MOST_ROWS:,} 行，请分成几个文件", f"more than {MOST_ROWS:,} rows; split the file", line=line
            )
        if len(stripped) > MOST_COLUMNS:
            raise NoTableError(f"超过 {MOST_COLUMNS} 列", f"more than {MOST_COLUMNS} columns", line=line)
        count += 1
        yield Row(line, [bounded(cell) for cell in stripped])


def bounded(cell: Cell) -> Cell:
    """Give a cell back, or what is wrong with it: nobody means such text, and it would only be seen when it breaks something."""
    if isinstance(cell, str):
        if len(cell) > MOST_LETTERS:
            return Mistake(f"超过 {MOST_LETTERS} 个字符", f"more than {MOST_LETTERS} characters")
        if any(letter < " " and letter not in "\n\t" for letter in cell) or "\x7f" in cell:
            return Mistake("含有不可见的控制字符", "holds a control character that nobody can see")
    return cell


def _csv_rows(data: bytes, knows: Callable[[str], bool]) -> Iterator[tuple[int, Sequence[Cell]]]:
    text = _decoded(data)
    separator = max(",;\t，", key=lambda mark: _known(text, mark, knows))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise NoTableError(f"不是有效的 CSV 表格：{error}", f"not a table in CSV: {error}", line=line) from error
        if row is None:
            return
        yield line, row


def _decoded(data: bytes) -> str:
    encodings = ["utf-16"] if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NoTableError(
        "既不是 Excel 文件（.xlsx），也不是 UTF-8 或 GB18030 编码的文本",
        "neither an Excel file (.xlsx) nor text in UTF-8 or GB18030",
    )


def _known(text: str, separator: str, knows: Callable[[str], bool]) -> int:
    try:
        heading = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)), [])
    except csv.Error:
        heading = []
    return sum(map(knows, heading))


def _excel_rows(data: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of styles and validations that mean nothing here
            yield from _sheet_rows(data)
    except NoTableError:
        raise
    except Exception as error:  # its parser lets errors of zip, XML and numbers through; whatever it is, this is no workbook
        raise NoTableError(f"无法作为 Excel 文件读取：{error}", f"cannot be read as an Excel file: {error}") from error


def _sheet_rows(data: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - a third of a second of loading that only an Excel file has to pay

    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        most = min(_MOST_UNPACKED_BYTES, max(_SMALL_BYTES, _MOST_UNPACKED_RATIO * len(data)))
        if sum(part.file_size for part in packed.infolist()) > most:
            size = f"{most >> 20} MiB"
            raise NoTableError(f"解压后超过 {size}", f"unpacks to more than {size}")
        has_formulas = any(_holds_formulas(packed.read(name)) for name in packed.namelist() if _is_sheet(name))
    with closing(load_workbook(io.BytesIO(data), read_only=True, data_only=True)) as of_values:
        values = of_values.worksheets[0]
        values.reset_dimensions()  # some programs write a size that is too small
        rows = values.iter_rows(max_col=MOST_COLUMNS + 1)
        if not has_formulas:
            yield from enumerate(
                ([_excel_cell(cell.value, is_error=cell.data_type == "e") for cell in row] for row in rows), start=1
            )
            return
        with closing(load_workbook(io.BytesIO(data), read_only=True, data_only=False)) as of_formulas:
            sources = of_formulas.worksheets[0]
            sources.reset_dimensions()
            pairs = zip(rows, sources.iter_rows(max_col=MOST_COLUMNS + 1), strict=True)
            yield from enumerate(([_of_formula(*both) for both in zip(*pair, strict=True)] for pair in pairs), start=1)


def _is_sheet(name: str) -> bool:
    return name.startswith("xl/worksheets/") and name.endswith(".xml")


def _holds_formulas(sheet: bytes) -> bool:
    return re.search(rb"<(?:\w+:)?f[ />]", sheet) is not None


def _of_formula(cell: Any, source: Any) -> Cell:
    """Take the value that a formula had when the file was saved."""
    if cell.value is None and source.data_type == "f":
        return Mistake(
            "是公式，文件中没有保存它的值；请在 Excel 中打开并保存，或改为数值",
            "is a formula whose value was not stored; open the file in Excel and save it",
        )
    return _excel_cell(cell.value, is_error=cell.data_type == "e")


def _excel_cell(value: Any, *, is_error: bool) -> Cell:
    found: Cell
    match value:
        case _ if is_error:
            found = Mistake(f"是 Excel 的错误值 {value}", f"holds Excel's error {value}")
        case None:
            found = ""
        case bool():
            found = "是" if value else "否"
        case int() | float() if abs(value) >= 10**_DIGITS_OF_EXCEL:
            found = Mistake(
                f"被 Excel 当作数字，只保留了 {_DIGITS_OF_EXCEL} 位；请把单元格设为文本后重新填写",
                f"became a number in Excel, which keeps {_DIGITS_OF_EXCEL} digits; format the cell as text and write it again",
            )
        case float() if value.is_integer():
            found = str(int(value))
        case datetime():
            found = value.date()
        case date():
            found = value
        case time() | timedelta():
            found = Mistake("被 Excel 当作时间；请把单元格设为文本后重新填写", "became a time in Excel; format the cell as text")
        case _:
            found = str(value)
    return found

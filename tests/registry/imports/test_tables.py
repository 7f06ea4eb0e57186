"""The rows of files as offices send them: encodings, Excel's cells, and what is no table."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time

import pytest
from openpyxl import load_workbook

from registry.imports.columns import COLUMNS, TABLES, TableName, column_of, template_csv, template_workbook
from registry.imports.tables import MOST_COLUMNS, MOST_LETTERS, Cell, Mistake, NoTableError, read_rows
from registry.names import plain
from tests.registry.tables import as_csv, as_workbook

HEADING = ["统一社会信用代码", "企业名称"]


def read(data: bytes) -> list[tuple[int, list[Cell]]]:
    return [(row.line, list(row.cells)) for row in read_rows(data, lambda text: column_of("enterprises", text) is not None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_in_each_encoding_and_with_each_separator_that_offices_use(encoding: str, delimiter: str) -> None:
    rows = [HEADING, ["91370811MA3C00003R", "济宁，一厂"], [], ["", " "], ["x", "\u3000尾空白 "]]
    found = read(as_csv(rows, encoding, delimiter))
    assert found == [(1, HEADING), (2, ["91370811MA3C00003R", "济宁，一厂"]), (5, ["x", "尾空白"])]


def test_the_line_is_that_of_an_editor_where_a_cell_goes_over_several() -> None:
    assert [line for line, _ in read('统一社会信用代码,企业名称\na,"两\n行"\nb,c\n'.encode())] == [1, 2, 4]


def test_cells_of_excel_are_read_as_what_was_meant_or_noted() -> None:
    noon = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - Excel's days have no zone
    cells = ["00123", 2019, 12.0, 1.5, True, noon, date(2026, 3, 2), time(8, 30), 913708110000000000, None, "尾"]
    (_, found) = read(as_workbook([cells]))[0]
    assert found[:7] == ["00123", "2019", "12", "1.5", "是", date(2026, 3, 1), date(2026, 3, 2)]
    assert isinstance(found[7], Mistake)
    assert "became a time" in found[7].en
    assert isinstance(found[8], Mistake)
    assert "keeps 15 digits" in found[8].en
    assert found[9:] == ["", "尾"]


def test_a_formula_gives_the_value_that_was_stored_and_is_noted_where_none_was() -> None:
    made = as_workbook([HEADING, ['="a"&"b"', "x"]])
    assert isinstance(read(made)[1][1][0], Mistake)
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as source, zipfile.ZipFile(stored, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert b"<v></v>" in content or b"<v />" in content or b"<v/>" in content
                content = content.replace(b'<c r="A2"><f>', b'<c r="A2" t="str"><f>')
                for empty in (b"<v></v>", b"<v />", b"<v/>"):
                    content = content.replace(empty, b"<v>ab</v>")
            target.writestr(name, content)
    assert read(stored.getvalue())[1][1] == ["ab", "x"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old (.xls)"),
        (b"PK\x03\x04 broken", "cannot be read as an Excel file"),
        (b"a,b\n\xff\xff\xff\x00", "neither an Excel file"),
        (b"a,b\nc,\0\n", "neither an Excel file"),
        (b'a,b\n"c,d\n', "not a table in CSV"),
        (b"," * MOST_COLUMNS + b"x\n", "more than 100 columns"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(NoTableError) as caught:
        read(data)
    assert why in caught.value.mistake.en
    assert caught.value.mistake.zh


def test_a_small_workbook_that_unpacks_to_a_hundred_times_its_size_is_refused_unread() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_workbook([HEADING]))) as packed, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in packed.namelist():
            bomb.writestr(name, packed.read(name))
        bomb.writestr("xl/worksheets/sheet9.xml", bytes(40 << 20))
    with pytest.raises(NoTableError, match="unpacks to more than 16 MiB"):
        read(made.getvalue())


def test_too_many_rows_are_refused_with_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.imports.tables.MOST_ROWS", 3)
    assert len(read(b"a\n" * 4)) == 4
    with pytest.raises(NoTableError) as caught:
        read(b"a\n" * 5)
    assert caught.value.line == 5


@pytest.mark.parametrize("text", ["x" * (MOST_LETTERS + 1), "bell \x07", "\x7f"])
def test_text_that_nobody_means_is_noted_in_its_cell(text: str) -> None:
    assert isinstance(read(as_csv([HEADING, [text, "b"]]))[1][1][0], Mistake)


@pytest.mark.parametrize("table", TABLES)
def test_each_heading_stands_over_one_column_alone(table: TableName) -> None:
    words = [plain(word) for one in COLUMNS[table] for word in {one.name, one.zh, one.en, *one.aliases}]
    assert len({(plain(word), one.name) for one in COLUMNS[table] for word in (one.name, one.zh, one.en, *one.aliases)}) == len(
        set(words)
    )
    assert column_of(table, f"{COLUMNS[table][0].zh}（必填）") is COLUMNS[table][0]
    assert column_of(table, "颜色") is None


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("make", [template_csv, template_workbook])
def test_a_template_has_headings_that_are_known_and_cells_that_stay_text(
    table: TableName, language: str, make: Callable[..., bytes]
) -> None:
    rows = list(read_rows(make(table, language), lambda text: column_of(table, text) is not None))
    assert [column_of(table, str(cell)) for cell in rows[0].cells] == list(COLUMNS[table])
    assert len(rows) == 2


def test_the_workbook_keeps_codes_as_text() -> None:
    sheet = load_workbook(io.BytesIO(template_workbook("machines"))).active
    assert {cell.number_format for row in sheet.iter_rows(min_row=1, max_row=500) for cell in row} == {"@"}


def test_the_csv_template_opens_in_excel_with_its_letters() -> None:
    content = template_csv("labels")
    assert content.startswith(b"\xef\xbb\xbf")
    assert next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[0] == "统一社会信用代码（必填）"

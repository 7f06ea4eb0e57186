"""The cells of one row, each read as what its column holds; what cannot be read is noted, and the row is refused."""

import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime

from registry.imports.columns import COLUMNS, Column, TableName, column_of
from registry.imports.report import Note
from registry.imports.tables import Cell, Mistake, Row, bounded
from registry.uscc import Judgement, judge, normalise

EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
_YES = frozenset({"是", "yes", "y", "true", "1", "√", "有"})
_NO = frozenset({"否", "no", "n", "false", "0", "×", "无", ""})
_DAY_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")


class Heading:
    """Which column stands where in a table."""

    def __init__(self, table: TableName, row: Row) -> None:
        self.table = table
        self.columns: dict[str, tuple[int, Column]] = {}
        self.notes: list[Note] = []
        for place, cell in enumerate(row.cells):
            if cell == "":
                continue
            column = column_of(table, cell) if isinstance(cell, str) else None
            if column is None:
                known = [one.zh for one in COLUMNS[table]], [one.en for one in COLUMNS[table]]
                self._note(
                    row,
                    str(cell),
                    Mistake(
                        f"“{cell}”不是已知的列；可用：{'、'.join(known[0])}",
                        f"{cell!r} is no known column; known: {', '.join(known[1])}",
                    ),
                )
            elif column.name in self.columns:
                self._note(row, str(cell), Mistake(f"“{column.zh}”出现了两次", f"{column.en!r} is there twice"))
            else:
                self.columns[column.name] = (place, column)
        for one in COLUMNS[table]:
            if one.is_required and one.name not in self.columns:
                self._note(row, "", Mistake(f"缺少“{one.zh}”一列", f"the column {one.en!r} is missing"))
        self.places = frozenset(place for place, _ in self.columns.values())

    def _note(self, row: Row, value: str, hint: Mistake) -> None:
        self.notes.append(Note(line=row.line, value=value[:100], hint=hint))


class Cells:
    """One row under its heading; ``notes`` grows with what is wrong, and a wrong value reads as an empty one."""

    def __init__(self, heading: Heading, row: Row) -> None:
        self._heading, self._row = heading, row
        self.line = row.line
        self.notes: list[Note] = []
        self.is_refused = False
        for place, cell in enumerate(row.cells):
            if place not in heading.places and cell != "":
                self._refuse(None, cell, Mistake(f"第{place + 1}列没有标题", f"column {place + 1} has no heading"))

    def refuse(self, name: str | None, hint: Mistake) -> None:
        """Note what is wrong with a cell, or with the row."""
        self._refuse(name, "" if name is None else self._cell(name), hint)

    def remark(self, name: str | None, hint: Mistake) -> None:
        """Note something that keeps nothing out."""
        self._note(name, "" if name is None else self._cell(name), hint)

    def wrong(self, name: str) -> Mistake | None:
        """Give the first note on a cell."""
        zh = self._column(name).zh
        return next((note.hint for note in self.notes if note.column is not None and note.column.zh == zh), None)

    def is_blank(self, name: str) -> bool:
        return self._cell(name) == ""

    def peek(self, name: str) -> str:
        """Give what stands in the cell of a code, right or wrong, as it would be stored."""
        cell = self._cell(name)
        return normalise(cell)[:100] if isinstance(cell, str) else ""

    def text(self, name: str, *, most: int = 200) -> str:
        """Give one line of text."""
        cell = self._cell(name)
        if isinstance(cell, date):
            self.refuse(
                name,
                Mistake("被 Excel 当作日期；请把单元格设为文本后重新填写", "became a date in Excel; format the cell as text"),
            )
        elif isinstance(cell, Mistake):
            self.refuse(name, cell)
        elif cell == "":
            if self._column(name).is_required:
                self.refuse(name, Mistake("必须填写", "must be filled in"))
        elif len(cell) > most:
            self.refuse(name, Mistake(f"超过 {most} 个字符", f"more than {most} characters"))
        else:
            return " ".join(cell.split())
        return ""

    def code(self, name: str) -> Judgement | None:
        """Give a unified social credit code; one that is for review is noted and given, a wrong one is not."""
        typed = self.text(name, most=100)
        if not typed:
            return None
        found = judge(typed)
        if found.trouble is not None:
            note = self.refuse if found.is_refused else self.remark
            note(name, Mistake(found.hint_zh, found.hint_en))
        return None if found.is_refused else found

    def day(self, name: str) -> date | None:
        cell = self._cell(name)
        if isinstance(cell, date):
            found: date | None = cell
        else:
            typed = self.text(name)
            if not typed:
                return None
            found = _day(typed)
        if found is None or not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
            self.refuse(name, Mistake("不是日期，应如 2026-03-01", "no day; one looks like 2026-03-01"))
            return None
        return found

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        """Give a whole number within its bounds."""
        typed = unicodedata.normalize("NFKC", self.text(name)).replace(",", "").removesuffix("年").removesuffix("台")
        if not typed:
            return None
        if not (typed.isascii() and typed.isdigit() and len(typed) < 12 and least <= int(typed) <= most):
            self.refuse(name, Mistake(f"应为 {least} 至 {most} 的整数", f"a whole number from {least} to {most}"))
            return None
        return int(typed)

    def flag(self, name: str) -> bool | None:
        """Give yes or no; None where nothing stands."""
        typed = self.text(name).casefold()
        if not typed:
            return None
        if typed not in _YES | _NO:
            self.refuse(name, Mistake("应为“是”或“否”", "yes or no"))
        return typed in _YES

    def word(self, name: str, find: Callable[[str], str | None], known: Collection[str]) -> str:
        """Give the code of one of several words; ``known`` are those that the hint names."""
        typed = self.text(name)
        if not typed:
            return ""
        found = find(typed)
        if found is None:
            self.refuse(name, Mistake(f"未知；可用：{'、'.join(known)}", f"not known; known: {', '.join(known)}"))
        return found or ""

    def _cell(self, name: str) -> Cell:
        place = self._heading.columns.get(name)
        if place is None or place[0] >= len(self._row.cells):
            return ""
        return self._row.cells[place[0]]

    def _column(self, name: str) -> Column:
        return next(one for one in COLUMNS[self._heading.table] if one.name == name)

    def _refuse(self, name: str | None, cell: Cell, hint: Mistake) -> None:
        self.is_refused = True
        self._note(name, cell, hint)

    def _note(self, name: str | None, cell: Cell, hint: Mistake) -> None:
        shown = "" if isinstance(cell, Mistake) else str(cell)[:100]
        known = None if name is None else self._column(name)
        column = None if known is None else Mistake(known.zh, known.en)
        self.notes.append(Note(line=self.line, column=column, value=shown, hint=hint))


def cells_of_form(table: TableName, values: Mapping[str, str]) -> Cells:
    """Read the fields of a form as a table of one row, so that a form and a table are checked alike."""
    names = [one.name for one in COLUMNS[table]]
    return Cells(Heading(table, Row(0, names)), Row(1, [bounded(values.get(name, "").strip()) for name in names]))


def _day(text: str) -> date | None:
    plain = unicodedata.normalize("NFKC", text)
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None

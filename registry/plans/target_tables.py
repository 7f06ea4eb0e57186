"""Tables of targets that an office issues for later years: CSV or Excel, one target a row, all taken or none.

An empty number is a row without a target, and stays one; a department may be several, joined by 、 or +, who hold it jointly.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from registry.imports.tables import Cell, Mistake, NoTableError, Row, read_rows
from registry.names import level_of, plain
from registry.plans.words import COUNTERS, SECTORS, Words
from store.city_plans import Target
from store.city_registry import Area, Department

MOST_TARGETS = 5000
_LARGEST = Decimal(999_999_999)
_COLUMNS = {
    "counter": ("指标", "Counter", "指标名称"),
    "area": ("统计区域", "Area", "县市区", "区域"),
    "department": ("责任部门", "Department", "部门"),
    "sector": ("统计类别", "Sector", "行业类别"),
    "level": ("级别", "Level"),
    "year": ("年度", "Year", "年份"),
    "low": ("目标", "Target", "目标任务", "目标任务（个）", "目标值"),
    "high": ("上限", "Upper limit"),
    "clause": ("条款", "Clause"),
    "note": ("备注", "Note"),
}
TITLES = {name: headings[:2] for name, headings in _COLUMNS.items()}
_HEADINGS = {plain(heading): name for name, headings in _COLUMNS.items() for heading in (name, *headings)}
_PLACES = ("area", "department", "sector", "level")

_OF_TOTAL = ("total",)
_OF_COUNTS = ("total", "area", "department", "sector")
_LEGAL = {
    **dict.fromkeys(("new_on_cloud", "on_cloud", "stars_3", "stars_4", "stars_5"), _OF_COUNTS),
    **dict.fromkeys(("pilot", "benchmark", "pilot_or_benchmark"), (*_OF_COUNTS, "level")),
}
"""How counters can be split; all others are of the whole area."""


class Refused(NamedTuple):
    """Why a cell cannot be taken; ``line`` is the number beside the row, ``column`` its heading."""

    line: int
    column: str
    mistake: Mistake


class TargetTable(NamedTuple):
    """What a table holds: targets if nothing is refused, else the reasons."""

    targets: Sequence[Target]
    refused: Sequence[Refused]


def read_target_table(data: bytes, *, document: str, areas: Sequence[Area], departments: Sequence[Department]) -> TargetTable:
    """Read a table of targets; nothing of it is to be taken while anything is refused."""
    try:
        rows = list(read_rows(data, lambda text: plain(text) in _HEADINGS))
    except NoTableError as error:
        return TargetTable((), (Refused(error.line or 1, "", error.mistake),))
    if not rows:
        return TargetTable((), (Refused(1, "", Mistake("表格是空的", "the table is empty")),))
    return _Table(document, areas, departments).read(rows)


class _Table:
    def __init__(self, document: str, areas: Sequence[Area], departments: Sequence[Department]) -> None:
        self._document = document
        self._readers: dict[str, dict[str, str]] = {
            "area": {plain(word): area.code for area in areas for word in (area.code, area.label_zh, area.label_en)},
            "department": {
                plain(word): one.code for one in departments for word in (one.code, one.label_zh, one.label_en, *one.aliases)
            },
            "sector": _by_word(SECTORS),
            "counter": _by_word({code: words for code, words in COUNTERS.items() if code != "enterprise_base"}),
        }
        self._refused: list[Refused] = []

    def read(self, rows: Sequence[Row]) -> TargetTable:
        heading, *body = rows
        names = self._names(heading)
        if not body:
            self._refuse(heading.line, "", "只有标题，没有数据", "holds a heading alone")
        if len(body) > MOST_TARGETS:
            self._refuse(body[MOST_TARGETS].line, "", f"超过 {MOST_TARGETS} 行", f"more than {MOST_TARGETS} rows")
        if self._refused:
            return TargetTable((), self._refused)
        targets: dict[str, Target] = {}
        for row in body:
            cells = {name: cell for name, cell in zip(names, row.cells, strict=False) if name is not None}
            target = self._target(row.line, cells)
            if target is not None and target.code in targets:
                self._refuse(row.line, "", "与上面的一行是同一目标", "is the same target as a row above")
            elif target is not None:
                targets[target.code] = target
        return TargetTable((), self._refused) if self._refused else TargetTable(tuple(targets.values()), ())

    def _names(self, heading: Row) -> list[str | None]:
        titles = [cell if isinstance(cell, str) else "" for cell in heading.cells]
        names = [_HEADINGS.get(plain(title)) for title in titles]
        for title, name in zip(titles, names, strict=True):
            if title and name is None:
                self._refuse(heading.line, title, "不认识的列名", "is not a known column")
            if name is not None and names.count(name) > 1:
                self._refuse(heading.line, title, "列名重复", "stands twice")
        for needed in ("year", "low"):
            if needed not in names:
                self._refuse(heading.line, _COLUMNS[needed][0], "缺少这一列", "this column is missing")
        return names

    def _target(self, line: int, cells: dict[str, Cell]) -> Target | None:
        before = len(self._refused)
        text = {name: self._text(line, name, cells.get(name, "")) for name in _COLUMNS}
        counter = self._known(line, "counter", text["counter"] or "new_on_cloud")
        year = self._year(line, text["year"])
        low, high = (self._number(line, name, text[name]) for name in ("low", "high"))
        if high is not None and (low is None or high < low):
            self._refuse(line, "上限", "上限须不小于目标", "is below the target")
        given = [name for name in _PLACES if text[name]]
        if len(given) > 1:
            self._refuse(
                line, TITLES[given[1]][0], "区域、部门、类别和级别只能填一项", "only one of area, department, sector, level"
            )
        dimension = given[0] if given else "total"
        if counter and dimension not in _LEGAL.get(counter, _OF_TOTAL):
            self._refuse(line, TITLES[dimension][0], "这一指标不按此分解", "this counter is not split in that way")
        members = self._members(line, dimension, text[dimension]) if given else ()
        if len(self._refused) > before or year is None:
            return None
        member = "+".join(members)
        return Target(
            code=".".join(filter(None, (str(year), counter, dimension if given else "", member))),
            counter=counter,
            dimension=dimension,
            member=member,
            holders=members if dimension == "department" else (),
            first_day=date(year, 1, 1),
            last_day=date(year, 12, 31),
            bound="at_least" if high is None else "range",
            low=low,
            high=high,
            document=self._document,
            clause=text["clause"][:200],
            note_zh=text["note"][:500],
            note_en=text["note"][:500],
        )

    def _members(self, line: int, dimension: str, text: str) -> tuple[str, ...]:
        if dimension == "level":
            level = level_of(text)
            if level is None:
                self._refuse(line, "级别", f"不认识“{text[:40]}”", f"{text[:40]!r} is not known")
            return (level or "",)
        parts = re.split(r"[、+]", text) if dimension == "department" else [text]
        return tuple(self._known(line, dimension, part) for part in parts)

    def _known(self, line: int, name: str, text: str) -> str:
        code = self._readers[name].get(plain(text))
        if code is None:
            self._refuse(line, TITLES[name][0], f"不认识“{text[:40]}”", f"{text[:40]!r} is not known")
        return code or ""

    def _year(self, line: int, text: str) -> int | None:
        found = re.fullmatch(r"(20\d\d)年?(?:度)?", text)
        if found is None:
            self._refuse(line, "年度", f"“{text[:20]}”不是年份，例如 2019", f"{text[:20]!r} is not a year, such as 2019")
            return None
        return int(found[1])

    def _number(self, line: int, name: str, text: str) -> Decimal | None:
        if not text:
            return None
        try:
            number = Decimal(text.replace(",", "").replace("，", ""))
            is_fit = number.is_finite() and 0 <= number <= _LARGEST and number == number.quantize(Decimal("0.01"))
        except InvalidOperation:
            is_fit = False
        if not is_fit:
            self._refuse(line, TITLES[name][0], f"“{text[:20]}”不是 0 以上的数", f"{text[:20]!r} is not a number from 0")
            return None
        return number

    def _text(self, line: int, name: str, cell: Cell) -> str:
        match cell:
            case Mistake():
                self._refused.append(Refused(line, TITLES[name][0], cell))
                return ""
            case date():
                if name != "year":
                    self._refuse(line, TITLES[name][0], "是日期", "is a date")
                return str(cell.year)
            case _:
                return cell

    def _refuse(self, line: int, column: str, zh: str, en: str) -> None:
        self._refused.append(Refused(line, column, Mistake(zh, en)))


def _by_word(words: dict[str, Words]) -> dict[str, str]:
    return {plain(text): code for code, names in words.items() for text in (code, *names)}

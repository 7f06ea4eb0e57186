"""Orders from a table, ``orders.csv``: a row for each operation, those of a job in their order.

::

    job,operation,machines,family,pause,release,due,priority
    A-17,rough,M1:120 M2:150,steel,yes,,2026-03-06T16:00,3
    A-17,finish,M3:45,,,,,

``machines`` are names with the minutes of the whole lot. Release, due date and priority are the job's and may stand in any of its
rows; times without a zone are those of the plan's origin. The columns may have their Chinese names, and the file may be in
GB 18030, in which Excel saves in China.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from analytics.scheduling.jobs import Job, Operation
from device_profiles.kind import Label
from telemetry.errors import ConfigError, Problem

COLUMNS: Mapping[str, str] = {
    "job": "工单",
    "operation": "工序",
    "machines": "机床",
    "family": "换型组",
    "pause": "可跨班",
    "release": "投料时间",
    "due": "交期",
    "priority": "优先级",
}
"""With their Chinese names."""
_NEEDED = ("job", "operation", "machines")
_OF_CHINESE = {chinese: name for name, chinese in COLUMNS.items()}
_YES, _NO = ("yes", "true", "1", "是"), ("", "no", "false", "0", "否")
MOST_OPERATIONS = 5000
LONGEST_NAME = 80
MOST_MINUTES = 1_000_000
"""Of one operation; some two years."""
MOST_PRIORITY = 1000
_MOST_NAMED = 20
_FARTHEST = timedelta(days=3660)
"""From the origin; beyond it a date is a slip of the pen, and the solver has no room."""


class Mistake(NamedTuple):
    """One thing that is wrong in a table, in both languages."""

    line: int
    column: str
    said: Label


class OrdersWrong(ConfigError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A table that cannot be planned; ``mistakes`` are all of them."""

    def __init__(self, mistakes: Collection[Mistake], *, file: Path | None = None) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(*(Problem(message=one.said.en, file=file, line=one.line, key=one.column or None) for one in mistakes))


class Orders(NamedTuple):
    """Jobs, and the line in which each of their operations stands."""

    jobs: tuple[Job, ...]
    lines: Mapping[tuple[str, str], int]


def read_orders(file: Path, *, origin: datetime) -> tuple[Job, ...]:
    """Read the jobs of a table.

    Parameters
    ----------
    origin : datetime
        Where the plan begins; minutes count from it, a release before it is at it.

    Raises
    ------
    ConfigError
        With every mistake in the table, each by line and column.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    return parse_orders(content, origin=origin, file=file).jobs


def parse_orders(
    content: bytes, *, origin: datetime, machines: Collection[str] | None = None, file: Path | None = None
) -> Orders:
    """Read the jobs of a table that is there already.

    Parameters
    ----------
    machines : collection of str, optional
        Those that there are; any name will do where it is left out.

    Raises
    ------
    OrdersWrong
        With every mistake in the table, each by line and column.
    """
    try:
        reader = csv.DictReader(io.StringIO(_text(content), newline=""), strict=True)
        header = [_OF_CHINESE.get(name.strip(), name.strip()) for name in reader.fieldnames or ()]
        reader.fieldnames = header
        rows = [(reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise OrdersWrong([_mistake(0, "", f"无法读取：{error}", f"cannot be read: {error}")], file=file) from error
    wrong = [_mistake(1, name, "缺少这一列", "this column is missing") for name in _NEEDED if name not in header]
    wrong += [
        _mistake(
            1,
            name[:LONGEST_NAME],
            f"没有这一列；可用的列：{'、'.join(COLUMNS.values())}",
            f"no such column; known: {', '.join(COLUMNS)}",
        )
        for name in header
        if name not in COLUMNS
    ]
    if wrong:
        raise OrdersWrong(wrong, file=file)
    table = _Table(origin, machines)
    if not 0 < len(rows) <= MOST_OPERATIONS:
        table.mistakes.append(
            _mistake(
                1,
                "job",
                f"表中有 {len(rows)} 行；需要 1 到 {MOST_OPERATIONS} 行",
                f"{len(rows)} rows; 1 to {MOST_OPERATIONS} can be planned",
            )
        )
        rows = []
    for line, row in rows:
        table.add(line, row)
    if table.mistakes:
        raise OrdersWrong(table.mistakes, file=file)
    return table.orders()


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


class _Table:
    """Jobs as far as they have been read, with all mistakes."""

    def __init__(self, origin: datetime, machines: Collection[str] | None) -> None:
        self._origin, self._known = origin, machines
        self.mistakes: list[Mistake] = []
        self._operations: dict[str, list[Operation]] = {}
        self._of_job: dict[str, dict[str, int]] = {}
        self._lines: dict[tuple[str, str], int] = {}

    def add(self, line: int, row: Mapping[str, str]) -> None:
        name, operation = row["job"], row["operation"]
        for key in ("job", "operation"):
            if not row[key]:
                self._wrong(line, key, "为空", "is empty")
        for key in ("job", "operation", "family"):
            if len(row.get(key, "")) > LONGEST_NAME or not row.get(key, "").isprintable():
                self._wrong(
                    line,
                    key,
                    f"最多 {LONGEST_NAME} 个可见字符",
                    f"is longer than {LONGEST_NAME} characters, or holds unprintable ones",
                )
        minutes = dict(self._machines(line, row["machines"]))
        if any(one.name == operation for one in self._operations.get(name, ())):
            self._wrong(line, "operation", f"{name} 已有工序 {operation!r}", f"{name} has a {operation!r} already")
        pause = row.get("pause", "").lower()
        if pause not in (*_YES, *_NO):
            self._wrong(line, "pause", f"{pause!r} 既不是“是”也不是“否”", f"{pause!r} is neither yes nor no")
        self._operations.setdefault(name, []).append(
            Operation(name=operation, minutes=minutes, family=row.get("family", ""), can_pause=pause in _YES)
        )
        self._lines[name, operation] = line
        of_job = self._of_job.setdefault(name, {})
        for key, value in self._values(line, row):
            if of_job.setdefault(key, value) != value:
                self._wrong(line, key, f"{name} 前面的行写的是另一个值", f"{name} has another one in an earlier row")

    def orders(self) -> Orders:
        jobs = tuple(
            Job(
                name=name,
                operations=tuple(operations),
                release_minute=max(self._of_job[name].get("release", 0), 0),
                due_minute=self._of_job[name].get("due"),
                weight=self._of_job[name].get("priority", 1),
            )
            for name, operations in self._operations.items()
        )
        return Orders(jobs, self._lines)

    def _wrong(self, line: int, key: str, zh: str, en: str) -> None:
        self.mistakes.append(_mistake(line, key, zh, en))

    def _machines(self, line: int, text: str) -> Iterator[tuple[str, int]]:
        words = text.replace(";", " ").replace("；", " ").replace("：", ":").split()
        if not words:
            self._wrong(
                line,
                "machines",
                "为空；请写机床和分钟数，例如 M1:120",
                "is empty; write a machine and its minutes, such as M1:120",
            )
        for word in words:
            machine, _, minutes = word.rpartition(":")
            if not machine or not _is_number(minutes) or int(minutes) < 1:
                self._wrong(
                    line,
                    "machines",
                    f"{word!r} 不是“机床:分钟”，例如 M1:120",
                    f"{word!r} is not a machine and its minutes, such as M1:120",
                )
            elif int(minutes) > MOST_MINUTES:
                self._wrong(line, "machines", f"最多 {MOST_MINUTES} 分钟", f"{minutes} minutes; at most {MOST_MINUTES}")
            elif self._known is not None and machine not in self._known:
                known = sorted(self._known)[:_MOST_NAMED]
                self._wrong(
                    line,
                    "machines",
                    f"没有名为 {machine!r} 的机床；已知：{'、'.join(known)}",
                    f"no machine is called {machine!r}; known: {', '.join(known)}",
                )
            else:
                yield machine, int(minutes)

    def _values(self, line: int, row: Mapping[str, str]) -> Iterator[tuple[str, int]]:
        for key in ("release", "due"):
            text = row.get(key, "")
            try:
                if text:
                    yield key, self._minute(text)
            except (ValueError, OverflowError):
                self._wrong(
                    line, key, f"{text!r} 不是时间，例如 2026-03-06T16:00", f"{text!r} is not a time, such as 2026-03-06T16:00"
                )
        text = row.get("priority", "")
        if _is_number(text) and int(text) <= MOST_PRIORITY:
            yield "priority", int(text)
        elif text:
            self._wrong(
                line,
                "priority",
                f"{text!r} 不是 0 到 {MOST_PRIORITY} 的整数",
                f"{text!r} is not a whole number from 0 to {MOST_PRIORITY}",
            )

    def _minute(self, text: str) -> int:
        at = _time(text.replace("/", "-"))
        if at.tzinfo is None:
            at = at.replace(tzinfo=self._origin.tzinfo)
        elif self._origin.tzinfo is None:
            raise ValueError(text)
        if abs(at - self._origin) > _FARTHEST:
            raise ValueError(text)
        return (at - self._origin) // timedelta(minutes=1)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):  # as Excel writes them, without leading zeros
            with suppress(ValueError):
                return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the origin's
        raise


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= 9


def _mistake(line: int, column: str, zh: str, en: str) -> Mistake:
    return Mistake(line, column, Label(zh=zh, en=en))

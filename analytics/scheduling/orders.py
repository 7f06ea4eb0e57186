"""Orders from a table, ``orders.csv``: a row for each operation, those of a job in their order.

::

    job,operation,machines,family,pause,release,due,priority
    A-17,rough,M1:120 M2:150,steel,yes,,2026-03-06T16:00,3
    A-17,finish,M3:45,,,,,

``machines`` are names with the minutes of the whole lot. Release, due date and priority are the job's and may stand in any of its
rows; times without a zone are those of the plan's origin.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from analytics.scheduling.jobs import Job, Operation
from telemetry.errors import ConfigError, Problem

_NEEDED = ("job", "operation", "machines")
_KNOWN = (*_NEEDED, "family", "pause", "release", "due", "priority")
_YES, _NO = ("yes", "true", "1", "是"), ("", "no", "false", "0", "否")


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
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            header = reader.fieldnames or ()
            rows = [(reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    problems = [Problem(message="this column is missing", file=file, line=1, key=name) for name in _NEEDED if name not in header]
    problems += [
        Problem(message=f"no such column; known: {', '.join(_KNOWN)}", file=file, line=1, key=name)
        for name in header
        if name not in _KNOWN
    ]
    if problems:
        raise ConfigError(*problems)
    table = _Table(file, origin)
    for line, row in rows:
        table.add(line, row)
    return table.jobs()


class _Table:
    """Jobs as far as they have been read, with all mistakes."""

    def __init__(self, file: Path, origin: datetime) -> None:
        self._file, self._origin = file, origin
        self._problems: list[Problem] = []
        self._operations: dict[str, list[Operation]] = {}
        self._of_job: dict[str, dict[str, int]] = {}

    def add(self, line: int, row: Mapping[str, str]) -> None:
        name, operation = row["job"], row["operation"]
        for key in ("job", "operation"):
            if not row[key]:
                self._wrong(line, key, "is empty")
        minutes = dict(self._machines(line, row["machines"]))
        if any(one.name == operation for one in self._operations.get(name, ())):
            self._wrong(line, "operation", f"{name} has a {operation!r} already")
        pause = row.get("pause", "").lower()
        if pause not in (*_YES, *_NO):
            self._wrong(line, "pause", f"{pause!r} is neither yes nor no")
        self._operations.setdefault(name, []).append(
            Operation(name=operation, minutes=minutes, family=row.get("family", ""), can_pause=pause in _YES)
        )
        of_job = self._of_job.setdefault(name, {})
        for key, value in self._values(line, row):
            if of_job.setdefault(key, value) != value:
                self._wrong(line, key, f"{name} has another one in an earlier row")

    def jobs(self) -> tuple[Job, ...]:
        if self._problems:
            raise ConfigError(*self._problems)
        return tuple(
            Job(
                name=name,
                operations=tuple(operations),
                release_minute=max(self._of_job[name].get("release", 0), 0),
                due_minute=self._of_job[name].get("due"),
                weight=self._of_job[name].get("priority", 1),
            )
            for name, operations in self._operations.items()
        )

    def _wrong(self, line: int, key: str, message: str) -> None:
        self._problems.append(Problem(message=message, file=self._file, line=line, key=key))

    def _machines(self, line: int, text: str) -> Iterator[tuple[str, int]]:
        words = text.replace(";", " ").split()
        if not words:
            self._wrong(line, "machines", "is empty; write a machine and its minutes, such as M1:120")
        for word in words:
            machine, _, minutes = word.rpartition(":")
            if not machine or not minutes.isdecimal() or int(minutes) < 1:
                self._wrong(line, "machines", f"{word!r} is not a machine and its minutes, such as M1:120")
            else:
                yield machine, int(minutes)

    def _values(self, line: int, row: Mapping[str, str]) -> Iterator[tuple[str, int]]:
        for key in ("release", "due"):
            text = row.get(key, "")
            try:
                if text:
                    yield key, self._minute(text)
            except ValueError:
                self._wrong(line, key, f"{text!r} is not a time, such as 2026-03-06T16:00")
        text = row.get("priority", "")
        if text.isdecimal():
            yield "priority", int(text)
        elif text:
            self._wrong(line, "priority", f"{text!r} is not a whole number from 0 on")

    def _minute(self, text: str) -> int:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=self._origin.tzinfo)
        elif self._origin.tzinfo is None:
            raise ValueError(text)
        return (at - self._origin) // timedelta(minutes=1)

"""A plan as a table, ``plan.csv``: a row for each operation, in the order of time."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from analytics.scheduling.jobs import Shop
from analytics.scheduling.plans import Plan, Task
from telemetry.errors import ConfigError, Problem

HEADER = ("job", "operation", "machine", "start", "end", "due", "late_minutes")
"""The last two are the job's."""
_NEEDED = HEADER[:5]
_MINUTE = timedelta(minutes=1)


def rows(shop: Shop, plan: Plan, *, origin: datetime) -> Iterator[tuple[str, str, str, datetime, datetime, datetime | None, int]]:
    """Give the rows of a plan with their times."""
    due = {job.name: job.due_minute for job in shop.jobs}
    for task in sorted(plan.tasks, key=lambda task: (task.start_minute, task.machine, task.end_minute)):
        at = due.get(task.job)
        late = 0 if at is None else max(plan.job_ends[task.job] - at, 0)
        start, end = (origin + minute * _MINUTE for minute in (task.start_minute, task.end_minute))
        yield task.job, task.operation, task.machine, start, end, None if at is None else origin + at * _MINUTE, late


def write_plan(shop: Shop, plan: Plan, *, origin: datetime) -> str:
    """Write a plan as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(HEADER)
    for *names, start, end, due, late in rows(shop, plan, origin=origin):
        times = ("" if at is None else at.isoformat(timespec="minutes") for at in (start, end, due))
        writer.writerow([*names, *times, late])
    return stream.getvalue()


def read_plan(file: Path, *, origin: datetime | None) -> tuple[datetime, Plan]:
    """Read a plan that `write_plan` has written; minutes count from the origin, or from its earliest start.

    Raises
    ------
    ConfigError
        With what is wrong, by line and column.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            header = reader.fieldnames or ()
            found = [(reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    problems = [Problem(message="this column is missing", file=file, line=1, key=name) for name in _NEEDED if name not in header]
    if not problems and not found:
        problems = [Problem(message="there is no operation", file=file)]
    times: list[tuple[datetime, datetime]] = []
    for line, row in found if not problems else ():
        pair = []
        for key in ("start", "end"):
            try:
                at = datetime.fromisoformat(row[key])
                pair.append(at if at.tzinfo else at.astimezone())
            except (ValueError, OverflowError, OSError):
                message = f"{row[key]!r} is not a time, such as 2026-03-06T16:00+08:00"
                problems.append(Problem(message=message, file=file, line=line, key=key))
        if len(pair) == len(("start", "end")):
            times.append((pair[0], pair[1]))
    if problems:
        raise ConfigError(*problems)
    begin = min(start for start, _ in times) if origin is None else origin
    tasks = tuple(
        Task(row["job"], row["operation"], row["machine"], (start - begin) // _MINUTE, (end - begin) // _MINUTE)
        for (_, row), (start, end) in zip(found, times, strict=True)
    )
    return begin, Plan(tasks)

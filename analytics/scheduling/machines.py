"""Machines from a file: ``machines.csv`` with a row for each, or ``machines.toml``, which can say more.

::

    machine,shifts,family
    M1,1-5 08:00-20:00; 6 08:00-12:00,steel
    M2,,

    setup_minutes = 20                     # from any family to any other, unless a setup says otherwise

    [[machine]]
    name = "M1"
    shifts = "1-5 08:00-20:00"             # none: always open
    family = "steel"                       # what it is set up for at the beginning
    closed = [["2026-10-01T00:00", "2026-10-08T00:00"]]

    [[setup]]
    before = "steel"
    after = "brass"
    minutes = 45
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from analytics.scheduling.calendars import Span
from analytics.scheduling.horizon import MachinePlan
from analytics.scheduling.jobs import Job
from analytics.scheduling.shifts import ShiftsWrong, parse_shifts
from telemetry.errors import ConfigError, Problem
from telemetry.settings import Settings, load

_COLUMNS = ("machine", "shifts", "family")
Minutes = Annotated[int, Field(ge=0, le=10_000)]


class Machines(NamedTuple):
    """What a file says."""

    machines: tuple[MachinePlan, ...]
    setup_minutes: int = 0
    setups: Mapping[tuple[str, str], int] = {}

    def setups_of(self, jobs: Iterable[Job]) -> dict[tuple[str, str], int]:
        """Give the set-ups between all families that there are."""
        families = {one.family for job in jobs for one in job.operations} | {one.family for one in self.machines}
        return all_setups(families, self.setup_minutes) | dict(self.setups)


def all_setups(families: Iterable[str], minutes: int) -> dict[tuple[str, str], int]:
    """Give the same set-up between any two families; a part of no family, or a machine set up for none, needs none."""
    named = sorted(filter(None, families))
    return {(before, after): minutes for before in named for after in named if before != after} if minutes else {}


class _Machine(Settings):
    name: str
    shifts: str = ""
    family: str = ""
    closed: tuple[tuple[datetime, datetime], ...] = ()


class _Setup(Settings):
    before: str
    after: str
    minutes: Minutes


class _File(Settings):
    setup_minutes: Minutes = 0
    machine: Annotated[list[_Machine], Field(min_length=1)]
    setup: tuple[_Setup, ...] = ()


def read_machines(file: Path, *, origin: datetime) -> Machines:
    """Read machines.

    Parameters
    ----------
    origin : datetime
        Where the plan begins; times without a zone are in its zone.

    Raises
    ------
    ConfigError
        With what is wrong, by line or key.
    """
    if file.suffix != ".toml":
        return Machines(tuple(_of_table(file)))
    found = load(file, _File)
    machines = []
    for one in found.machine:
        try:
            shifts = parse_shifts(one.shifts)
        except ShiftsWrong as error:
            raise ConfigError(str(error), file=file, key=one.name) from None
        closed = tuple(Span(_minute(start, origin), _minute(end, origin)) for start, end in one.closed)
        machines.append(MachinePlan(name=one.name, shifts=shifts, closed=closed, family=one.family))
    return Machines(tuple(machines), found.setup_minutes, {(one.before, one.after): one.minutes for one in found.setup})


def named_in(jobs: Sequence[Job]) -> Machines:
    """Give the machines that orders name, always open."""
    names = dict.fromkeys(name for job in jobs for one in job.operations for name in one.minutes)
    return Machines(tuple(MachinePlan(name=name) for name in sorted(names)))


def _of_table(file: Path) -> list[MachinePlan]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            header = reader.fieldnames or ()
            rows = [(reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    problems = [
        Problem(message=f"no such column; known: {', '.join(_COLUMNS)}", file=file, line=1, key=name)
        for name in header
        if name not in _COLUMNS
    ]
    if "machine" not in header:
        problems.append(Problem(message="this column is missing", file=file, line=1, key="machine"))
    found = []
    for line, row in rows if not problems else ():
        try:
            found.append(
                MachinePlan(name=row["machine"], shifts=parse_shifts(row.get("shifts", "")), family=row.get("family", ""))
            )
        except ShiftsWrong as error:
            problems.append(Problem(message=str(error), file=file, line=line, key="shifts"))
    if problems:
        raise ConfigError(*problems)
    return found


def _minute(at: datetime, origin: datetime) -> int:
    return ((at if at.tzinfo else at.replace(tzinfo=origin.tzinfo)) - origin) // timedelta(minutes=1)

"""The use of business hosts from a table (CSV or Excel with texts): all rows or none, with a problem told by line and column."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from registry.imports.tables import Cell, Mistake, NoTableError, Row, read_rows
from registry.uscc import judge
from store.city_stars import HostRow, add_host_uses, known_enterprises, lock_hosts, overlapping_host_use
from store.database import Connection
from telemetry.errors import ShangyunError

COLUMNS = ("uscc", "host", "shared", "start", "end", "cpu_percent", "received_bytes", "sent_bytes", "bandwidth_mbit_s")
_MOST_PROBLEMS = 50
_LONGEST_DAYS = 31
_MOST_BIGINT = 2**63 - 1


class HostFileRefusal(ShangyunError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """A file that was not taken; ``problems`` tell line, column and what is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = problems
        super().__init__(f"nothing was imported: {len(problems)} problems")


def import_hosts(connection: Connection, content: bytes, *, zone: ZoneInfo, document: str, recorded_by: str) -> int:
    """Read a file and store all of its rows; times without an offset are in ``zone``. Give how many rows there were.

    Raises
    ------
    HostFileRefusal
        With up to 50 problems; nothing is stored then, if the caller lets the transaction roll back.
    """
    rows, problems = read_hosts(content, zone=zone)
    known = known_enterprises(connection, {row.uscc for _, row in rows})
    problems += [f"line {line}, uscc: {row.uscc} is not registered" for line, row in rows if row.uscc not in known]
    problems += _overlaps_within(rows)
    if not problems:
        lock_hosts(connection)
        for line, row in rows:
            there = overlapping_host_use(connection, row)
            if there is not None:
                problems.append(f"line {line}, start: {row.host} has {there[0].isoformat()} to {there[1].isoformat()} already")
                if len(problems) >= _MOST_PROBLEMS:
                    break
    if problems:
        raise HostFileRefusal(problems[:_MOST_PROBLEMS])
    add_host_uses(connection, [row for _, row in rows], document=document, recorded_by=recorded_by)
    return len(rows)


def read_hosts(content: bytes, *, zone: ZoneInfo) -> tuple[list[tuple[int, HostRow]], list[str]]:
    """Read rows with their lines, and what is wrong with others."""
    rows: list[tuple[int, HostRow]] = []
    problems: list[str] = []
    try:
        found = read_rows(content, lambda name: name in COLUMNS)
        header = [str(name) for name in next(found, Row(1, [])).cells]
        if sorted(header) != sorted(COLUMNS):
            return [], [f"line 1: the columns are {', '.join(COLUMNS)}"]
        for line, cells in found:
            try:
                rows.append((line, _row(_texts(header, cells), zone)))
            except ValueError as error:
                problems.append(f"line {line}, {error}")
    except NoTableError as error:
        problems.append(f"line {error.line}: {error}" if error.line else str(error))
    if not rows and not problems:
        problems.append("the file has no rows")
    return rows, problems


def _texts(header: Sequence[str], cells: Sequence[Cell]) -> dict[str, str]:
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells instead of {len(header)}")
    found = dict(zip(header, cells, strict=True))
    for name, cell in found.items():
        if isinstance(cell, Mistake):
            raise ValueError(f"{name}: {cell.en}")  # noqa: TRY004 - what stands in the cell is wrong
    return {name: str(cell) for name, cell in found.items()}


def _row(cells: dict[str, str], zone: ZoneInfo) -> HostRow:
    code = judge(cells["uscc"])
    if code.is_refused:
        raise ValueError(f"uscc: {code.hint_en}")
    host = cells["host"].strip()
    if not 1 <= len(host) <= 200 or "\0" in host:
        raise ValueError("host: 1 to 200 characters")
    shared = cells["shared"].strip().lower()
    if shared not in ("yes", "no"):
        raise ValueError(f"shared: {shared[:20]!r} is neither yes nor no")
    start, end = _time(cells, "start", zone), _time(cells, "end", zone)
    if not start < end:
        raise ValueError("end: it is not after start")
    if (end - start).total_seconds() > _LONGEST_DAYS * 86_400:
        raise ValueError(f"end: an interval has at most {_LONGEST_DAYS} days")
    return HostRow(
        uscc=code.code,
        host=host,
        is_shared=shared == "yes",
        start=start,
        end=end,
        cpu_percent=_number(cells, "cpu_percent", least=0, most=100),
        received_bytes=_whole(cells, "received_bytes"),
        sent_bytes=_whole(cells, "sent_bytes"),
        bandwidth_bits_per_second=round(_number(cells, "bandwidth_mbit_s", least=Decimal("0.001"), most=10**7) * 10**6),
    )


def _time(cells: dict[str, str], name: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(cells[name].strip())
        moment = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not 2000 <= moment.year <= 2100 or moment.microsecond:
        raise ValueError(f"{name}: {cells[name][:40]!r} is not a time of whole seconds, such as 2026-05-01T08:00:00+08:00")
    return moment


def _number(cells: dict[str, str], name: str, *, least: Decimal | int, most: int) -> Decimal:
    try:
        value = Decimal(cells[name].strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not least <= value <= most:
        raise ValueError(f"{name}: {cells[name][:20]!r} is not a number from {least} to {most}")
    return value


def _whole(cells: dict[str, str], name: str) -> int:
    text = cells[name].strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= _MOST_BIGINT):
        raise ValueError(f"{name}: {text[:20]!r} is not a whole number of bytes")
    return int(text)


def _overlaps_within(rows: Sequence[tuple[int, HostRow]]) -> list[str]:
    """Tell where two rows of the file speak of one host at one time."""
    ordered = sorted(rows, key=lambda one: (one[1].uscc, one[1].host, one[1].start))
    return [
        f"line {line}, start: it overlaps with line {line_before} of the same host"
        for (line_before, before), (line, row) in itertools.pairwise(ordered)
        if (before.uscc, before.host) == (row.uscc, row.host) and row.start < before.end
    ]

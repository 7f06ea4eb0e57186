"""Demand and stock of parts from tables that a store keeper can export.

``demand.csv``, a row for each part and month with a demand; months without a row had none::

    part,month,quantity
    filter-8120,2026-03,4

``stock.csv``, a row for each part that is kept::

    part,on_hand,on_order,price,lead_time_months,criticality
    filter-8120,2,0,86.50,3,2

``on_order``, ``lead_time_months`` and ``criticality`` may be left out or empty: 0, the command's own lead time, and 1.
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analytics.window import FloatArray
from telemetry.errors import ConfigError, Problem

_MOST_MONTHS = 600
"""A year that is mistyped makes a history of centuries."""


class DemandHistory(NamedTuple):
    """What was asked for."""

    parts: tuple[str, ...]
    months: tuple[str, ...]
    """``2026-03``, without gaps."""
    quantities: FloatArray
    """Shape (parts, months)."""


class Kept(NamedTuple):
    """One part in the store."""

    part: str
    on_hand: float
    on_order: float
    price: float
    lead_time_months: int | None
    criticality: float
    """What a unit that is short costs against that of other parts."""


def read_demand(file: Path) -> DemandHistory:
    """Read what was asked for, from the table's first month to its last.

    Raises
    ------
    ConfigError
        With every mistake in the table, each by file, line and column.
    """
    table = _Table(file, needed=("part", "month", "quantity"), optional=())
    cells: dict[tuple[str, int], float] = {}
    for line, row in table.rows:
        part, month = table.text(line, row, "part"), table.month(line, row)
        quantity = table.number(line, row, "quantity")
        if part is None or month is None or quantity is None:
            continue
        if (part, month) in cells:
            table.wrong(line, "month", f"{part} has {row['month']} in an earlier row")
        cells[part, month] = quantity
    if not cells and not table.problems:
        table.wrong(1, "part", "there is no row")
    months = sorted({month for _, month in cells})
    if months and months[-1] - months[0] >= _MOST_MONTHS:
        table.wrong(1, "month", f"from {_month_name(months[0])} to {_month_name(months[-1])} are more than {_MOST_MONTHS} months")
    table.judge()
    parts = sorted({part for part, _ in cells})
    place = {part: row for row, part in enumerate(parts)}
    quantities = np.zeros((len(parts), months[-1] - months[0] + 1))
    for (part, month), quantity in cells.items():
        quantities[place[part], month - months[0]] = quantity
    return DemandHistory(tuple(parts), tuple(map(_month_name, range(months[0], months[-1] + 1))), quantities)


def read_stock(file: Path) -> tuple[Kept, ...]:
    """Read what is kept.

    Raises
    ------
    ConfigError
        With every mistake in the table, each by file, line and column.
    """
    table = _Table(file, needed=("part", "on_hand", "price"), optional=("on_order", "lead_time_months", "criticality"))
    kept: dict[str, Kept] = {}
    for line, row in table.rows:
        part, on_hand, price = table.text(line, row, "part"), table.number(line, row, "on_hand"), table.number(line, row, "price")
        on_order, criticality = table.number(line, row, "on_order", 0.0), table.number(line, row, "criticality", 1.0)
        lead_time = table.number(line, row, "lead_time_months", 0.0)
        if price == 0:
            table.wrong(line, "price", "is 0")
        has_months = bool(row.get("lead_time_months"))
        if lead_time is not None and has_months and not (lead_time >= 1 and lead_time.is_integer()):
            table.wrong(line, "lead_time_months", f"{row['lead_time_months']!r} is not a whole number of months from 1 on")
        if part in kept:
            table.wrong(line, "part", f"{part} has an earlier row")
        if part is None or on_hand is None or price is None or on_order is None or criticality is None or lead_time is None:
            continue
        kept[part] = Kept(part, on_hand, on_order, price, int(lead_time) if has_months else None, criticality)
    table.judge()
    return tuple(kept.values())


class _Table:
    """A table's rows and all of its mistakes."""

    def __init__(self, file: Path, *, needed: Sequence[str], optional: Sequence[str]) -> None:
        self._file = file
        self.problems: list[Problem] = []
        try:
            with file.open(encoding="utf-8-sig", newline="") as stream:
                reader = csv.DictReader(stream, strict=True)
                header = reader.fieldnames or ()
                self.rows = [
                    (reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}) for row in reader
                ]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ConfigError(f"cannot be read: {error}", file=file) from error
        for name in needed:
            if name not in header:
                self.wrong(1, name, "this column is missing")
        for name in header:
            if name not in (*needed, *optional):
                self.wrong(1, name, f"no such column; known: {', '.join((*needed, *optional))}")
        self.judge()

    def wrong(self, line: int, key: str, message: str) -> None:
        self.problems.append(Problem(message=message, file=self._file, line=line, key=key))

    def judge(self) -> None:
        if self.problems:
            raise ConfigError(*self.problems)

    def text(self, line: int, row: dict[str, str], key: str) -> str | None:
        if not row[key]:
            self.wrong(line, key, "is empty")
        return row[key] or None

    def number(self, line: int, row: dict[str, str], key: str, otherwise: float | None = None) -> float | None:
        written = row.get(key, "")
        if not written and otherwise is not None:
            return otherwise
        try:
            value = float(written)
        except ValueError:
            value = math.nan
        if math.isfinite(value) and value >= 0:
            return value
        self.wrong(line, key, f"{written!r} is not a number from 0 on" + ("; returns are no demand" if key == "quantity" else ""))
        return None

    def month(self, line: int, row: dict[str, str]) -> int | None:
        year, _, month = row["month"].partition("-")
        if (
            len(year) == 4
            and len(month) == 2
            and (year + month).isascii()
            and (year + month).isdecimal()
            and 1 <= int(month) <= 12
        ):
            return 12 * int(year) + int(month) - 1
        self.wrong(line, "month", f"{row['month']!r} is not a month, such as 2026-03")
        return None


def _month_name(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"

"""What all tables have in common: who brings them, rows under one key, and a row's verdict."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from registry.imports.cells import Cells
from registry.imports.report import RowReport, State
from registry.imports.tables import Mistake
from store.city_registry import Enterprise
from store.database import Connection


class Bringer(NamedTuple):
    """Who brings a table, and on which day (of the plant's time zone)."""

    name: str
    today: date
    is_form: bool = False
    """A form shows what is stored, so that what is blank in it was erased; a blank cell of a table keeps it."""


@dataclass(kw_only=True)
class Checked:
    """A table after its check: what is said of the rows, and what would be written."""

    rows: list[RowReport] = field(default_factory=list)
    write: Callable[[Connection], None]
    """To be called in the transaction in which it was checked, and only if no row is refused."""


class FirstLines:
    """Keeps the lines of rows under their keys, and refuses a second one with the same."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, int] = {}

    def refuse_second(self, cells: Cells, key: Hashable, column: str | None) -> bool:
        """Tell whether the key was there before, and note it."""
        first = self._lines.setdefault(key, cells.line)
        if first == cells.line:
            return False
        cells.refuse(column, Mistake(f"与第{first}行重复", f"the same as line {first}"))
        return True


def verdict(cells: Cells, subject: str, state: State) -> RowReport:
    """Say what becomes of a row, unless something in it is wrong."""
    return RowReport(
        line=cells.line, state=State.REFUSED if cells.is_refused else state, subject=subject, notes=tuple(cells.notes)
    )


def registered(cells: Cells, known: dict[str, Enterprise], column: str = "uscc") -> str:
    """Give the code of a standing enterprise; empty, and noted, where it is none."""
    found = cells.code(column)
    if found is None:
        return ""
    enterprise = known.get(found.code)
    if enterprise is None:
        cells.refuse(column, Mistake("企业尚未登记，请先导入企业", "this enterprise is not registered; import enterprises first"))
    elif enterprise.retired_at is not None:
        cells.refuse(column, Mistake("企业已注销，请先恢复", "this enterprise is retired; reinstate it first"))
    else:
        return found.code
    return ""


def codes_in(rows: Iterable[Cells], column: str = "uscc") -> set[str]:
    """Give the codes that rows name, right or wrong, without noting anything."""
    return {code for cells in rows if (code := cells.peek(column))}

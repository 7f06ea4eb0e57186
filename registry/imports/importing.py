"""One import: a file in, a report out, and in between nothing or everything written, in one transaction."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

from registry.imports import enterprises, gateways, machines, of_enterprises
from registry.imports.cells import Cells, Heading, cells_of_form
from registry.imports.checked import Bringer, Checked
from registry.imports.columns import TableName, column_of
from registry.imports.places import Places
from registry.imports.report import Note, Report
from registry.imports.tables import Mistake, NoTableError, read_rows
from store.city_bulk import lock_registry
from store.city_registry import areas, departments
from store.database import Connection, Database

Record = Callable[[Connection, str, str, Mapping[str, object]], None]
"""Writes an act into the audit log, in the transaction of the act: action, object, detail."""
_EMPTY = Mistake("表中没有数据行", "the table has no rows")


def import_table(
    database: Database,
    table: TableName,
    data: bytes,
    *,
    by: str,
    today: date,
    record: Record | None = None,
    on_progress: Callable[[int], object] = int,  # which does nothing with it
) -> Report:
    """Check a table and, unless one of its rows is refused, take it.

    Parameters
    ----------
    today : date
        In the plant's time zone.
    record : callable, optional
        Writes the audit log; without it nothing is written at all, and the report tells what would be.
    on_progress : callable
        Gets the number of rows that were read since the last call.

    Returns
    -------
    Report
        What became of each row; ``is_taken`` where it was written.
    """
    report = Report(table=table)
    rows = _read(report, data, on_progress)
    if report.notes:
        return report
    if not rows:
        report.notes.append(Note(hint=_EMPTY))
        return report
    return _check_and_take(database, report, rows, Bringer(by, today), record)


def take_form(
    database: Database, table: TableName, values: Mapping[str, str], *, by: str, today: date, record: Record
) -> tuple[Report, Cells]:
    """Take the fields of a form as a table of one row, checked like any other; the cells hold what is wrong with which field."""
    cells = cells_of_form(table, values)
    report = _check_and_take(database, Report(table=table), [cells], Bringer(by, today, is_form=True), record)
    return report, cells


def _check_and_take(database: Database, report: Report, rows: list[Cells], by: Bringer, record: Record | None) -> Report:
    """Check rows that were read, and take them unless one is refused or there is nobody to record it."""
    places = Places(areas=areas(database), departments=departments(database))
    with database.connection() as connection:
        if record is not None:
            lock_registry(connection)
        checked = _check(connection, report.table, rows, places, by)
        report.rows = checked.rows
        if record is None or report.is_refused:
            return report
        checked.write(connection)
        counts = {state.value: count for state, count in report.counts.items()}
        about = report.rows[0].subject if by.is_form else f"{len(report.rows)} rows"
        record(connection, f"city.{'write' if by.is_form else 'import'}_{report.table}", about, counts)
    report.is_taken = True
    return report


def _read(report: Report, data: bytes, on_progress: Callable[[int], object]) -> list[Cells]:
    """Read all rows under their heading; what is wrong with the file as a whole goes into the report."""
    found = list[Cells]()
    heading: Heading | None = None
    try:
        for row in read_rows(data, lambda text: column_of(report.table, text) is not None):
            if heading is None:
                heading = Heading(report.table, row)
                report.notes += heading.notes
                if report.notes:
                    break
                continue
            found.append(Cells(heading, row))
            if len(found) % 1000 == 0:
                on_progress(1000)
    except NoTableError as error:
        report.notes.append(Note(line=error.line, hint=error.mistake))
    on_progress(len(found) % 1000)
    return found


def _check(connection: Connection, table: TableName, rows: list[Cells], places: Places, by: Bringer) -> Checked:
    checks: dict[TableName, Callable[[], Checked]] = {
        "enterprises": partial(enterprises.check, connection, rows, places, by),
        "machines": partial(machines.check, connection, rows, by),
        "labels": partial(of_enterprises.check_labels, connection, rows, by),
        "declarations": partial(of_enterprises.check_declarations, connection, rows, by),
        "gateways": partial(gateways.check, connection, rows, by),
    }
    return checks[table]()

"""Tables as offices send them, for tests of imports."""

import csv
import io
from collections.abc import Sequence
from datetime import date

from registry.imports.columns import TableName
from registry.imports.importing import Record, import_table
from registry.imports.report import Report
from store.audit import record as record_in_log
from store.database import Database

TODAY = date(2026, 11, 26)


def as_csv(rows: Sequence[Sequence[object]], encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_workbook(rows: Sequence[Sequence[object]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def recorder(actor: str = "tester") -> Record:
    """Give what writes acts of an import into the audit log."""
    return lambda connection, action, obj, detail: record_in_log(
        connection, actor=actor, role="admin", address="", action=action, obj=obj, detail=detail
    )


def bring(
    database: Database, table: TableName, rows: Sequence[Sequence[object]] | bytes, *, is_dry: bool = False, today: date = TODAY
) -> Report:
    """Import rows, the heading first."""
    data = rows if isinstance(rows, bytes) else as_csv(rows)
    return import_table(database, table, data, by="tester", today=today, record=None if is_dry else recorder())


def said(report: Report) -> list[str]:
    """Give the hints of a report in English, each with its line."""
    return [f"{line}: {column}: {hint}" for line, _, _, column, _, hint in report.lines("en") if hint]

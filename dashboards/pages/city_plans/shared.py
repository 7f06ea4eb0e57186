"""What the pages of plans share: names of areas, the file in a form that was asked for, and who may do what."""

import re
from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import HTTPException, Path, Query
from fastapi.responses import StreamingResponse

from dashboards.csv_table import csv_response
from dashboards.settings import WebSettings
from dashboards.streamed_file import streamed
from dashboards.texts import Language
from registry.exports.tables import MOST_EXCEL_ROWS, Table, write_table
from store.city_registry import areas, departments
from store.database import Database

FileForm = Annotated[Literal["csv", "xlsx", "parquet"], Path()]
PlanCode = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Code = Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")]
_MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


def labels_of(database: Database, language: Language) -> dict[str, str]:
    """Name areas and departments by their codes."""
    named = {one.code: (one.label_zh, one.label_en) for one in areas(database)}
    named |= {one.code: (one.label_zh, one.label_en) for one in departments(database)}
    return {code: labels[language == "en"] for code, labels in named.items()}


def file_response(name: str, table: Table, form: str, language: Language, *, rows: int = 0) -> StreamingResponse:
    """Send a table as a file while it is being read; ``rows`` is how many there are, where that could be too many for Excel."""
    if form == "csv":
        return csv_response(
            name, [getattr(one, language) for one in table.columns], ([_plain(cell) for cell in row] for row in table.rows)
        )
    if form == "xlsx" and rows > MOST_EXCEL_ROWS:
        raise HTTPException(422, f"{rows:,} rows are more than Excel takes; ask for csv or parquet")

    def write(out: object) -> None:
        write_table(table, form, out, language=language)  # type: ignore[arg-type]  # what `streamed` gives can be written to

    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    disposition = f"attachment; filename=\"{plain}.{form}\"; filename*=UTF-8''{quote(name, safe='')}.{form}"
    return StreamingResponse(streamed(write), media_type=_MEDIA[form], headers={"content-disposition": disposition})


def _plain(cell: object) -> object:
    match cell:
        case None:
            return ""
        case datetime() | date():
            return cell.isoformat()
        case bool():
            return int(cell)
    return cell


def today(settings: WebSettings) -> date:
    return datetime.now(ZoneInfo(settings.time_zone)).date()

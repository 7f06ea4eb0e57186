"""Tables that are imported: upload, look at the report, and only then take the whole."""

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from dashboards.api.city_enterprises import today
from dashboards.asking import Offset
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.pages.city_enterprises import words
from dashboards.pages.city_enterprises.drafts import Draft, drafts_of
from dashboards.security.access import CityRegistrar, Viewer, record_act
from dashboards.security.body_limit import MOST_BYTES
from dashboards.texts import translator
from registry.imports.columns import COLUMNS, TableName, template_csv, template_workbook
from registry.imports.importing import import_table
from registry.imports.report import HEADING, WORDS, State

router = APIRouter(prefix="/import")

LINES = 100
Token = Annotated[str, Path(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Lines = Annotated[Literal["notes", "all"], Query()]
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("", response_class=HTMLResponse)
def import_page(request: Request, _viewer: CityRegistrar, table: TableName = "enterprises") -> HTMLResponse:
    """Show the form."""
    return _form(request, table)


@router.post("")
def upload(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityRegistrar,
    table: Annotated[TableName, Form()],
    file: Annotated[UploadFile, File()],
) -> Response:
    """Check a table and keep it until somebody has looked at the report; nothing is written yet."""
    content = file.file.read()
    if not content:
        return _form(request, table, is_empty=True, status=422)
    report = import_table(database, table, content, by=viewer.name, today=today(settings))
    name = (file.filename or "")[-100:]
    draft = Draft(owner=(viewer.user, viewer.name), table=table, file=name, content=content, report=report)
    drafts_of(request.app).add(draft)
    return RedirectResponse(f"/city/enterprises/import/{draft.token}", 303)


@router.get("/template/{table}.{form}", response_class=Response)
def template(request: Request, _viewer: CityRegistrar, table: TableName, form: Literal["csv", "xlsx"]) -> Response:
    """Give an empty table with its headings."""
    make, media = {"csv": (template_csv, "text/csv; charset=utf-8"), "xlsx": (template_workbook, _WORKBOOK)}[form]
    headers = {"content-disposition": f'attachment; filename="{table}.{form}"'}
    return Response(make(table, language_of(request)), media_type=media, headers=headers)


@router.get("/{token}", response_class=HTMLResponse)
def report_page(
    *, request: Request, viewer: CityRegistrar, token: Token, lines: Lines = "notes", offset: Offset = 0
) -> HTMLResponse:
    """Show what would become, or became, of each row."""
    draft = _draft(request, viewer, token)
    language = language_of(request)
    found = list(draft.report.lines(language))
    noted = [line for line in found if line[-1]]
    shown = noted if lines == "notes" else found
    return render(
        request,
        "city_enterprises/report.html",
        section="enterprises",
        draft=draft,
        report=draft.report,
        table_name=words.tables(translator(language))[draft.table],
        counts=[
            (getattr(WORDS[state], language), draft.report.counts[state], state) for state in State if draft.report.counts[state]
        ],
        heading=HEADING[language],
        rows=shown[offset : offset + LINES],
        total=len(shown),
        noted=len(noted),
        all_lines=len(found),
        lines=lines,
        limit=LINES,
        offset=offset,
        query={"lines": "" if lines == "notes" else lines},
    )


@router.post("/{token}")
def confirm(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, viewer: CityRegistrar, token: Token
) -> Response:
    """Take the table as a whole; it is checked again, for the registry may have changed since."""
    draft = _draft(request, viewer, token)
    if not draft.report.is_taken:
        draft.report = import_table(
            database,
            draft.table,
            draft.content,
            by=viewer.name,
            today=today(settings),
            record=lambda connection, action, obj, detail: record_act(
                connection, viewer, action, obj, {**detail, "file": draft.file}
            ),
        )
        if draft.report.is_taken:
            draft.content = b""
    return RedirectResponse(f"/city/enterprises/import/{token}", 303)


@router.get("/{token}/report.csv", response_class=StreamingResponse)
def report_table(request: Request, viewer: CityRegistrar, token: Token) -> StreamingResponse:
    """Give the report of all rows as a table for spreadsheets."""
    draft = _draft(request, viewer, token)
    language = language_of(request)
    return csv_response(f"import-{draft.table}", list(HEADING[language]), draft.report.lines(language))


def _draft(request: Request, viewer: Viewer, token: str) -> Draft:
    found = drafts_of(request.app).get(token, viewer)
    if found is None:
        raise not_found("such import; uploaded tables are kept for an hour")
    return found


def _form(request: Request, table: TableName, *, is_empty: bool = False, status: int = 200) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    columns = [(getattr(one, language), one.is_required, one.example) for one in COLUMNS[table]]
    return render(
        request,
        "city_enterprises/import.html",
        status,
        section="enterprises",
        table=table,
        tables=words.tables(_),
        columns=columns,
        is_empty=is_empty,
        most_megabytes=MOST_BYTES // 1_048_576,
    )

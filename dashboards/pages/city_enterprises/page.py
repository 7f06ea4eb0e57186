"""Enterprises of the city: the list, one with everything that is registered of it, and forms for what is registered by hand."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from dashboards.api.city_enterprises import FIRST_SORT, Asked, Code, find_rows, reason_texts, seen_enterprise, today
from dashboards.asking import MOST_ID, Offset
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.error_answers import not_found
from dashboards.pages.city_enterprises import importing, tables, words
from dashboards.pages.city_enterprises.fields import Given, fields_of, stored_values
from dashboards.plant_time import plant_time
from dashboards.security.access import CityReader, CityRegistrar, Permission, Viewer, record_act
from dashboards.settings import WebSettings
from dashboards.texts import translator
from registry.counting.words import name_of_state, name_of_test
from registry.imports.cells import Cells
from registry.imports.columns import TableName
from registry.imports.importing import Record, take_form
from registry.imports.report import WORDS, Report, State
from registry.names import kinds
from registry.standing import NotChangedError, change
from registry.uscc import normalise
from store.city_lists import (
    branches_of,
    declarations_of_enterprise,
    gateways_of_enterprise,
    labels_of_enterprise,
    list_machines,
    machine_owner,
)
from store.city_registry import areas, departments
from store.city_registry import enterprise as find_enterprise
from store.database import Database

router = APIRouter(prefix="/city/enterprises", include_in_schema=False)
router.include_router(importing.router)
router.include_router(tables.router)

ROWS = 50


class _Filled(NamedTuple):
    """A form as it was filled in; ``uscc`` is the enterprise that it is about, where that is there already."""

    table: TableName
    given: Mapping[str, str]
    uscc: str = ""


Added = Annotated[Literal["machines", "labels", "declarations", "gateways"], Path()]
What = Annotated[Literal["retire", "reinstate"], Form()]
MachineNumber = Annotated[int, Path(ge=1, le=MOST_ID)]


@router.get("", response_class=HTMLResponse)
def list_page(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityReader,
    asked: Asked,
    offset: Offset = 0,
) -> HTMLResponse:
    """Show the enterprises that fit."""
    total, rows = find_rows(database, settings, asked, limit=ROWS, offset=offset)
    language = language_of(request)
    query = {name: request.query_params.get(name, "") for name in ("area", "kind", "label", "count", "department", "search")}
    query |= {"for_review": "true" if asked.is_for_review else "", "retired": "true" if asked.with_retired else ""}
    return _page(
        request,
        database,
        viewer,
        "list",
        rows=rows,
        total=total,
        limit=ROWS,
        offset=offset,
        asked=asked,
        query=query | {"sort": "" if asked.sort == FIRST_SORT else asked.sort},
        is_narrowed=any(query.values()),
        sort=asked.sort,
        area_options=words.area_options(areas(database), language),
        kind_options=[(code, words.kind_name(code, language)) for code in kinds().kinds],
    )


@router.get("/new", response_class=HTMLResponse)
def new_page(*, request: Request, database: CurrentDatabase, viewer: CityRegistrar) -> HTMLResponse:
    """Show the form for an enterprise."""
    return _form_page(request, database, viewer, _Filled("enterprises", {}))


@router.post("")
def register(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, viewer: CityRegistrar, given: Given
) -> Response:
    """Register an enterprise; one that is there already is shown instead, for it has a form of its own."""
    uscc = normalise(given.get("uscc", ""))
    if uscc and find_enterprise(database, uscc) is not None:
        return _form_page(request, database, viewer, _Filled("enterprises", given), known=uscc, status=409)
    return _taken(request, database, settings, viewer, _Filled("enterprises", given))


@router.get("/{uscc}", response_class=HTMLResponse)
def enterprise_page(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityReader,
    uscc: Code,
    offset: Offset = 0,
) -> HTMLResponse:
    """Show one enterprise with its labels, declared equipment, gateways and machines."""
    found, row = seen_enterprise(database, settings, uscc)
    total, machines = list_machines(database, found.uscc, limit=ROWS, offset=offset)
    language = language_of(request)
    head = None if found.head_uscc is None else find_enterprise(database, found.head_uscc)
    return _page(
        request,
        database,
        viewer,
        "enterprise",
        one=found,
        row=row,
        head=head,
        branches=branches_of(database, found.uscc),
        labels=labels_of_enterprise(database, found.uscc),
        declarations=declarations_of_enterprise(database, found.uscc),
        gateways=gateways_of_enterprise(database, found.uscc),
        machines=[(one, (reason_texts(one) or {}).get(language, "")) for one in machines],
        total=total,
        limit=ROWS,
        offset=offset,
        today=today(settings),
        troubles=words.troubles(translator(language)),
        state_name=lambda state: name_of_state(state, language),
        test_name=lambda test: name_of_test(test, language),
    )


@router.get("/{uscc}/edit", response_class=HTMLResponse)
def edit_page(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, viewer: CityRegistrar, uscc: Code
) -> HTMLResponse:
    """Show the form with what is stored."""
    found, _row = seen_enterprise(database, settings, uscc)
    return _form_page(request, database, viewer, _Filled("enterprises", stored_values(found), found.uscc))


@router.post("/{uscc}/edit")
def edit(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityRegistrar,
    uscc: Code,
    given: Given,
) -> Response:
    """Store what was changed; the code itself never does."""
    found, _row = seen_enterprise(database, settings, uscc)
    filled = _Filled("enterprises", given | {"uscc": found.uscc}, found.uscc)
    return _taken(request, database, settings, viewer, filled)


@router.get("/{uscc}/add/{table}", response_class=HTMLResponse)
def add_page(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityRegistrar,
    uscc: Code,
    table: Added,
) -> HTMLResponse:
    """Show the form for a machine, a label, a declaration or a gateway of an enterprise."""
    found, _row = seen_enterprise(database, settings, uscc)
    return _form_page(request, database, viewer, _Filled(table, {}, found.uscc))


@router.post("/{uscc}/add/{table}")
def add(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: CityRegistrar,
    uscc: Code,
    table: Added,
    given: Given,
) -> Response:
    found, _row = seen_enterprise(database, settings, uscc)
    return _taken(request, database, settings, viewer, _Filled(table, given | {"uscc": found.uscc}, found.uscc))


@router.post("/{uscc}/standing")
def change_enterprise(
    *, database: CurrentDatabase, settings: CurrentSettings, viewer: CityRegistrar, uscc: Code, what: What
) -> Response:
    """Retire an enterprise with its machines, or bring it back."""
    found, _row = seen_enterprise(database, settings, uscc)
    return _changed(database, viewer, found.uscc, what, found.uscc)


@router.post("/{uscc}/machines/{machine_id}/standing")
def change_machine(
    *, database: CurrentDatabase, viewer: CityRegistrar, uscc: Code, machine_id: MachineNumber, what: What
) -> Response:
    """Retire a machine, or bring it back."""
    code = normalise(uscc)
    if machine_owner(database, machine_id) != code:
        raise not_found(f"machine {machine_id} of {code[:40]!r}")
    return _changed(database, viewer, str(machine_id), what, code)


def _changed(database: Database, viewer: Viewer, subject: str, what: Literal["retire", "reinstate"], uscc: str) -> Response:
    try:
        change(database, what, subject, record=_recorder(viewer))
    except NotChangedError as error:
        raise HTTPException(409, str(error)) from None
    return RedirectResponse(f"/city/enterprises/{uscc}", 303)


def _recorder(viewer: Viewer) -> Record:
    return lambda connection, action, obj, detail: record_act(connection, viewer, action, obj, detail)


def _taken(request: Request, database: Database, settings: WebSettings, viewer: Viewer, filled: _Filled) -> Response:
    """Take a form, and show it again where something in it is wrong."""
    report, cells = take_form(
        database, filled.table, filled.given, by=viewer.name, today=today(settings), record=_recorder(viewer)
    )
    if report.is_refused:
        return _form_page(request, database, viewer, filled, checked=cells, report=report, status=422)
    return RedirectResponse(f"/city/enterprises/{filled.uscc or normalise(filled.given['uscc'])}", 303)


def _form_page(
    request: Request,
    database: Database,
    viewer: Viewer,
    filled: _Filled,
    *,
    checked: Cells | None = None,
    known: str = "",
    report: Report | None = None,
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    fields = fields_of(
        filled.table,
        filled.given,
        checked,
        areas=areas(database),
        departments=departments(database),
        language=language,
        _=_,
    )
    return _page(
        request,
        database,
        viewer,
        "form",
        status=status,
        table=filled.table,
        table_name=words.tables(_)[filled.table],
        fields=[field for field in fields if field.name != "uscc" or not filled.uscc],
        uscc=filled.uscc,
        known=known,
        notes=[] if report is None else [note.text(language) for row in report.rows for note in row.notes],
    )


def _page(request: Request, database: Database, viewer: Viewer, name: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    return render(
        request,
        f"city_enterprises/{name}.html",
        status,
        section="enterprises",
        may_register=viewer.may(Permission.CITY_REGISTER),
        local_time=plant_time(request.app.state.settings),
        area_names=words.area_names(areas(database), language),
        department_names={one.code: getattr(one, f"label_{language}") for one in departments(database)},
        sectors=words.sectors(_),
        counts=words.counts(_),
        label_names=words.label_names(language),
        level_names=words.level_names(language),
        shown=words.shown,
        kind_name=lambda kind: words.kind_name(kind, language),
        state_words={state: getattr(word, language) for state, word in WORDS.items()},
        refused=State.REFUSED,
        **content,
    )

"""Cloud projects: the list, one project with its checklist and evidence, its history, and their tables."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from dashboards.api.city_projects import STATES, ProjectId, ProjectSearch, missing_for_next, seen_project
from dashboards.asking import MOST_ID, Offset
from dashboards.context import CurrentDatabase, language_of
from dashboards.csv_table import csv_response
from dashboards.list_questions import MOST_IN_FILE, Words, checked_sort, chosen
from dashboards.pages.city_projects import duty_pages, effect_pages, service_pages, words
from dashboards.pages.city_projects.acting import act_and_return, may_decide, project_page, show, zone_of
from dashboards.pages.city_projects.forms import (
    DecisionMade,
    DocumentAdded,
    DrillAdded,
    ItemChange,
    NewProject,
    ScopeEntered,
    TestMade,
    instant,
)
from dashboards.plant_time import utc_text
from dashboards.security.access import CityReader, CityRegistrar, record_act
from dashboards.texts import translator
from registry.projects.decisions import Refused, decide
from registry.projects.templates import requirements, template
from store.city_projects import (
    ORDERS,
    Item,
    add_project,
    add_record,
    change_item,
    events,
    projects,
    put_scope,
    records,
    withdraw_document,
)

router = APIRouter(prefix="/city/projects", include_in_schema=False)

ROWS = 50
Sort = Annotated[str, Query(max_length=40)]
DocumentId = Annotated[int, Form(ge=1, le=MOST_ID)]


@router.get("", response_class=HTMLResponse)
def list_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityReader,
    state: Words = "",
    search: ProjectSearch = "",
    sort: Sort = "-created",
    offset: Offset = 0,
) -> HTMLResponse:
    total, found = projects(
        database,
        states=chosen(state, STATES, "state"),
        search=search,
        sort=checked_sort(sort, ORDERS),
        limit=ROWS,
        offset=offset,
    )
    query = {"state": state, "search": search, "sort": "" if sort == "-created" else sort}
    return show(request, viewer, "list", rows=found, total=total, limit=ROWS, offset=offset, sort=sort, query=query)


@router.get("/projects.csv", response_class=StreamingResponse)
def list_table(
    *, request: Request, database: CurrentDatabase, _viewer: CityReader, state: Words = "", search: ProjectSearch = ""
) -> StreamingResponse:
    """Give all projects as a table for spreadsheets."""
    language = language_of(request)
    _ = translator(language)
    _total, found = projects(database, states=chosen(state, STATES, "state"), search=search, limit=MOST_IN_FILE)
    header = [_("编号"), _("企业"), _("统一社会信用代码"), _("区域"), _("上云项目"), _("步骤依据"), _("服务商"), _("状态")]
    header += [_("已完成项"), _("检查项"), _("割接时间（UTC）"), _("验收人"), _("核验人")]
    named = words.states(_)
    rows = (
        [
            *(one.id, one.enterprise, one.uscc, one.area_zh if language == "zh" else one.area_en, one.title, one.template),
            *(one.provider, named[one.state], one.items_done, one.items),
            *("" if one.cut_over_at is None else utc_text(one.cut_over_at), one.accepted_by or "", one.verified_by or ""),
        ]
        for one in found
    )
    return csv_response("cloud-projects", header, rows)


@router.get("/new", response_class=HTMLResponse)
def new_page(request: Request, viewer: CityRegistrar) -> HTMLResponse:
    return show(request, viewer, "new", refused="", given={})


@router.post("")
def open_project(
    request: Request, database: CurrentDatabase, viewer: CityRegistrar, new: Annotated[NewProject, Form()]
) -> Response:
    with database.connection() as connection:
        number = add_project(
            connection,
            uscc=new.code,
            title=new.title,
            template=new.template,
            provider=new.provider,
            codes=template(new.template).codes,
            actor=viewer.name,
        )
        if number is not None:
            record_act(connection, viewer, "city.project_open", f"project {number}", new.model_dump())
    if number is None:
        _ = translator(language_of(request))
        said = _("没有登记统一社会信用代码为 {code} 的企业。", code=new.code)
        return show(request, viewer, "new", status=422, refused=said, given=new.model_dump())
    return RedirectResponse(f"/city/projects/{number}", 303)


for part in (duty_pages, effect_pages, service_pages):  # before /{project_id}, so that /duties is no number
    router.include_router(part.router)


@router.get("/{project_id}", response_class=HTMLResponse)
def one_page(request: Request, database: CurrentDatabase, viewer: CityReader, project_id: ProjectId) -> HTMLResponse:
    return project_page(request, database, viewer, project_id)


@router.post("/{project_id}/items/{code}")
def save_item(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    code: str,
    change: Annotated[ItemChange, Form()],
) -> Response:
    today = datetime.now(zone_of(request.app.state.settings)).date()
    done_on = (change.done_on or today) if change.state == "done" else None
    _ = translator(language_of(request))
    if change.state == "not_needed" and not change.note.strip():
        said = _("“不需要”的检查项要在备注中说明原因。")
        return project_page(request, database, viewer, project_id, status=422, refused=said)
    item = Item(code[:8], change.state, change.owner, change.due_on, done_on, change.note)

    def act(connection: Any) -> None:
        if not change_item(connection, project_id, item, actor=viewer.name):
            raise HTTPException(404, f"project {project_id} has no item {code[:8]!r}")

    return act_and_return(request, database, viewer, project_id, act, name="item", detail=item._asdict(), anchor="checklist")


@router.post("/{project_id}/scope")
def save_scope(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    entered: Annotated[ScopeEntered, Form()],
) -> Response:
    values = {**entered.model_dump(exclude={"machine"}), "machine_id": entered.machine}
    _ = translator(language_of(request))

    def act(connection: Any) -> None:
        if put_scope(connection, project_id, **values, actor=viewer.name) is None:
            raise Refused(_("设备 {number} 不属于这家企业。", number=str(entered.machine)))

    return act_and_return(request, database, viewer, project_id, act, name="scope", detail=values, anchor="scope")


@router.post("/{project_id}/documents")
def save_document(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    added: Annotated[DocumentAdded, Form()],
) -> Response:
    if added.kind not in {one.code for one in requirements().documents}:
        raise HTTPException(422, f"kind: {added.kind!r} is no kind of document")
    values = added.model_dump()

    def act(connection: Any) -> None:
        add_record(connection, project_id, "document", values, actor=viewer.name)

    return act_and_return(request, database, viewer, project_id, act, name="document", detail=values, anchor="documents")


@router.post("/{project_id}/documents/withdraw")
def withdraw(
    request: Request, database: CurrentDatabase, viewer: CityRegistrar, project_id: ProjectId, document: DocumentId
) -> Response:
    def act(connection: Any) -> None:
        if not withdraw_document(connection, project_id, document, actor=viewer.name):
            raise HTTPException(404, f"project {project_id} has no document {document} that counts")

    detail = {"document": document}
    return act_and_return(request, database, viewer, project_id, act, name="withdraw_document", detail=detail, anchor="documents")


@router.post("/{project_id}/tests")
def save_test(
    request: Request, database: CurrentDatabase, viewer: CityRegistrar, project_id: ProjectId, made: Annotated[TestMade, Form()]
) -> Response:
    if made.type not in {one.code for one in requirements().tests}:
        raise HTTPException(422, f"type: {made.type!r} is no type of test")
    values = made.model_dump()

    def act(connection: Any) -> None:
        add_record(connection, project_id, "test", values, actor=viewer.name)

    return act_and_return(request, database, viewer, project_id, act, name="test", detail=values, anchor="tests")


@router.post("/{project_id}/drills")
def save_drill(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    added: Annotated[DrillAdded, Form()],
) -> Response:
    values = added.model_dump()
    _ = translator(language_of(request))

    def act(connection: Any) -> None:
        if added.form == "rollback" and added.rollback_minutes is None:
            raise Refused(_("回滚演练要写明用时。"))
        add_record(connection, project_id, "drill", values, actor=viewer.name)

    return act_and_return(request, database, viewer, project_id, act, name="drill", detail=values, anchor="drills")


@router.post("/{project_id}/decision")
def make_decision(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    made: Annotated[DecisionMade, Form()],
) -> Response:
    """Move a project on; the county accepts and the city verifies, each with its own permission."""
    if not may_decide(viewer, made.decision):
        raise HTTPException(403, f"your role does not {made.decision} projects")
    project = seen_project(database, project_id)

    def act(connection: Any) -> None:
        at = None
        if made.cut_over_at is not None:
            try:
                at = instant(made.cut_over_at, zone_of(request.app.state.settings))
            except ValueError as error:
                raise Refused(f"cut_over_at: {error}") from None
        now = datetime.now(UTC)
        decide(
            connection,
            project_id,
            template=project.template,
            decision=made.decision,
            actor=viewer.name,
            now=now,
            cut_over_at=at,
            note=made.note,
        )

    detail = made.model_dump()
    return act_and_return(request, database, viewer, project_id, act, name=made.decision, detail=detail, anchor="decision")


@router.get("/{project_id}/history", response_class=HTMLResponse)
def history_page(request: Request, database: CurrentDatabase, viewer: CityReader, project_id: ProjectId) -> HTMLResponse:
    found = seen_project(database, project_id)
    return show(request, viewer, "history", project=found, tab="history", rows=events(database, project_id))


@router.get("/{project_id}/{name}.csv", response_class=StreamingResponse)
def record_table(
    request: Request, database: CurrentDatabase, _viewer: CityReader, project_id: ProjectId, name: str
) -> StreamingResponse:
    """Give the checklist, scope, documents, tests, drills, missing or history of a project as a table for spreadsheets."""
    project = seen_project(database, project_id)
    has = records(database, project_id)
    language = language_of(request)
    rows: list[list[object]]
    if name == "checklist":
        labels = {item.code: getattr(item, language) for step in template(project.template).steps for item in step.items}
        header = ["code", "item", "state", "owner", "due", "done", "note"]
        ordered = sorted(has.items, key=lambda one: template(project.template).codes.index(one.code))
        rows = [[one.code, labels[one.code], *one[1:]] for one in ordered]
    elif name == "history":
        header = ["number", "time (UTC)", "actor", "act", "detail"]
        found = events(database, project_id, limit=MOST_IN_FILE)
        rows = [[one.id, utc_text(one.time), one.actor, one.act, str(one.detail)] for one in found]
    elif name == "missing":
        header = ["code", "missing", "document", "clause"]
        rows = [[one.code, getattr(one, language), one.document, one.clause] for one in missing_for_next(project, has)]
    elif name in ("scope", "documents", "tests", "drills"):
        listed = getattr(has, name)
        header = list(listed[0]._fields) if listed else ["id"]
        rows = [[utc_text(cell) if isinstance(cell, datetime) else cell for cell in one] for one in listed]
    else:
        raise HTTPException(404, f"there is no table {name[:20]!r}")
    return csv_response(f"project-{project_id}-{name}", header, rows)

"""The matrix of duties with the network layout, a project's answers to it, and the review of who has access."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from dashboards.api.city_projects import ProjectId, seen_project
from dashboards.context import CurrentDatabase, language_of
from dashboards.csv_table import csv_response
from dashboards.pages.city_projects import words
from dashboards.pages.city_projects.acting import act_and_return, show
from dashboards.pages.city_projects.forms import AnswerGiven
from dashboards.plant_time import utc_text
from dashboards.security.access import CityOfficer, CityReader, CityRegistrar, record_act
from dashboards.texts import translator
from registry.projects.duties import matrix
from store.city_projects import Answer, access_review, add_record, records
from store.sites import list_sites

router = APIRouter()


@router.get("/duties", response_class=HTMLResponse)
def duties_page(request: Request, viewer: CityReader) -> HTMLResponse:
    return show(request, viewer, "duties", matrix=matrix())


@router.get("/duties.csv", response_class=StreamingResponse)
def duties_table(request: Request, _viewer: CityReader) -> StreamingResponse:
    """Give the matrix as a table for spreadsheets."""
    language = language_of(request)
    _ = translator(language)
    header = [_("编号"), _("条款"), _("要求"), _("软件做什么"), _("企业与服务商做什么"), _("证据")]
    rows = (
        [
            *(duty.row, "; ".join(duty.clauses), *(getattr(duty, f"{part}{language}") for part in ("", "software_", "plant_"))),
            "; ".join(one.reference for one in duty.evidence),
        ]
        for duty in matrix().duties
    )
    return csv_response("duties", header, rows)


@router.get("/access-review", response_class=HTMLResponse)
def review_page(request: Request, database: CurrentDatabase, viewer: CityOfficer) -> HTMLResponse:
    names = {one.id: one.name for one in list_sites(database)}
    return show(request, viewer, "access", rows=access_review(database), site_names=names)


@router.get("/access-review.csv", response_class=StreamingResponse)
def review_table(request: Request, database: CurrentDatabase, viewer: CityOfficer) -> StreamingResponse:
    """Give the review as a table to be signed; who takes it is in the audit log."""
    _ = translator(language_of(request))
    header = [_("种类"), _("名称"), _("角色"), _("厂区"), _("建立（UTC）"), _("停用（UTC）"), _("建立人"), _("最近登录（UTC）")]
    header += [_("到期（UTC）"), _("复查意见"), _("签字")]
    names = {one.id: one.name for one in list_sites(database)}
    record_act(database, viewer, "city.access_review", "access rights")

    def time(value: Any) -> str:
        return "" if value is None else utc_text(value)

    rows = (
        [
            *(_("个人账号") if one.form == "user" else _("令牌"), one.name, one.role),
            _("全部") if one.sites is None else "; ".join(names.get(site, str(site)) for site in one.sites),
            *(time(one.created_at), time(one.disabled_at), one.created_by, time(one.last_sign_in), time(one.expires_at), "", ""),
        ]
        for one in access_review(database)
    )
    return csv_response("access-review", header, rows)


@router.get("/{project_id}/duties", response_class=HTMLResponse)
def answers_page(request: Request, database: CurrentDatabase, viewer: CityReader, project_id: ProjectId) -> HTMLResponse:
    project = seen_project(database, project_id)
    _ = translator(language_of(request))
    given = records(database, project_id).answers
    return show(request, viewer, "answers", matrix=matrix(), project=project, tab="duties", given=given, answers=words.answers(_))


@router.get("/{project_id}/answers.csv", response_class=StreamingResponse)
def answers_table(request: Request, database: CurrentDatabase, _viewer: CityReader, project_id: ProjectId) -> StreamingResponse:
    """Give the questions with their newest answers as a table for spreadsheets."""
    seen_project(database, project_id)
    language = language_of(request)
    _ = translator(language)
    given, named = records(database, project_id).answers, words.answers(_)

    def cells(answer: Answer | None) -> list[object]:
        if answer is None:
            return [_("未回答"), "", "", "", ""]
        return [named[answer.answer], answer.document, answer.note, answer.recorded_by, utc_text(answer.recorded_at)]

    header = [_("编号"), _("问题"), _("回答"), _("文件"), _("备注"), _("记录人"), _("时间（UTC）")]
    rows = ([code, getattr(one, language), *cells(given.get(code))] for code, one in matrix().questions.items())
    return csv_response(f"project-{project_id}-answers", header, rows)


@router.post("/{project_id}/answers")
def save_answer(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    answer: Annotated[AnswerGiven, Form()],
) -> Response:
    if answer.duty not in matrix().questions:
        raise HTTPException(422, f"duty: {answer.duty!r} is no question")
    if answer.answer == "met" and not answer.document.strip():
        raise HTTPException(422, "document: a duty that is met names the document that shows it")
    values = answer.model_dump()

    def act(connection: Any) -> None:
        add_record(connection, project_id, "answer", values, actor=viewer.name)

    return act_and_return(
        request, database, viewer, project_id, act, name="answer", detail=values, page="/duties", anchor=answer.duty
    )

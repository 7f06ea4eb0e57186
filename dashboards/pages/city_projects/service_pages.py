"""The level of a project's service: agreements, agreed maintenance, months that were settled."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from dashboards.api.city_projects import ProjectId, seen_project
from dashboards.context import CurrentDatabase, language_of
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.pages.city_projects.acting import act_and_return, show, zone_of
from dashboards.pages.city_projects.forms import AgreementAdded, MaintenanceAgreed, MonthSettled, instant
from dashboards.plant_time import utc_text
from dashboards.security.access import CityReader, CityRegistrar
from dashboards.texts import translator
from registry.projects.decisions import Refused
from registry.projects.service_level import allowed_minutes, check_tiers
from registry.projects.service_months import CannotSettle, read_month, settle
from store.city_projects import records
from store.city_services import Agreement, add_agreement, add_maintenance, agreements, credit_notes, maintenance
from store.database import Database

router = APIRouter()


@router.get("/{project_id}/service", response_class=HTMLResponse)
def service_page(request: Request, database: CurrentDatabase, viewer: CityReader, project_id: ProjectId) -> HTMLResponse:
    project = seen_project(database, project_id)
    shown = [
        (one, allowed_minutes(one.target_percent, 30).normalize(), maintenance(database, one.id), credit_notes(database, one.id))
        for one in agreements(database, project_id)
    ]
    return show(request, viewer, "service", project=project, tab="service", agreements=shown)


@router.get("/{project_id}/credit-notes.csv", response_class=StreamingResponse)
def notes_table(request: Request, database: CurrentDatabase, _viewer: CityReader, project_id: ProjectId) -> StreamingResponse:
    """Give the settled months as a table for spreadsheets."""
    seen_project(database, project_id)
    _ = translator(language_of(request))
    header = [
        _("协议"),
        _("月份"),
        _("计入分钟"),
        _("不良分钟"),
        _("可用率（%）"),
        _("抵扣（%）"),
        _("抵扣（元）"),
        _("哈希"),
        _("结算时间（UTC）"),
    ]
    rows = (
        [
            *(one.document, f"{note.month:%Y-%m}", note.content["minutes"] - note.content["maintenance_minutes"]),
            *(note.content["bad_minutes"], note.content["availability_percent"], note.content["credit_percent"], note.credit_cny),
            *(note.hash.hex(), utc_text(note.frozen_at)),
        ]
        for one in agreements(database, project_id)
        for note in credit_notes(database, one.id)
    )
    return csv_response(f"project-{project_id}-credit-notes", header, rows)


@router.post("/{project_id}/agreements")
def save_agreement(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    added: Annotated[AgreementAdded, Form()],
) -> Response:
    detail = added.model_dump()

    def act(connection: Any) -> None:
        try:
            pairs = added.pairs
            check_tiers(pairs, added.target_percent)
        except ValueError as error:
            raise Refused(str(error)) from None
        if added.valid_to is not None and added.valid_to < added.valid_from:
            raise Refused("valid_to: is before valid_from")
        add_agreement(connection, project_id, {**detail, "tiers": pairs}, actor=viewer.name)

    return act_and_return(request, database, viewer, project_id, act, name="agreement", detail=detail, page="/service")


@router.post("/{project_id}/maintenance")
def agree_on_maintenance(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    agreed: Annotated[MaintenanceAgreed, Form()],
) -> Response:
    agreement = _agreement(database, project_id, agreed.agreement)
    zone = zone_of(request.app.state.settings)

    def act(connection: Any) -> None:
        try:
            start, end = instant(agreed.start, zone), instant(agreed.end, zone)
            if start >= end:
                raise ValueError("end: is not after start")  # noqa: TRY301 - one way out for all
            add_maintenance(connection, agreement, start=start, end=end, reason=agreed.reason, zone=zone.key, actor=viewer.name)
        except ValueError as error:
            raise Refused(str(error)) from None

    detail = agreed.model_dump()
    return act_and_return(request, database, viewer, project_id, act, name="maintenance", detail=detail, page="/service")


@router.post("/{project_id}/credit-notes")
def settle_month(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    asked: Annotated[MonthSettled, Form()],
) -> Response:
    """Measure a month and freeze it."""
    agreement = _agreement(database, project_id, asked.agreement)
    zone, month = zone_of(request.app.state.settings), date.fromisoformat(f"{asked.month}-01")
    scope = records(database, project_id).scope

    def act(connection: Any) -> None:
        try:
            found = read_month(database, agreement, scope, month=month, zone=zone, now=datetime.now(UTC))
            settle(connection, agreement, found, month=month, zone=zone, actor=viewer.name)
        except CannotSettle as error:
            raise Refused(str(error)) from None

    detail = asked.model_dump()
    return act_and_return(request, database, viewer, project_id, act, name="credit_note", detail=detail, page="/service")


def _agreement(database: Database, project_id: int, agreement_id: int) -> Agreement:
    seen_project(database, project_id)
    found = next((one for one in agreements(database, project_id) if one.id == agreement_id), None)
    if found is None:
        raise not_found(f"agreement {agreement_id} in project {project_id}")
    return found

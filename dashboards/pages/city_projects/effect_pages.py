"""The effect of a project: what telemetry says of one machine before and after, beside what the enterprise declares."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from dashboards.api.city_projects import ProjectId, seen_project
from dashboards.asking import MOST_ID
from dashboards.context import CurrentDatabase, language_of
from dashboards.csv_table import csv_response
from dashboards.pages.city_projects import words
from dashboards.pages.city_projects.acting import act_and_return, show, zone_of
from dashboards.pages.city_projects.forms import EffectDeclared
from dashboards.pictures.bars import bars
from dashboards.security.access import CityReader, CityRegistrar
from dashboards.texts import Language, translator
from registry.projects.effect import effect_rules
from registry.projects.effect_reading import DailyFigure, MachineEffect, read_effects
from store.city_projects import Project, ScopeEntry, add_record, records
from store.database import Database

router = APIRouter()

EntryId = Annotated[int | None, Query(ge=1, le=MOST_ID, description="id of a machine in the project's scope")]


@router.get("/{project_id}/effect", response_class=HTMLResponse)
def effect_page(
    request: Request, database: CurrentDatabase, viewer: CityReader, project_id: ProjectId, entry: EntryId = None
) -> HTMLResponse:
    """Show one machine at a time: each asks for up to 120 days of its minutes."""
    project, language = seen_project(database, project_id), language_of(request)
    _ = translator(language)
    has = records(database, project_id)
    machines = [one for one in has.scope if one.machine_id is not None and one.strategy != "stay"]
    chosen = _chosen(machines, entry)
    effect = None if chosen is None else _effect(request, database, project, chosen)
    return show(
        request,
        viewer,
        "effect",
        project=project,
        tab="effect",
        machines=machines,
        chosen=chosen,
        effect=effect,
        figures=[] if effect is None else [(one, _picture(one, project, request, language)) for one in effect.figures],
        why_not=words.why_not(_),
        categories=words.categories(_),
        declared=has.declared,
        rules=effect_rules(),
    )


@router.get("/{project_id}/effect.csv", response_class=StreamingResponse)
def effect_table(
    request: Request, database: CurrentDatabase, _viewer: CityReader, project_id: ProjectId, entry: EntryId = None
) -> StreamingResponse:
    """Give one machine's figures by day as a table for spreadsheets."""
    project, language = seen_project(database, project_id), language_of(request)
    _ = translator(language)
    machines = [one for one in records(database, project_id).scope if one.machine_id is not None and one.strategy != "stay"]
    chosen = _chosen(machines, entry)
    effect = None if chosen is None else _effect(request, database, project, chosen)
    figures = [] if effect is None else effect.figures
    header = [_("日期"), *(f"{getattr(one.label, language)} [{one.unit}]" for one in figures)]
    days = figures[0].days if figures else []
    rows = ([day.isoformat(), *(one.values[place] for one in figures)] for place, day in enumerate(days))
    return csv_response(f"project-{project_id}-effect", header, rows)


@router.get("/{project_id}/declared.csv", response_class=StreamingResponse)
def declared_table(request: Request, database: CurrentDatabase, _viewer: CityReader, project_id: ProjectId) -> StreamingResponse:
    """Give what the enterprise declares as a table for spreadsheets."""
    seen_project(database, project_id)
    _ = translator(language_of(request))
    named = words.categories(_)
    header = [_("类别"), _("名称"), _("数值"), _("单位"), _("文件"), _("记录人")]
    found = records(database, project_id).declared
    rows = ([named[one.category], one.name, one.value, one.unit, one.document, one.recorded_by] for one in found)
    return csv_response(f"project-{project_id}-declared", header, rows)


@router.post("/{project_id}/declared")
def declare(
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    project_id: ProjectId,
    declared: Annotated[EffectDeclared, Form()],
) -> Response:
    values = declared.model_dump()

    def act(connection: Any) -> None:
        add_record(connection, project_id, "declared", values, actor=viewer.name)

    return act_and_return(
        request, database, viewer, project_id, act, name="declared", detail=values, page="/effect", anchor="declared"
    )


def _chosen(machines: list[ScopeEntry], entry: int | None) -> ScopeEntry | None:
    if entry is None:
        return machines[0] if machines else None
    found = next((one for one in machines if one.id == entry), None)
    if found is None:
        raise HTTPException(404, f"the project has no machine {entry}")
    return found


def _effect(request: Request, database: Database, project: Project, chosen: ScopeEntry) -> MachineEffect | None:
    if project.cut_over_at is None:
        return None
    zone, now = zone_of(request.app.state.settings), datetime.now(UTC)
    return read_effects(database, [chosen], cut_over=project.cut_over_at, zone=zone, now=now)[0]


def _picture(figure: DailyFigure, project: Project, request: Request, language: Language) -> Any:
    _ = translator(language)
    assert project.cut_over_at is not None
    there = project.cut_over_at.astimezone(zone_of(request.app.state.settings)).date()
    before = [value if day < there else None for day, value in zip(figure.days, figure.values, strict=True)]
    after = [value if day >= there else None for day, value in zip(figure.days, figure.values, strict=True)]
    unit = "" if figure.unit == "1" else figure.unit
    categories = [day.isoformat() for day in figure.days]
    return bars(categories, {_("割接前"): before, _("割接后"): after}, unit=unit, language=language)

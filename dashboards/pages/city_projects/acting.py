"""What the pages of projects share: how they are shown, and how an act is done, written down, and answered."""

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.api.city_projects import missing_for_next, seen_project
from dashboards.context import language_of, render
from dashboards.pages.city_projects import words
from dashboards.plant_time import plant_time
from dashboards.security.access import Permission, Viewer, record_act
from dashboards.settings import WebSettings
from dashboards.texts import translator
from registry.projects.decisions import MOVES, Refused
from registry.projects.templates import TEMPLATES, requirements, template
from store.city_projects import lock_project, machines_of, records
from store.database import Connection, Database

_PERMISSIONS = {"accept": Permission.CITY_ACCEPT, "verify": Permission.CITY_DECIDE}


def zone_of(settings: WebSettings) -> ZoneInfo:
    return ZoneInfo(settings.time_zone)


def may_decide(viewer: Viewer, decision: str) -> bool:
    return viewer.may(_PERMISSIONS.get(decision, Permission.CITY_REGISTER))


def show(request: Request, viewer: Viewer, name: str, status: int = 200, **content: object) -> HTMLResponse:
    """Render a page of this folder, with the words and figures that all of them use."""
    _ = translator(language_of(request))
    return render(
        request,
        f"city_projects/{name}.html",
        status,
        section="projects",
        may_register=viewer.may(Permission.CITY_REGISTER),
        may_review=viewer.may(Permission.CITY_DECIDE),
        local_time=plant_time(request.app.state.settings),
        states=words.states(_),
        item_states=words.item_states(_),
        stages=words.stages(_),
        acts=words.acts(_),
        templates={one: template(one) for one in TEMPLATES},
        demanded=requirements(),
        **content,
    )


def project_page(
    request: Request, database: Database, viewer: Viewer, project_id: int, *, status: int = 200, refused: str = ""
) -> HTMLResponse:
    """Show a project; ``refused`` says why what was asked for was not done."""
    project = seen_project(database, project_id)
    has = records(database, project_id)
    language = language_of(request)
    _ = translator(language)
    named = words.decisions(_)
    possible = [(code, named[code]) for code, before in MOVES.items() if project.state in before and may_decide(viewer, code)]
    return show(
        request,
        viewer,
        "project",
        status,
        project=project,
        tab="project",
        has=has,
        items={one.code: one for one in has.items},
        steps=template(project.template).steps,
        missing=missing_for_next(project, has),
        possible=possible,
        machines_shown=[
            (number, f"{label} · {kind}" if label else kind) for number, label, kind in machines_of(database, project.uscc)
        ],
        item_choices=[
            (item.code, f"{item.code} {getattr(item, language)}")
            for step in template(project.template).steps
            for item in step.items
        ],
        demanded_choices={
            part: [(one.code, getattr(one, language)) for one in getattr(requirements(), part)]
            for part in ("strategies", "dependences", "documents", "tests", "drills")
        },
        strategy_of={one.code: one for one in requirements().strategies},
        dependence_of={one.code: one for one in requirements().dependences},
        kind_of={one.code: one for one in requirements().documents},
        test_of={one.code: one for one in requirements().tests},
        drill_of={one.code: one for one in requirements().drills},
        refused=refused,
    )


def act_and_return(
    request: Request,
    database: Database,
    viewer: Viewer,
    project_id: int,
    act: Callable[[Connection], None],
    *,
    name: str,
    detail: Mapping[str, object],
    anchor: str = "",
    page: str = "",
) -> Response:
    """Do something in a project and in the audit log at once, and go back to the page; a refusal is shown there (409)."""
    seen_project(database, project_id)
    try:
        with database.connection() as connection:
            lock_project(connection, project_id)
            act(connection)
            record_act(connection, viewer, f"city.project_{name}", f"project {project_id}", detail)
    except Refused as error:
        language = language_of(request)
        said = "；".join(one.zh for one in error.missing) if error.missing and language == "zh" else str(error)
        return project_page(request, database, viewer, project_id, status=409, refused=said)
    return RedirectResponse(f"/city/projects/{project_id}{page}{'#' if anchor else ''}{anchor}", 303)

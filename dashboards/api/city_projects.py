"""Projects of migration to the cloud: how far they are, and what each lacks for its next step."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from dashboards.asking import MOST_ID, Offset, example
from dashboards.context import CurrentDatabase
from dashboards.error_answers import not_found
from dashboards.list_questions import Limit, Sort, Words, checked_sort, chosen
from dashboards.live.equipment_json import iso
from dashboards.security.access import CityReader
from registry.projects.decisions import Missing, missing_for_acceptance, missing_for_go
from registry.projects.templates import requirements
from store.city_projects import ORDERS, Project, Records, get_project, projects, records
from store.database import Database

router = APIRouter(prefix="/api/v1/city/projects", tags=["city"])

STATES = ("preparing", "cutting_over", "running", "rolled_back", "accepted", "verified")
ProjectId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of a project")]
ProjectSearch = Annotated[
    str, Query(max_length=100, pattern=r"^[^\x00]*$", description="text in title, enterprise or unified social credit code")
]
_PROJECT: dict[str, Any] = {
    "id": 3,
    "uscc": "91370811MA3C00003R",
    "enterprise": "某机械有限公司",
    "area": {"zh": "任城区", "en": "Rencheng"},
    "title": "空压站上云",
    "template": "jinan_2020",
    "provider": "某云",
    "state": "preparing",
    "cut_over_at": None,
    "accepted_by": None,
    "verified_by": None,
    "created_at": "2026-11-20T04:00:00.000Z",
    "created_by": "li",
    "items_done": 4,
    "items": 15,
}
_MISSING = {
    "code": "document:rollback_plan",
    "zh": "上云回退方案",
    "en": "Plan of the rollback",
    "document": "jiangsu_2018",
    "clause": "三(二)2",
}
_ITEM = {"code": "1.1", "state": "done", "owner": "王", "due_on": "2026-10-01", "done_on": "2026-09-30", "note": ""}
_SCOPE = {
    "name": "MES",
    "machine": None,
    "strategy": "direct",
    "dependence": "interruptible",
    "migration": {"zh": "离线迁移", "en": "Offline migration"},
    "longest_interruption_minutes": 60,
}


@router.get("", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_PROJECT]}))
def list_projects(
    *,
    database: CurrentDatabase,
    _viewer: CityReader,
    state: Words = "",
    search: ProjectSearch = "",
    sort: Sort = "-created",
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """List projects, the newest first where nothing else is asked for; ``state`` takes several, comma-separated."""
    total, found = projects(
        database,
        states=chosen(state, STATES, "state"),
        search=search,
        sort=checked_sort(sort, ORDERS),
        limit=limit,
        offset=offset,
    )
    return {"total": total, "offset": offset, "limit": limit, "items": [_json(one) for one in found]}


@router.get(
    "/{project_id}",
    responses=example(
        {**_PROJECT, "missing": [_MISSING], "checklist": [_ITEM], "scope": [_SCOPE], "documents": [], "tests": [], "drills": []}
    ),
)
def show_project(project_id: ProjectId, database: CurrentDatabase, _viewer: CityReader) -> dict[str, Any]:
    """Show one project with its checklist, scope, documents, tests and drills.

    ``missing`` is what stands against the next step: "go" while it prepares, the county's acceptance once it runs on the cloud.
    """
    found = seen_project(database, project_id)
    has = records(database, project_id)
    return {
        **_json(found),
        "missing": [one._asdict() for one in missing_for_next(found, has)],
        "checklist": [{**one._asdict(), "due_on": _day(one.due_on), "done_on": _day(one.done_on)} for one in has.items],
        "scope": [
            {
                "name": one.name,
                "machine": one.machine_id,
                "strategy": one.strategy,
                "dependence": one.dependence,
                "migration": {
                    "zh": requirements().dependence(one.dependence).migration_zh,
                    "en": requirements().dependence(one.dependence).migration_en,
                },
                "longest_interruption_minutes": one.longest_interruption_minutes,
            }
            for one in has.scope
        ],
        "documents": [
            {
                "id": one.id,
                "kind": one.kind,
                "title": one.title,
                "reference": one.reference,
                "added_at": iso(one.added_at),
                "withdrawn_at": None if one.withdrawn_at is None else iso(one.withdrawn_at),
            }
            for one in has.documents
        ],
        "tests": [
            {
                "stage": one.stage,
                "type": one.type,
                "performed_on": one.performed_on.isoformat(),
                "passed": one.passed,
                "document": one.document,
            }
            for one in has.tests
        ],
        "drills": [
            {
                "form": one.form,
                "performed_on": one.performed_on.isoformat(),
                "succeeded": one.succeeded,
                "rollback_minutes": None if one.rollback_minutes is None else float(one.rollback_minutes),
            }
            for one in has.drills
        ],
    }


def seen_project(database: Database, project_id: int) -> Project:
    found = get_project(database, project_id)
    if found is None:
        raise not_found(f"project {project_id}")
    return found


def missing_for_next(project: Project, has: Records) -> list[Missing]:
    """List what stands against the next step of a project."""
    if project.state in ("preparing", "rolled_back"):
        return missing_for_go(has, project.template)
    return missing_for_acceptance(has, project.template) if project.state == "running" else []


def _json(one: Project) -> dict[str, Any]:
    return {
        "id": one.id,
        "uscc": one.uscc,
        "enterprise": one.enterprise,
        "area": {"zh": one.area_zh, "en": one.area_en},
        "title": one.title,
        "template": one.template,
        "provider": one.provider,
        "state": one.state,
        "cut_over_at": None if one.cut_over_at is None else iso(one.cut_over_at),
        "accepted_by": one.accepted_by,
        "verified_by": one.verified_by,
        "created_at": iso(one.created_at),
        "created_by": one.created_by,
        "items_done": one.items_done,
        "items": one.items,
    }


def _day(day: Any) -> str | None:
    return None if day is None else day.isoformat()

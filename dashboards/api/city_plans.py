"""Plans of the city with their targets, the city's decisions on policy documents, and the facts of a day for the province."""

from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response

from dashboards.asking import example
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.error_answers import not_found
from dashboards.list_questions import Limit
from dashboards.live.equipment_json import iso
from dashboards.security.access import CityReader
from registry.documents.inconsistencies import standing
from registry.plans.progress import Progress
from registry.plans.standing import standing_of
from store.city_plans import Plan, plans
from store.city_province import published, published_days

router = APIRouter(prefix="/api/v1/city", tags=["city"])

PlanCode = Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$", description="code of a plan; all where it is left out")]
City = Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$", description="code of the city that tells")]
Day = Annotated[str, Query(max_length=10, pattern=r"^[^\x00]*$", description="a day, such as 2026-03-01")]
_PLAN: dict[str, Any] = {
    "code": "jining_2018",
    "area": "jining",
    "label_zh": "济宁市“企业上云”行动实施方案（2018-2020年）",
    "label_en": "Action plan for enterprises on the cloud, Jining (2018-2020)",
    "document": "济经信字〔2018〕11号",
    "first_day": "2018-01-01",
    "last_day": "2020-12-31",
}
_TARGET: dict[str, Any] = {
    "plan": "jining_2018",
    "code": "T7.new_on_cloud.jining-rencheng",
    "counter": "new_on_cloud",
    "dimension": "area",
    "member": "jining-rencheng",
    "holders": [],
    "first_day": "2018-01-01",
    "last_day": "2018-12-31",
    "bound": "at_least",
    "target": "75",
    "upper": None,
    "reached": "60",
    "why_unknown": "",
    "rate_percent": "80.0",
    "shortfall": "15",
    "rank": 3,
    "is_met": False,
    "is_headline": True,
    "clause": "附件3",
}
_DECISION: dict[str, Any] = {
    "number": 6,
    "documents": ["jining_2018"],
    "reading": "points_of_issue_year",
    "is_default": True,
    "is_automatic": False,
    "decided_by": None,
    "decided_at": None,
    "why": None,
}
_TOLD: dict[str, Any] = {"area": "jining", "day": "2026-11-25", "revision": 1, "published_at": "2026-11-26T01:00:00.000Z"}


@router.get("/plans", responses=example({"plans": [_PLAN]}))
def list_city_plans(database: CurrentDatabase, _viewer: CityReader) -> dict[str, Any]:
    """List the plans that are loaded, each with the document that it is of."""
    return {"plans": [_plan_json(one) for one in plans(database)]}


@router.get("/targets", responses=example({"day": "2026-11-26", "targets": [_TARGET]}))
def list_city_targets(
    database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, plan: PlanCode = ""
) -> dict[str, Any]:
    """List targets with what was reached of each.

    ``target`` is null where the document has the row and no number, ``reached`` where ``why_unknown`` says why: neither is 0.
    Amounts are decimal numbers as text. ``is_headline`` is false of a number that stands beside the one to reach.
    """
    found = plans(database)
    if plan and plan not in {one.code for one in found}:
        raise not_found(f"plan {plan!r}")
    today = datetime.now(ZoneInfo(settings.time_zone)).date()
    return {
        "day": today.isoformat(),
        "targets": [
            _target_json(one.code, row)
            for one in found
            if plan in ("", one.code)
            for row in standing_of(database, one, today=today).rows
        ],
    }


@router.get("/decisions", responses=example({"decisions": [_DECISION]}))
def list_city_decisions(database: CurrentDatabase, _viewer: CityReader) -> dict[str, Any]:
    """List where policy documents leave something open, and how the city reads it now."""
    return {
        "decisions": [
            {
                "number": one.inconsistency.number,
                "documents": list(one.inconsistency.documents),
                "reading": one.reading.code,
                "is_default": one.reading.code == one.inconsistency.default,
                "is_automatic": one.inconsistency.automatic,
                "decided_by": None if one.decision is None else one.decision.decided_by,
                "decided_at": None if one.decision is None else iso(one.decision.decided_at),
                "why": None if one.decision is None else one.decision.why,
            }
            for one in standing(database)
        ]
    }


@router.get("/facts", response_model=None, responses=example({"published": [_TOLD]}))
def give_city_facts(
    database: CurrentDatabase, _viewer: CityReader, area: City = "", day: Day = "", limit: Limit = 50
) -> Response | dict[str, Any]:
    """List the days that were published for the province; with a city and a day give that day's file, byte by byte.

    ``shangyun registry province read`` takes the address of such a file. What was published is never changed: a correction is a
    further revision that names what it replaces.
    """
    if not day:
        rows = published_days(database, area=area or None, limit=limit)
        told = [row._asdict() | {"day": row.day.isoformat(), "published_at": iso(row.published_at)} for row in rows]
        return {"published": told}
    wanted = given_day(day)
    if wanted is None or not area:
        raise HTTPException(422, "day: give a day such as 2026-03-01, and the area that tells of it")
    with database.connection() as connection:
        file = published(connection, area, wanted)
    if file is None:
        raise not_found(f"file of {area} for {wanted}: `shangyun registry province publish` makes it")
    return Response(file.content, media_type="application/json")


def given_day(text: str) -> date | None:
    """Read a day; None if it is none that the database and calendars have room for."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _plan_json(plan: Plan) -> dict[str, Any]:
    days = {name: getattr(plan, name).isoformat() for name in ("first_day", "last_day")}
    return {name: getattr(plan, name) for name in ("code", "area", "label_zh", "label_en", "document")} | days


def _target_json(plan: str, row: Progress) -> dict[str, Any]:
    target = row.target
    return {
        "plan": plan,
        **{name: getattr(target, name) for name in ("code", "counter", "dimension", "member")},
        "holders": list(target.holders),
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "bound": target.bound,
        "target": _text(target.low),
        "upper": _text(target.high),
        "reached": _text(row.reached),
        "why_unknown": row.why_unknown,
        "rate_percent": _text(row.rate),
        "shortfall": _text(row.shortfall),
        "rank": row.rank,
        "is_met": row.is_met,
        "is_headline": row.is_headline,
        "clause": target.clause,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)

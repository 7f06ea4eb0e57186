"""Star rating: applications with their states, and one with the whole table row by row."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query

from dashboards.asking import MOST_ID, Offset, example
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.error_answers import not_found
from dashboards.list_questions import Limit, Sort, Words, checked_sort, chosen
from dashboards.live.equipment_json import iso
from dashboards.security.access import CityReader
from registry.stars.measuring import last_whole_month
from registry.stars.procedure import assess, report_of
from store.city_registry import enterprise
from store.city_stars import ORDERS, Application, applications, report, steps
from store.database import Database

router = APIRouter(prefix="/api/v1/city/stars", tags=["city"])

STATES = ("draft", "submitted", "material_reviewed", "recommended", "rated", "published", "refused", "withdrawn")
StarApplicationId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of an application for stars")]
AreaCode = Annotated[
    str, Query(max_length=100, pattern=r"^[^\x00]*$", description="code of a reporting area; those below it count too")
]
CitySearch = Annotated[
    str, Query(max_length=100, pattern=r"^[^\x00]*$", description="text in the name or the code of the enterprise")
]
_ITEM: dict[str, Any] = {
    "id": 4,
    "uscc": "91350100M000100Y43",
    "name": "某机械有限公司",
    "area": "kunshan",
    "edition": "jiangsu-2018",
    "star": 3,
    "deployment": "public",
    "batch": "2018-04-01",
    "state": "rated",
    "rated_on": "2018-05-20",
    "made_at": "2018-04-02T01:00:00.000Z",
}
_ROW: dict[str, Any] = {
    "row": "R7",
    "clause": "四 综合绩效",
    "label_zh": "月用户使用率",
    "label_en": "People who use it in a month",
    "unit_zh": "%",
    "unit_en": "%",
    "value": "80",
    "needs": {"3": 30, "4": 50, "5": 80},
    "passed": {"3": True, "4": True, "5": True},
    "source": "measured",
    "obtained": "measured",
    "evidence": [{"form": "document", "text": "审计报告"}],
    "beside": {"percent_of_people": "20"},
    "note": "",
    "counted": [],
}
_ONE: dict[str, Any] = _ITEM | {
    "report": {"star": 3, "month": "2018-04", "rows": [_ROW], "conditions": []},
    "is_frozen": True,
    "hash": "5f2c" + 60 * "0",
    "attachments": [{"code": "licence", "title": "营业执照"}],
    "steps": [{"time": "2018-04-02T01:00:00.000Z", "actor": "zhang", "state": "draft", "note": ""}],
}


@dataclass(frozen=True, kw_only=True)
class StarQuestion:
    """Checked filters, as `store.city_stars.applications` takes them."""

    states: list[str] | None
    star: int | None
    area: str
    search: str
    sort: str


def star_question(
    state: Words = "",
    star: Annotated[int | None, Query(ge=3, le=5, description="for so many stars")] = None,
    area: AreaCode = "",
    search: CitySearch = "",
    sort: Sort = "-made",
) -> StarQuestion:
    return StarQuestion(
        states=chosen(state, STATES, "state"), star=star, area=area, search=search, sort=checked_sort(sort, ORDERS)
    )


StarsAsked = Annotated[StarQuestion, Depends(star_question)]


@router.get("", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_ITEM]}))
def list_star_applications(
    *, _viewer: CityReader, database: CurrentDatabase, asked: StarsAsked, limit: Limit = 50, offset: Offset = 0
) -> dict[str, Any]:
    """List applications for stars, the newest first; ``state=rated,published`` gives who has a star."""
    total, rows = applications(database, **vars(asked), limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [_json(one) for one in rows]}


@router.get("/{star_application_id}", responses=example(_ONE))
def one_star_application(
    star_application_id: StarApplicationId, _viewer: CityReader, database: CurrentDatabase, settings: CurrentSettings
) -> dict[str, Any]:
    """Give one application with the table row by row: the frozen report where the city decided, else how it stands now.

    People to ask and their telephones are left out.
    """
    one = seen_application(database, star_application_id)
    frozen = report(database, one.id)
    told = current_report(database, one, settings.time_zone) if frozen is None else frozen.report
    return {
        **_json(one),
        "report": told,
        "is_frozen": frozen is not None,
        "hash": None if frozen is None else frozen.hash.hex(),
        "attachments": list(one.attachments),
        "steps": [{**step._asdict(), "time": iso(step.time)} for step in steps(database, one.id)],
    }


def seen_application(database: Database, application_id: int) -> Application:
    """Give an application, or answer that there is none."""
    _total, found = applications(database, application_id=application_id, limit=1)
    if not found:
        raise not_found(f"application {application_id}")
    return found[0]


def current_report(database: Database, one: Application, time_zone: str) -> dict[str, Any]:
    """Rate an application with the newest month that is over; nothing is stored."""
    now, zone = datetime.now(UTC), ZoneInfo(time_zone)
    owner = enterprise(database, one.uscc)
    assert owner is not None  # the database refers to it
    with database.connection() as connection:
        found = assess(connection, one, owner, month=last_whole_month(now, zone), today=now.astimezone(zone).date())
    return report_of(found, one)


def _json(one: Application) -> dict[str, Any]:
    assert one.made_at is not None
    return {
        "id": one.id,
        "uscc": one.uscc,
        "name": one.name,
        "area": one.area,
        "edition": one.edition,
        "star": one.star,
        "deployment": one.deployment,
        "batch": one.batch or None,
        "state": one.state,
        "rated_on": None if one.rated_on is None else one.rated_on.isoformat(),
        "made_at": iso(one.made_at),
    }

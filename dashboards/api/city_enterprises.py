"""Enterprises of the city: the list, and one with its labels, declared equipment, gateways and machines."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from dashboards.asking import Name, Offset, example
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.error_answers import not_found
from dashboards.list_questions import Limit, Sort, checked_sort
from dashboards.live.equipment_json import iso
from dashboards.security.access import CityReader
from dashboards.settings import WebSettings
from registry.counting.words import sentence
from registry.names import kinds, labels
from registry.uscc import normalise
from store.city_lists import (
    COUNTS,
    ORDERS,
    ListedEnterprise,
    ListedMachine,
    branches_of,
    declarations_of_enterprise,
    gateways_of_enterprise,
    labels_of_enterprise,
    list_enterprises,
    list_machines,
)
from store.city_registry import Enterprise, areas
from store.city_registry import enterprise as find_enterprise
from store.database import Database

router = APIRouter(prefix="/api/v1/city/enterprises", tags=["city"])

FIRST_SORT = "name"
Code = Annotated[
    str,
    Path(max_length=60, pattern=r"^[^\x00]*$", description="unified social credit code; blanks, dashes and case do not matter"),
]
Search = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$", description="text in the name or the code of an enterprise")]
Area = Annotated[Name, Query(description="code of a reporting area; those below it count as well")]
Kind = Annotated[Name, Query(description="kind of equipment of which the enterprise has a standing machine")]
Label = Annotated[Name, Query(description="label that the enterprise has in force today")]
Count = Annotated[Name, Query(description=f"what the newest count says: {', '.join(COUNTS)}")]
Department = Annotated[Name, Query(description="code of the department that answers for it")]
ForReview = Annotated[bool | None, Query(description="whether a person has still to look at its code")]
Retired = Annotated[bool, Query(description="list retired ones as well")]
_EXAMPLE_ROW: dict[str, Any] = {
    "uscc": "91370811MA3C00003R",
    "name": "示例锅炉有限公司",
    "area": "jining-rencheng",
    "department": None,
    "head_uscc": None,
    "sector": "industry",
    "industry": "C3411",
    "code_state": "valid",
    "registered_at": "2026-03-01T08:00:00.000Z",
    "retired_at": None,
    "machines": 3,
    "labels": ["specialised_new"],
    "snapshot_id": 7,
    "counted": 2,
    "is_on_cloud": True,
    "is_new": False,
}
_EXAMPLE_ONE: dict[str, Any] = {
    **_EXAMPLE_ROW,
    "industry_edition": "2017",
    "is_independent": True,
    "address": "任城区示例路1号",
    "contact": "",
    "code_problem": "",
    "verified_by": "营业执照副本",
    "verified_on": "2026-03-01",
    "registered_by": "county-1",
    "branches": [],
    "all_labels": [
        {
            "label": "specialised_new",
            "level": "province",
            "form": "",
            "valid_from": "2026-01-01",
            "valid_to": "2028-12-31",
            "document": "济工信字〔2026〕1号",
        }
    ],
    "declarations": [
        {"year": 2026, "kind": "boiler", "machines": 3, "declared_on": "2026-01-15", "document": "济工信字〔2026〕1号"}
    ],
    "gateways": [
        {
            "name": "rencheng-1",
            "certificate_sha256": 64 * "0",
            "is_simulator": False,
            "enrolled_at": "2026-03-01T08:00:00.000Z",
            "revoked_at": None,
            "machines": 3,
        }
    ],
    "machines_total": 1,
    "machines_offset": 0,
    "machines_limit": 50,
    "machine_items": [
        {
            "id": 12,
            "kind": "boiler",
            "label": "1号锅炉",
            "maker": "济锅",
            "model": "WNS10-1.25-Y",
            "serial_number": "SN2019-0001",
            "registration_code": "11003708112019000001",
            "made_year": 2019,
            "place": "1号厂房",
            "gateway": "rencheng-1",
            "equipment_name": "boiler-1",
            "is_simulator": False,
            "retired_at": None,
            "has_twin": False,
            "equipment_id": 7,
            "snapshot_id": 7,
            "state": "verified",
            "lost_at": "",
            "reason": {"zh": "", "en": ""},
        }
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseQuestion:
    """What a list of enterprises is about; None lets all through."""

    area: str | None
    kind: str | None
    label: str | None
    count: str | None
    department: str | None
    is_for_review: bool | None
    with_retired: bool
    search: str
    sort: str


def _question(
    *,
    area: Area = "",
    kind: Kind = "",
    label: Label = "",
    count: Count = "",
    department: Department = "",
    for_review: ForReview = None,
    retired: Retired = False,
    search: Search = "",
    sort: Sort = FIRST_SORT,
) -> EnterpriseQuestion:
    for name, value, legal in (("kind", kind, kinds().kinds), ("label", label, labels().labels), ("count", count, COUNTS)):
        if value and value not in legal:
            raise HTTPException(422, f"{name}: {value[:40]!r} is none of {', '.join(legal)}")
    return EnterpriseQuestion(
        area=area or None,
        kind=kind or None,
        label=label or None,
        count=count or None,
        department=department or None,
        is_for_review=for_review,
        with_retired=retired,
        search=search,
        sort=checked_sort(sort, ORDERS),
    )


Asked = Annotated[EnterpriseQuestion, Depends(_question)]


def today(settings: WebSettings) -> date:
    """Give the day that it is in the plant's time zone."""
    return datetime.now(ZoneInfo(settings.time_zone)).date()


def find_rows(
    database: Database, settings: WebSettings, asked: EnterpriseQuestion, *, limit: int, offset: int = 0
) -> tuple[int, list[ListedEnterprise]]:
    """Count and list what is asked for."""
    found = {name: getattr(asked, name) for name in EnterpriseQuestion.__slots__}
    return list_enterprises(database, day=today(settings), **found, limit=limit, offset=offset)


def seen_enterprise(database: Database, settings: WebSettings, code: str) -> tuple[Enterprise, ListedEnterprise]:
    """Give an enterprise with its row of the list, or answer that there is none."""
    uscc = normalise(code)
    found = find_enterprise(database, uscc)
    _, rows = list_enterprises(database, day=today(settings), uscc=uscc, with_retired=True, limit=1)
    if found is None or not rows:
        raise not_found(f"enterprise {uscc[:40]!r}")
    return found, rows[0]


@router.get("", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_EXAMPLE_ROW]}))
def list_registered(
    *,
    database: CurrentDatabase,
    settings: CurrentSettings,
    _viewer: CityReader,
    asked: Asked,
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """List enterprises with what the newest count says of each.

    ``snapshot_id``, ``counted``, ``is_on_cloud`` and ``is_new`` are null for an enterprise that is in no count yet.
    """
    if asked.area is not None and asked.area not in {one.code for one in areas(database)}:
        raise HTTPException(422, f"area: there is no reporting area {asked.area[:40]!r}")
    total, rows = find_rows(database, settings, asked, limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [_row(one) for one in rows]}


@router.get("/{uscc}", responses=example(_EXAMPLE_ONE))
def get_enterprise(
    *,
    database: CurrentDatabase,
    settings: CurrentSettings,
    _viewer: CityReader,
    uscc: Code,
    limit: Limit = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """Give one enterprise; ``limit`` and ``offset`` are of its machines.

    ``all_labels`` hold those that are over as well. The reason of a machine that does not count is a sentence in two languages.
    """
    found, row = seen_enterprise(database, settings, uscc)
    total, machines = list_machines(database, found.uscc, limit=limit, offset=offset)
    facts = asdict(found) | _row(row)
    return facts | {
        "verified_on": None if found.verified_on is None else found.verified_on.isoformat(),
        "branches": [{"uscc": code, "name": name} for code, name in branches_of(database, found.uscc)],
        "all_labels": [_without(asdict(one), "uscc", "recorded_by") for one in labels_of_enterprise(database, found.uscc)],
        "declarations": [_without(asdict(one), "uscc") for one in declarations_of_enterprise(database, found.uscc)],
        "gateways": [
            {
                "name": one.name,
                "certificate_sha256": one.certificate_sha256.hex(),
                "is_simulator": one.is_simulator,
                "enrolled_at": iso(one.enrolled_at),
                "revoked_at": None if one.revoked_at is None else iso(one.revoked_at),
                "machines": one.machines,
            }
            for one in gateways_of_enterprise(database, found.uscc)
        ],
        "machines_total": total,
        "machines_offset": offset,
        "machines_limit": limit,
        "machine_items": [_machine(one) for one in machines],
    }


def _row(one: ListedEnterprise) -> dict[str, Any]:
    return asdict(one) | {
        "registered_at": iso(one.registered_at),
        "retired_at": None if one.retired_at is None else iso(one.retired_at),
    }


def _machine(one: ListedMachine) -> dict[str, Any]:
    return asdict(one) | {"retired_at": None if one.retired_at is None else iso(one.retired_at), "reason": reason_texts(one)}


def reason_texts(one: ListedMachine) -> dict[str, str] | None:
    """Say in both languages why a machine does not count; empty where it does, None where nothing has counted it."""
    if one.reason is None:
        return None
    if not one.lost_at:
        return {"zh": "", "en": ""}
    return {language: sentence(one.reason, language, kind=one.kind) for language in ("zh", "en")}


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items() if name not in names}

"""The newest count of a city, with its funnel and its figures by area and kind."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from dashboards.asking import example
from dashboards.city_report.overview import Filters, newest, overview
from dashboards.context import CurrentDatabase
from dashboards.error_answers import not_found
from dashboards.plant_time import utc_text
from dashboards.security.access import CityReader

router = APIRouter(prefix="/api/v1/city", tags=["city"])

Code = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
_EXAMPLE: dict[str, Any] = {
    "snapshot": {
        "id": 8,
        "form": "day",
        "area": "jining",
        "first_day": "2026-11-25",
        "last_day": "2026-11-25",
        "rule": "2026.1",
        "watermark": 482113,
        "hash": "5f2c" + 60 * "0",
        "made_at": "2026-11-25T18:00:00.000Z",
        "enterprises": 42,
        "on_cloud": 34,
        "new_on_cloud": 3,
        "machines": 168,
        "counted": 49,
    },
    "declared": 252,
    "rate": 0.194,
    "funnel": [{"test": "nameplate", "reached": 148, "lost": 9, "left": 139}],
    "areas": [
        {
            "rank": 1,
            "area": "jining-rencheng",
            "label": {"zh": "任城区", "en": "Rencheng"},
            "enterprises": 3,
            "on_cloud": 2,
            "new_on_cloud": 1,
            "machines": 12,
            "counted": 4,
            "declared": 18,
            "rate": 0.222,
        }
    ],
    "cells": [
        {
            "area": "jining-rencheng",
            "kind": "boiler",
            "machines": 2,
            "counted": 1,
            "silent": 0,
            "data_days": 58,
            "complete_days": 41,
        }
    ],
    "silent_gateways": 8,
    "open_suspicions": 1,
}


@router.get("/overview", responses=example(_EXAMPLE))
def city_overview(
    *,
    _viewer: CityReader,
    database: CurrentDatabase,
    city: Annotated[Code, Query(description="area that was counted; the one counted last where it is left out")] = "",
    area: Annotated[Code, Query(description="narrow funnel and cells to an area with all below it")] = "",
    kind: Annotated[Code, Query(description="narrow funnel and cells to a kind")] = "",
    department: Annotated[Code, Query(description="narrow the funnel to a responsible department")] = "",
) -> dict[str, Any]:
    """Give the newest count: its figures, where machines are lost, and areas by rank.

    ``rate`` is of declared key equipment and null where nobody has declared any. ``snapshot`` is null before the first count.
    """
    of = newest(database, city or None)
    if of is None:
        if city:
            raise not_found(f"count of {city}")
        return {"snapshot": None, "declared": None, "rate": None, "funnel": [], "areas": [], "cells": []} | _NOTHING_OPEN
    shown = overview(database, of, Filters(area=area or None, kind=kind or None, department=department or None))
    return {
        "snapshot": {
            "id": of.id,
            "form": of.form,
            "area": of.area,
            "first_day": of.first_day.isoformat(),
            "last_day": of.last_day.isoformat(),
            "rule": of.rule_version,
            "watermark": of.watermark,
            "hash": of.hash.hex(),
            "made_at": utc_text(of.made_at),
            "enterprises": of.enterprises,
            "on_cloud": of.on_cloud,
            "new_on_cloud": of.new_on_cloud,
            "machines": of.machines,
            "counted": of.counted,
        },
        "declared": shown.declared,
        "rate": shown.rate,
        "funnel": [step._asdict() for step in shown.steps],
        "areas": [
            {
                "rank": rank,
                "area": one.code,
                "label": {"zh": one.label_zh, "en": one.label_en},
                "enterprises": one.enterprises,
                "on_cloud": one.on_cloud,
                "new_on_cloud": one.new_on_cloud,
                "machines": one.machines,
                "counted": one.counted,
                "declared": one.declared,
                "rate": one.rate,
            }
            for rank, one in shown.ranked
        ],
        "cells": [one._asdict() for one in shown.cells],
        "silent_gateways": len(shown.silent),
        "open_suspicions": sum(one.suspicions for one in shown.suspicions),
    }


_NOTHING_OPEN = {"silent_gateways": 0, "open_suspicions": 0}

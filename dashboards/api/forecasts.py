"""Power forecasts of wind and solar plants, what came of them, and how they fare under grid rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import StreamingResponse

from analytics.forecasts.assessing import assess_plant, month_of, months_of
from analytics.forecasts.plant import DRIVERS, Plant
from analytics.power_forecast.assessment import Assessed
from analytics.power_forecast.intervals import LEVELS
from analytics.result import NotEvaluated
from dashboards.asking import Instant, example, interval
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.live.equipment_json import iso, iso_us
from dashboards.reports.forecasts import MOST_DAYS, ForecastReport, forecasts_between, newest_days, number, plants_of
from dashboards.security.access import Reader
from store.forecasts import last_issue, models, weather_spans
from telemetry.errors import ConfigError

router = APIRouter(prefix="/api/v1/forecasts", tags=["forecasts"])

Horizon = Annotated[Literal["day_ahead", "ultra_short"], Query(description="the whole next day, or the next 4 hours")]
Kind = Annotated[str, Query(max_length=63, pattern=r"^[^\x00]*$", description=f"one of {', '.join(DRIVERS)}")]
Gateway = Annotated[
    str, Query(max_length=64, pattern=r"^[^\x00]*$", description="whose machines; the first plant where left out")
]
_PLANT = {"gateway": "wind-1", "kind": "wind_turbine", "time_zone": "Asia/Shanghai"}
_QUARTER = {
    "time": "2026-11-26T16:00:00.000Z",
    "issued_at": "2026-11-26T01:00:00.000Z",
    "mean_kw": 5287.5,
    "floor_kw": 6027.3,
    "quantiles_kw": [3075.7, 3231.5, 3530.3, 4433.1, 5344.2, 6490.9, 6879.6, 7160.6, 7448.4],
    "actual_kw": None,
}
_MEASURE = {
    "measure": "accuracy",
    "span": "2026-11",
    "value_percent": 86.4,
    "at_least_percent": 75.0,
    "holds": True,
    "points": 2304,
    "exempt": 96,
}
_MODEL = {
    "id": 3,
    "horizon": "day_ahead",
    "role": "champion",
    "made_at": "2026-11-01T02:00:00.000Z",
    "trained_from": "2025-10-01T00:00:00.000Z",
    "trained_until": "2026-10-01T00:00:00.000Z",
    "scores": {"nrmse": {"model": 0.165, "floor": 0.183, "persistence": 0.29}},
}


@dataclass(frozen=True, kw_only=True)
class PlantQuestion:
    """The plant that was asked for; None where the viewer sees none at all."""

    plant: Plant | None


def _asked_plant(
    database: CurrentDatabase, viewer: Reader, settings: CurrentSettings, gateway: Gateway = "", kind: Kind = ""
) -> PlantQuestion:
    found = plants_of(database, viewer, settings)
    wanted = [one for one in found if gateway in ("", one.gateway) and kind in ("", one.kind)]
    if not wanted and (gateway or kind):
        raise not_found(f"plant {gateway[:64]} {kind[:63]}".strip())
    return PlantQuestion(plant=wanted[0] if wanted else None)


AskedPlant = Annotated[PlantQuestion, Depends(_asked_plant)]


@router.get("/plants", responses=example({"plants": [_PLANT | {"machines": 2, "weather_until": None, "models": [_MODEL]}]}))
def list_forecast_plants(database: CurrentDatabase, viewer: Reader, settings: CurrentSettings) -> dict[str, Any]:
    """List plants, the machines of one kind behind one gateway, with their models and how far the weather forecast reaches."""
    spans = weather_spans(database, gateways=viewer.gateways)
    return {
        "plants": [
            _plant_json(one)
            | {
                "machines": len(one.machines),
                "weather_until": iso(spans[one.gateway].last) if one.gateway in spans else None,
                "models": [
                    {
                        "id": model.id,
                        "horizon": model.horizon,
                        "role": model.role,
                        **{name: iso(getattr(model, name)) for name in ("made_at", "trained_from", "trained_until")},
                        "scores": model.scores,
                    }
                    for model in models(database, gateway=one.gateway, kind=one.kind)
                ],
            }
            for one in plants_of(database, viewer, settings)
        ]
    }


@dataclass(frozen=True, kw_only=True)
class ForecastQuestion:
    """A checked question, answered."""

    plant: Plant | None
    horizon: str
    last_issued_at: datetime | None
    report: ForecastReport | None


def _asked(
    *,
    database: CurrentDatabase,
    settings: CurrentSettings,
    asked: AskedPlant,
    horizon: Horizon = "day_ahead",
    start: Annotated[Instant, Query(alias="from", description="begin; without it the newest two days that were forecast")] = None,
    end: Annotated[Instant, Query(alias="to", description="end, exclusive")] = None,
) -> ForecastQuestion:
    if end and not start:
        raise HTTPException(422, "to: give from as well")
    given = interval(settings, span=None, start=start, end=end, longest_days=MOST_DAYS) if start else None
    plant = asked.plant
    if plant is None:
        return ForecastQuestion(plant=None, horizon=horizon, last_issued_at=None, report=None)
    span = given or newest_days(database, plant, horizon)
    return ForecastQuestion(
        plant=plant,
        horizon=horizon,
        last_issued_at=last_issue(database, plant.gateway, plant.kind, horizon),
        report=None if span is None else forecasts_between(database, plant, horizon, *span),
    )


Asked = Annotated[ForecastQuestion, Depends(_asked)]


@router.get(
    "",
    responses=example(
        {
            "plant": _PLANT,
            "horizon": "day_ahead",
            "issued_at": "2026-11-26T01:00:00.000Z",
            "levels": list(LEVELS),
            "quarters": [_QUARTER],
        }
    ),
)
def show_forecasts(asked: Asked, _viewer: Reader) -> dict[str, Any]:
    """Give of each quarter of an hour the newest forecast of a plant's mean power, with quantiles and what came of it.

    ``floor_kw`` is what the weather forecast says through the power curve alone. Quarters without a weather forecast are missing
    or null: nothing is filled in.
    """
    report = asked.report
    return {
        "plant": None if asked.plant is None else _plant_json(asked.plant),
        "horizon": asked.horizon,
        "issued_at": None if asked.last_issued_at is None else iso(asked.last_issued_at),
        "levels": list(LEVELS),
        "quarters": [] if report is None else list(_quarters(report)),
    }


@router.get("/quarters.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_forecasts(asked: Asked, _viewer: Reader) -> StreamingResponse:
    """Give the same as a table for spreadsheets."""
    header = ["time (UTC)", "issued (UTC)", "mean kW", "floor kW", *(f"{100 * level:g}% kW" for level in LEVELS), "actual kW"]
    rows = (
        [*(one[name] for name in ("time", "issued_at", "mean_kw", "floor_kw")), *one["quantiles_kw"], one["actual_kw"]]
        for one in ([] if asked.report is None else _quarters(asked.report))
    )
    return csv_response("forecasts", header, rows)


@router.get(
    "/assessment",
    responses=example(
        {
            "plant": _PLANT,
            "month": "2026-11",
            "rule_sets": [
                {
                    "id": "nea_2011",
                    "horizon": "day_ahead",
                    "label": {"zh": "国家能源局暂行办法（2011）", "en": "NEA interim rules (2011)"},
                    "source": "National Energy Administration",
                    "verified": False,
                    "measures": [_MEASURE],
                    "days": [_MEASURE | {"span": "2026-11-05", "holds": None}],
                }
            ],
        }
    ),
)
def show_assessment(
    asked: AskedPlant,
    database: CurrentDatabase,
    _viewer: Reader,
    month: Annotated[str, Query(max_length=20, description="like 2026-11, of the plant's calendar; else the newest")] = "",
) -> dict[str, Any]:
    """Hold the forecasts of a month, as they were issued, against the rule sets of the grid.

    ``holds`` is null where no point counts, and of days, which no rule judges. ``verified`` is false while nobody has compared
    the limits with the original.
    """
    plant = asked.plant
    months = [] if plant is None else months_of(database, plant, now=datetime.now(UTC))
    month = month or (months[0] if months else "")
    try:
        if month:
            month_of(month, "UTC" if plant is None else plant.zone)
        found = assess_plant(database, plant, month) if plant is not None and month else []
    except ConfigError as error:
        raise HTTPException(422, f"month: {error}") from None
    except NotEvaluated as error:
        raise HTTPException(409, f"cannot be assessed: {error}") from None
    return {
        "plant": None if plant is None else _plant_json(plant),
        "month": month or None,
        "rule_sets": [
            {
                "id": one.rule_set.id,
                "horizon": one.rule_set.horizon,
                "label": {"zh": one.rule_set.zh, "en": one.rule_set.en},
                "source": one.rule_set.source,
                "verified": one.rule_set.verified,
                "measures": [_measure(part) for part in one.month],
                "days": [_measure(part) for part in one.days],
            }
            for one in found
        ],
    }


def _measure(one: Assessed) -> dict[str, Any]:
    return {
        "measure": one.rule.measure,
        "span": one.span,
        "value_percent": number(one.value_percent),
        "at_least_percent": one.rule.at_least_percent,
        "holds": one.holds,
        "points": one.points,
        "exempt": one.exempt,
    }


def _quarters(report: ForecastReport) -> Iterator[dict[str, Any]]:
    for place, at in enumerate(report.times_us.tolist()):
        issued = int(report.issued_us[place])
        actual = number(report.actual_kw[place])
        if not issued and actual is None:
            continue
        yield {
            "time": iso_us(at),
            "issued_at": iso_us(issued) if issued else None,
            "mean_kw": number(report.mean_kw[place]),
            "floor_kw": number(report.floor_kw[place]),
            "quantiles_kw": [number(value) for value in report.quantiles_kw[:, place].tolist()],
            "actual_kw": actual,
        }


def _plant_json(plant: Plant) -> dict[str, Any]:
    return {"gateway": plant.gateway, "kind": plant.kind, "time_zone": plant.zone}

"""Power forecasts: the newest ones beside what came, models and their scores, assessment by grid rules, weather forecasts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, File, Form, HTTPException, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from analytics.forecasts.assessing import Assessment, assess_plant, months_of
from analytics.forecasts.plant import Plant
from analytics.forecasts.weather import read_upload, require_field
from analytics.power_forecast.frame import WEATHER
from analytics.result import NotEvaluated
from dashboards.context import CurrentDatabase, CurrentSettings, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.pages.forecasts import shown
from dashboards.plant_time import plant_time
from dashboards.reports.forecasts import forecasts_between, newest_days, newest_hours, plants_of
from dashboards.security.access import Permission, Reader, Viewer, record_act, require
from dashboards.settings import WebSettings
from dashboards.texts import translator
from store.database import Database
from store.forecasts import ROLES, PlantModel, add_weather, last_issue, models, weather_spans
from telemetry.errors import ConfigError

router = APIRouter(prefix="/forecasts", include_in_schema=False)

PlantKey = Annotated[str, Query(alias="plant", max_length=130, pattern=r"^[^\x00]*$")]
Month = Annotated[str, Query(max_length=20)]
Day = Annotated[str, Query(max_length=40)]
Horizon = Annotated[Literal["day_ahead", "ultra_short"], Query()]
Forecaster = Annotated[Viewer, require(Permission.FORECAST)]
_SHOWN_MODELS = 200
_MOST_ERRORS_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The plant that the pages are about, and those that could be; None where there is none at all."""

    plant: Plant | None
    plants: list[Plant]

    @property
    def required(self) -> Plant:
        if self.plant is None:
            raise not_found("plant")
        return self.plant


def choose(database: Database, viewer: Viewer, settings: WebSettings, key: str) -> Chosen:
    found = plants_of(database, viewer, settings)
    wanted = [one for one in found if key in ("", one.name)]
    if key and not wanted:
        raise not_found(f"plant {key[:130]}")
    return Chosen(plant=wanted[0] if wanted else None, plants=found)


def _chosen(database: CurrentDatabase, viewer: Reader, settings: CurrentSettings, key: PlantKey = "") -> Chosen:
    return choose(database, viewer, settings, key)


Asked = Annotated[Chosen, Depends(_chosen)]


@router.get("", response_class=HTMLResponse)
def forecasts_page(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: Reader, asked: Asked, day: Day = ""
) -> HTMLResponse:
    plant, language = asked.plant, language_of(request)
    if plant is None:
        return _page(request, asked, "forecasts")
    hours = newest_hours(database, plant)
    span = _days(database, plant, day)
    ahead = None if span is None else forecasts_between(database, plant, "day_ahead", *span)
    zone = ZoneInfo(plant.zone)
    last_day = None if span is None else (span[1] - timedelta(minutes=1)).astimezone(zone).date()
    return _page(
        request,
        asked,
        "forecasts",
        hours=None if hours is None else shown.picture(hours, language),
        hours_issued=last_issue(database, plant.gateway, plant.kind, "ultra_short"),
        ahead=None if ahead is None else shown.picture(ahead, language),
        first_day=None if span is None else span[0].astimezone(zone).date(),
        day=last_day,
        problems=shown.problems(database, plant, datetime.now(UTC), plant_time(settings), translator(language)),
    )


@router.get("/quarters.csv", response_class=StreamingResponse)
def quarters_table(
    *, request: Request, database: CurrentDatabase, _viewer: Reader, asked: Asked, horizon: Horizon = "day_ahead", day: Day = ""
) -> StreamingResponse:
    """Give what a picture shows, times on the plant's clock."""
    plant = asked.required
    if horizon == "ultra_short":
        report = newest_hours(database, plant)
    else:
        span = _days(database, plant, day)
        report = None if span is None else forecasts_between(database, plant, horizon, *span)
    if report is None:
        raise not_found("forecast of this plant")
    drawn = shown.picture(report, language_of(request))
    return csv_response(f"forecast-{plant.gateway}-{horizon}", drawn.header, drawn.rows)


@router.get("/assessment", response_class=HTMLResponse)
def assessment_page(
    *, request: Request, database: CurrentDatabase, _viewer: Reader, asked: Asked, month: Month = ""
) -> HTMLResponse:
    """Show a month by rule sets, the newest where none is named."""
    if asked.plant is None:
        return _page(request, asked, "assessment")
    months = months_of(database, asked.plant, now=datetime.now(UTC))
    month = month or (months[0] if months else "")
    found, declined = _assessed(database, asked.plant, month)
    return _page(
        request,
        asked,
        "assessment",
        month=month,
        months_shown=[(one, one) for one in dict.fromkeys([*([month] if month else []), *months])],
        found=found,
        declined=declined,
        measures=shown.measures(translator(language_of(request))),
    )


@router.get("/assessment.csv", response_class=StreamingResponse)
def assessment_table(
    *, request: Request, database: CurrentDatabase, _viewer: Reader, asked: Asked, month: Month = ""
) -> StreamingResponse:
    """Give a month and its days by rule sets."""
    language = language_of(request)
    _ = translator(language)
    found, declined = _assessed(database, asked.required, month)
    if declined:
        raise HTTPException(422, declined)
    names, truth = shown.measures(_), {True: _("合格"), False: _("不合格"), None: ""}
    header = [
        *(_("规则"), _("时段"), _("指标"), _("期间"), _("数值（%）"), _("要求（%）"), _("结论"), _("计入点数"), _("免考点数")),
        _("依据"),
    ]
    rows = (
        [
            *(getattr(one.rule_set, language), one.rule_set.horizon, names[part.rule.measure], part.span, part.value_percent),
            *(part.rule.at_least_percent, truth[part.holds], part.points, part.exempt, one.rule_set.source),
        ]
        for one in found
        for part in (*one.month, *one.days)
    )
    return csv_response(f"assessment-{month}", header, rows)


@router.get("/models", response_class=HTMLResponse)
def models_page(
    request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: Reader, asked: Asked
) -> HTMLResponse:
    return _page(
        request,
        asked,
        "models",
        models=_models(database, asked.plant),
        percent=shown.percent,
        verdict=lambda one: shown.verdict(one, language_of(request)),
        local=plant_time(settings),
    )


@router.get("/models.csv", response_class=StreamingResponse)
def models_table(
    request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: Reader, asked: Asked
) -> StreamingResponse:
    """Give the models of a plant with their scores; errors are shares of the capacity."""
    language = language_of(request)
    _ = translator(language)
    local = plant_time(settings)
    header = [
        *(_("编号"), _("时段"), _("状态"), _("训练于"), _("训练数据起"), _("训练数据止"), _("误差"), _("保底"), _("持续法")),
        *(_("当时在用"), _("90% 区间覆盖"), _("结论")),
    ]

    def rows() -> Iterator[list[object]]:
        for one in _models(database, asked.required):
            errors = one.scores.get("nrmse", {})
            yield [
                *(one.id, one.horizon, one.role, local(one.made_at), local(one.trained_from), local(one.trained_until)),
                *(errors.get(name) for name in ("model", "floor", "persistence", "champion")),
                *(one.scores.get("coverage_90"), shown.verdict(one, language)),
            ]

    return csv_response("forecast-models", header, rows())


@router.get("/weather", response_class=HTMLResponse)
def weather_page(
    *,
    request: Request,
    database: CurrentDatabase,
    _viewer: Reader,
    asked: Asked,
    taken: Annotated[int | None, Query(ge=0, le=10**9)] = None,
) -> HTMLResponse:
    return _weather(request, database, asked, taken=taken)


@router.post("/weather")
def upload_weather(
    *,
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: Forecaster,
    plant: Annotated[str, Form(max_length=130, pattern=r"^[^\x00]*$")],
    file: Annotated[UploadFile, File()],
) -> Response:
    """Take in a weather forecast, whole or not at all."""
    asked = choose(database, viewer, settings, plant)
    chosen = asked.required
    name = Path(file.filename or "upload.csv").name[:100]
    try:
        rows = read_upload(file.file.read(), name=name, zone=chosen.zone)
        drivers = {one.driver for one in asked.plants if one.gateway == chosen.gateway}
        require_field(rows, drivers, file=Path(name))
    except ConfigError as error:
        told = [str(problem) for problem in error.problems]
        return _weather(request, database, asked, errors=told[:_MOST_ERRORS_SHOWN], status=422)
    count = add_weather(database, chosen.gateway, rows)
    record_act(database, viewer, "forecast.weather", f"gateway {chosen.gateway}", {"file": name, "instants": count})
    return RedirectResponse(f"/forecasts/weather?plant={chosen.gateway}/{chosen.kind}&taken={count}", 303)


@router.get("/weather-example.csv", response_class=StreamingResponse)
def weather_example(_viewer: Reader) -> StreamingResponse:
    """Give a day of a forecast as a table to be filled in."""
    first = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    issued = (first - timedelta(hours=18)).isoformat()
    header = ["issued_at", "valid_at", "wind_speed", "wind_direction", "temperature", "pressure", "irradiance"]
    rows = ([issued, (first + timedelta(hours=hour)).isoformat(), 7.5, 270, 12.0, 1013.0, 0.0] for hour in range(25))
    return csv_response("weather", header, rows)


def _days(database: Database, plant: Plant, day: str) -> tuple[datetime, datetime] | None:
    """Give the two local days that end with a chosen one, or with the last that was forecast."""
    if not day:
        return newest_days(database, plant, "day_ahead")
    try:
        last = date.fromisoformat(day)
    except ValueError:
        last = date.min
    if not 1971 <= last.year <= 2500:
        raise HTTPException(422, f"day: {day[:40]!r} is not a day; one looks like 2026-11-26")
    zone = ZoneInfo(plant.zone)
    first, after = last - timedelta(days=1), last + timedelta(days=1)
    start, end = (datetime(one.year, one.month, one.day, tzinfo=zone).astimezone(UTC) for one in (first, after))
    return start, end


def _assessed(database: Database, plant: Plant, month: str) -> tuple[list[Assessment], str]:
    """Assess a month, or say which nameplate is missing."""
    if not month:
        return [], ""
    try:
        return assess_plant(database, plant, month), ""
    except NotEvaluated as error:
        return [], error.detail
    except ConfigError as error:
        raise HTTPException(422, f"month: {error}") from None


def _models(database: Database, plant: Plant | None) -> list[PlantModel]:
    if plant is None:
        return []
    return models(database, gateway=plant.gateway, kind=plant.kind, roles=ROLES, limit=_SHOWN_MODELS)


def _weather(request: Request, database: Database, asked: Chosen, *, status: int = 200, **content: Any) -> HTMLResponse:
    plant = asked.plant
    return _page(
        request,
        asked,
        "weather",
        status,
        span=None if plant is None else weather_spans(database, gateways=[plant.gateway]).get(plant.gateway),
        fields=WEATHER,
        field_names=shown.field_names(translator(language_of(request))),
        **{"taken": None, "errors": []} | content,
    )


def _page(request: Request, asked: Chosen, section: str, status: int = 200, **content: Any) -> HTMLResponse:
    template = "page" if section == "forecasts" else section
    return render(
        request,
        f"forecasts/{template}.html",
        status,
        section=section,
        plant=asked.plant,
        plant_key="" if asked.plant is None else asked.plant.name,
        plants=[(one.name, shown.plant_label(one, language_of(request))) for one in asked.plants],
        **{"local": plant_time(request.app.state.settings)} | content,
    )

"""What the forecast pages draw and say."""

from collections.abc import Callable
from datetime import datetime, timedelta

from analytics.forecasts.plant import Plant
from dashboards.pictures.fan import fan
from dashboards.pictures.picture import Picture
from dashboards.reports.forecasts import MEDIAN, ForecastReport
from dashboards.texts import Language, Translate, translator
from device_profiles.kind import load_kind
from store.database import Database
from store.forecasts import LIVE, PlantModel, last_issue, models, weather_spans

_SILENT_AFTER = {"ultra_short": timedelta(minutes=75), "day_ahead": timedelta(hours=25)}
_NEEDED_AHEAD = timedelta(hours=40)
"""At 09:00 the next day ends in 39 hours."""


def picture(report: ForecastReport, language: Language) -> Picture:
    """Draw the quantiles as a fan, with the floor and what came."""
    _ = translator(language)
    return fan(
        report.times_us,
        report.quantiles_kw[MEDIAN].tolist(),
        report.bands(),
        actual=report.actual_kw.tolist(),
        others={_("保底"): report.floor_kw.tolist()},
        unit="kW",
        zone=report.plant.zone,
        language=language,
    )


def plant_label(plant: Plant, language: Language) -> str:
    return f"{plant.gateway} · {getattr(load_kind(plant.kind).label, language)}"


def problems(database: Database, plant: Plant, now: datetime, local: Callable[[datetime], str], _: Translate) -> list[str]:
    """Say why forecasts are missing or old, so that nobody takes an old one for new."""
    found = []
    span = weather_spans(database, gateways=[plant.gateway]).get(plant.gateway)
    if span is None:
        found.append(_("没有天气预报，不能预测。"))
    elif span.last < now + _NEEDED_AHEAD:
        found.append(_("天气预报只到 {until}，之后的时刻不预测。", until=local(span.last)[:16]))
    live = {one.horizon for one in models(database, gateway=plant.gateway, kind=plant.kind, roles=LIVE)}
    names = {"day_ahead": _("日前"), "ultra_short": _("未来 4 小时")}
    for horizon, silent_after in _SILENT_AFTER.items():
        if horizon not in live:
            found.append(_("{horizon}：没有在用的模型。", horizon=names[horizon]))
            continue
        issued = last_issue(database, plant.gateway, plant.kind, horizon)
        if issued is not None and now - issued > silent_after:
            found.append(
                _("{horizon}：最近一次发布是 {at}，预测服务可能没有运行。", horizon=names[horizon], at=local(issued)[:16])
            )
    return found


def percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.2f}%"


def verdict(model: PlantModel, language: Language) -> str:
    reason = model.scores.get("reason", {})
    return str(reason.get(language, ""))


def measures(_: Translate) -> dict[str, str]:
    return {"accuracy": _("准确率"), "pass_rate": _("合格率"), "reporting_rate": _("上报率")}


def field_names(_: Translate) -> dict[str, str]:
    return {
        "wind_speed": _("风速（轮毂高度附近）"),
        "wind_direction": _("风向"),
        "temperature": _("气温"),
        "pressure": _("气压"),
        "humidity": _("相对湿度"),
        "irradiance": _("组件面或水平面辐照度"),
        "cloud_cover": _("云量"),
    }

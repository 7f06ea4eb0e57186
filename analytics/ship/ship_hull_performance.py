"""How much slower a ship sails than when she was clean, and how fast that gets worse."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics import evidence
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.ship.hull_performance import (
    MONTH_DAYS,
    Mean,
    Trend,
    daily_means,
    indicator,
    speed_deviation_percent,
    trend,
)
from analytics.ship.reference_conditions import INPUTS, NAMEPLATE, Observed, PropulsionParameters, observe
from analytics.ship.reference_curves import MainDimensions, ReferenceCurves
from analytics.spec import Output, Spec, Training, label
from analytics.window import Flags, FloatArray, Window

_DAY_SECONDS = 86_400.0
_LEAST_HOURS = 24.0
_POWER_A_SPEED = 3.0
"""Exponent by which an error of the power counts as one of the speed."""


class Parameters(PropulsionParameters):
    """Which period is judged."""

    evaluation_days: float = Field(default=30.0, ge=7, le=365)
    """The newest so many days are judged, and as many before and after a maintenance are compared."""
    maintained_on: date | None = None
    """Day of the newest cleaning, polishing or docking within the window (UTC)."""


SPEC = Spec(
    name="ship_hull_performance",
    label=label("船体与螺旋桨性能", "Hull and propeller performance"),
    kinds=("ship",),
    inputs=INPUTS,
    rated=(*NAMEPLATE, ("length_between_perpendiculars", "m"), ("block_coefficient", "1")),
    step_seconds=3600,
    window=timedelta(days=180),
    cadence=timedelta(days=1),
    outputs=(
        Output("speed_deviation", "%", label("航速偏差 V_d（近期，负为变慢）", "Speed deviation V_d, newest (negative: slower)")),
        Output("speed_deviation_trend", "%", label("航速偏差每月变化", "Change of the speed deviation in a month")),
        Output("power_increase", "%", label("同航速功率增加（近期）", "More power at the same speed, newest")),
        Output(
            "maintenance_effect", "%", label("维护效果（航速偏差前后差）", "Effect of the maintenance on the speed deviation")
        ),
        Output("hull_valid_hours", "h", label("有效对比小时数", "Hours that could be compared")),
    ),
    parameters=Parameters,
    training=Training(days=45, at_least_share=0.5),
    source="ISO 19030-2:2016 (blocks, Chauvenet, validation, reference conditions, wind, V_d, indicators); reference curve is "
    "learned, with the slope of Holtrop and Mennen 1982; waves by STAWAVE-1 (ISO 15016)",
    validity=label(
        "参考曲线取自最初 45 天（最好在出坞后）；吃水相差 5 % 以内、蒲氏 4 级以下、深水、小舵角时比较；计程仪漂移会算作船体变化",
        "Against the first 45 days, best after docking; within 5 % of a draught that was learned, up to Beaufort 4, in deep "
        "water with small rudder angles; a drift of the speed log counts as a change of the hull",
    ),
)


def train(history: Window, parameters: Parameters) -> dict[str, Any]:
    """Learn the clean ship.

    Raises
    ------
    NotEvaluated
        If no loading was sailed at for two days in reference conditions, or breadth and area are not filled in.
    """
    seen = observe(history, parameters)
    curves = ReferenceCurves.learn(
        days=seen.days,
        speed_kn=seen.speed_kn,
        power_kw=seen.power_kw,
        draught_m=seen.draught_m,
        dimensions=_dimensions(history),
    )
    if not curves.conditions:
        raise NotEvaluated(Why.NOT_TRAINED, "no loading for two days in reference conditions")
    return curves.to_model()


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Compare the window's valid blocks with the clean ship.

    Raises
    ------
    NotEvaluated
        If less than a day's worth of blocks is valid, or none is at a loading that was learned.
    """
    curves = ReferenceCurves.from_model(model)
    seen = observe(window, parameters)
    expected, which = curves.expected(power_kw=seen.power_kw, draught_m=seen.draught_m)
    known = which >= 0
    hours = float(known.sum()) * seen.block_hours
    if hours < _LEAST_HOURS:
        why = Why.OUTSIDE_VALIDITY if len(known) * seen.block_hours >= _LEAST_HOURS else Why.NOT_STEADY
        raise NotEvaluated(why, f"{hours:.0f} h in reference conditions at a loading that was learned")
    deviation = speed_deviation_percent(speed_kn=seen.speed_kn, expected_kn=expected)
    clean_kw = curves.power_kw(speed_kn=seen.speed_kn, draught_m=seen.draught_m, which=which)
    more = 100 * (seen.power_kw / clean_kw - 1)
    end = window.end_us / 1e6 / _DAY_SECONDS
    maintained = None if parameters.maintained_on is None else float((parameters.maintained_on - date(1970, 1, 1)).days)
    begin = end - parameters.evaluation_days if maintained is None else max(end - parameters.evaluation_days, maintained)
    newest = known & (seen.days >= begin)
    level_error = 196 * max((curves.conditions[one].level_error for one in set(which[newest].tolist())), default=0.0)
    since = seen.days >= (maintained if maintained is not None else -np.inf)
    slope = trend(seen.days[since], deviation[since], which[since])
    return Result(
        [
            _mean_figure("speed_deviation", indicator(seen.days[newest], deviation[newest]), level_error / _POWER_A_SPEED),
            Figure.declined("speed_deviation_trend", Why.NOT_STEADY, "less than 20 days in reference conditions")
            if slope is None
            else Figure(name="speed_deviation_trend", value=slope.slope, uncertainty=slope.half_width),
            _mean_figure("power_increase", indicator(seen.days[newest], more[newest]), level_error),
            _effect(seen.days, deviation, maintained, parameters.evaluation_days),
            Figure(name="hull_valid_hours", value=hours),
        ],
        pictures=[_trend_picture(seen.days, deviation, which, slope), _curve_picture(curves, seen, newest)],
    )


def _dimensions(window: Window) -> MainDimensions | None:
    found = [window.rated.get(name, 0.0) for name in ("length_between_perpendiculars", "breadth", "block_coefficient")]
    return MainDimensions(*found) if all(value > 0 for value in found) else None


def _mean_figure(name: str, of: Mean | None, level_error: float) -> Figure:
    if of is None:
        return Figure.declined(name, Why.NOT_STEADY, "less than two days in reference conditions")
    return Figure(name=name, value=of.value, uncertainty=float(np.hypot(of.half_width, level_error)))


def _effect(days: FloatArray, deviation: FloatArray, maintained: float | None, span_days: float) -> Figure:
    name = "maintenance_effect"
    if maintained is None:
        return Figure.declined(name, Why.MISSING_INPUT, "maintained_on")
    before = indicator(*(of[(days >= maintained - span_days) & (days < maintained)] for of in (days, deviation)))
    # On the day itself she may still have been at the dock.
    after = indicator(*(of[(days >= maintained + 1) & (days < maintained + 1 + span_days)] for of in (days, deviation)))
    if before is None or after is None:
        return Figure.declined(name, Why.NOT_STEADY, "less than two days before or after it")
    return Figure(name=name, value=after.value - before.value, uncertainty=float(np.hypot(after.half_width, before.half_width)))


def _trend_picture(days: FloatArray, deviation: FloatArray, which: npt.NDArray[np.int64], slope: Trend | None) -> dict[str, Any]:
    at, means = daily_means(days[which >= 0], deviation[which >= 0])
    line = np.full(len(at), np.nan) if slope is None else means.mean() + slope.slope / MONTH_DAYS * (at - at.mean())
    return evidence.series(
        label("航速偏差 V_d 日均值（0 为洁净船体）", "Daily speed deviation V_d (0: clean ship)"),
        "%",
        (at * _DAY_SECONDS * 1e6).astype(np.int64),
        {"V_d": means, "趋势 / trend": line, "参考 / reference": np.zeros(len(at))},
    )


def _curve_picture(curves: ReferenceCurves, seen: Observed, newest: Flags) -> dict[str, Any]:
    low, high = float(seen.speed_kn.min()) - 1, float(seen.speed_kn.max()) + 1
    lines = {}
    for of in curves.conditions:
        near = (of.speed_kn >= low) & (of.speed_kn <= high)
        lines[f"{of.draught_m:.1f} m"] = (of.speed_kn[near], of.power_kw[near])
    return evidence.curve(
        label("洁净船体功率曲线与近期对比点", "Power of the clean ship by draught, and the newest blocks"),
        x=(label("对水航速", "Speed through water"), "kn"),
        y=(label("无风功率", "Power without wind"), "kW"),
        lines=lines,
        points=(seen.speed_kn[newest], seen.power_kw[newest]),
    )

"""How long lube oil, cooling and filters will last, where their wear is seen."""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
from pydantic import Field

from analytics.baselines.load_baseline import LoadBaseline, stretch_means
from analytics.diesel_engine.indicators import Observed, observe
from analytics.diesel_engine.trends import Remaining, days_to_limit, find_trend, since_renewal
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_STRETCH_SECONDS = 7200.0
_NORMAL_97_5_OVER_90 = 1.96 / 1.2816
NOTHING_SEEN = "no degradation seen"


class Parameters(Settings):
    """Limits at which something must be done; the engine maker's go first."""

    air_filter_limit_kpa: float = Field(default=5.0, gt=0)
    fuel_filter_limit_kpa: float = Field(default=100.0, gt=0)
    oil_filter_limit_kpa: float = Field(default=170.0, gt=0)
    oil_pressure_limit_bar: float = Field(default=2.0, gt=0)
    coolant_limit_celsius: float = Field(default=98.0, gt=0)
    coolant_level_limit_percent: float = Field(default=60.0, gt=0)


class _Item(NamedTuple):
    name: str
    signal: str
    limit: str
    """Of the parameters."""
    rises: bool
    is_renewed: bool
    """Parts that are changed; other steps back are no renewal."""
    over: tuple[str, ...]
    is_ratio: bool
    """Whether load acts on it as a factor."""
    what_zh: str
    what_en: str


_ITEMS = (
    _Item("air_filter", "intake_filter_pressure_drop", "air_filter_limit_kpa", True, True, ("load",), True, "空滤", "air filter"),
    _Item(
        "fuel_filter", "fuel_filter_pressure_drop", "fuel_filter_limit_kpa", True, True, ("load",), True, "燃油滤", "fuel filter"
    ),
    _Item(
        "oil_filter",
        "oil_filter_pressure_drop",
        "oil_filter_limit_kpa",
        True,
        True,
        ("load", "oil"),
        True,
        "机油滤",
        "oil filter",
    ),
    _Item(
        "lube_oil", "lube_oil_pressure", "oil_pressure_limit_bar", False, True, ("load", "oil"), True, "机油压力", "oil pressure"
    ),
    _Item(
        "cooling",
        "coolant_temperature",
        "coolant_limit_celsius",
        True,
        False,
        ("load", "ambient"),
        False,
        "冷却液温度",
        "coolant temperature",
    ),
    _Item(
        "coolant", "coolant_level", "coolant_level_limit_percent", False, True, ("load",), False, "冷却液液位", "coolant level"
    ),
)

SPEC = Spec(
    name="diesel_engine_health",
    label=label("柴油机油液、冷却、滤芯寿命", "Lube oil, cooling and filters of the diesel engine"),
    kinds=("diesel_engine",),
    inputs=(
        Input("state", "1"),
        Input("load_percent", "%"),
        Input("ambient_temperature", "°C", required=False),
        Input("lube_oil_temperature", "°C", required=False),
        Input("intake_filter_pressure_drop", "kPa", required=False),
        Input("fuel_filter_pressure_drop", "kPa", required=False),
        Input("oil_filter_pressure_drop", "kPa", required=False),
        Input("lube_oil_pressure", "bar", required=False),
        Input("coolant_temperature", "°C", required=False),
        Input("coolant_level", "%", required=False),
    ),
    step_seconds=300.0,
    window=timedelta(days=14),
    cadence=timedelta(days=1),
    outputs=tuple(
        Output(
            f"{item.name}_days_left{ending}",
            "d",
            label(f"{item.what_zh}到限天数{zh}", f"Days until the {item.what_en} limit{en}"),
        )
        for item in _ITEMS
        for ending, zh, en in (("", "", ""), ("_early", "（最早，P10）", ", at the earliest (P10)"))
    ),
    parameters=Parameters,
    source="ISO 13381-1:2015 (prognosis: estimate, confidence, limit); Theil-Sen slope with the test of Mann and Kendall; limits "
    "of the kind's alarms",
    validity=label(
        "至少 3 天稳态数据且趋势显著；不外推超过所见时间的 10 倍；更换滤芯后重新计",
        "Three days of steady load at least and a trend beyond doubt; never further ahead than ten times what was seen; begins "
        "anew when a part is changed",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Look for the trend of each item.

    Raises
    ------
    NotEvaluated
        If the engine was hardly at work.
    """
    observed = observe(window)
    if not observed.warm.any():
        raise NotEvaluated(Why.NOT_RUNNING, "0 h")
    figures: list[Figure] = []
    for item in _ITEMS:
        names = (f"{item.name}_days_left", f"{item.name}_days_left_early")
        try:
            left = _remaining(window, item, observed, getattr(parameters, item.limit))
        except NotEvaluated as declined:
            figures += [Figure(name=name, value=None, reason=str(declined)) for name in names]
            continue
        if left is None:
            figures += [Figure.declined(name, Why.OUTSIDE_VALIDITY, NOTHING_SEEN) for name in names]
        else:
            half_width = (left.late - left.early) / 2 * _NORMAL_97_5_OVER_90
            figures += [
                Figure(name=names[0], value=left.middle, uncertainty=half_width),
                Figure(name=names[1], value=left.early),
            ]
    return Result(figures=figures)


def _remaining(window: Window, item: _Item, observed: Observed, limit: float) -> Remaining | None:
    """Follow one item at equal conditions.

    Raises
    ------
    NotEvaluated
        If it is not measured, or hardly ever at steady load.
    """
    values = np.where(observed.warm, window[item.signal], np.nan)
    with np.errstate(invalid="ignore"):
        values = np.where(values > 0, values, np.nan)
    if np.isnan(values).all():
        raise NotEvaluated(Why.MISSING_INPUT, item.signal)
    stretch = window.steps(_STRETCH_SECONDS)
    means = stretch_means(_at_equal_conditions(values, item, observed, stretch), stretch)
    known = np.flatnonzero(~np.isnan(means))
    days, followed = (known + 0.5) * stretch * window.step_seconds / 86_400, means[known]
    first = since_renewal(followed, rises=item.rises) if item.is_renewed else 0
    trend = find_trend(days[first:], followed[first:])
    if trend is None or (trend.slope_a_day > 0) != item.rises:
        return None
    return days_to_limit(trend, limit)


def _at_equal_conditions(values: FloatArray, item: _Item, observed: Observed, stretch: int) -> FloatArray:
    """Give what would be read at high load and in the middle of the other conditions; the shape is learned in the window.

    Time is a condition while the shape is learned, so that wear is not taken for an effect of the loads that came with it.
    """
    features = {over: np.where(np.isnan(values), np.nan, observed.conditions[over]) for over in item.over}
    if any(np.isnan(of).all() for of in features.values()):
        raise NotEvaluated(Why.MISSING_INPUT, ", ".join(item.over))
    target = np.log(values) if item.is_ratio else values
    time = {"time": np.linspace(0, 1, len(values))}
    try:
        shape = LoadBaseline.fit(features | time, {item.name: target}, stretch_steps=stretch)
    except NotEvaluated as declined:
        raise NotEvaluated(Why.NOT_STEADY, declined.detail) from None
    fixed = {over: np.full(len(values), np.nanquantile(of, 0.9 if over == "load" else 0.5)) for over, of in features.items()}
    there = shape.expected(fixed | time)[item.name] + shape.residuals(features | time, {item.name: target})[item.name]
    return np.asarray(np.exp(there) if item.is_ratio else there, np.float64)

"""How long lube oil, cooling and filters will last, where their wear is seen."""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
from pydantic import Field

from analytics.baselines.load_baseline import LoadBaseline, stretch_means
from analytics.diesel_engine.indicators import Observed, observe
from analytics.remaining_life.trend import days_to_limit
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from device_profiles.kind import Label
from telemetry.settings import Settings

_STRETCH_SECONDS = 14_400.0
_NOW = 3
"""So many of the last stretches tell where an item stands."""


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
    falls: bool
    """With wear."""
    over: tuple[str, ...]
    is_ratio: bool
    """Whether load acts on it as a factor."""
    label: Label


_OIL = ("load", "oil")
_ITEMS = (
    _Item(
        "air_filter", "intake_filter_pressure_drop", "air_filter_limit_kpa", False, ("load",), True, label("空滤", "air filter")
    ),
    _Item(
        "fuel_filter",
        "fuel_filter_pressure_drop",
        "fuel_filter_limit_kpa",
        False,
        ("load",),
        True,
        label("燃油滤", "fuel filter"),
    ),
    _Item("oil_filter", "oil_filter_pressure_drop", "oil_filter_limit_kpa", False, _OIL, True, label("机油滤", "oil filter")),
    _Item("lube_oil", "lube_oil_pressure", "oil_pressure_limit_bar", True, _OIL, True, label("机油压力", "oil pressure")),
    _Item(
        "cooling",
        "coolant_temperature",
        "coolant_limit_celsius",
        False,
        ("load", "ambient"),
        False,
        label("冷却液温度", "coolant temperature"),
    ),
    _Item(
        "coolant", "coolant_level", "coolant_level_limit_percent", True, ("load",), False, label("冷却液液位", "coolant level")
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
            label(f"{item.label.zh}到限天数{zh}", f"Days until the {item.label.en} limit{en}"),
        )
        for item in _ITEMS
        for ending, zh, en in (("", "", ""), ("_early", "（最早，P10）", ", at the earliest (P10)"))
    ),
    parameters=Parameters,
    source="ISO 13381-1:2015 (prognosis: estimate, confidence, limit); Theil (1950), Sen (1968); limits of the kind's alarms",
    validity=label(
        "至少 12 段（每段 4 h）有稳态数据且趋势显著；不外推超过所见时间的 5 倍；更换滤芯后重新计",
        "At least twelve stretches of four hours with steady load and a trend beyond doubt; never further ahead than five times "
        "what was seen; begins anew when a part is changed",
    ),
)

_UNITS = {of.signal: of.unit for of in SPEC.inputs}


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
            figures += _days_left(window, item, observed, getattr(parameters, item.limit), names)
        except NotEvaluated as declined:
            figures += [Figure(name=name, value=None, reason=str(declined)) for name in names]
    return Result(figures=figures)


def _days_left(window: Window, item: _Item, observed: Observed, limit: float, names: tuple[str, str]) -> list[Figure]:
    """Follow one item at equal conditions.

    Raises
    ------
    NotEvaluated
        If it is not measured, hardly ever at steady load, or does not worsen.
    """
    values = np.where(observed.warm, window[item.signal], np.nan)
    with np.errstate(invalid="ignore"):
        values = np.where(values > 0, values, np.nan)
    if np.isnan(values).all():
        raise NotEvaluated(Why.MISSING_INPUT, item.signal)
    stretch = window.steps(_STRETCH_SECONDS)
    means = stretch_means(_at_equal_conditions(values, item, observed, stretch), stretch)
    known = ~np.isnan(means)
    times_us, means = window.times_us[stretch // 2 :: stretch][: len(means)][known], means[known]
    found = days_to_limit(times_us, means, limit=limit, falls=item.falls, label=item.label, unit=_UNITS[item.signal])
    if found is not None:
        middle = found.figure(names[0])
        return [middle, Figure(name=names[1], value=found.days.p10, validity=middle.validity)]
    now = float(means[-_NOW:].mean())
    if now <= limit if item.falls else now >= limit:
        return [Figure(name=name, value=0.0) for name in names]
    raise NotEvaluated(Why.NO_DEGRADATION)


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

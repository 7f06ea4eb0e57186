"""When filter, separator and cooler will be due: by their own trends, or nothing where nothing wears."""

from datetime import timedelta

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics.air_compressor.residuals import fully_loaded
from analytics.baselines.steady import rolling_mean, runs_since
from analytics.remaining_life.trend import days_to_limit
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_SPAN_SECONDS = 43_200
"""Of one median: a day shift and a night shift, so that twelve of them are six days."""
_LEAST_KNOWN_SECONDS = 1800
_NOW = 3
"""So many of the last medians tell where a part stands."""
_LEAST_SHARE_OF_FLOW = 0.4
_LEAST_FAN_PERCENT = 15.0
_MIXING_SECONDS = 3600


class ServiceParameters(Settings):
    """Limits at which parts are changed or cleaned."""

    filter_limit_kpa: float = Field(default=5, gt=0)
    """Pressure drop of the inlet filter at the largest flow."""
    separator_limit_kpa: float = Field(default=60, gt=0)
    """Pressure drop of the separator at the largest flow."""
    hottest_inlet_celsius: float = Field(default=40, ge=0, le=60)
    """Inlet air on the hottest day."""
    hottest_discharge_celsius: float = Field(default=100, gt=60, le=115)
    """Discharge temperature that must not be passed then."""


SPEC = Spec(
    name="air_compressor_service",
    label=label("保养预测", "Service forecast"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("free_air_delivery", "m³/min"),
        Input("inlet_filter_pressure_drop", "kPa", required=False),
        Input("separator_pressure_drop", "kPa", required=False),
        Input("fan_speed", "%", required=False),
        Input("motor_power", "kW", required=False),
        Input("heat_recovered", "kW", required=False),
        Input("discharge_temperature", "°C", required=False),
        Input("inlet_temperature", "°C", required=False),
        Input("inlet_valve_position", "%", required=False),
        Input("service_hours_left", "h", required=False),
    ),
    window=timedelta(days=30),
    cadence=timedelta(days=1),
    outputs=(
        Output(
            "filter_drop_at_full_flow", "kPa", label("进气滤芯压差（折算最大流量）", "Filter pressure drop at the largest flow")
        ),
        Output("filter_days_left", "d", label("进气滤芯剩余天数", "Days left of the inlet filter")),
        Output(
            "separator_drop_at_full_flow", "kPa", label("油分压差（折算最大流量）", "Separator pressure drop at the largest flow")
        ),
        Output("separator_days_left", "d", label("油分芯剩余天数", "Days left of the separator")),
        Output("fan_needed_when_hottest", "%", label("最热天所需风机转速", "Fan speed that the hottest day will need")),
        Output("cooler_days_left", "d", label("冷却器清洗剩余天数", "Days until the cooler needs cleaning")),
        Output("service_hours_left_now", "h", label("控制器保养倒计时", "Controller's hours to service")),
    ),
    parameters=ServiceParameters,
    source="ISO 13381-1:2015 (estimate with its band, no number without a trend); Theil (1950), Sen (1968)",
    validity=label(
        "至少 12 个半天有加载运行；不外推超过所见时间的 5 倍；换芯、清洗后重新计算",
        "At least twelve half days at load; never further ahead than five times what was seen; begins anew after a change or "
        "cleaning of the part",
    ),
)

_OUTPUTS = {output.name: output for output in SPEC.outputs}


def evaluate(window: Window, parameters: ServiceParameters) -> Result:
    """Follow the medians by half days of what each part's state shows.

    Raises
    ------
    NotEvaluated
        If the machine was hardly loaded.
    """
    loaded = fully_loaded(window)
    flow = np.where(loaded, window["free_air_delivery"], np.nan)
    known = flow[~np.isnan(flow)]
    if len(known) < window.steps(3600):
        raise NotEvaluated(Why.NOT_RUNNING, "loaded for less than an hour")
    full = float(np.quantile(known, 0.98))
    with np.errstate(invalid="ignore"):
        share = np.where(flow >= _LEAST_SHARE_OF_FLOW * full, flow / full, np.nan) ** 2
    figures = [
        *_forecast(
            window,
            "filter_drop_at_full_flow",
            "filter_days_left",
            values=window["inlet_filter_pressure_drop"] / share,
            limit=parameters.filter_limit_kpa,
        ),
        *_forecast(
            window,
            "separator_drop_at_full_flow",
            "separator_days_left",
            values=window["separator_pressure_drop"] / share,
            limit=parameters.separator_limit_kpa,
        ),
        *_forecast(window, "fan_needed_when_hottest", "cooler_days_left", values=_fan_needed(window, parameters), limit=100.0),
    ]
    hours = window["service_hours_left"]
    hours = hours[~np.isnan(hours)]
    figures.append(
        Figure(name="service_hours_left_now", value=float(hours[-1]))
        if len(hours)
        else Figure.declined("service_hours_left_now", Why.MISSING_INPUT, "service_hours_left")
    )
    return Result(figures)


def _forecast(window: Window, level: str, days_left: str, *, values: FloatArray, limit: float) -> list[Figure]:
    times_us, medians = _medians(window, values)
    if not len(medians):
        return [Figure.declined(name, Why.MISSING_INPUT) for name in (level, days_left)]
    now = float(medians[-_NOW:].mean())
    shown = _OUTPUTS[level]
    try:
        found = days_to_limit(times_us, medians, limit=limit, label=shown.label, unit=shown.unit)
    except NotEvaluated as declined:
        left = Figure(name=days_left, value=None, reason=str(declined))
    else:
        if found is not None:
            left = found.figure(days_left)
        elif now >= limit:
            left = Figure(name=days_left, value=0.0)
        else:
            left = Figure.declined(days_left, Why.NO_DEGRADATION)
    return [Figure(name=level, value=now), left]


def _medians(window: Window, values: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Give the median of each span that has enough known values, and the middle of the span; spans count from the end back."""
    steps = window.steps(_SPAN_SECONDS)
    first = len(values) % steps
    blocks = values[first:].reshape(-1, steps)
    fine = np.count_nonzero(~np.isnan(blocks), axis=1) >= window.steps(_LEAST_KNOWN_SECONDS)
    medians = np.array([np.median(block[~np.isnan(block)]) for block in blocks[fine]])
    return window.times_us[first + steps // 2 :: steps][fine], medians


def _fan_needed(window: Window, parameters: ServiceParameters) -> FloatArray:
    """Fan speed in proportion to the conductance that the hottest day needs at the largest heat. [%]"""
    running = window.state_is("idle", "loaded")
    steps = window.steps(_MIXING_SECONDS)
    warm = runs_since(running) > steps

    def mixed(name: str) -> FloatArray:
        return np.where(warm, rolling_mean(np.where(running, window[name], np.nan), steps), np.nan)

    heat = mixed("motor_power") - (mixed("heat_recovered") if (~np.isnan(window["heat_recovered"])).any() else 0.0)
    fan, warmer = mixed("fan_speed"), mixed("discharge_temperature") - mixed("inlet_temperature")
    with np.errstate(invalid="ignore"):
        fits = (fan >= _LEAST_FAN_PERCENT) & (warmer > 10) & (heat > 0)
    if not fits.any():
        return np.full(len(window), np.nan)
    largest = float(np.quantile(heat[fits], 0.98))
    needed = largest / (parameters.hottest_discharge_celsius - parameters.hottest_inlet_celsius)
    return np.where(fits, fan * needed * np.divide(warmer, heat, out=np.full(len(heat), np.nan), where=fits), np.nan)

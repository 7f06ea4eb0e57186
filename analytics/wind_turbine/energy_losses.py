"""From possible to delivered energy of a day: what was lost, by cause, and how available the turbine was."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, Training, label
from analytics.wind_turbine.availability import (
    Cause,
    categories,
    counted,
    energy_availability_percent,
    time_availability_percent,
)
from analytics.wind_turbine.losses import Losses, lost_energy
from analytics.wind_turbine.operating_curve import RECORD_SECONDS, OperatingCurve, ten_minute_records
from analytics.window import FloatArray, Window
from device_profiles.kind import Label
from telemetry.settings import Settings

_LEAST_SHARE = 0.5
_BELOW_RATED = 0.9
"""Of rated power: above it, standing beside the wind costs nothing."""

LABELS: dict[Cause, Label] = {
    "downtime": label("故障停机损失", "Lost by outages"),
    "maintenance": label("计划检修损失", "Lost by scheduled maintenance"),
    "request": label("指令或电网原因停机损失", "Lost by requested stops and the grid"),
    "environment": label("环境超限损失", "Lost by storm and weather"),
    "icing": label("结冰损失", "Lost by ice"),
    "standby": label("启动、解缆等待机损失", "Lost by starts and untwisting"),
    "curtailment": label("限功率损失", "Lost by curtailment"),
    "derating": label("降额损失", "Lost by derating"),
    "yaw": label("对风偏差损失", "Lost by yaw error"),
    "performance": label("发电性能损失", "Lost by performance"),
    "other": label("其他损失", "Lost otherwise"),
}


class Parameters(Settings):
    """What the turbine is like."""

    cut_out_mps: float = Field(default=25.0, gt=10, le=40)
    humidity_percent: float | None = Field(default=None, ge=0, le=100)
    """Relative humidity where the turbine measures none."""


SPEC = Spec(
    name="wind_losses",
    label=label("电量损失与可利用率", "Energy losses and availability"),
    kinds=("wind_turbine",),
    inputs=(
        Input("state", "1"),
        Input("wind_speed", "m/s"),
        Input("active_power", "kW"),
        Input("ambient_temperature", "°C"),
        Input("ambient_pressure", "kPa"),
        Input("ambient_humidity", "%", required=False),
        Input("power_setpoint", "kW", required=False),
        Input("yaw_error", "deg", required=False),
        Input("availability_category", "1", required=False),
        Input("curtailment_active", "1", required=False),
        Input("ice_detected", "1", required=False),
    ),
    rated=(("rated_power", "kW"),),
    window=timedelta(days=1),
    cadence=timedelta(days=1),
    outputs=(
        Output("possible_energy", "kWh", label("应发电量", "Possible energy")),
        Output("delivered_energy", "kWh", label("实发电量（扣除自用）", "Delivered energy, less own use")),
        *(Output(f"lost_by_{cause}", "kWh", text) for cause, text in LABELS.items()),
        Output("capacity_factor", "%", label("容量系数", "Capacity factor")),
        Output("operational_availability", "%", label("运行可利用率（时间）", "Operational availability, by time")),
        Output("technical_availability", "%", label("技术可利用率（时间）", "Technical availability, by time")),
        Output("energy_availability", "%", label("电量可利用率", "Availability by energy")),
        Output("technical_energy_availability", "%", label("技术电量可利用率", "Technical availability by energy")),
    ),
    parameters=Parameters,
    training=Training(days=30, at_least_share=0.5),
    source="IEC TS 61400-26-1 (categories, time), 26-2 (lost production); expected power by the turbine's own healthy curve",
    validity=label(
        "应发功率来自本机健康期学习的功率曲线；超出学到的风速范围时该时段不计",
        "Expected power by the curve that the turbine learned while healthy; times of wind beyond it do not count",
    ),
)


def train(history: Window, parameters: Parameters) -> dict[str, Any]:
    """Learn the healthy curve."""
    return OperatingCurve.fit(ten_minute_records(history, humidity_percent=parameters.humidity_percent)).to_model()


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Split a window's lost energy among its causes.

    Raises
    ------
    NotEvaluated
        If wind and power are known for less than half of it, or there is no nameplate.
    """
    rated_kw = window.rating("rated_power")
    if not rated_kw > 0:
        raise NotEvaluated(Why.BAD_INPUT, f"rated_power {rated_kw:g}")
    curve = OperatingCurve.from_model(model)
    expected, beside = _expected(window, curve, parameters, rated_kw)
    codes = categories(window)
    with np.errstate(invalid="ignore"):
        is_iced = (window["ice_detected"] > 0.5) | window.state_is("iced")
    losses = lost_energy(
        expected_kw=expected,
        power_kw=window["active_power"],
        codes=codes,
        set_point_kw=window["power_setpoint"],
        is_iced=is_iced,
        alignment_share=beside,
        step_seconds=window.step_seconds,
    )
    if losses.known_share < _LEAST_SHARE:
        raise NotEvaluated(Why.MISSING_INPUT, f"wind and power known for {100 * losses.known_share:.0f} %")
    error = 1.96 * curve.deviation_over(losses.possible_kwh / curve.rated_kw) * losses.possible_kwh
    known_hours = losses.known_share * window.days * 24
    figures = [
        Figure(name="possible_energy", value=losses.possible_kwh, uncertainty=error),
        Figure(name="delivered_energy", value=losses.delivered_kwh),
        *(_lost(cause, losses, curve, window, error) for cause in losses.lost_kwh),
        Figure(name="capacity_factor", value=100 * losses.delivered_kwh / (rated_kw * known_hours)),
        *_availability(losses, codes, window.step_seconds),
    ]
    return Result(figures, pictures=[_waterfall(losses), _course(window, expected)])


def _expected(window: Window, curve: OperatingCurve, parameters: Parameters, rated_kw: float) -> tuple[FloatArray, FloatArray]:
    """Give, at each step, its ten minutes' expected power, and the share of it that is lost beside the wind."""
    records = ten_minute_records(window, humidity_percent=parameters.humidity_percent)
    of_record = curve.expected_kw(records.speed_mps, rated_kw=rated_kw, cut_out_mps=parameters.cut_out_mps)
    beside = curve.alignment_loss_share(records.yaw_error_degrees)
    with np.errstate(invalid="ignore"):
        beside = np.where(of_record < _BELOW_RATED * rated_kw, beside, 0.0)
    span = window.steps(RECORD_SECONDS)
    tail = np.full(len(window) - len(of_record) * span, np.nan)
    expected, share = (np.concatenate([np.repeat(of, span), tail]) for of in (of_record, beside))
    return expected, share


def _lost(cause: Cause, losses: Losses, curve: OperatingCurve, window: Window, error: float) -> Figure:
    name = f"lost_by_{cause}"
    if cause == "yaw" and (np.isnan(curve.alignment) or np.isnan(window["yaw_error"]).all()):
        return Figure.declined(name, Why.MISSING_INPUT, "yaw_error")
    lost = losses.lost_kwh[cause]
    share = abs(lost) / losses.possible_kwh if losses.possible_kwh > 0 else 0.0
    return Figure(name=name, value=lost, uncertainty=error if cause == "performance" else share * error)


def _availability(losses: Losses, codes: FloatArray, step_seconds: float) -> list[Figure]:
    hours = step_seconds / 3600
    idle = counted(codes, "technical") == 0
    lost_idle = float(np.nansum(np.where(idle, losses.shortfall_kw, 0.0))) * hours
    values = {
        "operational_availability": time_availability_percent(codes, "operational"),
        "technical_availability": time_availability_percent(codes, "technical"),
        "energy_availability": energy_availability_percent(
            delivered_kwh=losses.delivered_kwh, lost_kwh=losses.possible_kwh - losses.delivered_kwh
        ),
        "technical_energy_availability": energy_availability_percent(
            delivered_kwh=losses.possible_kwh - lost_idle, lost_kwh=lost_idle
        ),
    }
    why = {"operational_availability": Why.MISSING_INPUT, "technical_availability": Why.MISSING_INPUT}
    return [
        Figure(name=name, value=value)
        if np.isfinite(value)
        else Figure.declined(name, why.get(name, Why.NOT_RUNNING), "availability_category, state" if name in why else "no wind")
        for name, value in values.items()
    ]


def _waterfall(losses: Losses) -> dict[str, Any]:
    return evidence.waterfall(
        label("从应发到实发", "From possible to delivered energy"),
        "kWh",
        (label("应发电量", "Possible energy"), losses.possible_kwh),
        [(LABELS[cause], -lost) for cause, lost in losses.lost_kwh.items() if lost != 0],
    )


def _course(window: Window, expected: FloatArray) -> dict[str, Any]:
    return evidence.series(
        label("应发与实发功率", "Expected and delivered power"),
        "kW",
        window.times_us,
        {"应发 expected": expected, "实发 delivered": window["active_power"]},
    )

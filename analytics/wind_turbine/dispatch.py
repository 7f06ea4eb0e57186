"""A farm as dispatch sees it: available power, energy that an order leaves in the wind, ramps, and who should give what."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.wind_turbine.farm_dispatch import left_in_the_wind_kw, ramp_limits_kw, rises_kw, shared_order_kw
from analytics.window import Flags, FloatArray, Window
from telemetry.settings import Settings

_LATEST_SECONDS = 600.0
_LEAST_SHARE = 0.5
_SPANS = {"one_minute": 60.0, "ten_minutes": 600.0}


class Parameters(Settings):
    """How the farm is led."""

    minimum_percent: float = Field(default=10, ge=0, le=100)
    """Of its rated power: a turbine that runs is given no less."""
    dead_band_percent: float = Field(default=1, ge=0, le=20)
    """Of its rated power: a set-point that would move by no more stays."""
    one_minute_limit_kw: float | None = Field(default=None, gt=0)
    ten_minutes_limit_kw: float | None = Field(default=None, gt=0)
    """What the farm's power may rise by; by its capacity after GB/T 19963 where left out."""


SPEC = Spec(
    name="wind_farm_dispatch",
    label=label("风电场功率调度", "Dispatch of the wind farm"),
    kinds=("wind_turbine",),
    inputs=(
        Input("state", "1"),
        Input("active_power", "kW"),
        Input("available_power", "kW"),
        Input("power_setpoint", "kW"),
    ),
    rated=(("rated_power", "kW"),),
    scope="station",
    window=timedelta(days=1),
    cadence=timedelta(hours=1),
    outputs=(
        Output("present_set_point", "kW", label("当前功率设定值", "Set-point now")),
        Output("advised_set_point", "kW", label("建议功率设定值", "Set-point that it should have")),
        Output("curtailed_energy", "kWh", label("本机限电量", "Curtailed energy of the turbine")),
        Output(
            "farm_available_power", "kW", label("全场可用功率（最近十分钟）", "Available power of the farm, last ten minutes")
        ),
        Output("farm_power", "kW", label("全场功率（最近十分钟）", "Power of the farm, last ten minutes")),
        Output("farm_curtailed_energy", "kWh", label("全场限电量", "Curtailed energy of the farm")),
        Output("farm_tracking_error", "%", label("设定值跟踪误差（占容量）", "Error in following the order, of capacity")),
        Output("farm_rise_one_minute", "kW", label("1 分钟最大升功率", "Largest rise within one minute")),
        Output("farm_rise_ten_minutes", "kW", label("10 分钟最大升功率", "Largest rise within ten minutes")),
        Output("farm_rises_one_minute_over", "%", label("1 分钟升功率越限时间占比", "Time above the limit of one minute")),
        Output("farm_rises_ten_minutes_over", "%", label("10 分钟升功率越限时间占比", "Time above the limit of ten minutes")),
    ),
    parameters=Parameters,
    source="GB/T 19963 (ramp limits by capacity, table ramp_limits.toml, not verified); shares in proportion to available power",
    validity=label(
        "仅为建议，不写设备；可用功率取自机组自报值；降功率不计越限（随风下降免考核）",
        "Advice only, nothing is written; available power as the turbines tell it; falls do not count, since those with the wind "
        "are exempt",
    ),
)


class _Farm(NamedTuple):
    """Arrays of shape (turbines, n)."""

    power_kw: FloatArray
    available_kw: FloatArray
    set_point_kw: FloatArray
    rated_kw: FloatArray


def evaluate(windows: Mapping[str, Window], parameters: Parameters) -> dict[str, Result]:
    """Look at a farm's turbines together.

    Raises
    ------
    NotEvaluated
        If fewer than two turbines tell enough, or one of them has no nameplate.
    """
    told = {name: window for name, window in windows.items() if _known_share(window) >= _LEAST_SHARE}
    if len(told) < 2:
        raise NotEvaluated(Why.MISSING_INPUT, f"{len(told)} turbines tell enough, two are needed")
    rated = np.array([window.rating("rated_power") for window in told.values()])
    if not (rated > 0).all():
        raise NotEvaluated(Why.BAD_INPUT, f"rated_power {rated.min():g}")
    farm = _gather(told, rated)
    known: Flags = np.asarray(~np.isnan(farm.power_kw + farm.available_kw + farm.set_point_kw).any(axis=0), np.bool_)
    first = next(iter(told.values()))
    hours = first.step_seconds / 3600
    left = left_in_the_wind_kw(available_kw=farm.available_kw, power_kw=farm.power_kw, set_point_kw=farm.set_point_kw)
    latest = slice(-first.steps(_LATEST_SECONDS), None)
    farm_figures = [
        *_latest(farm, latest),
        Figure(name="farm_curtailed_energy", value=float(np.nansum(left)) * hours),
        _tracking(farm, known),
        *_ramps(farm, first.step_seconds, parameters),
    ]
    if len(told) < len(windows):
        farm_figures = [replace(figure, validity="doubtful") for figure in farm_figures]
    present, advised = _advice(farm, latest, parameters)
    pictures = [_course(first, farm), _shares(list(told), present, advised)]
    found = {
        name: Result(
            [
                _set_point("present_set_point", present[index]),
                _set_point("advised_set_point", advised[index]),
                Figure(name="curtailed_energy", value=float(np.nansum(left[index])) * hours),
                *farm_figures,
            ],
            pictures=pictures,
        )
        for index, name in enumerate(told)
    }
    silent = Result([Figure.declined(one.name, Why.MISSING_INPUT, "too little of this turbine") for one in SPEC.outputs])
    return {name: found.get(name, silent) for name in windows}


def _known_share(window: Window) -> float:
    """Share of the window in which a turbine tells its state and all three powers."""
    if not len(window):
        return 0.0
    told = sum(window[name] for name in ("state", "active_power", "available_power", "power_setpoint"))
    return float(np.mean(~np.isnan(told)))


def _gather(windows: Mapping[str, Window], rated_kw: FloatArray) -> _Farm:
    """Put the turbines side by side; what stands still has nothing available."""
    available = []
    for window in windows.values():
        can_run = window.state_is("standby", "starting", "running")
        of_window = np.where(can_run, np.maximum(window["available_power"], 0.0), 0.0)
        available.append(np.where(np.isnan(window["state"]), np.nan, of_window))
    sizes = {len(window) for window in windows.values()}
    if len(sizes) > 1:
        raise NotEvaluated(Why.BAD_INPUT, f"windows of {sorted(sizes)} steps")
    power, set_point = (np.array([window[name] for window in windows.values()]) for name in ("active_power", "power_setpoint"))
    return _Farm(power, np.array(available), set_point, rated_kw)


def _latest(farm: _Farm, latest: slice) -> list[Figure]:
    figures = []
    for name, of in (("farm_available_power", farm.available_kw), ("farm_power", farm.power_kw)):
        total = of[:, latest].sum(axis=0)
        total = total[~np.isnan(total)]
        figures.append(
            Figure(name=name, value=float(total.mean()))
            if len(total)
            else Figure.declined(name, Why.MISSING_INPUT, "nothing within ten minutes")
        )
    return figures


def _tracking(farm: _Farm, known: Flags) -> Figure:
    """Distance of the farm's power from what its order and the wind allow, while an order limits it."""
    name = "farm_tracking_error"
    allowed = np.minimum(farm.set_point_kw, farm.available_kw)
    with np.errstate(invalid="ignore"):
        limited = known & (farm.set_point_kw < farm.available_kw).any(axis=0)
    if not limited.any():
        return Figure.declined(name, Why.NOT_RUNNING, "no order below the available power")
    off = np.abs(farm.power_kw[:, limited].sum(axis=0) - allowed[:, limited].sum(axis=0))
    return Figure(name=name, value=100 * float(off.mean() / farm.rated_kw.sum()))


def _ramps(farm: _Farm, step_seconds: float, parameters: Parameters) -> list[Figure]:
    capacity_kw = float(farm.rated_kw.sum())
    chosen = parameters.one_minute_limit_kw, parameters.ten_minutes_limit_kw
    of_table = ramp_limits_kw(capacity_kw)
    total = farm.power_kw.sum(axis=0)
    figures = []
    for (span, seconds), own, standard in zip(_SPANS.items(), chosen, of_table, strict=True):
        names = f"farm_rise_{span}", f"farm_rises_{span}_over"
        if step_seconds > seconds:
            figures += [Figure.declined(name, Why.OUTSIDE_VALIDITY, f"steps of {step_seconds:g} s") for name in names]
            continue
        rises = rises_kw(total, span_seconds=seconds, step_seconds=step_seconds)
        rises = rises[~np.isnan(rises)]
        if not len(rises):
            figures += [Figure.declined(name, Why.MISSING_INPUT, "active_power without gaps") for name in names]
            continue
        limit = standard if own is None else own
        over = Figure(name=names[1], value=100 * float((rises > limit).mean()))
        figures += [Figure(name=names[0], value=float(rises.max())), over]
    return figures


def _advice(farm: _Farm, latest: slice, parameters: Parameters) -> tuple[FloatArray, FloatArray]:
    """Share the present order of the turbines that can run; NaN where one of the last ten minutes is not known."""
    count = len(farm.rated_kw)
    columns = (farm.available_kw[:, latest], farm.set_point_kw[:, latest])
    known = ~np.isnan(columns[0]).any(axis=0) & ~np.isnan(columns[1]).any(axis=0)
    if not known.any():
        return np.full(count, np.nan), np.full(count, np.nan)
    available, present = (of[:, known].mean(axis=1) for of in columns)
    if (present >= available).all():
        return present, present  # nobody is held back
    order = float(np.minimum(present, farm.rated_kw)[available > 0].sum())
    advised = shared_order_kw(
        max(order, 0.0),
        available_kw=available,
        minimum_kw=parameters.minimum_percent / 100 * farm.rated_kw,
        present_kw=present,
        dead_band_kw=parameters.dead_band_percent / 100 * float(farm.rated_kw.min()),
    )
    return present, advised


def _set_point(name: str, value: float) -> Figure:
    if np.isnan(value):
        return Figure.declined(name, Why.MISSING_INPUT, "available_power, power_setpoint")
    return Figure(name=name, value=float(value))


def _course(window: Window, farm: _Farm) -> dict[str, Any]:
    return evidence.series(
        label("全场可用功率、设定值与功率", "Available power, order and power of the farm"),
        "kW",
        window.times_us,
        {
            "可用 available": farm.available_kw.sum(axis=0),
            "设定 order": np.minimum(farm.set_point_kw, farm.rated_kw[:, None]).sum(axis=0),
            "功率 power": farm.power_kw.sum(axis=0),
        },
    )


def _shares(names: list[str], present: FloatArray, advised: FloatArray) -> dict[str, Any]:
    return evidence.bars(
        label("各机组设定值", "Set-points of the turbines"),
        "kW",
        names,
        {"当前 present": present, "建议 advised": advised},
        stacked=False,
    )

"""How a machine was used over a week: utilisation, idling, hours by duty and by load."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics import evidence
from analytics.construction_machine.counters import Growth, Mark, growth
from analytics.construction_machine.healthy import is_running
from analytics.construction_machine.utilisation import (
    LOAD_EDGES_PERCENT,
    RESOLUTION_HOURS,
    Use,
    by_day,
    day_numbers,
    load_hours,
    use_of,
)
from analytics.result import Figure, NotEvaluated, Result, Validity, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind
from telemetry.settings import Settings

DUTIES = ("warming_up", "idle", "travel", "dig", "load", "swing")
_LEAST_SHARE = 0.5
_SPANS = tuple(pairwise(LOAD_EDGES_PERCENT))
_STATES = {state.name: state.label for state in load_kind("construction_machine").signals["state"].states}


class Parameters(Settings):
    """When the machine is meant to be at work."""

    available_hours_a_week: float = Field(default=60.0, gt=0, le=168)
    """Hours of a week in which it could work: six days of ten hours."""
    utc_offset_hours: float = Field(default=8.0, ge=-12, le=14)
    """Of the local time by which days are told."""


SPEC = Spec(
    name="construction_utilisation",
    label=label("利用率与怠速", "Utilisation and idling"),
    kinds=("construction_machine",),
    inputs=(
        Input("engine_hours", "h"),
        Input("idle_hours", "h", required=False),
        Input("non_operating_idle_hours", "h", required=False),
        Input("state", "1", required=False),
        Input("engine_speed", "rpm", required=False),
        Input("engine_running", "1", required=False),
        Input("load_percent", "%", required=False),
    ),
    window=timedelta(days=7),
    cadence=timedelta(hours=6),
    outputs=(
        Output("utilisation", "%", label("利用率（运转小时/可用小时）", "Utilisation (operating by available hours)")),
        Output("productive_utilisation", "%", label("有效利用率（扣除怠速）", "Productive utilisation (without idling)")),
        Output("idle_ratio", "%", label("怠速占运转小时", "Idle hours of the operating ones")),
        Output("locked_idle_ratio", "%", label("先导锁定怠速占怠速", "Idling with locked controls, of all idling")),
        Output("weekly_operating_hours", "h", label("周运转小时", "Operating hours of the week")),
        Output("weekly_productive_hours", "h", label("周有效作业小时", "Productive hours of the week")),
        Output("days_at_work", "d", label("出勤天数", "Days at work")),
        *(
            Output(f"{duty}_share", "%", label(f"{_STATES[duty].zh}占运转时间", f"{_STATES[duty].en}, of running time"))
            for duty in DUTIES
        ),
        *(
            Output(
                f"hours_at_load_{low}_to_{high}",
                "h",
                label(f"负荷 {low} 至 {high} % 的小时", f"Hours at a load of {low} to {high} %"),
            )
            for low, high in _SPANS
        ),
    ),
    parameters=Parameters,
    source="ISO/TS 15143-3 (cumulative operating, idle and non-operating idle hours); 25 to 45 % idling is common in the trade",
    validity=label(
        "一半以上时间的计数器增量可知时；计数器清零或缺数的时段按增量均摊并标为存疑",
        "Where the counter's growth is known for half of the week; gaps share the growth evenly, and resets make it doubtful",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Count a week's hours.

    Raises
    ------
    NotEvaluated
        If the hour meter's growth is known for less than half of it.
    """
    operating = _grown(window, "engine_hours")
    share = operating.known_share()
    if share < _LEAST_SHARE:
        raise NotEvaluated(Why.MISSING_INPUT, f"engine_hours ({100 * share:.0f} %)")
    idle = _grown(window, "idle_hours")
    known_days = window.days * share
    has_idle = not np.isnan(idle.total())
    use = use_of(
        operating_hours=operating.total(),
        idle_hours=idle.total() if has_idle else 0.0,
        available_hours=parameters.available_hours_a_week * known_days / 7,
    )
    doubtful = any(of.has(mark) for of in (operating, idle) for mark in (Mark.RESET, Mark.JUMP))
    days, hours, _ = by_day(operating.amount, day_numbers(window.times_us, utc_offset_hours=parameters.utc_offset_hours))
    figures = [
        *_ratios(use, parameters.available_hours_a_week * known_days / 7, _grown(window, "non_operating_idle_hours").total(),
                 has_idle=has_idle, validity="doubtful" if doubtful else "valid"),
        Figure(name="days_at_work", value=float((hours > 0.5).sum())),
        *_duties(window),
        *_loads(window),
    ]  # fmt: skip
    return Result(figures, (), _pictures(window, parameters, days, hours, idle if has_idle else None))


def _grown(window: Window, name: str) -> Growth:
    return growth(window[name], step_seconds=window.step_seconds, most_per_hour=1.0)


def _ratios(use: Use, available_hours: float, locked_hours: float, *, has_idle: bool, validity: Validity) -> list[Figure]:
    def figure(name: str, value: float, uncertainty: float, *, needs_idle: bool = True) -> Figure:
        if needs_idle and not has_idle:
            return Figure.declined(name, Why.MISSING_INPUT, "idle_hours")
        if np.isnan(value):
            return Figure.declined(name, Why.NOT_RUNNING)
        return Figure(name=name, value=value, uncertainty=uncertainty, validity=validity)

    by_available = 100 * RESOLUTION_HOURS / available_hours
    by_operating = 100 * RESOLUTION_HOURS / use.operating_hours if use.operating_hours > 0 else 0.0
    locked = 100 * locked_hours / use.idle_hours if use.idle_hours > 0 else float("nan")
    return [
        figure("utilisation", 100 * use.utilisation, by_available, needs_idle=False),
        figure("weekly_operating_hours", use.operating_hours, RESOLUTION_HOURS, needs_idle=False),
        figure("productive_utilisation", 100 * use.productive_hours / available_hours, by_available),
        figure("weekly_productive_hours", use.productive_hours, RESOLUTION_HOURS),
        figure("idle_ratio", 100 * use.idle_ratio, by_operating),
        figure("locked_idle_ratio", locked, 100 * RESOLUTION_HOURS / use.idle_hours if use.idle_hours > 0 else 0.0),
    ]


def _duties(window: Window) -> list[Figure]:
    counts = np.array([window.state_is(duty).sum() for duty in DUTIES], np.float64)
    names = [f"{duty}_share" for duty in DUTIES]
    if np.isnan(window["state"]).all():
        return [Figure.declined(name, Why.MISSING_INPUT, "state") for name in names]
    if not counts.sum():
        return [Figure.declined(name, Why.NOT_RUNNING) for name in names]
    return [Figure(name=name, value=float(100 * of / counts.sum())) for name, of in zip(names, counts, strict=True)]


def _loads(window: Window) -> list[Figure]:
    names = [f"hours_at_load_{low}_to_{high}" for low, high in _SPANS]
    if np.isnan(window["load_percent"]).all():
        return [Figure.declined(name, Why.MISSING_INPUT, "load_percent") for name in names]
    hours = load_hours(window["load_percent"], is_running(window), step_seconds=window.step_seconds)
    return [Figure(name=name, value=float(of)) for name, of in zip(names, hours, strict=True)]


def _pictures(
    window: Window, parameters: Parameters, days: npt.NDArray[np.int64], hours: FloatArray, idle: Growth | None
) -> list[dict[str, object]]:
    numbers = day_numbers(window.times_us, utc_offset_hours=parameters.utc_offset_hours)
    idles = np.minimum(by_day(idle.amount, numbers)[1], hours) if idle is not None else np.zeros(len(hours))
    _, steps = np.unique(numbers, return_counts=True)
    off = np.maximum(steps * window.step_seconds / 3600 - hours, 0.0)
    names = [(date(1970, 1, 1) + timedelta(days=int(day))).strftime("%m-%d") for day in days]
    by_use = {"作业 / productive": hours - idles, "怠速 / idle": idles, "停机 / off": off}
    share = 100 * hours / (parameters.available_hours_a_week / 7)
    return [
        evidence.bars(label("每日作业、怠速与停机", "Productive, idle and off by day"), "h", names, by_use),
        evidence.bars(label("每日利用率", "Utilisation by day"), "%", names, {"利用率 / utilisation": share}),
    ]

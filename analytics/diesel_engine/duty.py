"""How a generator set was used over a day: hours by mode, idling, low load, starts, and what that wears."""

import numpy as np
from pydantic import Field

from analytics.diesel_engine.duty_cycles import nearest_mode, read_duty_table
from analytics.diesel_engine.operation import (
    LOW_LOAD_PERCENT,
    Condition,
    count_starts,
    hour_weights,
    segment,
    transient_percent_per_minute,
)
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import Window
from telemetry.settings import Settings

_CYCLE = next(cycle for cycle in read_duty_table().cycles if cycle.name == "D2")
LEAST_SHARE = 0.5
"""Of the window's steps so many must be known."""


class Parameters(Settings):
    """What the nameplate may not tell."""

    rated_speed_rpm: float = Field(default=1500.0, gt=0)
    """1500 for four poles at 50 Hz; the nameplate's ``rated_speed`` goes first."""


SPEC = Spec(
    name="diesel_engine_duty",
    label=label("柴油机实际工况", "Duty of the diesel engine"),
    kinds=("diesel_engine",),
    inputs=(
        Input("engine_speed", "rpm"),
        Input("load_percent", "%"),
        Input("coolant_temperature", "°C", required=False),
        Input("lube_oil_temperature", "°C", required=False),
        Input("start_count", "1", required=False),
    ),
    rated=(("rated_speed", "rpm"),),
    outputs=(
        *(
            Output(
                f"hours_at_{mode.load_percent:.0f}_percent",
                "h",
                label(f"接近 {mode.load_percent:.0f} % 负荷的小时", f"Hours nearest to {mode.load_percent:.0f} % load"),
            )
            for mode in _CYCLE.modes
        ),
        Output("running_hours", "h", label("运行小时", "Hours at work")),
        Output("steady_share", "%", label("稳定负荷占运行时间", "Steady load, of the time at work")),
        Output("idle_share", "%", label("空载占运行时间", "Idling, of the time at work")),
        Output("low_load_hours", "h", label("低于 30 % 负荷的小时", "Hours below 30 % load")),
        Output("starts", "1", label("起动次数", "Starts")),
        Output("transient_index", "%", label("瞬变指数（每分钟负荷变化）", "Transient index (change of load each minute)")),
        Output("equivalent_hours", "h", label("当量运行小时", "Equivalent hours")),
    ),
    parameters=Parameters,
    source="ISO 8178-4 cycle D2 for the modes; ISO 8528-1 on low load; weights of hours: convention of this house, editable",
    validity=label("一半以上的数据可用时", "Where at least half of the values are known"),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Count a window's hours.

    Raises
    ------
    NotEvaluated
        If less than half of it is known, or the nameplate's speed cannot be.
    """
    speed, load = window["engine_speed"], window["load_percent"]
    rated_rpm = window.rated.get("rated_speed", parameters.rated_speed_rpm)
    if not rated_rpm > 0:
        raise NotEvaluated(Why.BAD_INPUT, f"rated_speed {rated_rpm:g}")
    doing = segment(
        speed_rpm=speed,
        load_percent=load,
        coolant_celsius=window["coolant_temperature"],
        rated_speed_rpm=rated_rpm,
        step_seconds=window.step_seconds,
    )
    share = float((doing != Condition.UNKNOWN).mean())
    if share < LEAST_SHARE:
        raise NotEvaluated(Why.MISSING_INPUT, f"{100 * share:.0f} %")
    at_work = doing >= Condition.WARMING_UP
    step_hours = window.step_seconds / 3600
    hours = float(at_work.sum()) * step_hours
    loads = np.where(at_work, load, np.nan)
    modes = nearest_mode(_CYCLE, load_percent=loads, speed_percent=100 * speed / rated_rpm)
    counts = np.bincount(modes[modes >= 0], minlength=len(_CYCLE.modes)) * step_hours
    figures = [
        Figure(name=f"hours_at_{mode.load_percent:.0f}_percent", value=float(count))
        for mode, count in zip(_CYCLE.modes, counts, strict=True)
    ]
    with np.errstate(invalid="ignore"):
        low = float((loads < LOW_LOAD_PERCENT).sum()) * step_hours
    weights = hour_weights(read_duty_table().wear, load_percent=loads, oil_celsius=window["lube_oil_temperature"])
    starts = count_starts(window["start_count"])
    figures += [
        Figure(name="running_hours", value=hours),
        Figure(name="low_load_hours", value=low),
        Figure(name="equivalent_hours", value=float(weights[~np.isnan(weights)].sum()) * step_hours),
        Figure(name="starts", value=starts)
        if np.isfinite(starts)
        else Figure.declined("starts", Why.MISSING_INPUT, "start_count"),
    ]
    changes = transient_percent_per_minute(load, at_work, step_seconds=window.step_seconds)
    of_work = {
        "steady_share": float((doing == Condition.STEADY).sum()) * step_hours,
        "idle_share": float((doing == Condition.IDLE).sum()) * step_hours,
    }
    figures += [
        Figure(name=name, value=100 * of / hours) if hours > 0 else Figure.declined(name, Why.NOT_RUNNING)
        for name, of in of_work.items()
    ]
    figures.append(
        Figure(name="transient_index", value=changes)
        if np.isfinite(changes)
        else Figure.declined("transient_index", Why.NOT_RUNNING)
    )
    return Result(figures=figures)

"""Which compressors of a station should have run yesterday, and what that would have saved."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from pydantic import Field

from analytics.air_compressor.demand import HOURS_A_DAY, Hourly, hourly_flow
from analytics.air_compressor.dispatch import Plan, Unit, best_plan, power_kw
from analytics.air_compressor.units import learned_unit
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import Flags, FloatArray, Window
from telemetry.settings import Settings

_LEAST_HOURS = 12
_ON_SHARE = 0.05
"""A machine that ran for less of an hour is counted as off, if it delivered nothing."""


class DispatchParameters(Settings):
    """How carefully the station is run."""

    reserve_percent: float = Field(default=10, ge=0, le=100)
    """What runs can deliver so much more than the hour's mean."""
    start_minutes: float = Field(default=3, ge=0, le=60)
    """What a start costs, in minutes of full power."""


SPEC = Spec(
    name="air_compressor_dispatch",
    label=label("机组优化调度", "Dispatch of the station"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("active_power", "kW"),
        Input("free_air_delivery", "m³/min"),
        Input("free_air_total", "m³", required=False),
        Input("speed_percent", "%", required=False),
        Input("volume_flow_percent", "%", required=False),
        Input("inlet_valve_position", "%", required=False),
    ),
    scope="station",
    window=timedelta(hours=25),
    cadence=timedelta(days=1),
    outputs=(
        Output("planned_hours", "h", label("建议运行小时", "Hours that it should run")),
        Output("present_hours", "h", label("实际运行小时", "Hours that it ran")),
        Output("planned_air_share", "%", label("建议供气占比", "Share of the air that it should deliver")),
        Output("present_air_share", "%", label("实际供气占比", "Share of the air that it delivered")),
        Output("station_saving", "%", label("全站可节电", "Saved by the station")),
        Output("station_saved_energy", "kWh", label("全站可节电量", "Energy saved by the station")),
    ),
    parameters=DispatchParameters,
    source="Mixed-integer program over hourly means; power by two lines a machine (US DOE Sourcebook, load profiles)",
    validity=label(
        "同一管网、压力相近的机组；按小时平均，不含储气罐与压力波动",
        "Machines on one network at like pressures; means of an hour, without receiver and swings of pressure",
    ),
)


def evaluate(windows: Mapping[str, Window], parameters: DispatchParameters) -> dict[str, Result]:
    """Plan the hours that all machines know.

    Raises
    ------
    NotEvaluated
        If there are fewer than two machines that were seen at work, or too few hours.
    """
    units: dict[str, Unit] = {}
    left_out: dict[str, NotEvaluated] = {}
    for name, window in windows.items():
        try:
            units[name] = learned_unit(window, start_minutes=parameters.start_minutes)
        except NotEvaluated as declined:
            left_out[name] = declined
    if len(units) < 2:
        raise NotEvaluated(Why.NOT_RUNNING, f"{len(units)} machines were seen at work, two are needed")
    if any(_delivers(windows[name]) for name in left_out):
        raise NotEvaluated(Why.BAD_INPUT, f"{', '.join(left_out)} delivered, but cannot be described")
    flow, is_on = _present({name: windows[name] for name in units}, units)
    present, best = best_plan(list(units.values()), flow, is_on, reserve_percent=parameters.reserve_percent)
    error = _error_kwh({name: windows[name] for name in units}, list(units.values()), present)
    results = {name: _result(index, present, best, error) for index, name in enumerate(units)}
    for name, reason in left_out.items():
        results[name] = Result([Figure.declined(one.name, reason.why, reason.detail) for one in SPEC.outputs])
    return results


def _delivers(window: Window) -> bool:
    flow = window["free_air_delivery"]
    with np.errstate(invalid="ignore"):
        return bool((flow > 0).any())


def _present(windows: Mapping[str, Window], units: Mapping[str, Unit]) -> tuple[FloatArray, Flags]:
    hourly = [hourly_flow(window) for window in windows.values()]
    running = [_hourly_share(window) for window in windows.values()]
    first = max(one.first_hour for one in hourly)
    last = min(one.first_hour + len(one.flow) for one in hourly)
    flow = np.array([one.flow[first - one.first_hour : last - one.first_hour] for one in hourly])
    share = np.array([one.flow[first - one.first_hour : last - one.first_hour] for one in running])
    known = ~(np.isnan(flow) | np.isnan(share)).any(axis=0)
    if np.count_nonzero(known) < _LEAST_HOURS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{np.count_nonzero(known)} full hours of all machines")
    flow, share = (column[:, known][:, -HOURS_A_DAY:] for column in (flow, share))
    capacity = np.array([unit.capacity for unit in units.values()])
    flow = np.minimum(np.where(flow > 1e-3 * capacity[:, None], flow, 0.0), capacity[:, None])
    return flow, (share > _ON_SHARE) | (flow > 0)


def _hourly_share(window: Window) -> Hourly:
    """Share of each hour in which the motor turns."""
    state = window["state"]
    turning = np.where(np.isnan(state), np.nan, window.state_is("starting", "idle", "loaded"))
    return hourly_flow(
        Window(
            kind=window.kind,
            start_us=window.start_us,
            step_seconds=window.step_seconds,
            values={"free_air_delivery": turning, "free_air_total": np.full(len(window), np.nan)},
        )
    )


def _error_kwh(windows: Mapping[str, Window], units: list[Unit], present: Plan) -> float:
    """How far the lines are from the energy that was measured, over the whole window: what a saving cannot be finer than."""
    measured = 0.0
    for window in windows.values():
        power = window["active_power"]
        measured += float(power[~np.isnan(power)].mean())
    hours = present.flow.shape[1]
    modelled: float = sum(float(power_kw(unit, present.flow[i], present.is_on[i]).sum()) for i, unit in enumerate(units))
    return float(abs(modelled - measured * hours))


def _result(index: int, present: Plan, best: Plan, error: float) -> Result:
    saved = present.energy_kwh - best.energy_kwh
    total = present.flow.sum()
    figures = [
        Figure(name="planned_hours", value=float(best.is_on[index].sum())),
        Figure(name="present_hours", value=float(present.is_on[index].sum())),
        Figure(name="station_saving", value=100 * saved / present.energy_kwh, uncertainty=100 * error / present.energy_kwh),
        Figure(name="station_saved_energy", value=saved, uncertainty=error),
    ]
    for name, plan in (("planned_air_share", best), ("present_air_share", present)):
        figures.append(
            Figure(name=name, value=100 * float(plan.flow[index].sum() / total))
            if total > 0
            else Figure.declined(name, Why.NOT_RUNNING, "no air was drawn")
        )
    return Result(figures)

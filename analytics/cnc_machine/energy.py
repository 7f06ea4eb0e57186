"""Electricity of a machine tool for each part, and the share that it takes while it stands ready."""

from typing import Any

import numpy as np

from analytics import evidence
from analytics.cnc_machine.energy_per_part import energy_of
from analytics.cnc_machine.parts import bad_share
from analytics.cnc_machine.states import ItemState, states_of
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import FloatArray, Window

SPEC = Spec(
    name="cnc_energy",
    label=label("单件能耗", "Energy per part"),
    kinds=("cnc_machine",),
    inputs=(
        Input("execution", "1"),
        Input("machine_power", "kW"),
        Input("energy_total", "kWh", required=False),
        Input("spindle_power", "kW", required=False),
        Input("part_count_total", "1", required=False),
        Input("part_count_bad", "1", required=False),
        Input("availability", "1", required=False),
        Input("operation_mode", "1", required=False),
        Input("emergency_stop", "1", required=False),
        Input("controller_condition", "1", required=False),
    ),
    step_seconds=10.0,
    outputs=(
        Output("electricity", "kWh", label("用电量", "Electricity")),
        Output("energy_per_part", "kWh", label("单件能耗", "Energy per part")),
        Output("energy_per_good_part", "kWh", label("合格件单件能耗", "Energy per good part")),
        Output("standing_energy_share", "%", label("非加工能耗占比", "Share of energy while not executing")),
        Output("spindle_energy_share", "%", label("主轴能耗占比", "Share of energy through the spindle")),
        Output("standing_power", "kW", label("待机功率", "Power while not executing")),
    ),
    parameters=NoParameters,
    source="ISO 14955-1:2017 (operating states of machine tools); ISO 22400-2:2014 (direct energy consumption effectiveness)",
    validity=label("装卸、等待和调整都算非加工；电表计数优先于功率积分。", "Loading, waiting and setting up are not executing."),
)


def evaluate(window: Window, parameters: NoParameters) -> Result:  # noqa: ARG001 - the contract
    """Split the electricity by what the machine did.

    Raises
    ------
    NotEvaluated
        If it drew none.
    """
    energy = energy_of(window)
    if not energy.total_kwh > 0:
        raise NotEvaluated(Why.NOT_RUNNING, "machine_power")
    share, _, parts = bad_share(window)
    good = parts * (1 - share)
    no_parts = (Why.MISSING_INPUT, "part_count_total")
    figures = [
        Figure(name="electricity", value=energy.total_kwh),
        Figure(name="energy_per_part", value=energy.total_kwh / parts)
        if parts > 0
        else Figure.declined("energy_per_part", *no_parts),
        Figure(name="energy_per_good_part", value=energy.total_kwh / good)
        if good > 0
        else Figure.declined("energy_per_good_part", Why.MISSING_INPUT, "part_count_bad"),
        _figure("standing_energy_share", 100 * energy.standing_kwh / energy.total_kwh, "execution"),
        _figure("spindle_energy_share", 100 * energy.spindle_kwh / energy.total_kwh, "spindle_power"),
        _figure("standing_power", energy.idle_power_kw, "machine_power"),
    ]
    return Result(figures, pictures=[_by_hour(window)])


def _figure(name: str, value: float, signal: str) -> Figure:
    return Figure(name=name, value=value) if np.isfinite(value) else Figure.declined(name, Why.MISSING_INPUT, signal)


def _by_hour(window: Window) -> dict[str, Any]:
    """Show the energy of each hour of the window, while executing and while not."""
    executing = states_of(window) == ItemState.EXECUTING
    kwh: FloatArray = np.nan_to_num(window["machine_power"]) * window.step_seconds / 3600
    hours = (np.arange(len(window)) * window.step_seconds // 3600).astype(np.int64)
    count = int(hours[-1]) + 1
    return evidence.bars(
        label("每小时用电", "Electricity by hour"),
        "kWh",
        [f"{hour + 1} h" for hour in range(count)],
        {
            "executing": np.bincount(hours, weights=np.where(executing, kwh, 0.0), minlength=count).astype(np.float64),
            "not executing": np.bincount(hours, weights=np.where(executing, 0.0, kwh), minlength=count).astype(np.float64),
        },
    )

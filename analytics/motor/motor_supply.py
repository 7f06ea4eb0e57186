"""How unbalanced a motor's supply is, and how much load it leaves; the fault itself is named by the diagnosis."""

import numpy as np

from analytics.motor.nameplate import is_fed_by_drive
from analytics.motor.supply import (
    MOST_UNBALANCE_PERCENT,
    derating_factor,
    negative_sequence_ratio,
    temperature_rise_increase_percent,
    voltage_unbalance_percent,
)
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import FloatArray, Window

_LEAST_MINUTES = 10

SPEC = Spec(
    name="motor_supply",
    label=label("供电不平衡与降容", "Unbalanced supply and derating"),
    kinds=("motor",),
    inputs=(Input("state", "1"), Input("voltage_{line}", "V"), Input("has_drive", "1", required=False)),
    outputs=(
        Output("voltage_unbalance", "%", label("电压不平衡度（NEMA）", "Voltage unbalance (NEMA)")),
        Output("negative_sequence", "%", label("负序电压比（IEC）", "Negative over positive sequence (IEC)")),
        Output("derating", "%", label("允许负荷", "Load allowed")),
        Output("extra_rise", "%", label("不平衡引起的温升增量", "Rise of temperature by the unbalance")),
    ),
    source="NEMA MG 1-2016, 14.36; IEC 61000-4-30:2015, 5.7.1",
    validity=label(
        "三个线电压齐全、电机运行时；降容和温升只适用于直接接电网的电机，不平衡度 5 % 以内。",
        "With three line voltages and the motor at work; derating and heat hold for motors on the mains, up to 5 % unbalance.",
    ),
)


def evaluate(window: Window, parameters: NoParameters) -> Result:
    """Judge the voltages while the motor was at work.

    Raises
    ------
    NotEvaluated
        If it was not, or the voltages were not all known, for ten minutes.
    """
    del parameters
    lines = [np.where(window.state_is("running"), window[f"voltage_{line}"], np.nan) for line in ("ab", "bc", "ca")]
    unbalance = voltage_unbalance_percent(*lines)
    count = int((~np.isnan(unbalance)).sum())
    if count < window.steps(60 * _LEAST_MINUTES):
        raise NotEvaluated(Why.NOT_RUNNING, f"{count * window.step_seconds / 60:.0f} min")
    mean = _figure("voltage_unbalance", unbalance)
    figures = [mean, _figure("negative_sequence", 100 * negative_sequence_ratio(*lines))]
    assert mean.value is not None
    if is_fed_by_drive(window):
        reason = "fed by a drive"
    elif mean.value > MOST_UNBALANCE_PERCENT:
        reason = f"{mean.value:.1f} % unbalance"
    else:
        return Result([
            *figures,
            Figure(name="derating", value=100 * float(derating_factor(mean.value))),
            Figure(name="extra_rise", value=float(temperature_rise_increase_percent(mean.value))),
        ])  # fmt: skip
    return Result([*figures, *(Figure.declined(name, Why.OUTSIDE_VALIDITY, reason) for name in ("derating", "extra_rise"))])


def _figure(name: str, values: FloatArray) -> Figure:
    """Mean of what is known, with the scatter of hours as uncertainty of the day's mean."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Figure.declined(name, Why.BAD_INPUT, "voltages that close to no triangle")
    hours = [part.mean() for part in np.array_split(known, min(24, len(known)))]
    return Figure(name=name, value=float(known.mean()), uncertainty=float(1.96 * np.std(hours) / np.sqrt(len(hours))))

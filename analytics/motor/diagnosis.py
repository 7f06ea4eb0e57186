"""Names what is wrong with a motor: its load, slip, currents, temperatures and vibration against its own healthy days."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics import evidence
from analytics.motor.faults import FAULTS, quantity
from analytics.motor.healthy import RECENT_BLOCKS, Shift, learn, recent_voltage_unbalance, shifts_of, since_us, torque_of
from analytics.motor.naming import Signs, Verdict, name_faults
from analytics.motor.quantities import Blocks, blocks_of
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, Training, label
from analytics.window import FloatArray, Window

SPEC = Spec(
    name="motor_diagnosis",
    label=label("电动机故障诊断", "Motor diagnosis"),
    kinds=("motor",),
    inputs=(
        Input("state", "1"),
        Input("torque_percent", "%"),
        Input("speed", "rpm"),
        *(
            Input(signal, unit, required=False)
            for signal, unit in (
                ("has_drive", "1"),
                ("frequency", "Hz"),
                ("output_frequency", "Hz"),
                ("voltage_{line}", "V"),
                ("current_{phase}", "A"),
                ("thd_current_{phase}", "%"),
                ("motor_current", "A"),
                ("insulation_resistance", "MΩ"),
                ("winding_temperature_{winding}", "°C"),
                ("bearing_temperature_{bearing}", "°C"),
                ("cooling_air_in_temperature", "°C"),
                ("cooling_air_out_temperature", "°C"),
                ("ambient_temperature", "°C"),
                ("vibration_velocity_{bearing}_{direction}", "mm/s"),
                ("vibration_acceleration_{bearing}", "m/s²"),
                ("shock_value_{bearing}", "g"),
                ("rated_speed", "rpm"),
            )
        ),
    ),
    rated=(("rated_speed", "rpm"),),
    outputs=(
        Output("slip_shift", "%", label("转差率偏离同负荷正常值", "Slip over the usual at the same load")),
        Output("winding_rise_shift", "K", label("绕组温升偏离同负荷正常值", "Winding's rise over the usual at the same load")),
        Output("torque_shift", "%", label("转矩偏离往常", "Torque over the usual")),
    ),
    faults=FAULTS,
    training=Training(days=7),
    source="ISO 13379-1:2012, 5 (symptoms); ISO 13373-3:2015 (vibration charts); NEMA MG 1-2016, 14.36; ISO 20816-3:2022",
    validity=label(
        "恒速或变频的鼠笼式电动机，有转矩与转速信号；学习一周，其间设备完好。轴承损伤的部位要由振动波形判断。",
        "Cage motors on the mains or fed by a drive that tell torque and speed, after a week of healthy work. Which part of a "
        "bearing is damaged needs a record of its vibration.",
    ),
)


def train(history: Window, parameters: NoParameters) -> dict[str, Any]:
    """Learn from healthy days.

    Raises
    ------
    NotEvaluated
        If there was too little work.
    """
    del parameters
    return learn(blocks_of(history))


def evaluate(window: Window, parameters: NoParameters, model: Mapping[str, Any]) -> Result:
    """Judge the newest hours at work of a window.

    Raises
    ------
    NotEvaluated
        If the motor was not at work for an hour, or only at loads that the model does not know.
    """
    del parameters
    blocks = blocks_of(window)
    shifts, torque = shifts_of(blocks, model), torque_of(blocks, model)
    if not shifts and torque is None:
        why = Why.NOT_RUNNING if np.isnan(blocks.load).all() else Why.OUTSIDE_VALIDITY
        raise NotEvaluated(why, "less than an hour at work that the model knows")
    signs = Signs(
        shifts=shifts,
        torque=torque,
        voltage_unbalance=recent_voltage_unbalance(blocks),
        speed=blocks.speed,
        is_fed_by_drive=blocks.is_fed_by_drive,
    )
    return Result(_figures(signs), [_found(verdict, signs, blocks) for verdict in name_faults(signs)])


def _figures(signs: Signs) -> list[Figure]:
    slip, rise = signs.shifts.get("slip"), signs.shifts.get("winding_rise")
    return [
        _figure("slip_shift", slip, 100 / slip.expected if slip and slip.expected > 0 else None),
        _figure("winding_rise_shift", rise, 1.0),
        Figure.declined("torque_shift", Why.NOT_RUNNING)
        if signs.torque is None
        else Figure(name="torque_shift", value=100 * (signs.torque.ratio - 1)),
    ]


def _figure(name: str, shift: Shift | None, factor: float | None) -> Figure:
    if shift is None or factor is None:
        return Figure.declined(name, Why.MISSING_INPUT)
    spread = abs(shift.mean / shift.score) if shift.score else 0.0
    return Figure(name=name, value=factor * shift.mean, uncertainty=1.96 * factor * spread)


def _found(verdict: Verdict, signs: Signs, blocks: Blocks) -> Found:
    first = verdict.shown_by[0]
    measured, expected = _measured_and_expected(first, signs, blocks)
    text, unit = quantity(first)
    residual = measured - expected
    newest = residual[~np.isnan(residual)][-RECENT_BLOCKS:]
    return Found(
        code=verdict.code,
        part=verdict.part,
        since_us=since_us(blocks, residual, float(newest.mean())),
        confidence=verdict.confidence,
        evidence=[
            evidence.inputs(_rows(verdict, signs, blocks)),
            evidence.series(text, unit, blocks.times_us, {"measured": measured, "expected": expected}),
        ],
    )


def _measured_and_expected(name: str, signs: Signs, blocks: Blocks) -> tuple[FloatArray, FloatArray]:
    if name == "voltage_unbalance":
        return blocks.voltage_unbalance, np.zeros_like(blocks.voltage_unbalance)
    if name == "torque":
        assert signs.torque is not None  # or it would have shown nothing
        return blocks.load, signs.torque.expected
    return blocks.targets[name], blocks.targets[name] - signs.shifts[name].residual


def _rows(verdict: Verdict, signs: Signs, blocks: Blocks) -> list[tuple[str, float, str]]:
    """Give of each quantity what it was lately and what it should have been."""
    rows = []
    for name in verdict.shown_by:
        measured, expected = _measured_and_expected(name, signs, blocks)
        known = np.flatnonzero(~np.isnan(measured - expected))[-RECENT_BLOCKS:]
        text, unit = quantity(name)
        rows.append((f"{text.zh} / {text.en}", float(measured[known].mean()), unit))
        if name != "voltage_unbalance":
            rows.append(("  往常 / usual", float(expected[known].mean()), unit))
    return rows

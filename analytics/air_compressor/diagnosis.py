"""Names what is wrong with a compressor, by which residuals against its healthy days have moved together."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from analytics import evidence
from analytics.air_compressor import residuals
from analytics.air_compressor.residuals import Moved
from analytics.diagnosis.signatures import DOWN, STILL, UP, Match, Signature, ranked
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, NoParameters, Output, Spec, Training, label
from analytics.window import Window
from device_profiles.kind import Label

_MOVED = 3.0
"""Score from which a residual has moved."""
_SPREADS = 4.5
"""So many spreads of healthy stretches are that score, or the least change that counts where it is more."""
_LEAST_AGREEMENT = 0.7
_HOURS_A_YEAR = 8760


class _Residual(NamedTuple):
    """What is known of a residual before any training."""

    label: Label
    unit: str
    least: float
    """Smaller changes are within what meters drift, or what a season does."""


_RESIDUALS = {
    "flow": _Residual(label("供气量（对数差）", "Delivery (logarithm)"), "1", 0.02),
    "power": _Residual(label("主电机功率（对数差）", "Motor power (logarithm)"), "1", 0.02),
    "envelope": _Residual(label("主机振动包络（对数差）", "Vibration envelope of the air end (logarithm)"), "1", 0.3),
    "motor_vibration": _Residual(label("电机振动（对数差）", "Motor vibration (logarithm)"), "1", 0.15),
    "filter": _Residual(label("进气滤芯压差（相对）", "Filter pressure drop (relative)"), "1", 0.5),
    "separator": _Residual(label("油分压差（相对）", "Separator pressure drop (relative)"), "1", 0.4),
    "fan": _Residual(label("风机转速", "Fan speed"), "%", 4.0),
    "aftercooler": _Residual(label("后冷却器温差", "Aftercooler approach"), "K", 0.4),
    "discharge": _Residual(label("排气温度", "Discharge temperature"), "K", 2.0),
    "dew_point": _Residual(label("压力露点", "Pressure dew point"), "K", 2.0),
    "dryer_power": _Residual(label("干燥机功率（对数差）", "Dryer power (logarithm)"), "1", 0.1),
    "ratio": _Residual(label("主机与电机转速比（对数差）", "Ratio of air end to motor speed (logarithm)"), "1", 0.01),
    "level": _Residual(label("油位", "Oil level"), "%", 8.0),
}
_SIGNATURES = (
    Signature("inlet_filter_clogged", {"filter": UP, "separator": STILL, "envelope": STILL, "ratio": STILL}),
    Signature("separator_clogged", {"separator": UP, "filter": STILL, "envelope": STILL, "ratio": STILL}),
    Signature("oil_cooler_fouling", {"fan": UP, "aftercooler": UP, "level": STILL, "dew_point": STILL}),
    Signature("oil_cooler_fouling", {"discharge": UP, "aftercooler": UP, "level": STILL, "dew_point": STILL}),
    Signature("oil_low", {"level": DOWN, "aftercooler": STILL}),
    Signature("air_end_wear", {"flow": DOWN, "envelope": UP, "filter": STILL, "ratio": STILL}),
    Signature("air_end_wear", {"power": UP, "envelope": UP, "filter": STILL, "ratio": STILL}),
    Signature("dryer_fault", {"dew_point": UP, "dryer_power": DOWN}),
    Signature("coupling_slip", {"ratio": DOWN, "envelope": STILL}),
    Signature("coupling_slip", {"ratio": DOWN, "motor_vibration": UP, "envelope": STILL}),
)

SPEC = Spec(
    name="air_compressor_diagnosis",
    label=label("空压机故障诊断", "Compressor fault diagnosis"),
    kinds=("air_compressor",),
    inputs=(
        Input("state", "1"),
        Input("free_air_delivery", "m³/min"),
        Input("motor_power", "kW"),
        Input("discharge_pressure", "MPa"),
        Input("airend_speed", "rpm"),
        Input("speed", "rpm", required=False),
        Input("inlet_valve_position", "%", required=False),
        Input("inlet_filter_pressure_drop", "kPa", required=False),
        Input("separator_pressure_drop", "kPa", required=False),
        Input("oil_level", "%", required=False),
        Input("discharge_temperature", "°C", required=False),
        Input("aftercooler_temperature", "°C", required=False),
        Input("inlet_temperature", "°C", required=False),
        Input("fan_speed", "%", required=False),
        Input("heat_recovered", "kW", required=False),
        Input("pressure_dew_point", "°C", required=False),
        Input("dryer_power", "kW", required=False),
        Input("vibration_envelope_{point}", "m/s²", required=False),
        Input("vibration_velocity_{point}", "mm/s", required=False),
        Input("active_power", "kW", required=False),
        Input("electricity_price", "1/kWh", required=False),
    ),
    outputs=(
        Output("delivery_change", "%", label("供气量变化（同转速同压力）", "Delivery at the same speed and pressure")),
        Output(
            "specific_power_change", "%", label("比功率变化（同转速同压力）", "Specific power at the same speed and pressure")
        ),
        Output("filter_drop_change", "%", label("进气滤芯压差变化（同流量）", "Filter pressure drop at the same flow")),
        Output("separator_drop_change", "%", label("油分压差变化（同流量）", "Separator pressure drop at the same flow")),
        Output("fan_speed_change", "%", label("风机转速变化（同散热量）", "Fan speed at the same heat")),
        Output("aftercooler_approach_change", "K", label("后冷却器温差变化", "Aftercooler approach")),
    ),
    faults=(
        Fault(
            "inlet_filter_clogged",
            label("进气滤芯堵塞", "Inlet filter clogged"),
            label("更换进气滤芯", "Replace the inlet filter"),
            "medium",
            "Δp_filter(q²) ↑; Δp_separator, envelope =",
        ),
        Fault(
            "separator_clogged",
            label("油气分离芯堵塞", "Oil separator clogged"),
            label("更换油分芯", "Replace the separator element"),
            "medium",
            "Δp_separator(q², p) ↑; Δp_filter, envelope =",
        ),
        Fault(
            "oil_cooler_fouling",
            label("油冷却器结垢", "Oil cooler fouled"),
            label("清洗油冷却器和后冷却器，检查通风", "Clean oil cooler and aftercooler, check the ventilation"),
            "medium",
            "n_fan(Q/(T_d − T_in), q) ↑; T_after − T_in ↑",
        ),
        Fault(
            "oil_low",
            label("油位低", "Oil low"),
            label("停机补油，检查回油管和漏点", "Stop and top up the oil, check the scavenge line and look for leaks"),
            "high",
            "L_oil ↓",
        ),
        Fault(
            "air_end_wear",
            label("主机磨损", "Air end worn"),
            label("做振动频谱，安排主机大修", "Take a vibration spectrum and plan an overhaul of the air end"),
            "high",
            "envelope(n, p) ↑; q(n, p) ↓, P(n, p) ↑",
        ),
        Fault(
            "dryer_fault",
            label("冷干机故障", "Dryer faulty"),
            label("检查冷媒、压缩机和自动排水阀", "Check refrigerant, its compressor and the drain"),
            "medium",
            "T_dew ↑; P_dryer(q) ↓",
        ),
        Fault(
            "coupling_slip",
            label("联轴器打滑", "Coupling slips"),
            label("停机检查联轴器或皮带及对中", "Stop, check coupling or belt and the alignment"),
            "high",
            "n_airend / n_motor ↓",
        ),
    ),
    step_seconds=10.0,
    training=Training(days=7),
    source="Signatures after ISO 17359:2018 annex B (parameters by machine type) and makers' manuals; ridge baselines over load",
    validity=label(
        "喷油螺杆机，学习期内见过的转速、压力和散热量范围内",
        "Oil-injected screw machines, within the speeds, pressures and heat seen while learning",
    ),
)


def train(history: Window, parameters: NoParameters) -> dict[str, Any]:  # noqa: ARG001 - what every analytic takes
    """Learn from healthy days; see `residuals.train`."""
    return residuals.train(history)


def evaluate(window: Window, parameters: NoParameters, model: Mapping[str, Any]) -> Result:  # noqa: ARG001 - the same
    """Give the main residuals as figures, and name what they point to."""
    moved = residuals.moved(window, model)
    if all(np.isnan(one.change) for one in moved.values()):
        raise NotEvaluated(Why.NOT_RUNNING, "less than 20 steps at work")
    scores = {name: one.change / _unit_score(name, one) for name, one in moved.items()}
    findings: list[Found] = []
    taken: set[str] = set()
    for match in ranked(scores, _SIGNATURES, threshold=_MOVED):
        if match.agreement < _LEAST_AGREEMENT or taken & {match.code, *match.moved}:
            continue
        taken |= {match.code, *match.moved}
        findings.append(_found(window, match, moved, scores))
    return Result(_figures(moved), findings)


def _unit_score(name: str, one: Moved) -> float:
    return max(_SPREADS * one.spread, _RESIDUALS[name].least) / _MOVED


def _figures(moved: Mapping[str, Moved]) -> list[Figure]:
    figures = [
        _figure("delivery_change", moved, "flow", 100),
        _figure("filter_drop_change", moved, "filter", 100),
        _figure("separator_drop_change", moved, "separator", 100),
        _figure("fan_speed_change", moved, "fan", 1),
        _figure("aftercooler_approach_change", moved, "aftercooler", 1),
    ]
    if {"flow", "power"} <= set(moved) and np.isfinite(moved["flow"].change):
        change = 100 * np.expm1(moved["power"].change - moved["flow"].change)
        spread = 196 * np.hypot(moved["power"].spread, moved["flow"].spread)
        figures.append(Figure(name="specific_power_change", value=float(change), uncertainty=float(spread)))
    else:
        figures.append(Figure.declined("specific_power_change", Why.OUTSIDE_VALIDITY))
    return figures


def _figure(name: str, moved: Mapping[str, Moved], residual: str, times: float) -> Figure:
    one = moved.get(residual)
    if one is None:
        return Figure.declined(name, Why.MISSING_INPUT, residual)
    if np.isnan(one.change):
        return Figure.declined(name, Why.OUTSIDE_VALIDITY, residual)
    return Figure(name=name, value=times * one.change, uncertainty=1.96 * times * one.spread)


def _found(window: Window, match: Match, moved: Mapping[str, Moved], scores: Mapping[str, float]) -> Found:
    leading = match.moved[0]
    size = min(abs(scores[name]) for name in match.moved) / _MOVED
    shown = _RESIDUALS[leading]
    limit = _MOVED * _unit_score(leading, moved[leading])
    return Found(
        code=match.code,
        since_us=min(residuals.since_us(window, moved[name]) for name in match.moved),
        confidence=float(match.agreement * (1 - 0.4 * np.exp(1 - size))),
        evidence=[
            evidence.inputs((_RESIDUALS[name].label.en, moved[name].change, _RESIDUALS[name].unit) for name in match.moved),
            evidence.series(shown.label, shown.unit, window.times_us, {leading: moved[leading].course}, band=(-limit, limit)),
        ],
        effect=_effect(window, moved) if match.code in {"inlet_filter_clogged", "separator_clogged", "air_end_wear"} else {},
    )


def _effect(window: Window, moved: Mapping[str, Moved]) -> dict[str, tuple[float, str]]:
    """Energy that the higher specific power takes in a year of days like this one; money where the price is sent."""
    power = window["active_power"]
    power, price = power[~np.isnan(power)], window["electricity_price"]
    if not {"flow", "power"} <= set(moved) or not len(power):
        return {}
    more = moved["power"].change - moved["flow"].change
    if not more > 0:
        return {}
    energy = float(power.mean() * -np.expm1(-more) * _HOURS_A_YEAR)
    price = price[~np.isnan(price)]
    money = {"money": (energy * float(price.mean()), "CNY")} if len(price) else {}
    return {"energy": (energy, "kWh"), **money}

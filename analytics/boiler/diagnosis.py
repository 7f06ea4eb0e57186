"""Names what is wrong with a boiler: residuals against its healthy days, and what stands still, cycles or runs dry."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from analytics import evidence
from analytics.boiler.diagnosis_motion import (
    air_standing,
    level_cycle,
    level_deviation_mm,
    low_since_us,
    low_water,
    oxygen_standing,
)
from analytics.boiler.diagnosis_signatures import SIGNATURES
from analytics.boiler.residuals import FLOORS, MOVED, UNITS, Healthy, Strayed
from analytics.diagnosis.signatures import Match, ranked
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, Output, Severity, Spec, Training, label
from analytics.window import Window
from device_profiles.kind import Label
from telemetry.settings import Settings

_AGREES = 0.85
"""Share of a signature that must agree: one contradiction at most."""


class Parameters(Settings):
    """What differs between boilers."""

    low_level_mm: float = Field(default=-50.0, lt=0, description="Drum level of the low-water alarm.")


class _Moving(NamedTuple):
    """A motion that is judged beside the residuals: what is drawn of it."""

    label: Label
    unit: str
    signals: tuple[str, ...]


_MOTIONS: Mapping[str, _Moving] = {
    "oxygen_standing": _Moving(
        label("氧量计与烟囱含氧量", "Oxygen meter and oxygen at the stack"), "%", ("flue_gas_oxygen", "flue_gas_oxygen_stack")
    ),
    "air_standing": _Moving(label("助燃风量", "Combustion air flow"), "m³/h", ("combustion_air_flow",)),
    "level_cycle": _Moving(label("锅筒水位", "Drum level"), "mm", ("drum_level",)),
    "low_water": _Moving(label("锅筒水位", "Drum level"), "mm", ("drum_level",)),
}
_RESIDUAL_LABELS: Mapping[str, Label] = {
    "outlet_temperature": label("省煤器出口烟温偏差", "Gas temperature behind the economiser, deviation"),
    "economiser_temperature": label("省煤器入口烟温偏差", "Gas temperature before the economiser, deviation"),
    "tube_temperature": label("管壁温度偏差", "Tube metal temperature, deviation"),
    "stack_cooling": label("省煤器至烟囱温降偏差", "Temperature drop from economiser to stack, deviation"),
    "oxygen": label("烟气含氧量偏差", "Oxygen, deviation"),
    "oxygen_after_furnace": label("烟囱与炉膛含氧量之差偏差", "Oxygen at the stack less oxygen of the furnace, deviation"),
    "oxygen_gap": label("含氧量与风燃比推算值之差偏差", "Oxygen less that of air and fuel, deviation"),
    "log_carbon_monoxide": label("一氧化碳对数偏差", "Logarithm of carbon monoxide, deviation"),
    "log_air_per_fuel": label("风燃比对数偏差", "Logarithm of air to fuel, deviation"),
    "log_resistance": label("烟气阻力系数对数偏差", "Logarithm of gas resistance, deviation"),
    "log_fuel_per_heat": label("单位蒸汽热量燃料对数偏差", "Logarithm of fuel to heat of the steam, deviation"),
    "log_fuel_per_load": label("燃料与燃烧器负荷之比对数偏差", "Logarithm of fuel to burner load, deviation"),
    "water_balance": label("水量平衡偏差", "Water balance, deviation"),
    "drain_temperature": label("排污阀后温度偏差", "Temperature behind the blowdown valve, deviation"),
    "flame_level": label("火焰强度偏差", "Flame signal, deviation"),
    "log_flame_noise": label("火焰脉动对数偏差", "Logarithm of flame noise, deviation"),
}


def _fault(code: str, zh: str, en: str, advice_zh: str, advice_en: str, severity: Severity, formula: str) -> Fault:  # noqa: PLR0917 - rows of a table
    return Fault(code, label(zh, en), label(advice_zh, advice_en), severity, formula)


_FAULTS = (
    _fault(
        "gas_side_fouling",
        "烟气侧积灰",
        "Gas-side fouling",
        "吹灰；无效则停炉清灰",
        "Blow soot; if that does not help, clean the gas side at the next stop",
        "medium",
        "ΔT_out > 0, Δln(Δp/V²) > 0",
    ),
    _fault(
        "water_side_scale",
        "水侧结垢",
        "Water-side scale",
        "检查软水器与给水硬度，安排化学清洗，管壁超温时降负荷",
        "Check softener and hardness, plan a chemical cleaning, shed load if the tubes run hot",
        "high",
        "ΔT_tube > 0, ΔT_eco,in > 0, Δln(Δp/V²) = 0",
    ),
    _fault(
        "excess_air_high",
        "过量空气过大",
        "Excess air too high",
        "核对氧量设定，重新调整风燃比",
        "Check the oxygen set point and retune the air-fuel ratio",
        "medium",
        "ΔO2 > 0, Δln(V_air/B) > 0, O2 = 21(1 - V0·B/V_air)",
    ),
    _fault(
        "air_in_leakage",
        "尾部漏风",
        "Air in-leakage",
        "检查尾部烟道、人孔与膨胀节的密封",
        "Check the seals of flue, doors and expansion joints behind the boiler",
        "medium",
        "Δ(O2,stack - O2) > 0, Δ(T_out - T_stack) > 0",
    ),
    _fault(
        "air_shortage",
        "助燃风不足",
        "Air shortage",
        "立即加大风量；检查风机、风门与进风滤网",
        "Raise the air at once; check fan, damper and air inlet",
        "high",
        "ΔO2 < 0, Δln CO > 0, O2 = 21(1 - V0·B/V_air)",
    ),
    _fault(
        "burner_wear",
        "燃烧器磨损",
        "Burner wear",
        "检查并更换喷头、旋流叶片",
        "Inspect and replace nozzles and swirler",
        "medium",
        "Δln CO > 0, Δln σ_flame > 0, ΔO2 = 0",
    ),
    _fault(
        "tube_leak",
        "炉管泄漏",
        "Tube leak",
        "尽快停炉，水压试验查漏",
        "Shut down soon and find the leak by a pressure test",
        "critical",
        "Δ(D_fw - D_st - D_bd) > 0, ΔT_eco,in < 0, ΔT_drain = 0",
    ),
    _fault(
        "oxygen_sensor_bias",
        "氧量计偏差",
        "Oxygen sensor bias",
        "用标准气校准氧量计；此前不要依其调风",
        "Calibrate the oxygen meter with test gas; do not trim the air by it until then",
        "high",
        "Δ(O2 - 21(1 - V0·B/V_air)) ≠ 0, Δ(O2,stack - O2) < 0",
    ),
    _fault(
        "oxygen_sensor_stuck",
        "氧量计卡死",
        "Oxygen sensor stuck",
        "将风量调节切手动，检修氧量计",
        "Take the oxygen trim off and repair the meter",
        "high",
        "σ(O2) < 0.2 σ(O2,stack)",
    ),
    _fault(
        "damper_stuck",
        "风门卡死",
        "Air damper stuck",
        "检查风门执行器与连杆",
        "Check the actuator and linkage of the damper",
        "high",
        "σ(V_air)/V_air < 0.2 σ(load)/load",
    ),
    _fault(
        "flame_instability",
        "火焰不稳",
        "Flame instability",
        "检查燃气压力、点火与火焰探测器、燃烧器调整",
        "Check gas pressure, pilot, flame scanner and burner setting",
        "high",
        "Δln σ_flame > 0, ΔI_flame < 0",
    ),
    _fault(
        "fuel_heating_value_shift",
        "燃气热值下降",
        "Heating value fell",
        "取样化验燃气，更新热值，重新核对风燃比",
        "Have the gas analysed, enter the new heating value, check the air-fuel ratio",
        "low",
        "Δln(B·Q/(D·Δh)) > 0, Δ(O2 - 21(1 - V0·B/V_air)) > 0",
    ),
    _fault(
        "feedwater_valve_stiction",
        "给水阀粘滞",
        "Feedwater valve stiction",
        "检查给水阀填料与定位器",
        "Check packing and positioner of the feedwater valve",
        "medium",
        "r_level(T/2) < -0.5, r_level(T) > 0.15, σ_level > 1.5 σ_0",
    ),
    _fault(
        "feedwater_loss",
        "给水中断",
        "Loss of feedwater",
        "检查给水泵、滤网与除氧水箱；水位恢复前不要启动",
        "Check feedwater pump, strainer and tank; do not restart before the level is back",
        "critical",
        "L < L_low, D_fw < D_st",
    ),
    _fault(
        "blowdown_valve_passing",
        "排污阀内漏",
        "Blowdown valve passing",
        "关严排污阀；仍漏则检修",
        "Close the blowdown valve firmly; repair it if it still passes",
        "medium",
        "Δ(D_fw - D_st - D_bd) > 0, ΔT_drain > 0",
    ),
)

SPEC = Spec(
    name="boiler_diagnosis",
    label=label("锅炉故障诊断", "Boiler diagnosis"),
    kinds=("boiler",),
    inputs=(
        Input("state", "1"),
        Input("steam_flow", "t/h"),
        Input("ambient_temperature", "°C"),
        Input("feedwater_temperature", "°C"),
        *(
            Input(signal, unit, required=False)
            for signal, unit in (
                ("steam_pressure", "MPa"),
                ("drum_level", "mm"),
                ("feedwater_flow", "t/h"),
                ("blowdown_flow", "t/h"),
                ("blowdown_drain_temperature", "°C"),
                ("fuel_flow", "m³/h"),
                ("fuel_lower_heating_value", "kJ/m³"),
                ("burner_load", "%"),
                ("combustion_air_flow", "m³/h"),
                ("flue_gas_oxygen", "%"),
                ("flue_gas_oxygen_stack", "%"),
                ("flue_gas_carbon_monoxide", "ppm"),
                ("flue_gas_temperature_economiser_in", "°C"),
                ("flue_gas_temperature_economiser_out", "°C"),
                ("flue_gas_temperature_stack", "°C"),
                ("flue_gas_pressure_drop_economiser", "Pa"),
                ("tube_metal_temperature_{tube}", "°C"),
                ("flame_signal", "%"),
                ("low_water_interlock", "1"),
                ("soot_blow_active", "1"),
            )
        ),
    ),
    outputs=(
        Output("oxygen_gap_residual", "%", label("氧量与风燃比之差的偏差", "Oxygen against air and fuel, deviation")),
        Output("water_balance_residual", "t/h", label("水量平衡偏差", "Water balance, deviation")),
    ),
    faults=_FAULTS,
    parameters=Parameters,
    training=Training(days=7),
    source=(
        "Signature matrix of residuals against a load baseline; excess air after GB/T 10180-2017; "
        "oscillation after Miao and Seborg, IEEE CCA 1999"
    ),
    validity=label(
        "燃气蒸汽锅炉，点火半小时后；热值波动 ±3 %、负荷变化、吹灰不算故障",
        "Gas-fired steam boilers, half an hour after ignition; heating values within ±3 %, load and soot-blowing are no faults",
    ),
)


def train(history: Window, parameters: Settings) -> dict[str, Any]:  # noqa: ARG001 - the contract's
    """Learn the baseline and how far the drum level strays, from healthy days."""
    deviation = level_deviation_mm(history)
    return {
        "baseline": Healthy.learn(history).to_model(),
        "level_deviation_mm": None if math.isnan(deviation) else deviation,
    }


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Judge the last six hours at work in the window, motions over up to a day; at most one fault is named.

    Raises
    ------
    NotEvaluated
        If the boiler was too little at work and not for want of water.
    """
    strayed = Healthy.from_model(model["baseline"]).strayed(window)
    deviation = model["level_deviation_mm"]
    motions = {
        "oxygen_standing": oxygen_standing(window),
        "air_standing": air_standing(window),
        "level_cycle": math.nan if deviation is None else level_cycle(window, healthy_deviation_mm=deviation),
        "low_water": low_water(window, low_level_mm=parameters.low_level_mm),
    }
    scores = strayed.scores | motions
    is_dry = motions["low_water"] >= MOVED
    if all(math.isnan(score) for score in strayed.scores.values()) and not is_dry:
        raise NotEvaluated(Why.NOT_RUNNING, f"{int(strayed.judged.sum())} x 10 min")
    match = _best(scores)
    found = () if match is None else (_found(match, scores, strayed, window, parameters),)
    return Result((_figure("oxygen_gap", strayed), _figure("water_balance", strayed)), found)


def _best(scores: Mapping[str, float]) -> Match | None:
    matches = ranked(scores, SIGNATURES, threshold=MOVED)
    agreeing = [match for match in matches if match.agreement >= _AGREES and _all_moved(match, scores)]
    # Two faults that explain the same as well: name neither.
    if len(agreeing) > 1 and agreeing[0].agreement == agreeing[1].agreement and agreeing[0].moved == agreeing[1].moved:
        return None
    return agreeing[0] if agreeing else None


def _all_moved(match: Match, scores: Mapping[str, float]) -> bool:
    """Tell whether all that a fault should move, where it can be assessed, has moved."""
    rows = (one.signs for one in SIGNATURES if one.code == match.code)
    return any(
        all(
            scores.get(name, math.nan) * sign >= MOVED
            for name, sign in signs.items()
            if sign and not math.isnan(scores.get(name, math.nan))
        )
        for signs in rows
    )


def _found(match: Match, scores: Mapping[str, float], strayed: Strayed, window: Window, parameters: Parameters) -> Found:
    plainness = min(abs(scores[name]) for name in match.moved) / MOVED
    begun = [strayed.since_us(name) for name in match.moved if name in strayed.residuals]
    if "low_water" in match.moved:
        begun.append(low_since_us(window, low_level_mm=parameters.low_level_mm))
    return Found(
        code=match.code,
        since_us=min(begun, default=window.start_us),
        # At the threshold as likely as not, and surer the farther beyond.
        confidence=round(match.agreement * (1 - 0.5 * math.exp(1 - plainness)), 3),
        evidence=(evidence.inputs(_inputs(match, scores, strayed)), *(_drawn(name, strayed, window) for name in match.moved)),
    )


def _inputs(match: Match, scores: Mapping[str, float], strayed: Strayed) -> Sequence[tuple[str, float, str]]:
    rows: list[tuple[str, float, str]] = []
    for name in match.moved:
        if name in strayed.means:
            rows.append((f"Δ {name}", strayed.means[name], UNITS[name]))
        rows.append((f"{name} / σ", scores[name], "1"))
    return rows


def _drawn(name: str, strayed: Strayed, window: Window) -> dict[str, Any]:
    if name in _MOTIONS:
        text, unit, signals = _MOTIONS[name]
        return evidence.series(text, unit, window.times_us, {signal: window[signal] for signal in signals})
    limit = MOVED * strayed.spreads[name]
    return evidence.series(
        _RESIDUAL_LABELS[name], UNITS[name], strayed.rows.times_us, {name: strayed.residuals[name]}, band=(-limit, limit)
    )


def _figure(name: str, strayed: Strayed) -> Figure:
    assert name in FLOORS
    value = strayed.means.get(name, math.nan)
    if math.isnan(value):
        return Figure.declined(f"{name}_residual", Why.MISSING_INPUT, name)
    return Figure(name=f"{name}_residual", value=value, uncertainty=1.96 * strayed.spreads[name])

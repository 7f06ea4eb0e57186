"""Twelve faults of a generator set's diesel engine, found by how far it is from its own healthy days."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics import evidence
from analytics.baselines.steady import rolling_mean
from analytics.diagnosis.verdicts import Reading, Verdict
from analytics.diesel_engine import overheating
from analytics.diesel_engine.cylinders import Band, band_of
from analytics.diesel_engine.healthy import LEAST_RECENT_SECONDS, Healthy
from analytics.diesel_engine.indicators import COMPRESSION, EXHAUST, INDICATORS, MAXIMUM, observe
from analytics.diesel_engine.signs import THRESHOLD, verdicts
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, NoParameters, Output, Spec, Training, label
from analytics.window import Window
from device_profiles.kind import Label

_SMOOTH_SECONDS = 1800.0
_SHOWN = ("exhaust", "boost", "turbine_speed", "charge_air", "fuel_pressure", "oil_pressure", "coolant")
"""Differences that are figures too, for curves over weeks."""
_BANDED = ("boost", "turbine_speed", "fuel_pressure", "oil_pressure")
"""Ratios that the bands of performance curves are meant for; a filter's pressure drop doubles in its healthy life."""

SPEC = Spec(
    name="diesel_engine_diagnosis",
    label=label("柴油机故障诊断", "Diagnosis of the diesel engine"),
    kinds=("diesel_engine",),
    inputs=(
        Input("state", "1"),
        Input("load_percent", "%"),
        Input("intake_temperature", "°C"),
        Input("ambient_temperature", "°C", required=False),
        Input("ambient_pressure", "kPa", required=False),
        Input(EXHAUST, "°C", required=False),
        Input(MAXIMUM, "bar", required=False),
        Input(COMPRESSION, "bar", required=False),
        Input("half_order_speed_ripple", "rpm", required=False),
        Input("crankcase_pressure", "Pa", required=False),
        Input("boost_pressure", "kPa", required=False),
        Input("turbine_speed", "krpm", required=False),
        Input("scavenge_air_temperature", "°C", required=False),
        Input("intake_filter_pressure_drop", "kPa", required=False),
        Input("fuel_filter_pressure_drop", "kPa", required=False),
        Input("fuel_pressure", "bar", required=False),
        Input("coolant_temperature", "°C", required=False),
        Input("coolant_level", "%", required=False),
        Input("coolant_pressure", "bar", required=False),
        Input("lube_oil_temperature", "°C", required=False),
        Input("lube_oil_pressure", "bar", required=False),
        Input("battery_voltage", "V", required=False),
    ),
    outputs=(
        *(
            Output(
                f"{name}_difference",
                INDICATORS[name].unit,
                label(f"{INDICATORS[name].label.zh}：与健康时之差", f"{INDICATORS[name].label.en}: difference from healthy"),
            )
            for name in _SHOWN
        ),
        Output(
            "exhaust_spread", "K", label("各缸排气温度最大偏差（已修正）", "Greatest exhaust deviation of a cylinder (corrected)")
        ),
        Output(
            "iso_load_band",
            "1",
            label("同负荷性能带（0 绿 ±5 %，1 黄 ±10 %，2 红）", "Band at equal load (0 green ±5 %, 1 yellow ±10 %, 2 red)"),
        ),
    ),
    faults=(
        Fault(
            "injector_dead",
            label("喷油器不喷油", "Injector dead"),
            label("检查该缸喷油器的线路和针阀，必要时更换", "Check wiring and needle of this cylinder's injector, replace it"),
            "high",
            "T_i − T_med < −7.5 K, (p_max − p_comp)_i < −9 %, p_comp,i ≈ 0, 0.5× n ↑",
            part="cylinder",
        ),
        Fault(
            "injector_dribble",
            label("喷油器滴漏或喷油过迟", "Injector dribbles or injects late"),
            label("拆检该缸喷油器，校验开启压力和雾化", "Take this cylinder's injector out, test opening pressure and spray"),
            "medium",
            "T_i − T_med > 7.5 K, (p_max − p_comp)_i < −9 %, p_comp,i ≈ 0",
            part="cylinder",
        ),
        Fault(
            "ring_or_valve_leak",
            label("活塞环或气门漏气", "Rings or valve leak"),
            label("测该缸压缩压力，检查气门间隙和活塞环", "Test compression of this cylinder, check valve clearance and rings"),
            "high",
            "p_comp,i < −3 %, T_i − T_med > 7.5 K, p_crankcase ↑",
            part="cylinder",
        ),
        Fault(
            "air_filter_clogged",
            label("空滤堵塞", "Air filter clogged"),
            label("更换空气滤芯", "Change the air filter"),
            "medium",
            "Δp_filter / Δp_0(P) > 2.1",
        ),
        Fault(
            "fuel_filter_clogged",
            label("燃油滤堵塞", "Fuel filter clogged"),
            label("更换燃油滤芯并放水，检查油箱", "Change the fuel filter, drain water, look into the tank"),
            "medium",
            "Δp_filter / Δp_0(P) > 2.1, p_fuel / p_0 < 0.97",
        ),
        Fault(
            "turbocharger_fouling",
            label("增压器积垢", "Turbocharger fouled"),
            label("清洗压气机和涡轮，检查喷嘴环", "Wash compressor and turbine, inspect the nozzle ring"),
            "medium",
            "p_boost / p_0(P) < 0.97, n_TC / n_0(P) < 0.97, T_exh ↑",
        ),
        Fault(
            "charge_cooler_fouling",
            label("中冷器积垢", "Charge air cooler fouled"),
            label("清洗中冷器两侧", "Clean both sides of the charge air cooler"),
            "medium",
            "(T_scav − T_air) − (T_scav − T_air)_0(P) > 4.5 K, T_exh ↑",
        ),
        Fault(
            "thermostat_stuck_open",
            label("节温器卡在开位", "Thermostat stuck open"),
            label("更换节温器；冷机会加快磨损和积炭", "Change the thermostat; a cold engine wears and soots"),
            "medium",
            "T_coolant − T_0 < −2.1 K, T_oil − T_0 < −2.1 K",
        ),
        Fault(
            "thermostat_stuck_closed",
            label("节温器卡在关位", "Thermostat stuck closed"),
            label("降低负荷，更换节温器", "Cut load, change the thermostat"),
            "high",
            f"P > 75 %: T_coolant − T_0(P) > 0.6 K; T_coolant > max(T_0) + {overheating.ABOVE_K:g} K; level = 0",
        ),
        Fault(
            "coolant_leak",
            label("冷却液泄漏", "Coolant leak"),
            label("补充冷却液，检查水泵、软管、散热器和缸垫", "Top up; check pump, hoses, radiator and head gasket"),
            "high",
            "L − L_0 < −6 %, p − p_0 < −0.12 bar",
        ),
        Fault(
            "lube_degradation",
            label("机油劣化", "Lube oil degraded"),
            label("取样化验，更换机油和滤芯，检查机油冷却器", "Sample the oil; change oil and filter; check the oil cooler"),
            "high",
            "p_oil / p_0(P, T_oil) < 0.94, (T_oil − T_coolant) − (…)_0(P) > 2.1 K",
        ),
        Fault(
            "battery_weak",
            label("蓄电池亏电", "Battery weak"),
            label("检查充电器、接线和单格，必要时更换蓄电池", "Check charger, terminals and cells, replace the battery"),
            "medium",
            "U_rest − U_0 < −0.6 V, U_work − U_0 < −0.3 V",
        ),
    ),
    parameters=NoParameters,
    training=Training(days=7),
    source="Makers' manuals on exhaust deviations and performance curves (MaK M20 A3.06.06, Kongsberg), siya.com on performance "
    "monitoring; ISO 13379-1:2012 for naming; ISO 3046-1:2002 for reference conditions",
    validity=label(
        "负荷稳定 5 分钟以上时判断；近两小时稳态数据；只与本机健康时比较",
        "Judged at load that is steady for 5 minutes, over the last two hours of it; beside this engine's own healthy days",
    ),
)


def train(history: Window, _parameters: NoParameters) -> dict[str, Any]:
    """Learn how this engine behaves while healthy.

    Raises
    ------
    NotEvaluated
        If it was hardly ever at steady load.
    """
    return {**Healthy.learn(history).to_model(), "overheating": overheating.learn(history)}


def evaluate(window: Window, _parameters: NoParameters, model: Mapping[str, Any]) -> Result:
    """Compare the newest two hours at steady load with the healthy engine, and name what is wrong.

    Raises
    ------
    NotEvaluated
        If the engine was not at steady load for long enough.
    """
    heat = overheating.overheated(window, model.get("overheating"))
    observed = observe(window)
    steady_seconds = float(observed.steady.sum() * window.step_seconds)
    if steady_seconds < LEAST_RECENT_SECONDS:
        if heat is not None:  # its protection stops it before it is ever steady
            return Result((), [heat])
        why = Why.NOT_STEADY if window.state_is("running").any() else Why.NOT_RUNNING
        raise NotEvaluated(why, f"{steady_seconds / 60:.0f} min")
    healthy = Healthy.from_model(model)
    indicators, cylinders = healthy.indicators(window, observed), healthy.cylinders(window, observed)
    figures = [
        *(_difference(name, indicators.get(name)) for name in _SHOWN),
        _exhaust_spread(cylinders["exhaust"]),
        _iso_load_band(indicators),
    ]
    found = [_finding(window, one) for one in verdicts(indicators, cylinders)]
    if heat is not None and not any(one.code in (heat.code, "coolant_leak") for one in found):
        found.append(heat)
    return Result(figures, found)


def _difference(name: str, reading: Reading | None) -> Figure:
    if reading is None or np.isnan(reading.score):
        return Figure.declined(f"{name}_difference", Why.MISSING_INPUT, name)
    return Figure(name=f"{name}_difference", value=reading.difference, uncertainty=1.96 * reading.size)


def _exhaust_spread(cylinders: Sequence[Reading]) -> Figure:
    known = [reading.difference for reading in cylinders if np.isfinite(reading.score)]
    if not known:
        return Figure.declined("exhaust_spread", Why.MISSING_INPUT, EXHAUST)
    return Figure(name="exhaust_spread", value=max(known, key=abs))


def _iso_load_band(indicators: Mapping[str, Reading]) -> Figure:
    # Differences in hundredths of a logarithm are ratios of what is read to what the curve says.
    ratios = [np.exp(indicators[name].difference / 100) for name in _BANDED if name in indicators]
    worst = int(band_of(ratios, 1.0).max()) if ratios else Band.UNKNOWN
    if worst == Band.UNKNOWN:
        return Figure.declined("iso_load_band", Why.MISSING_INPUT, ", ".join(_BANDED))
    return Figure(name="iso_load_band", value=float(worst))


def _finding(window: Window, verdict: Verdict[Reading]) -> Found:
    clearest = verdict.readings[verdict.moved[0]]
    return Found(
        code=verdict.code,
        part=verdict.part,
        since_us=_since_us(window, clearest),
        confidence=verdict.confidence,
        evidence=[_inputs(verdict), _curve(window, verdict)],
    )


def _since_us(window: Window, reading: Reading) -> int:
    """Give when the difference last left half of its threshold; the window's start if it never was within."""
    smooth = rolling_mean(reading.residuals * np.sign(reading.difference), window.steps(_SMOOTH_SECONDS))
    with np.errstate(invalid="ignore"):
        within = np.flatnonzero(smooth < THRESHOLD / 2 * reading.size)
    beyond = np.flatnonzero(~np.isnan(reading.residuals))
    beyond = beyond[beyond > within[-1]] if len(within) else beyond
    return int(window.times_us[beyond[0]]) if len(beyond) else window.end_us


_OF_CYLINDERS = {
    "exhaust": (label("该缸排气温度与各缸之差", "Exhaust temperature against the other cylinders"), "K"),
    "compression": (label("该缸压缩压力与各缸之差", "Compression pressure against the other cylinders"), "%"),
    "rise": (label("该缸燃烧升压与各缸之差", "Pressure rise by burning against the other cylinders"), "%"),
}


def _inputs(verdict: Verdict[Reading]) -> dict[str, Any]:
    """Give each difference with the limit beyond which it counts as moved."""
    rows = []
    for name, reading in verdict.readings.items():
        text, unit = _described(name, verdict)
        rows += [
            (f"Δ {text.zh} / {text.en}", reading.difference, unit),
            ("    界限 / limit ±", THRESHOLD * reading.size, unit),
        ]
    return evidence.inputs(rows)


def _curve(window: Window, verdict: Verdict[Reading]) -> dict[str, Any]:
    clearest = verdict.moved[0]
    text, unit = _described(clearest, verdict)
    reading = verdict.readings[clearest]
    limit = THRESHOLD * reading.size
    return evidence.series(text, unit, window.times_us, {clearest: reading.residuals}, band=(-limit, limit))


def _described(name: str, verdict: Verdict[Reading]) -> tuple[Label, str]:
    if verdict.part and name in _OF_CYLINDERS:
        return _OF_CYLINDERS[name]
    return INDICATORS[name].label, INDICATORS[name].unit

"""What a blast furnace makes and what a tonne costs in fuel and energy, how its gas is used, and the air of its workplaces."""

from collections.abc import Callable

import numpy as np
from pydantic import Field

from analytics.blast_furnace.gas import gas_resistance, utilisation_percent
from analytics.blast_furnace.limits import limit_of, warning_level
from analytics.blast_furnace.production import (
    amount_of_counter,
    annual_output_t,
    energy_kgce_per_t,
    hearth_coefficient_t_per_m2_d,
    productivity_t_per_m3_d,
    rate_kg_per_t,
    stove_efficiency,
)
from analytics.blast_furnace.signs import is_settled, mean_of
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_LEAST_METAL_T = 500.0
"""Less than a cast or two says nothing of a tonne."""


class PerformanceParameters(Settings):
    """What the year is reckoned with."""

    operation_rate_percent: float = Field(default=97.0, gt=0, le=100)
    """Share of the year on blast; GB 50427 designs with 97."""


SPEC = Spec(
    name="blast_furnace_performance",
    label=label("高炉产能与能耗", "Output and energy of the blast furnace"),
    kinds=("blast_furnace",),
    inputs=(
        Input("state", "1"),
        Input("hot_metal_total", "t"),
        Input("coke_total", "t", required=False),
        Input("coal_total", "t", required=False),
        Input("slag_total", "t", required=False),
        Input("trt_energy_total", "kWh", required=False),
        Input("blast_volume", "m³/h", required=False),
        Input("cold_blast_temperature", "°C", required=False),
        Input("hot_blast_temperature", "°C", required=False),
        Input("hot_blast_pressure", "MPa", required=False),
        Input("top_pressure", "kPa", required=False),
        Input("bosh_gas_volume", "m³/min", required=False),
        Input("bosh_gas_index", "m/min", required=False),
        Input("top_gas_co", "%", required=False),
        Input("top_gas_co2", "%", required=False),
        Input("top_gas_h2", "%", required=False),
        Input("stove_gas_flow_{stove}", "m³/h", required=False),
        Input("bfg_flow", "m³/h", required=False),
        Input("bfg_heating_value", "kJ/m³", required=False),
        Input("bfg_flare_flow", "m³/h", required=False),
        Input("ambient_co_{area}", "mg/m³", required=False),
        Input("ambient_oxygen", "%", required=False),
    ),
    rated=(("effective_volume", "m³"), ("daily_output", "t")),
    outputs=(
        Output("metal_output", "t/d", label("日产铁量", "Hot metal a day")),
        Output("on_blast_share", "%", label("送风率", "Share of time on blast")),
        Output("productivity", "t/(m³·d)", label("有效容积利用系数", "Output per effective volume")),
        Output("hearth_coefficient", "t/(m²·d)", label("炉缸面积利用系数", "Output per hearth area")),
        Output("capacity_use", "%", label("产能利用率", "Use of the capacity")),
        Output("annual_output", "t", label("按此折算年产量", "Output of a year at this pace")),
        Output("coke_rate", "kg/t", label("焦比", "Coke rate")),
        Output("coal_rate", "kg/t", label("煤比", "Coal rate")),
        Output("fuel_rate", "kg/t", label("燃料比", "Fuel rate")),
        Output("slag_rate", "kg/t", label("渣比", "Slag rate")),
        Output("process_energy", "kgce/t", label("工序能耗（不含鼓风电耗与蒸汽）", "Process energy (without the blower)")),
        Output("energy_margin", "kgce/t", label("低于限额", "Below the limit")),
        Output("turbine_yield", "kWh/t", label("TRT 吨铁发电量", "Turbine electricity per tonne")),
        Output("stove_efficiency", "%", label("热风炉热效率", "Efficiency of the stoves")),
        Output("flared_share", "%", label("煤气放散率", "Gas flared")),
        Output("co_utilisation", "%", label("煤气利用率", "CO utilisation")),
        Output("gas_resistance", "10⁻³ kPa²·(m³/min)^-1.7", label("料柱阻力系数", "Resistance of the burden")),
        Output("ambient_co_highest", "mg/m³", label("环境 CO 最高小时均值", "Highest hourly CO in the air")),
        Output("ambient_co_level", "1", label("环境 CO 预警级别（0–2）", "Warning level of CO (0-2)")),
        Output("ambient_oxygen_lowest", "%", label("环境氧最低值", "Lowest oxygen in the air")),
        Output("ambient_oxygen_level", "1", label("环境氧预警级别（0–2）", "Warning level of oxygen (0-2)")),
        Output("top_gas_h2_rise", "%", label("炉顶 H2 升高", "Rise of H2 in the top gas")),
        Output("top_gas_h2_level", "1", label("炉顶 H2 预警级别（0–2）", "Warning level of H2 (0-2)")),
    ),
    parameters=PerformanceParameters,
    source="GB 50427 (definitions of productivity, rates and bosh-gas index), GB 21256 (process energy), GBZ 2.1 and GB 8958 "
    "(air of workplaces); limits in analytics/blast_furnace/limits.toml, not verified",
    validity=label("出铁量不少于 500 t 的时段；按日统计", "Periods with at least 500 t of hot metal; figures are of a day"),
)


def evaluate(window: Window, parameters: PerformanceParameters) -> Result:
    """Work out the figures of a day; those whose signals are missing say so."""
    figures = [
        *(_figure(name, of, window, parameters) for name, of in _OF_METAL.items()),
        *_safety(window),
    ]
    return Result(figures=figures)


def _figure(
    name: str, of: Callable[[Window, PerformanceParameters], float], window: Window, parameters: PerformanceParameters
) -> Figure:
    try:
        value = of(window, parameters)
    except NotEvaluated as declined:
        return Figure.declined(name, declined.why, declined.detail)
    if np.isnan(value):
        return Figure.declined(name, Why.MISSING_INPUT)
    # The blower's electricity and steam are missing from it: a furnace cannot be held to the limit with this figure alone.
    return Figure(name=name, value=value, validity="doubtful" if name == "energy_margin" else "valid")


def _metal_t(window: Window) -> float:
    metal = _counted(window, "hot_metal_total")
    if metal < _LEAST_METAL_T:
        raise NotEvaluated(Why.NOT_RUNNING, f"{metal:.0f} t")
    return metal


def _metal_t_per_day(window: Window) -> float:
    return _metal_t(window) / window.days


def _counted(window: Window, counter: str) -> float:
    amount = amount_of_counter(window[counter])
    if np.isnan(amount):
        raise NotEvaluated(Why.MISSING_INPUT, counter)
    return amount


def _mean(window: Window, signal: str) -> float:
    mean = mean_of(window[signal])
    if np.isnan(mean):
        raise NotEvaluated(Why.MISSING_INPUT, signal)
    return mean


def _rate(counter: str) -> Callable[[Window, PerformanceParameters], float]:
    return lambda window, _: rate_kg_per_t(consumed_t=_counted(window, counter), metal_t=_metal_t(window))


def _productivity(window: Window, _: PerformanceParameters) -> float:
    return productivity_t_per_m3_d(metal_t_per_day=_metal_t_per_day(window), volume_m3=window.rating("effective_volume"))


def _hearth_coefficient(window: Window, _: PerformanceParameters) -> float:
    # The index is the bosh gas per area of the hearth, so the two signals hold the area.
    volume, index = _mean(window, "bosh_gas_volume"), _mean(window, "bosh_gas_index")
    if volume <= 0 or index <= 0:
        raise NotEvaluated(Why.BAD_INPUT, f"bosh_gas_volume {volume:g}, bosh_gas_index {index:g}")
    area = volume / index
    return hearth_coefficient_t_per_m2_d(metal_t_per_day=_metal_t_per_day(window), hearth_area_m2=area)


def _annual(window: Window, parameters: PerformanceParameters) -> float:
    return annual_output_t(
        volume_m3=window.rating("effective_volume"),
        productivity=_productivity(window, parameters) / max(_on_blast(window, parameters) / 100, 1e-9),
        operation_rate=parameters.operation_rate_percent / 100,
    )


def _on_blast(window: Window, _: PerformanceParameters) -> float:
    known = ~np.isnan(window["state"])
    return 100 * float(window.state_is("reduced_blast", "blowing")[known].mean())


def _stove_gas_m3(window: Window) -> float:
    flow = window.family("stove_gas_flow_{stove}").sum(axis=0)
    mean = mean_of(flow)
    if np.isnan(mean):
        raise NotEvaluated(Why.MISSING_INPUT, "stove_gas_flow")
    gas_m3 = mean * window.days * 24
    if not gas_m3 > 0:
        raise NotEvaluated(Why.BAD_INPUT, f"stove_gas_flow: {gas_m3:.4g} m³ in all")
    return gas_m3


def _energy(window: Window, _: PerformanceParameters) -> float:
    heating = _mean(window, "bfg_heating_value") / 1e6
    kept_m3 = (_mean(window, "bfg_flow") - _mean(window, "bfg_flare_flow")) * window.days * 24
    return energy_kgce_per_t(
        coke_t=_counted(window, "coke_total"),
        coal_t=_counted(window, "coal_total"),
        stove_gas_gj=_stove_gas_m3(window) * heating,
        recovered_gas_gj=kept_m3 * heating,
        recovered_kwh=_counted(window, "trt_energy_total"),
        metal_t=_metal_t(window),
    )


def _stoves(window: Window, _: PerformanceParameters) -> float:
    efficiency = stove_efficiency(
        blast_m3=_mean(window, "blast_volume") * window.days * 24,
        cold_celsius=_mean(window, "cold_blast_temperature"),
        hot_celsius=_mean(window, "hot_blast_temperature"),
        gas_m3=_stove_gas_m3(window),
        heating_kj_per_m3=_mean(window, "bfg_heating_value"),
    )
    return 100 * efficiency


def _settled(window: Window, values: FloatArray) -> float:
    mean = mean_of(np.where(is_settled(window), values, np.nan))
    if np.isnan(mean):
        raise NotEvaluated(Why.NOT_STEADY)
    return mean


def _resistance(window: Window, _: PerformanceParameters) -> float:
    pressure = 1000 * window["hot_blast_pressure"]
    return _settled(
        window,
        gas_resistance(hot_blast_kpa=pressure, top_kpa=window["top_pressure"], bosh_gas_m3_per_min=window["bosh_gas_volume"]),
    )


def _utilisation(window: Window, _: PerformanceParameters) -> float:
    return _settled(window, utilisation_percent(monoxide_percent=window["top_gas_co"], dioxide_percent=window["top_gas_co2"]))


_OF_METAL: dict[str, Callable[[Window, PerformanceParameters], float]] = {
    "metal_output": lambda window, _: _metal_t_per_day(window),
    "on_blast_share": _on_blast,
    "productivity": _productivity,
    "hearth_coefficient": _hearth_coefficient,
    "capacity_use": lambda window, _: 100 * _metal_t_per_day(window) / window.rating("daily_output"),
    "annual_output": _annual,
    "coke_rate": _rate("coke_total"),
    "coal_rate": _rate("coal_total"),
    "fuel_rate": lambda window, chosen: _rate("coke_total")(window, chosen) + _rate("coal_total")(window, chosen),
    "slag_rate": _rate("slag_total"),
    "process_energy": _energy,
    "energy_margin": lambda window, chosen: limit_of("process_energy").value - _energy(window, chosen),
    "turbine_yield": lambda window, _: _counted(window, "trt_energy_total") / _metal_t(window),
    "stove_efficiency": _stoves,
    "flared_share": lambda window, _: 100 * _mean(window, "bfg_flare_flow") / max(_mean(window, "bfg_flow"), 1e-9),
    "co_utilisation": _utilisation,
    "gas_resistance": _resistance,
}


def _safety(window: Window) -> list[Figure]:
    """Worst hour of the air, and the last hour of the top gas against the window."""
    hour = window.steps(3600)
    monoxide = window.family("ambient_co_{area}")
    hours = monoxide[:, : monoxide.shape[1] // hour * hour].reshape(len(monoxide), -1, hour)
    # A mean of an hour with a gap is not what people breathed; whole hours only.
    figures = _with_level("ambient_co_highest", "ambient_co", _extreme(hours.mean(axis=2), worst=np.max))
    figures += _with_level("ambient_oxygen_lowest", "ambient_oxygen", _extreme(window["ambient_oxygen"], worst=np.min))
    hydrogen = np.where(is_settled(window), window["top_gas_h2"], np.nan)
    known = hydrogen[~np.isnan(hydrogen)]
    usual = float(np.median(known)) if len(known) else float("nan")
    return figures + _with_level("top_gas_h2_rise", "top_gas_h2", mean_of(hydrogen[-hour:]) - usual)


def _extreme(values: FloatArray, *, worst: Callable[[FloatArray], float]) -> float:
    known = values[~np.isnan(values)]
    return float(worst(known)) if known.size else float("nan")


def _with_level(name: str, limit: str, value: float) -> list[Figure]:
    if np.isnan(value):
        return [Figure.declined(each, Why.MISSING_INPUT) for each in (name, f"{limit}_level")]
    return [Figure(name=name, value=value), Figure(name=f"{limit}_level", value=float(warning_level(value, limit)))]

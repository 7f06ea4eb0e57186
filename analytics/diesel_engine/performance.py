"""How well a generator set's engine turns fuel into power, over a day at work."""

import numpy as np
from pydantic import Field

from analytics.baselines.load_baseline import stretch_means
from analytics.baselines.steady import is_steady
from analytics.diesel_engine.charge_air import compressor_outlet_celsius, cooler_effectiveness
from analytics.diesel_engine.duty_cycles import nearest_mode, read_duty_table, weighted
from analytics.diesel_engine.efficiency import (
    REFERENCE_HEATING_MJ_PER_KG,
    efficiency_percent,
    mean_effective_pressure_bar,
    site_factors,
    specific_consumption_g_per_kwh,
)
from analytics.diesel_engine.operation import STEADY_LOAD_PERCENT, STEADY_SECONDS
from analytics.diesel_engine.willans import willans_line
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import Flags, FloatArray, Window
from telemetry.settings import Settings

LEAST_HOURS = 0.5


class Parameters(Settings):
    """What no sensor tells."""

    generator_efficiency_percent: float = Field(default=94.0, gt=50, le=100)
    """Of the alternator, between the engine's shaft and the terminals."""
    heating_value_mj_per_kg: float = Field(default=REFERENCE_HEATING_MJ_PER_KG, gt=30, lt=50)
    """Lower heating value of the fuel."""
    mechanical_efficiency_percent: float = Field(default=80.0, gt=50, le=100)
    """Of the engine at rated power, for the correction to reference conditions; 80 where the maker tells none (ISO 3046-1)."""
    compressor_efficiency_percent: float = Field(default=72.0, gt=30, le=90)
    """Isentropic, from which the air's temperature before the charge cooler is estimated."""


_CORRECTED = label(
    "单位油耗，折算到 ISO 3046 标准状态（轴端）", "Specific consumption at ISO 3046 reference conditions, at the shaft"
)

SPEC = Spec(
    name="diesel_engine_performance",
    label=label("柴油机能效", "Energy performance of the diesel engine"),
    kinds=("diesel_engine",),
    inputs=(
        Input("state", "1"),
        Input("active_power", "kW"),
        Input("load_percent", "%"),
        Input("fuel_rate", "kg/h"),
        Input("engine_speed", "rpm", required=False),
        Input("intake_temperature", "°C", required=False),
        Input("ambient_pressure", "kPa", required=False),
        Input("boost_pressure", "kPa", required=False),
        Input("scavenge_air_temperature", "°C", required=False),
    ),
    rated=(("displacement", "L"),),
    outputs=(
        Output("set_consumption", "g/kWh", label("单位电量油耗", "Fuel for each kWh at the terminals")),
        Output("set_efficiency", "%", label("机组发电效率", "Efficiency of the set")),
        Output("brake_consumption", "g/kWh", label("单位油耗（轴端）", "Specific fuel consumption at the shaft")),
        Output("brake_consumption_corrected", "g/kWh", _CORRECTED),
        Output("brake_efficiency", "%", label("有效热效率", "Brake efficiency")),
        Output("cycle_consumption", "g/kWh", label("D2 工况加权油耗", "Fuel for each kWh, weighted by cycle D2")),
        Output("willans_intercept", "kg/h", label("威兰线截距（摩擦）", "Willans line, foot (friction)")),
        Output("willans_slope", "g/kWh", label("威兰线斜率（燃烧）", "Willans line, slope (combustion)")),
        Output("mean_effective_pressure", "bar", label("平均有效压力", "Brake mean effective pressure")),
        Output("cooler_effectiveness", "%", label("中冷器效能（估算）", "Charge cooler effectiveness (estimated)")),
    ),
    parameters=Parameters,
    source="ISO 3046-1:2002 (consumption, reference conditions); ISO 8178-4 cycle D2; Willans' line as in Heywood, chapter 13",
    validity=label(
        "运行半小时以上；折算假定中冷器由进气同温的空气冷却；轴端值用发电机效率参数换算",
        "At work for half an hour and more; the correction takes the charge cooler's air to be as warm as the intake; figures at "
        "the shaft follow from the alternator's efficiency, a parameter",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Work out all figures of a window.

    Raises
    ------
    NotEvaluated
        If the engine was not at work with power and fuel known for half an hour.
    """
    running = window.state_is("running")
    power, fuel, load = window["active_power"], window["fuel_rate"], window["load_percent"]
    with np.errstate(invalid="ignore"):
        at_work = running & (power > 0) & (fuel > 0)
    hours = float(at_work.sum()) * window.step_seconds / 3600
    if hours < LEAST_HOURS:
        raise NotEvaluated(Why.NOT_RUNNING, f"{hours:.1f} h")
    alternator = parameters.generator_efficiency_percent / 100
    of_set = float(specific_consumption_g_per_kwh(fuel_kg_per_h=fuel[at_work].mean(), power_kw=power[at_work].mean()))
    heating = parameters.heating_value_mj_per_kg

    span = window.steps(STEADY_SECONDS)
    steady = is_steady(np.where(at_work, load, np.nan), span_steps=span, tolerance=STEADY_LOAD_PERCENT)
    power_means, fuel_means = (stretch_means(np.where(steady, of, np.nan), span, at_least_share=0.5) for of in (power, fuel))
    intercept, slope, half_width = _willans(power_means, fuel_means)

    def scaled(name: str, consumption: float, *, is_efficiency: bool = False) -> Figure:
        if is_efficiency:
            value = float(efficiency_percent(consumption_g_per_kwh=consumption, heating_mj_per_kg=heating))
        else:
            value = consumption
        return Figure(name=name, value=value, uncertainty=None if half_width is None else abs(value) * half_width)

    return Result(
        figures=[
            scaled("set_consumption", of_set),
            scaled("set_efficiency", of_set, is_efficiency=True),
            scaled("brake_consumption", of_set * alternator),
            _corrected(window, at_work, of_set * alternator, parameters),
            scaled("brake_efficiency", of_set * alternator, is_efficiency=True),
            _of_cycle(load, np.where(at_work, power, np.nan), np.where(at_work, fuel, np.nan)),
            intercept,
            slope,
            _effective_pressure(window, at_work, power / alternator),
            _cooler(window, steady, parameters.compressor_efficiency_percent / 100),
        ]
    )


def _willans(power_kw: FloatArray, fuel_kg_per_h: FloatArray) -> tuple[Figure, Figure, float | None]:
    """Give both figures, and how well the line's middle is known: half width over value."""
    try:
        line = willans_line(power_kw=power_kw, fuel_kg_per_h=fuel_kg_per_h)
    except NotEvaluated as declined:
        foot, slope = (Figure(name=f"willans_{part}", value=None, reason=str(declined)) for part in ("intercept", "slope"))
        return foot, slope, None
    middle = line.fuel_kg_per_h(np.nanmean(power_kw))
    return (
        Figure(name="willans_intercept", value=line.intercept_kg_per_h, uncertainty=line.intercept_half_width),
        Figure(name="willans_slope", value=1000 * line.slope_kg_per_kwh, uncertainty=1000 * line.slope_half_width),
        float(1.96 * line.deviation_kg_per_h / np.sqrt(line.points) / middle),
    )


def _corrected(window: Window, at_work: Flags, consumption: float, parameters: Parameters) -> Figure:
    name = "brake_consumption_corrected"
    intake, pressure = window["intake_temperature"][at_work], window["ambient_pressure"][at_work]
    known = ~(np.isnan(intake) | np.isnan(pressure))
    if not known.any():
        return Figure.declined(name, Why.MISSING_INPUT, "intake_temperature, ambient_pressure")
    air = float(intake[known].mean())
    factors = site_factors(
        air_celsius=air,
        coolant_celsius=air,
        pressure_kpa=float(pressure[known].mean()),
        mechanical_efficiency=parameters.mechanical_efficiency_percent / 100,
    )
    to_reference_fuel = parameters.heating_value_mj_per_kg / REFERENCE_HEATING_MJ_PER_KG
    corrected = consumption * to_reference_fuel / float(factors.consumption)
    if not np.isfinite(corrected):
        return Figure.declined(name, Why.BAD_INPUT, "intake_temperature, ambient_pressure")
    return Figure(name=name, value=corrected)


def _of_cycle(load: FloatArray, power_kw: FloatArray, fuel_kg_per_h: FloatArray) -> Figure:
    cycle = next(one for one in read_duty_table().cycles if one.name == "D2")
    modes = nearest_mode(cycle, load_percent=np.where(np.isnan(power_kw), np.nan, load), speed_percent=100.0)
    counts = np.bincount(modes[modes >= 0], minlength=len(cycle.modes))
    means = [
        np.divide(
            np.bincount(modes[modes >= 0], weights=of[modes >= 0], minlength=len(cycle.modes)),
            counts,
            out=np.full(len(counts), np.nan),
            where=counts > 0,
        )
        for of in (fuel_kg_per_h, power_kw)
    ]
    try:
        return Figure(name="cycle_consumption", value=1000 * weighted(cycle, means[0], over=means[1]))
    except NotEvaluated as declined:
        return Figure(name="cycle_consumption", value=None, reason=str(declined))


def _effective_pressure(window: Window, at_work: Flags, shaft_kw: FloatArray) -> Figure:
    name = "mean_effective_pressure"
    try:
        displacement = window.rating("displacement")
    except NotEvaluated as declined:
        return Figure(name=name, value=None, reason=str(declined))
    if not displacement > 0:
        return Figure.declined(name, Why.BAD_INPUT, f"displacement {displacement:g}")
    pressure = mean_effective_pressure_bar(
        power_kw=shaft_kw[at_work], speed_rpm=window["engine_speed"][at_work], displacement_litres=displacement
    )
    known = pressure[~np.isnan(pressure)]
    if not len(known):
        return Figure.declined(name, Why.MISSING_INPUT, "engine_speed")
    return Figure(name=name, value=float(known.mean()))


def _cooler(window: Window, steady: Flags, compressor_efficiency: float) -> Figure:
    """Only where the compressor heats the air enough; doubtful, since the air before the cooler is not measured."""
    name = "cooler_effectiveness"
    intake = window["intake_temperature"][steady]
    ambient = window["ambient_pressure"][steady]
    with np.errstate(invalid="ignore"):
        ratio = window["boost_pressure"][steady] / np.where(ambient > 0, ambient, np.nan)
        charged = ratio > 1.5
    if not charged.any():
        return Figure.declined(name, Why.OUTSIDE_VALIDITY, "boost < 1.5")
    before = compressor_outlet_celsius(intake_celsius=intake, pressure_ratio=ratio, efficiency=compressor_efficiency)
    found = cooler_effectiveness(
        air_in_celsius=before, air_out_celsius=window["scavenge_air_temperature"][steady], coolant_in_celsius=intake
    )[charged]
    found = found[~np.isnan(found)]
    if not len(found):
        return Figure.declined(name, Why.MISSING_INPUT, "scavenge_air_temperature")
    return Figure(name=name, value=100 * float(found.mean()), validity="doubtful")

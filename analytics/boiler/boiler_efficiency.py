"""Efficiency of a gas-fired steam boiler, direct and indirect, and its specific figures, over a day at work."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from pydantic import Field

from analytics.boiler.combustion import METHANE_HIGHER_KJ_PER_M3, METHANE_LOWER_KJ_PER_M3, excess_air, methane_like
from analytics.boiler.efficiency import MOST_OXYGEN_PERCENT, Basis, blowdown_share, heat_losses, useful_heat_kw
from analytics.boiler.firing import firing_means
from analytics.boiler.losses import (
    ATMOSPHERE_MPA,
    COLDEST_GAS_CELSIUS,
    FUELS,
    LEAST_FUEL_KW,
    radiation_loss_kw,
    stack_loss_percent,
)
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.thermodynamics.water_steam import (
    CELSIUS_ZERO_KELVIN,
    boiling_water,
    liquid,
    saturation_temperature_k,
    steam,
)
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_STRETCH_SECONDS = 600.0
_LEAST_STRETCHES = 6
_INDIRECT = ("efficiency_indirect", "efficiency_indirect_higher", "efficiency_gap")
_KW_A_TONNE = 700.0
"""A rated tonne of steam an hour is taken for 0.7 MW, as Chinese boiler standards do."""


class Parameters(Settings):
    """How well the meters measure (half widths of 95 % intervals), and what the balance takes for given."""

    steam_flow_accuracy_percent: float = Field(default=2.0, ge=0)
    fuel_flow_accuracy_percent: float = Field(default=1.5, ge=0)
    heating_value_accuracy_percent: float = Field(default=1.0, ge=0)
    gas_temperature_accuracy_celsius: float = Field(default=2.0, ge=0)
    oxygen_accuracy_percent: float = Field(default=0.2, ge=0)
    """In points of oxygen."""
    radiation_accuracy_percent: float = Field(default=30.0, ge=0)
    air_humidity_kg_per_kg: float = Field(default=0.013, ge=0, lt=0.1)
    carbon_dioxide_t_per_tj: float = Field(default=55.5, gt=0)
    """On the lower heating value: natural gas 15.3 tC/TJ · 0.99 · 44/12 (as remembered, not verified)."""


SPEC = Spec(
    name="boiler_efficiency",
    label=label("锅炉效率", "Boiler efficiency"),
    kinds=("boiler",),
    inputs=(
        Input("state", "1"),
        Input("fuel_flow", "m³/h"),
        Input("fuel_lower_heating_value", "kJ/m³"),
        Input("fuel_higher_heating_value", "kJ/m³", required=False),
        Input("steam_flow", "t/h"),
        Input("steam_pressure", "MPa"),
        Input("steam_temperature", "°C"),
        Input("feedwater_temperature", "°C"),
        Input("flue_gas_temperature_stack", "°C"),
        Input("flue_gas_oxygen_stack", "%"),
        Input("flue_gas_carbon_monoxide", "ppm"),
        Input("ambient_temperature", "°C"),
        Input("flue_gas_oxygen", "%", required=False),
        Input("blowdown_flow", "t/h", required=False),
        Input("feedwater_conductivity", "µS/cm", required=False),
        Input("boiler_water_conductivity", "µS/cm", required=False),
        Input("auxiliary_power", "kW", required=False),
    ),
    rated=(("steam_flow", "t/h"),),
    outputs=(
        Output("efficiency_direct", "%", label("正平衡效率（低位）", "Direct efficiency (lower heating value)")),
        Output("efficiency_indirect", "%", label("反平衡效率（低位）", "Indirect efficiency (lower heating value)")),
        Output("efficiency_indirect_higher", "%", label("反平衡效率（高位）", "Indirect efficiency (higher heating value)")),
        Output("efficiency_gap", "%", label("正反平衡效率之差", "Direct less indirect efficiency")),
        Output("stack_loss_siegert", "%", label("排烟热损失（Siegert）", "Stack loss (Siegert)")),
        Output("excess_air", "%", label("炉膛过量空气", "Excess air of the furnace")),
        Output("evaporation_ratio", "kg/m³", label("产汽率", "Steam from a cubic metre of fuel")),
        Output("specific_fuel", "m³/t", label("吨汽燃气耗", "Fuel for a tonne of steam")),
        Output("specific_auxiliary_energy", "kWh/t", label("吨汽电耗", "Electricity for a tonne of steam")),
        Output("blowdown_rate", "%", label("排污率", "Blowdown, share of steam")),
        Output(
            "specific_carbon_dioxide", "kg/t", label("吨汽二氧化碳（燃料）", "Carbon dioxide of the fuel for a tonne of steam")
        ),
    ),
    parameters=Parameters,
    source="GB/T 10180-2017, ASME PTC 4-2013 section 5 (losses), 1. BImSchV annex 2 (Siegert), EN 12952-15:2003 (radiation), "
    "IAPWS R7-97(2012)",
    validity=label(
        "蒸汽按干饱和或过热计；空气量与烟气量按低位热值折算为甲烷计算；排污热两法都计为有效；烟温 60 °C 以上，氧含量 15 % 以下",
        "Steam taken as dry or superheated; air and flue gas as of methane scaled to the lower heating value of the gas; heat of "
        "blowdown counts as useful in both; gas above 60 °C with less than 15 % oxygen",
    ),
)


class _Day(NamedTuple):
    """Means of stretches at work, and what both methods share."""

    means: Mapping[str, FloatArray]
    fuel_kw: FloatArray
    weight: FloatArray
    """The fuel of each stretch that can be evaluated, 0 elsewhere."""

    def mean(self, values: FloatArray) -> float:
        """Average by fuel; NaN where nothing is known."""
        known = ~np.isnan(values) & (self.weight > 0)
        return float(np.average(values[known], weights=self.weight[known])) if known.any() else float("nan")

    def ratio(self, upper: FloatArray, lower: FloatArray) -> float:
        """Divide one sum by another, over the stretches in which both are known."""
        known = ~(np.isnan(upper) | np.isnan(lower)) & (self.weight > 0)
        total = float(lower[known].sum())
        return float(upper[known].sum()) / total if total > 0 else float("nan")


def evaluate(window: Window, parameters: Parameters) -> Result:
    day = _day(window)
    direct, direct_error, blown_share = _direct(day, parameters)
    figures = [_figure("efficiency_direct", direct, direct_error, missing="blowdown_flow")]
    figures += _indirect(window, day, parameters, direct=direct, direct_error=direct_error)
    means, tonnes = day.means, day.means["steam_flow"]
    fuel = methane_like(lower_heating_kj_per_m3=day.mean(means["fuel_lower_heating_value"]))
    beyond = 100 * day.mean(excess_air(fuel, oxygen_percent=means["flue_gas_oxygen"]))
    specific = day.ratio(means["fuel_flow"], tonnes)
    flows = math.hypot(parameters.steam_flow_accuracy_percent, parameters.fuel_flow_accuracy_percent) / 100
    dioxide = day.ratio(day.fuel_kw, tonnes) * 3.6e-6 * parameters.carbon_dioxide_t_per_tj * 1000
    return Result([
        *figures,
        _figure("excess_air", beyond, missing="flue_gas_oxygen"),
        _figure("evaporation_ratio", 1000 / specific, flows * 1000 / specific),
        _figure("specific_fuel", specific, flows * specific),
        _figure("specific_auxiliary_energy", day.ratio(means["auxiliary_power"], tonnes), missing="auxiliary_power"),
        _figure("blowdown_rate", 100 * blown_share, missing="blowdown_flow"),
        _figure("specific_carbon_dioxide", dioxide, flows * dioxide),
    ])  # fmt: skip


def _day(window: Window) -> _Day:
    names = [signal for signal, _, _ in SPEC.inputs if signal != "state"]
    _, means = firing_means(window, names, stretch_seconds=_STRETCH_SECONDS)
    fuel_kw = means["fuel_flow"] * means["fuel_lower_heating_value"] / 3600
    needed = [signal for signal, _, is_required in SPEC.inputs if is_required and signal != "state"]
    known = ~np.isnan([means[name] for name in needed]).any(axis=0)
    with np.errstate(invalid="ignore"):
        known &= (fuel_kw > LEAST_FUEL_KW) & (means["steam_flow"] > 0)
    if np.count_nonzero(known) < _LEAST_STRETCHES:
        raise NotEvaluated(Why.NOT_RUNNING, f"{np.count_nonzero(known) * _STRETCH_SECONDS / 60:.0f} min")
    lowest, highest = (float(edge(means["fuel_lower_heating_value"][known])) for edge in (np.min, np.max))
    if not 25_000 <= lowest <= highest <= 48_000:
        raise NotEvaluated(Why.BAD_INPUT, f"fuel_lower_heating_value {lowest:.0f} … {highest:.0f} kJ/m³")
    return _Day(means, np.where(known, fuel_kw, np.nan), np.where(known, fuel_kw, 0.0))


def _direct(day: _Day, parameters: Parameters) -> tuple[float, float, float]:
    """Give the direct efficiency, its uncertainty, and blowdown over steam."""
    means = day.means
    pressure = means["steam_pressure"] + ATMOSPHERE_MPA
    saturated = saturation_temperature_k(pressure_mpa=pressure)
    # A thermometer in saturated steam that reads half a degree low must not make it water.
    kelvin = np.maximum(means["steam_temperature"] + CELSIUS_ZERO_KELVIN, saturated)
    by_salts = day.mean(
        blowdown_share(
            feedwater_us_per_cm=means["feedwater_conductivity"], boiler_water_us_per_cm=means["boiler_water_conductivity"]
        )
    )
    metered = day.ratio(means["blowdown_flow"], means["steam_flow"])
    share = metered if not np.isnan(metered) else by_salts
    useful = useful_heat_kw(
        steam_t_per_h=means["steam_flow"],
        steam_kj_per_kg=steam(pressure_mpa=pressure, temperature_k=kelvin).enthalpy_kj_per_kg,
        feedwater_kj_per_kg=liquid(
            pressure_mpa=pressure, temperature_k=means["feedwater_temperature"] + CELSIUS_ZERO_KELVIN
        ).enthalpy_kj_per_kg,
        blowdown_t_per_h=share * means["steam_flow"],
        boiling_kj_per_kg=boiling_water(pressure_mpa=pressure).enthalpy_kj_per_kg,
    )
    value = 100 * day.ratio(useful, day.fuel_kw)
    accuracies = (
        parameters.steam_flow_accuracy_percent,
        parameters.fuel_flow_accuracy_percent,
        parameters.heating_value_accuracy_percent,
    )
    return value, value / 100 * float(np.linalg.norm(accuracies)), share


def _indirect(window: Window, day: _Day, parameters: Parameters, *, direct: float, direct_error: float) -> list[Figure]:
    """Give Siegert's loss, the indirect efficiency on both heating values, and what lies between it and the direct one."""
    means = day.means
    gas, air, oxygen = (means[name] for name in ("flue_gas_temperature_stack", "ambient_temperature", "flue_gas_oxygen_stack"))
    holds = (gas >= COLDEST_GAS_CELSIUS) & (gas > air) & (oxygen >= 0) & (oxygen <= MOST_OXYGEN_PERCENT)
    if not (holds & (day.weight > 0)).any():
        detail = f"stack at {day.mean(gas):.0f} °C, oxygen {day.mean(oxygen):.1f} %"
        return [Figure.declined(name, Why.OUTSIDE_VALIDITY, detail) for name in ("stack_loss_siegert", *_INDIRECT)]
    gas, oxygen = np.where(holds, gas, np.nan), np.where(holds, oxygen, np.nan)
    by_kelvin, by_oxygen = _slopes(day.mean(gas - air), day.mean(oxygen))
    of_gas = math.hypot(by_kelvin * parameters.gas_temperature_accuracy_celsius, by_oxygen * parameters.oxygen_accuracy_percent)
    siegert = day.mean(stack_loss_percent(gas_celsius=gas, air_celsius=air, oxygen_percent=oxygen))
    figures = [_figure("stack_loss_siegert", siegert, of_gas)]
    if "steam_flow" not in window.rated:
        return [*figures, *(Figure.declined(name, Why.NO_NAMEPLATE, "steam_flow") for name in _INDIRECT)]
    rated_t_per_h = window.rating("steam_flow")
    if rated_t_per_h <= 0:
        return [*figures, *(Figure.declined(name, Why.BAD_INPUT, f"rated steam_flow {rated_t_per_h:g}") for name in _INDIRECT)]
    radiation_percent = 100 * radiation_loss_kw(_KW_A_TONNE * rated_t_per_h) / day.fuel_kw
    lower_kj, higher_kj = day.mean(means["fuel_lower_heating_value"]), day.mean(means["fuel_higher_heating_value"])

    def indirect(basis: Basis, heating_kj: float) -> float:
        losses = heat_losses(
            methane_like(lower_heating_kj_per_m3=lower_kj),
            basis=basis,
            heating_kj=heating_kj,
            gas_celsius=gas,
            reference_celsius=air,
            oxygen_percent=oxygen,
            monoxide_ppm=means["flue_gas_carbon_monoxide"],
            radiation_percent=radiation_percent * lower_kj / heating_kj,
            air_humidity_kg_per_kg=parameters.air_humidity_kg_per_kg,
        )
        return day.mean(losses.efficiency_percent)

    error = math.hypot(of_gas, parameters.radiation_accuracy_percent / 100 * day.mean(radiation_percent))
    lower = indirect("lower", lower_kj)
    figures.append(_figure("efficiency_indirect", lower, error))
    figures.append(_figure("efficiency_gap", direct - lower, math.hypot(error, direct_error), missing="blowdown_flow"))
    if np.isnan(higher_kj):
        higher = Figure.declined("efficiency_indirect_higher", Why.MISSING_INPUT, "fuel_higher_heating_value")
    elif abs(higher_kj / lower_kj / (METHANE_HIGHER_KJ_PER_M3 / METHANE_LOWER_KJ_PER_M3) - 1) > 0.02:
        ratio = f"higher over lower heating value {higher_kj / lower_kj:.3f}"
        higher = Figure.declined("efficiency_indirect_higher", Why.OUTSIDE_VALIDITY, ratio)
    else:
        higher = _figure("efficiency_indirect_higher", indirect("higher", higher_kj), error)
    return [*figures, higher]


def _slopes(rise_kelvin: float, oxygen_percent: float) -> tuple[float, float]:
    """Change of Siegert's loss for a kelvin of the gas and for a point of oxygen. [%]"""
    gas, left = FUELS["natural_gas"], 21 - oxygen_percent
    return gas.by_oxygen / left + gas.constant, rise_kelvin * gas.by_oxygen / left**2


def _figure(name: str, value: float, uncertainty: float | None = None, *, missing: str = "") -> Figure:
    if np.isnan(value):
        return Figure.declined(name, Why.MISSING_INPUT, missing)
    return Figure(name=name, value=value, uncertainty=uncertainty)

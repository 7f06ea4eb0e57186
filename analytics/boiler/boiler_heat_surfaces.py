"""Heat transfer of bank and economiser against the boiler's own first days, how fast it fouls, and when cleaning pays."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from analytics.baselines.load_baseline import LoadBaseline, stretch_means
from analytics.boiler.firing import firing_means
from analytics.boiler.heat_surfaces import (
    Slope,
    cleaning_interval_days,
    counterflow_kw_per_k,
    evaporator_kw_per_k,
    fouling_rate,
    gas_flow,
)
from analytics.boiler.losses import ATMOSPHERE_MPA, FUELS
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, Training, label
from analytics.thermodynamics.water_steam import CELSIUS_ZERO_KELVIN, saturation_temperature_k
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_STRETCH_SECONDS = 600.0
_SETTLE_SECONDS = 1800.0
_STRETCHES_AN_HOUR = 6
_WATER_KJ_PER_KG_K = 4.22
"""Between 95 and 130 °C, within 0.7 %."""
_US_A_DAY = 86_400e6
_SURFACES = ("bank", "economiser")


class Parameters(Settings):
    """What cleaning and fuel cost; the interval is given only where both are filled in, in the same money."""

    cleaning_cost: float | None = Field(default=None, gt=0)
    """Of one cleaning or soot-blow, steam and lost output included."""
    fuel_price_per_m3: float | None = Field(default=None, gt=0)


SPEC = Spec(
    name="boiler_heat_surfaces",
    label=label("锅炉受热面", "Heating surfaces of the boiler"),
    kinds=("boiler",),
    inputs=(
        Input("state", "1"),
        Input("fuel_flow", "m³/h"),
        Input("fuel_lower_heating_value", "kJ/m³"),
        Input("flue_gas_oxygen", "%"),
        Input("steam_pressure", "MPa"),
        Input("feedwater_flow", "t/h"),
        Input("feedwater_temperature", "°C"),
        Input("flue_gas_temperature_furnace_exit", "°C"),
        Input("flue_gas_temperature_economiser_in", "°C"),
        Input("flue_gas_temperature_economiser_out", "°C"),
        Input("flue_gas_temperature_stack", "°C"),
        Input("ambient_temperature", "°C"),
        Input("soot_blow_active", "1", required=False),
    ),
    window=timedelta(days=7),
    cadence=timedelta(hours=6),
    outputs=(
        Output("heat_transfer_bank", "kW/K", label("对流管束传热能力 UA", "Heat transfer UA of the convective bank")),
        Output("heat_transfer_economiser", "kW/K", label("省煤器传热能力 UA", "Heat transfer UA of the economiser")),
        Output("cleanliness_bank", "%", label("对流管束清洁度", "Cleanliness of the convective bank")),
        Output("cleanliness_economiser", "%", label("省煤器清洁度", "Cleanliness of the economiser")),
        Output("stack_temperature_rise", "K", label("排烟温度高于基线", "Stack temperature above its baseline")),
        Output("fouling_rate", "K/d", label("积灰速率（排烟温升）", "Fouling rate, rise of the stack temperature")),
        Output("cleaning_interval_shortest", "d", label("经济清灰周期下限", "Interval at which cleaning pays, shortest")),
        Output("cleaning_interval_longest", "d", label("经济清灰周期上限", "Interval at which cleaning pays, longest")),
    ),
    parameters=Parameters,
    training=Training(days=7),
    source="UA = Q / LMTD (VDI Heat Atlas, chapter C1); Sen 1968 and Hirsch, Slack, Smith 1982 (rate); √(2K / (c r)) (interval)",
    validity=label(
        "与本机最初 7 天同负荷相比；烟气量由燃料与氧量按甲烷折算；炉膛出口热电偶未作辐射修正，UA 宜看变化。清灰周期给区间",
        "Against the same load in the machine's own first 7 days; gas flow from fuel and oxygen, taken for methane; the furnace "
        "exit is not corrected for radiation, so that changes of UA mean more than its size; intervals, no points",
    ),
)


def train(history: Window, _parameters: Parameters) -> dict[str, Any]:
    _, means = _means(history)
    transfer = _transfer(means)
    gas = {"gas_kw_per_k": transfer["gas"]}
    logarithms = {name: np.log(transfer[name]) for name in _SURFACES}
    # Six hours: longer than what a load change or a soot-blow does to the heat stored in the metal.
    steps = 6 * _STRETCHES_AN_HOUR
    return {
        "transfer": LoadBaseline.fit(gas, logarithms, stretch_steps=steps).to_model(),
        "stack": LoadBaseline.fit(
            _stack_features(means, transfer["gas"]), {"stack": means["flue_gas_temperature_stack"]}, stretch_steps=steps
        ).to_model(),
    }


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    starts_us, means = _means(window)
    transfer = _transfer(means)
    newest = starts_us >= window.end_us - _US_A_DAY
    if not np.isfinite(transfer["gas"][newest]).any():
        raise NotEvaluated(Why.NOT_RUNNING, "no firing in the last day")
    baseline, of_stack = LoadBaseline.from_model(model["transfer"]), LoadBaseline.from_model(model["stack"])
    strayed = baseline.residuals({"gas_kw_per_k": transfer["gas"]}, {name: np.log(transfer[name]) for name in _SURFACES})
    rise = of_stack.residuals(_stack_features(means, transfer["gas"]), {"stack": means["flue_gas_temperature_stack"]})["stack"]
    figures = [_figure(f"heat_transfer_{name}", _mean(transfer[name][newest])) for name in _SURFACES]
    for name, spread in zip(baseline.targets, baseline.spreads, strict=True):
        share = 100 * float(np.exp(_mean(strayed[name][newest])))
        figures.append(_figure(f"cleanliness_{name}", share, 1.96 * spread.stretch * share))
    figures.append(_figure("stack_temperature_rise", _mean(rise[newest]), 1.96 * of_stack.spreads[0].stretch))
    return Result([*figures, *_cleaning(window, parameters, _rate(window, starts_us, rise), means)])


def _means(window: Window) -> tuple[npt.NDArray[np.int64], dict[str, FloatArray]]:
    names = [signal for signal, _, is_required in SPEC.inputs if is_required and signal != "state"]
    return firing_means(window, names, stretch_seconds=_STRETCH_SECONDS, settle_seconds=_SETTLE_SECONDS)


def _transfer(means: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give the gas's heat capacity flow, and UA of both surfaces. [kW/K]"""
    heating = means["fuel_lower_heating_value"]
    if np.isnan(heating).all():
        raise NotEvaluated(Why.MISSING_INPUT, "fuel_lower_heating_value")
    lower_kj = float(np.nanmean(heating))
    if not 25_000 <= lower_kj <= 48_000:
        raise NotEvaluated(Why.BAD_INPUT, f"fuel_lower_heating_value {lower_kj:.0f} kJ/m³")
    gas = gas_flow(
        fuel_m3_per_h=means["fuel_flow"], lower_heating_kj_per_m3=lower_kj, oxygen_percent=means["flue_gas_oxygen"]
    ).kw_per_k
    boiling = saturation_temperature_k(pressure_mpa=means["steam_pressure"] + ATMOSPHERE_MPA) - CELSIUS_ZERO_KELVIN
    before, behind = means["flue_gas_temperature_economiser_in"], means["flue_gas_temperature_economiser_out"]
    return {
        "gas": np.where(gas > 0, gas, np.nan),
        "bank": evaporator_kw_per_k(
            gas_kw_per_k=gas, inlet_k=means["flue_gas_temperature_furnace_exit"] - boiling, outlet_k=before - boiling
        ),
        "economiser": counterflow_kw_per_k(
            gas_kw_per_k=gas,
            gas_in_celsius=before,
            gas_out_celsius=behind,
            water_kw_per_k=means["feedwater_flow"] / 3.6 * _WATER_KJ_PER_KG_K,
            water_in_celsius=means["feedwater_temperature"],
        ),
    }


def _stack_features(means: Mapping[str, FloatArray], gas: FloatArray) -> dict[str, FloatArray]:
    return {
        "gas_kw_per_k": gas,
        "feedwater_temperature": means["feedwater_temperature"],
        "ambient_temperature": means["ambient_temperature"],
    }


def _rate(window: Window, starts_us: npt.NDArray[np.int64], rise: FloatArray) -> Slope | None:
    """Rate over the window, hour by hour between cleanings."""
    blows = np.nan_to_num(window["soot_blow_active"]) > 0.5
    ends = np.flatnonzero(blows[:-1] & ~blows[1:]) + 1
    size = window.steps(_STRETCH_SECONDS)
    # The stretch in which a blow falls belongs to neither period.
    blown = blows[: len(rise) * size].reshape(-1, size).any(axis=1)
    periods = np.searchsorted(window.times_us[ends], starts_us, side="right")
    values = np.where(blown, np.nan, rise)
    of_hours = stretch_means(values, _STRETCHES_AN_HOUR, at_least_share=0.5)
    hours_us = starts_us[: len(of_hours) * _STRETCHES_AN_HOUR : _STRETCHES_AN_HOUR]
    by_hour = periods[: len(of_hours) * _STRETCHES_AN_HOUR].reshape(-1, _STRETCHES_AN_HOUR)
    is_whole = by_hour[:, 0] == by_hour[:, -1]
    return fouling_rate((hours_us - hours_us[0]) / _US_A_DAY, np.where(is_whole, of_hours, np.nan), by_hour[:, 0])


def _cleaning(window: Window, parameters: Parameters, rate: Slope | None, means: Mapping[str, FloatArray]) -> list[Figure]:
    names = ("cleaning_interval_shortest", "cleaning_interval_longest")
    if rate is None:
        return [Figure.declined(name, Why.NOT_STEADY, "too few hours between cleanings") for name in ("fouling_rate", *names)]
    figures = [Figure(name="fouling_rate", value=rate.value, uncertainty=(rate.high - rate.low) / 2)]
    if parameters.cleaning_cost is None or parameters.fuel_price_per_m3 is None:
        return [*figures, *(Figure.declined(name, Why.MISSING_INPUT, "cleaning_cost, fuel_price_per_m3") for name in names)]
    gas = FUELS["natural_gas"]
    left = 21 - _mean(means["flue_gas_oxygen"])
    a_day = float(np.nansum(means["fuel_flow"])) * _STRETCH_SECONDS / 3600 / window.days * parameters.fuel_price_per_m3
    a_kelvin_day = a_day * (gas.by_oxygen / left + gas.constant) / 100
    for name, edge in zip(names, (rate.high, rate.low), strict=True):
        days = cleaning_interval_days(cleaning_cost=parameters.cleaning_cost, cost_per_unit_day=a_kelvin_day, rate_per_day=edge)
        figures.append(
            Figure(name=name, value=days)
            if np.isfinite(days)
            else Figure.declined(name, Why.OUTSIDE_VALIDITY, "the fouling rate may be zero")
        )
    return figures


def _mean(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _figure(name: str, value: float, uncertainty: float | None = None) -> Figure:
    if np.isnan(value):
        return Figure.declined(name, Why.OUTSIDE_VALIDITY, "load or temperatures outside what was learned")
    return Figure(name=name, value=value, uncertainty=uncertainty)

"""A day's energy by period of the tariff: what it cost, what it emitted, and what generated electricity was worth."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field, field_validator

from analytics import evidence
from analytics.energy.amounts import ENOUGH
from analytics.energy.factors import factor_of
from analytics.energy_baselines.carbon import GridFactor, grid_factor, kg_co2_per_unit
from analytics.energy_baselines.metering import Grid, kwh_per_unit, metered
from analytics.energy_baselines.tariff import PERIODS, Cost, Period, Tariff, cost_of, electricity_cost, tariff_of
from analytics.result import Figure, NotEvaluated, Result, Validity, Why
from analytics.spec import Output, Spec, label
from analytics.window import FloatArray, Window
from device_profiles.kind import EnergyFlow, load_kind
from telemetry.errors import ConfigError
from telemetry.settings import Settings
from telemetry.units import conversion

_QUARTER_SECONDS = 900.0
"""Demand is metered over quarters of an hour (供电营业规则)."""
_QUARTERS = 96
_NAMES = {
    Period.SHARP: label("尖峰", "sharp"),
    Period.PEAK: label("高峰", "peak"),
    Period.FLAT: label("平段", "flat"),
    Period.VALLEY: label("低谷", "valley"),
    Period.DEEP_VALLEY: label("深谷", "deep valley"),
}
_PRICED_IN = {"natural_gas": ("m³", "natural_gas_price_per_m3"), "diesel": ("t", "diesel_price_per_t")} | {
    carrier: ("t", f"{carrier}_price_per_t") for carrier in ("coal", "coke")
}
"""By fuel: unit of its price, and the parameter."""


class Parameters(Settings):
    """Contract and prices; what is not set is not counted."""

    tariff: str = "shandong_industry"
    """One of ``tariffs.toml``."""
    grid_region: str = "national"
    """One of ``grid_factors.toml``."""
    natural_gas_price_per_m3: float | None = Field(default=None, gt=0)
    diesel_price_per_t: float | None = Field(default=None, gt=0)
    coal_price_per_t: float | None = Field(default=None, gt=0)
    coke_price_per_t: float | None = Field(default=None, gt=0)
    carbon_price_per_t: float | None = Field(default=None, ge=0)

    @field_validator("tariff")
    @classmethod
    def _is_a_tariff(cls, name: str) -> str:
        try:
            tariff_of(name)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return name

    @field_validator("grid_region")
    @classmethod
    def _is_a_region(cls, region: str) -> str:
        try:
            grid_factor(region, 9999)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return region


SPEC = Spec(
    name="energy_cost",
    label=label("用能成本与碳排放", "Cost and carbon of energy"),
    kinds=(),
    inputs=(),
    rated=(("feed_in_price", "CNY/kWh"),),
    step_seconds=_QUARTER_SECONDS,
    # A counter's growth in the first quarter needs the one before.
    window=timedelta(days=1, minutes=15),
    cadence=timedelta(days=1),
    outputs=(
        Output("day_energy", "kWh", label("当日综合能耗（当量值）", "Energy of the day, all carriers")),
        *(
            Output(f"electricity_{period}", "kWh", label(f"{name.zh}电量", f"Electricity, {name.en}"))
            for period, name in _NAMES.items()
        ),
        Output("electricity_cost", "CNY", label("当日电费", "Cost of electricity")),
        Output("electricity_mean_price", "CNY/kWh", label("平均电价", "Mean price of electricity")),
        Output("peak_demand", "kW", label("当日最大需量（15 分钟）", "Highest demand, 15 minutes")),
        Output("demand_charge", "CNY", label("该需量对应的月需量电费", "A month's charge for that demand")),
        Output("fuel_cost", "CNY", label("当日燃料费", "Cost of fuel")),
        Output("energy_cost", "CNY", label("当日用能成本（不含需量电费）", "Cost of energy, without the demand charge")),
        Output("energy_carbon_dioxide", "kg", label("当日二氧化碳排放（含外购电力）", "Carbon dioxide, with that of the grid")),
        Output("carbon_cost", "CNY", label("当日碳成本", "Cost of carbon")),
        Output("day_generated", "kWh", label("当日发电量", "Electricity generated")),
        Output("generation_value", "CNY", label("当日发电收入", "Value of the electricity generated")),
        Output("carbon_avoided", "kg", label("当日绿电减排量", "Carbon dioxide that sun and wind avoided")),
    ),
    parameters=Parameters,
    source="Time-of-use tariffs of the provinces (tariffs.toml, not verified); GB/T 2589-2020; grid factors of the ministry of "
    "ecology (grid_factors.toml, not verified)",
    validity=label(
        "电价、时段、碳因子均在可编辑的表中，未经核对前结果标为“存疑”；需量为本机单独的需量，不等于全厂需量。",
        "Prices, periods and factors stand in tables to be edited, and until somebody has verified them results are doubtful; "
        "the demand is that of this machine alone, not the plant's.",
    ),
)  # fmt: skip


class _Taken(NamedTuple):
    """One input of a day."""

    flow: EnergyFlow
    amount: FloatArray
    """By quarter of an hour; NaN where nothing is known."""
    coverage: float

    @property
    def total(self) -> float:
        return float(np.nansum(self.amount))

    @property
    def is_bought(self) -> bool:
        return self.flow.carrier == "electricity" or self.flow.carrier in _PRICED_IN


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Count a day.

    Raises
    ------
    NotEvaluated
        If the window has no whole day, or an energy meter has no value in it.
    """
    grid = Grid.of(window, _QUARTER_SECONDS)
    energy = load_kind(window.kind).energy
    if energy is None or grid.number < _QUARTERS:
        raise NotEvaluated(Why.MISSING_INPUT, f"{grid.number} quarters of an hour, {_QUARTERS} make a day")
    taken = [_take(window, grid, flow) for flow in energy.inputs]
    times_us = grid.times_us(window)[-_QUARTERS:]
    tariff, factor = tariff_of(parameters.tariff), grid_factor(parameters.grid_region, window.start.year)
    covered: Validity = "valid" if min(one.coverage for one in taken) >= ENOUGH else "doubtful"
    total = sum(one.total * kwh_per_unit(one.flow) for one in taken)
    electricity = _electricity(taken)
    cost = None if electricity is None else electricity_cost(tariff, electricity, times_us)
    figures = [
        Figure(name="day_energy", value=total, validity=covered),
        *_electric(cost, electricity, tariff, covered),
        *_money(taken, cost, parameters, _worst(covered, is_verified=tariff.verified)),
        *_carbon(taken, factor, parameters, _worst(covered, is_verified=factor.verified)),
        *_generated(window, grid, taken, factor),
    ]
    pictures = [] if cost is None or electricity is None else _pictures(tariff, electricity, times_us, cost)
    return Result(figures, pictures=pictures)


def _take(window: Window, grid: Grid, flow: EnergyFlow) -> _Taken:
    signal = flow.counter or flow.rate
    if np.isnan(window[signal]).all():
        raise NotEvaluated(Why.MISSING_INPUT, signal)
    found = metered(window, flow, grid)
    return _Taken(flow, found.amount[-_QUARTERS:], float(found.coverage[-_QUARTERS:].mean()))


def _electricity(taken: list[_Taken]) -> FloatArray | None:
    """Add up what is bought, in kilowatt-hours by quarter of an hour; None where the kind buys none."""
    bought = [one.amount * conversion(one.flow.unit, "kWh").factor for one in taken if one.flow.carrier == "electricity"]
    return np.sum(bought, axis=0) if bought else None


def _worst(covered: Validity, *, is_verified: bool) -> Validity:
    return covered if is_verified else "doubtful"


def _electric(cost: Cost | None, electricity: FloatArray | None, tariff: Tariff, covered: Validity) -> list[Figure]:
    names = [f"electricity_{period}" for period in PERIODS]
    further = ["electricity_cost", "electricity_mean_price", "peak_demand", "demand_charge"]
    if cost is None or electricity is None:
        return [Figure.declined(name, Why.OUTSIDE_VALIDITY, "buys no electricity") for name in names + further]
    priced = _worst(covered, is_verified=tariff.verified)
    used = sum(cost.kwh.values())
    peak_kw = float(np.nanmax(electricity)) * 3600 / _QUARTER_SECONDS
    return [
        *(Figure(name=name, value=cost.kwh[period], validity=priced) for name, period in zip(names, PERIODS, strict=True)),
        Figure(name="electricity_cost", value=float(cost.total), validity=priced),
        Figure(name="electricity_mean_price", value=float(cost.total) / used, validity=priced)
        if used > 0
        else Figure.declined("electricity_mean_price", Why.NOT_RUNNING, "used nothing"),
        Figure(name="peak_demand", value=peak_kw, validity=covered),
        Figure(name="demand_charge", value=float(tariff.demand_cost(peak_kw)), validity=priced),
    ]


def _money(taken: list[_Taken], cost: Cost | None, parameters: Parameters, validity: Validity) -> list[Figure]:
    """Price the fuels, and everything together; one price that is missing leaves both out."""
    if not any(one.is_bought for one in taken):
        return [Figure.declined(name, Why.OUTSIDE_VALIDITY, "buys no energy") for name in ("fuel_cost", "energy_cost")]
    fuels = [one for one in taken if one.flow.carrier in _PRICED_IN]
    lacking = [name for one in fuels if getattr(parameters, name := _PRICED_IN[one.flow.carrier][1]) is None]
    if lacking:
        return [Figure.declined(name, Why.MISSING_INPUT, ", ".join(lacking)) for name in ("fuel_cost", "energy_cost")]
    spent = sum((_fuel_cost(one, parameters) for one in fuels), Decimal(0))
    together = spent + (Decimal(0) if cost is None else cost.total)
    own = (
        Figure(name="fuel_cost", value=float(spent), validity=validity)
        if fuels
        else Figure.declined("fuel_cost", Why.OUTSIDE_VALIDITY, "burns no fuel")
    )
    return [own, Figure(name="energy_cost", value=float(together), validity=validity)]


def _fuel_cost(one: _Taken, parameters: Parameters) -> Decimal:
    """Price a fuel in the unit that it is sold in, litres of diesel by the density that the table of factors implies."""
    unit, name = _PRICED_IN[one.flow.carrier]
    measured, sold = factor_of(one.flow.carrier, one.flow.unit), factor_of(one.flow.carrier, unit)
    assert measured is not None  # energy of this flow has been counted by the same table
    assert sold is not None
    return cost_of(one.total * measured.kgce_per_unit / sold.kgce_per_unit, getattr(parameters, name))


def _carbon(taken: list[_Taken], factor: GridFactor, parameters: Parameters, validity: Validity) -> list[Figure]:
    emitted = sum(one.total * kg_co2_per_unit(one.flow, factor) for one in taken)
    if parameters.carbon_price_per_t is None:
        money = Figure.declined("carbon_cost", Why.MISSING_INPUT, "carbon_price_per_t")
    else:
        money = Figure(name="carbon_cost", value=float(cost_of(emitted / 1000, parameters.carbon_price_per_t)), validity=validity)
    return [Figure(name="energy_carbon_dioxide", value=emitted, validity=validity), money]


def _generated(window: Window, grid: Grid, taken: list[_Taken], factor: GridFactor) -> list[Figure]:
    """Value what is generated; what burns fuel for it avoids no carbon."""
    energy = load_kind(window.kind).energy
    flows = [flow for flow in energy.outputs if flow.carrier == "electricity"] if energy else []
    names = ("day_generated", "generation_value", "carbon_avoided")
    if not flows:
        return [Figure.declined(name, Why.OUTSIDE_VALIDITY, "generates no electricity") for name in names]
    try:
        given = [_take(window, grid, flow) for flow in flows]
    except NotEvaluated as declined:
        return [Figure.declined(name, declined.why, declined.detail) for name in names]
    kwh = sum(one.total * conversion(one.flow.unit, "kWh").factor for one in given)
    covered: Validity = "valid" if min(one.coverage for one in given) >= ENOUGH else "doubtful"
    price = window.rated.get("feed_in_price")
    value = (
        Figure.declined(names[1], Why.NO_NAMEPLATE, "feed_in_price")
        if price is None
        else Figure(name=names[1], value=float(cost_of(kwh, price)), validity=covered)
    )
    avoided = (
        Figure.declined(names[2], Why.OUTSIDE_VALIDITY, "burns fuel")
        if any(one.flow.carrier in _PRICED_IN for one in taken)
        else Figure(name=names[2], value=kwh * factor.kg_co2_per_kwh, validity=_worst(covered, is_verified=factor.verified))
    )
    return [Figure(name=names[0], value=kwh, validity=covered), value, avoided]


def _pictures(
    tariff: Tariff, electricity: FloatArray, times_us: "np.ndarray[Any, np.dtype[np.int64]]", cost: Cost
) -> list[dict[str, Any]]:
    """Show the day by hours, each in its period's colour, and the bill."""
    periods = tariff.periods_at(times_us)
    known = np.nan_to_num(electricity)
    hours = [at.strftime("%H:%M") for at in tariff.local_times(times_us[::4])]
    columns = {
        f"{name.zh} {name.en}": np.where(periods == PERIODS.index(period), known, 0.0).reshape(-1, 4).sum(axis=1)
        for period, name in _NAMES.items()
        if cost.kwh[period] > 0
    }
    rows = [
        (f"{name.zh} {name.en}", float(tariff.price(period)), cost.kwh[period], float(cost.money[period]))
        for period, name in _NAMES.items()
        if cost.kwh[period] > 0
    ]
    head = ("时段 / period", f"电价 / price {tariff.currency}/kWh", "电量 / energy kWh", f"电费 / cost {tariff.currency}")
    return [
        evidence.bars(label("各小时用电与电价时段", "Electricity by hour and period of the tariff"), "kWh", hours, columns),
        evidence.table(label(f"电费：{tariff.zh}", f"Bill: {tariff.en}"), head, rows),
    ]

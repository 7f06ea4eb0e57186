"""A day of a ship's fuel: who burned it, how much for a mile and a kilowatt-hour, carbon dioxide, generators that ran in vain."""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.result import Figure, Result, Why
from analytics.ship.carbon_intensity import operational_indicator
from analytics.ship.fuel import at_reference_conditions, burned_kg_per_h, in_use, specific_consumption_g_per_kwh
from analytics.ship.generators import fewest_sets
from analytics.spec import Input, Output, Spec, label
from analytics.window import Flags, FloatArray, Window
from telemetry.settings import Settings

_POWER, _FUEL = "generator_power_{generator}", "generator_fuel_flow_{generator}"
_RUNS_FROM = 0.05
"""Of the rating: a set that gives less stands still, and its meter shows noise."""
_LEAST_LOAD_PERCENT = 25.0
_LEAST_HOURS = 2.0
_LEAST_MILES = 10.0
_ENOUGH, _ALL = 0.75, 0.98


class Parameters(Settings):
    """How good the meters are, half widths of 95 % intervals."""

    flow_meter_percent: float = Field(default=0.2, gt=0, le=10)
    """Of the reading of each, before and behind the main engine: of what is burned it is a multiple."""
    torque_meter_percent: float = Field(default=1.0, gt=0, le=10)


SPEC = Spec(
    name="ship_energy",
    label=label("船舶能效", "Energy of the ship"),
    kinds=("ship",),
    inputs=(
        Input("state", "1"),
        Input("fuel_mass_flow_in", "kg/h"),
        Input("fuel_mass_flow_out", "kg/h"),
        Input("fuel_type", "1"),
        Input("speed_over_ground", "kn", required=False),
        Input("shaft_power", "kW", required=False),
        Input("load_percent", "%", required=False),
        Input("shaft_generator_power", "kW", required=False),
        Input(_POWER, "kW", required=False),
        Input(_FUEL, "kg/h", required=False),
        Input("boiler_fuel_flow", "kg/h", required=False),
        Input("ambient_temperature", "°C", required=False),
        Input("sea_temperature", "°C", required=False),
    ),
    rated=(("generator_rated_power", "kW"), ("cargo", "t")),
    cadence=timedelta(days=1),
    outputs=(
        Output("ship_fuel", "t", label("全船燃油", "Fuel of all consumers")),
        Output("ship_carbon_dioxide", "t", label("全船二氧化碳", "Carbon dioxide of all consumers")),
        Output("fuel_per_mile", "kg/nmi", label("海上每海里油耗", "Fuel per mile at sea")),
        Output("main_engine_consumption", "g/kWh", label("主机油耗率", "Specific consumption of the main engine")),
        Output(
            "main_engine_consumption_corrected",
            "g/kWh",
            label("主机油耗率（ISO 修正）", "Specific consumption of the main engine, ISO conditions"),
        ),
        Output("auxiliary_fuel_share", "%", label("辅机与锅炉燃油占比", "Share of generators and boiler in the fuel")),
        Output("generator_loading", "%", label("运行机组平均负荷", "Mean load of running generators")),
        Output("generator_surplus_hours", "h", label("多余机组运行小时", "Hours of generators that were not needed")),
        Output("energy_efficiency_indicator", "g/(t·nmi)", label("能效营运指数 EEOI", "Energy efficiency operational indicator")),
    ),
    parameters=Parameters,
    source="IMO MEPC.364(79) (carbon factors, heating values); ISO 3046-1 (correction); MEPC.1/Circ.684 (EEOI)",
    validity=label(
        "缺数不超过 25 %；主机油耗率取负荷 25 % 以上，含轴带发电机功率；EEOI 用铭牌填报的本航次货量",
        "At most 25 % missing; the main engine's consumption at 25 % load and more, with the shaft generator's power; EEOI by "
        "the cargo that is filled in for the voyage",
    ),
)


class _Consumers(NamedTuple):
    """Fuel of each, shape (n,); NaN where it is not known."""

    main: FloatArray
    generators: FloatArray
    boiler: FloatArray

    @property
    def total(self) -> FloatArray:
        """Of those that have a meter; NaN where one of these is not known."""
        metered = [one for one in self if not np.isnan(one).all()]
        return np.sum(metered, axis=0) if metered else np.full(len(self.main), np.nan)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Reckon a day."""
    hours = window.step_seconds / 3600
    burned = _Consumers(burned_kg_per_h(window), window.family(_FUEL).sum(axis=0), window["boiler_fuel_flow"])
    co2_t_per_t, heat = in_use(window)
    figures = [
        _sum("ship_fuel", burned.total / 1000, hours),
        _sum("ship_carbon_dioxide", burned.total * co2_t_per_t / 1000, hours),
        *_per_mile(window, burned, co2_t_per_t, hours),
        *_main_engine(window, burned.main, heat, parameters),
        _auxiliary_share(burned),
        *_generators(window, hours),
    ]
    return Result(figures, pictures=[_by_hour(window, burned), _consumption_over_load(window, burned.main)])


def _sum(name: str, per_hour: FloatArray, hours: float) -> Figure:
    """Sum a rate over the window; what is not known is taken to be like the rest."""
    known = ~np.isnan(per_hour)
    share = float(known.mean()) if len(known) else 0.0
    if share < _ENOUGH:
        return Figure.declined(name, Why.MISSING_INPUT, f"{100 * share:.0f} % known")
    value = float(per_hour[known].mean()) * len(per_hour) * hours
    return Figure(name=name, value=value, validity="valid" if share >= _ALL else "doubtful")


def _per_mile(window: Window, burned: _Consumers, co2_t_per_t: FloatArray, hours: float) -> list[Figure]:
    names = "fuel_per_mile", "energy_efficiency_indicator"
    speed, total = window["speed_over_ground"], burned.total
    known = window.state_is("at_sea") & ~(np.isnan(speed) | np.isnan(total) | np.isnan(co2_t_per_t))
    miles = float(speed[known].sum()) * hours
    if miles < _LEAST_MILES:
        return [Figure.declined(name, Why.NOT_RUNNING, f"{miles:.0f} nmi at sea") for name in names]
    per_mile = Figure(name=names[0], value=float(total[known].sum()) * hours / miles)
    cargo_t = window.rated.get("cargo", 0.0)
    if not cargo_t > 0:
        return [per_mile, Figure.declined(names[1], Why.NO_NAMEPLATE, "cargo")]
    co2_t = float((total * co2_t_per_t)[known].sum()) * hours / 1000
    return [per_mile, Figure(name=names[1], value=operational_indicator(co2_t=co2_t, cargo_t=cargo_t, nmi=miles))]


def _loaded(window: Window, main: FloatArray) -> tuple[FloatArray, Flags]:
    """Give the power that the main engine delivers, and where it is loaded and metered. [kW]"""
    power = window["shaft_power"] + np.nan_to_num(window["shaft_generator_power"])
    load = window["load_percent"]
    with np.errstate(invalid="ignore"):
        loaded: Flags = (power > 0) & ~(load < _LEAST_LOAD_PERCENT) & window.state_is("at_sea") & ~np.isnan(main)
    return power, loaded


def _main_engine(window: Window, main: FloatArray, heat: FloatArray, parameters: Parameters) -> list[Figure]:
    names = "main_engine_consumption", "main_engine_consumption_corrected"
    power, loaded = _loaded(window, main)
    hours = window.step_seconds / 3600
    if loaded.sum() * hours < _LEAST_HOURS:
        return [Figure.declined(name, Why.NOT_RUNNING, f"{loaded.sum() * hours:.1f} h at load") for name in names]
    fuel_kg, energy_kwh = (float(of[loaded].sum()) * hours for of in (main, power))
    value = specific_consumption_g_per_kwh(fuel_kg=fuel_kg, energy_kwh=energy_kwh)
    flows = np.hypot(window["fuel_mass_flow_in"], window["fuel_mass_flow_out"])[loaded]
    by_flow = parameters.flow_meter_percent * float(flows.mean() / max(main[loaded].mean(), 1e-9))
    share = float(np.hypot(by_flow, parameters.torque_meter_percent)) / 100
    corrected = at_reference_conditions(
        value,
        heating_value_mj_per_kg=heat[loaded],
        air_celsius=window["ambient_temperature"][loaded],
        coolant_celsius=window["sea_temperature"][loaded],
    )
    plain = Figure(name=names[0], value=value, uncertainty=value * share)
    if np.isnan(corrected).all():
        return [plain, Figure.declined(names[1], Why.MISSING_INPUT, "ambient_temperature, sea_temperature, fuel_type")]
    mean = float(np.nanmean(corrected))
    return [plain, Figure(name=names[1], value=mean, uncertainty=mean * share)]


def _auxiliary_share(burned: _Consumers) -> Figure:
    name = "auxiliary_fuel_share"
    auxiliary = burned.generators + np.nan_to_num(burned.boiler)
    known = ~(np.isnan(burned.main) | np.isnan(auxiliary))
    total = float((burned.main + auxiliary)[known].sum())
    if known.mean() < _ENOUGH:
        return Figure.declined(name, Why.MISSING_INPUT, _FUEL)
    if not total > 0:
        return Figure.declined(name, Why.NOT_RUNNING, "no fuel")
    return Figure(name=name, value=100 * float(auxiliary[known].sum()) / total)


def _generators(window: Window, hours: float) -> list[Figure]:
    names = "generator_loading", "generator_surplus_hours"
    rated_kw = window.rated.get("generator_rated_power", 0.0)
    if not rated_kw > 0:
        return [Figure.declined(name, Why.NO_NAMEPLATE, "generator_rated_power") for name in names]
    power = window.family(_POWER)
    known = ~np.isnan(power).any(axis=0)
    if not known.any() or known.mean() < _ENOUGH:
        return [Figure.declined(name, Why.MISSING_INPUT, _POWER) for name in names]
    power = power[:, known]
    runs = power > _RUNS_FROM * rated_kw
    if not runs.any():
        return [Figure.declined(name, Why.NOT_RUNNING, "no generator runs") for name in names]
    needed = fewest_sets(np.where(runs, power, 0.0).sum(axis=0), rated_kw=[rated_kw] * len(power)).number
    surplus = np.maximum(runs.sum(axis=0) - needed, 0)
    return [
        Figure(name=names[0], value=100 * float(power[runs].mean()) / rated_kw),
        Figure(name=names[1], value=float(surplus.mean()) * len(window) * hours),
    ]


def _by_hour(window: Window, burned: _Consumers) -> dict[str, object]:
    size = window.steps(3600)
    count = -(-len(window) // size)
    first_hour = window.start.hour
    texts = {"main": "主机 / main engine", "generators": "发电机 / generators", "boiler": "锅炉 / boiler"}
    columns = {}
    for name, text in texts.items():
        of = np.full(count * size, np.nan)
        of[: len(window)] = getattr(burned, name)
        rows, known = of.reshape(count, size), ~np.isnan(of.reshape(count, size))
        total = np.where(known, rows, 0.0).sum(axis=1)
        columns[text] = np.divide(total, known.sum(axis=1), out=np.full(count, np.nan), where=known.any(axis=1))
    hours = [f"{(first_hour + k) % 24:02d}:00" for k in range(count)]
    return evidence.bars(label("各时燃油（UTC）", "Fuel by hour (UTC)"), "kg/h", hours, columns)


def _consumption_over_load(window: Window, main: FloatArray) -> dict[str, object]:
    power, loaded = _loaded(window, main)
    load, consumption = power[loaded], 1000 * main[loaded] / power[loaded]
    edges = np.quantile(load, np.linspace(0, 1, 7)) if len(load) else np.empty(0)
    place = np.clip(np.searchsorted(edges, load, side="right") - 1, 0, 5)
    there = [place == k for k in range(6) if (place == k).any()]
    line = np.array([of[at].mean() for of in (load, consumption) for at in there]).reshape(2, -1)
    return evidence.curve(
        label("主机油耗率随功率", "Specific consumption over the main engine's power"),
        x=(label("功率", "Power"), "kW"),
        y=(label("油耗率", "Consumption"), "g/kWh"),
        lines={"均值 / mean": (line[0], line[1])},
        points=(load, consumption),
    )

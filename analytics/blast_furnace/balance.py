"""Balances of a blast furnace: do carbon, oxygen, nitrogen and heat close, and do the computed signals of its level 2 hold."""

from collections.abc import Iterable

import numpy as np
from pydantic import Field

from analytics.blast_furnace.gas import (
    bosh_gas_m3_per_min,
    dry_blast_m3_per_h,
    flame_temperature_celsius,
    permeability_index,
    utilisation_percent,
)
from analytics.blast_furnace.heat import Heat, Tonne, carbon_heat_share, heat_balance
from analytics.blast_furnace.production import amount_of_counter
from analytics.blast_furnace.signs import mean_of
from analytics.blast_furnace.stoichiometry import Analyses, Closure, Flows, closure, reduction
from analytics.blast_furnace.walls import stave_heat_kw
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_LEAST_HOURS = 12.0
"""A burden stays six to eight hours; over a shorter time what is in the furnace counts for too much."""
_DOUBTFUL_PERCENT = 3.0
_LEAST_METAL_T = 500.0


class BalanceParameters(Settings):
    """Analyses of coke, coal, ore and metal, from the laboratory; what stands here are usual values."""

    coke_carbon_percent: float = Field(default=87.0, gt=0, le=100)
    coal_carbon_percent: float = Field(default=78.0, gt=0, le=100)
    coal_hydrogen_percent: float = Field(default=4.5, ge=0, le=10)
    coal_oxygen_percent: float = Field(default=6.0, ge=0, le=30)
    metal_carbon_percent: float = Field(default=4.6, ge=0, le=6)
    metal_iron_percent: float = Field(default=94.5, gt=0, le=100)
    ore_oxygen_per_iron: float = Field(default=1.46, ge=1, le=1.6)
    """Atoms of oxygen per atom of iron in the whole burden: sinter about 1.45, pellets and lump ore 1.5."""


_CLOSURES = ("carbon_closure", "oxygen_closure", "nitrogen_closure", "analysis_sum", "direct_reduction", "hydrogen_used")
_SOFT = ("bosh_gas_deviation", "permeability_deviation", "flame_offset", "utilisation_deviation")
_HEAT = ("heat_given", "heat_blast", "heat_reduction", "heat_hot_metal", "heat_slag", "heat_top_gas", "heat_staves", "heat_rest")

SPEC = Spec(
    name="blast_furnace_balance",
    label=label("高炉物料与热平衡", "Balances of the blast furnace"),
    kinds=("blast_furnace",),
    inputs=(
        Input("state", "1"),
        Input("blast_volume", "m³/h"),
        Input("blast_humidity", "g/m³"),
        Input("oxygen_flow", "m³/h"),
        Input("oxygen_enrichment", "%", required=False),
        Input("coal_injection_rate", "t/h"),
        Input("top_gas_co", "%"),
        Input("top_gas_co2", "%"),
        Input("top_gas_h2", "%"),
        Input("top_gas_n2", "%"),
        Input("hot_metal_total", "t"),
        Input("coke_total", "t"),
        Input("coal_total", "t"),
        Input("slag_total", "t", required=False),
        Input("bfg_flow", "m³/h", required=False),
        Input("hot_blast_temperature", "°C", required=False),
        Input("top_temperature_{top_sector}", "°C", required=False),
        Input("hot_metal_temperature", "°C", required=False),
        Input("hot_metal_si", "%", required=False),
        Input("pressure_drop_total", "kPa", required=False),
        Input("bosh_gas_volume", "m³/min", required=False),
        Input("permeability_index", "1", required=False),
        Input("flame_temperature", "°C", required=False),
        Input("gas_utilization", "%", required=False),
        Input("stave_water_flow_{stave}", "m³/h", required=False),
        Input("stave_water_in_temperature", "°C", required=False),
        Input("stave_water_out_temperature_{stave}", "°C", required=False),
    ),
    outputs=(
        Output("carbon_closure", "%", label("碳平衡偏差（出−入）", "Carbon out less in")),
        Output("oxygen_closure", "%", label("氧平衡偏差（出−入）", "Oxygen out less in")),
        Output("nitrogen_closure", "%", label("氮平衡偏差（煤气表−鼓风）", "Nitrogen of the gas meter less the blast's")),
        Output("analysis_sum", "%", label("煤气成分之和", "Sum of the gas analysis")),
        Output("direct_reduction", "%", label("直接还原度", "Degree of direct reduction")),
        Output("hydrogen_used", "%", label("氢利用率", "Hydrogen used")),
        Output("bosh_gas_deviation", "%", label("炉腹煤气量：二级值偏离公式", "Bosh gas: level 2 against the formula")),
        Output("permeability_deviation", "%", label("透气性指数：二级值偏离公式", "Permeability: level 2 against the formula")),
        Output("flame_offset", "K", label("理论燃烧温度：二级值减公式值", "Flame temperature: level 2 less the formula")),
        Output("utilisation_deviation", "%", label("煤气利用率：二级值减分析值", "CO utilisation: level 2 less the analysis")),
        Output("carbon_heat_share", "%", label("碳的热能利用系数", "Share of carbon's heat set free")),
        Output("heat_given", "MJ/t", label("热收入", "Heat given")),
        Output("heat_blast", "MJ/t", label("其中鼓风带入", "Of it by the blast")),
        Output("heat_reduction", "MJ/t", label("还原耗热", "Heat of reduction")),
        Output("heat_hot_metal", "MJ/t", label("铁水带走", "Heat in the hot metal")),
        Output("heat_slag", "MJ/t", label("炉渣带走", "Heat in the slag")),
        Output("heat_top_gas", "MJ/t", label("煤气带走", "Heat in the top gas")),
        Output("heat_staves", "MJ/t", label("冷却壁带走", "Heat into the staves")),
        Output("heat_rest", "MJ/t", label("其他热损失及误差", "Other losses and errors")),
    ),
    parameters=BalanceParameters,
    source="Element balances of ironmaking and Rist's operating line; GB 50427 (bosh gas); heat balance by NIST-JANAF enthalpies",
    validity=label(
        "全风至少 12 小时；粉尘、水分与石灰石分解未计；元素平衡在 ±3 % 以内为正常",
        "At least 12 hours of full blast; without dust, moisture and limestone; closures within 3 % are usual",
    ),
)


def evaluate(window: Window, parameters: BalanceParameters) -> Result:
    """Close the balances over the hours of full blast.

    Raises
    ------
    NotEvaluated
        If the furnace blew fully for less than 12 hours, or made less than 500 t.
    """
    blowing = window.state_is("blowing")
    hours = float(blowing.sum()) * window.step_seconds / 3600
    if hours < _LEAST_HOURS:
        raise NotEvaluated(Why.NOT_RUNNING, f"{hours:.1f} h")
    metal_t = amount_of_counter(window["hot_metal_total"])
    if not metal_t >= _LEAST_METAL_T:
        raise NotEvaluated(Why.NOT_RUNNING, f"{metal_t:.0f} t")
    flows = _flows(window, metal_t)
    analyses = Analyses(
        coke_carbon=parameters.coke_carbon_percent / 100,
        coal_carbon=parameters.coal_carbon_percent / 100,
        coal_hydrogen=parameters.coal_hydrogen_percent / 100,
        coal_oxygen=parameters.coal_oxygen_percent / 100,
        metal_iron=parameters.metal_iron_percent / 100,
        metal_carbon=parameters.metal_carbon_percent / 100,
        ore_oxygen_per_iron=parameters.ore_oxygen_per_iron,
    )
    closed = closure(flows, analyses)
    figures = [*_closures(closed, flows, analyses), *_soft_signals(window, parameters)]
    used = utilisation_percent(monoxide_percent=flows.monoxide_percent, dioxide_percent=flows.dioxide_percent)
    figures.append(_figure("carbon_heat_share", 100 * carbon_heat_share(float(used))))
    return Result(figures=[*figures, *_heat(window, flows, closed, analyses)])


def _flows(window: Window, metal_t: float) -> Flows:
    """Means over the whole window: its counters know no steady hours."""
    hours = window.days * 24
    blast, humidity = _mean(window["blast_volume"]), _mean(window["blast_humidity"])
    blowing = window.state_is("blowing")
    gas = [_mean(np.where(blowing, window[f"top_gas_{name}"], np.nan)) for name in ("co", "co2", "h2", "n2")]
    return Flows(
        blast_dry_m3_per_h=float(dry_blast_m3_per_h(blast_m3_per_h=blast, humidity_g_per_m3=humidity)),
        steam_kg_per_h=blast * humidity / 1000,
        oxygen_m3_per_h=_mean(window["oxygen_flow"]),
        coke_kg_per_h=1000 * amount_of_counter(window["coke_total"]) / hours,
        coal_kg_per_h=1000 * amount_of_counter(window["coal_total"]) / hours,
        metal_kg_per_h=1000 * metal_t / hours,
        monoxide_percent=gas[0],
        dioxide_percent=gas[1],
        hydrogen_percent=gas[2],
        nitrogen_percent=gas[3],
        metered_gas_m3_per_h=_mean(window["bfg_flow"]),
    )


def _closures(closed: Closure, flows: Flows, analyses: Analyses) -> Iterable[Figure]:
    split = reduction(
        blast_dry_m3_per_h=flows.blast_dry_m3_per_h,
        steam_kg_per_h=flows.steam_kg_per_h,
        oxygen_m3_per_h=flows.oxygen_m3_per_h,
        coal_hydrogen_kg_per_h=np.multiply(flows.coal_kg_per_h, analyses.coal_hydrogen),
        monoxide_percent=flows.monoxide_percent,
        dioxide_percent=flows.dioxide_percent,
        hydrogen_percent=flows.hydrogen_percent,
        nitrogen_percent=flows.nitrogen_percent,
    )
    off = [float(closed.carbon), float(closed.oxygen), float(closed.nitrogen), float(closed.analysis_sum) - 100]
    values = [*off[:3], float(closed.analysis_sum), float(split.direct_percent), float(split.hydrogen_used_percent)]
    # Both shares come from the analysis alone: what coke and coal hold and what the meter reads is not in them.
    bases = [*map(abs, off), abs(off[3]), abs(off[3])]
    return [_figure(name, value, off_by=base) for name, value, base in zip(_CLOSURES, values, bases, strict=True)]


def _soft_signals(window: Window, parameters: BalanceParameters) -> Iterable[Figure]:
    """Hold what level 2 computes against the same formulas, step by step."""
    blowing = window.state_is("blowing")
    blast, oxygen = window["blast_volume"], window["oxygen_flow"]
    coal, humidity = window["coal_injection_rate"], window["blast_humidity"]
    bosh = bosh_gas_m3_per_min(
        blast_m3_per_min=blast / 60,
        oxygen_m3_per_min=oxygen / 60,
        humidity_g_per_m3=humidity,
        coal_kg_per_min=coal * 1000 / 60,
        coal_hydrogen_share=parameters.coal_hydrogen_percent / 100,
    )
    flame = flame_temperature_celsius(
        blast_celsius=window["hot_blast_temperature"],
        humidity_g_per_m3=humidity,
        enrichment_percent=window["oxygen_enrichment"],
        coal_g_per_m3=1e6 * coal / np.where(blowing, blast + oxygen, np.nan),
    )
    index = permeability_index(blast_m3_per_h=blast, drop_kpa=window["pressure_drop_total"])
    used = utilisation_percent(monoxide_percent=window["top_gas_co"], dioxide_percent=window["top_gas_co2"])
    deviations = (
        100 * (window["bosh_gas_volume"] / np.where(blowing, bosh, np.nan) - 1),
        100 * (window["permeability_index"] / np.where(blowing & (index > 0), index, np.nan) - 1),
        window["flame_temperature"] - flame,
        window["gas_utilization"] - used,
    )
    return [_figure(name, _mean(np.where(blowing, each, np.nan))) for name, each in zip(_SOFT, deviations, strict=True)]


def _heat(window: Window, flows: Flows, closed: Closure, analyses: Analyses) -> Iterable[Figure]:
    per_tonne = 1000 / float(flows.metal_kg_per_h)  # type: ignore[arg-type]
    cooling_kw = stave_heat_kw(
        water_m3_per_h=window.family("stave_water_flow_{stave}"),
        in_celsius=window["stave_water_in_temperature"],
        out_celsius=window.family("stave_water_out_temperature_{stave}"),
    ).sum(axis=0)
    blast = float(np.add(flows.blast_dry_m3_per_h, flows.oxygen_m3_per_h))
    tonne = Tonne(
        blast_m3=blast * per_tonne,
        blast_celsius=_mean(window["hot_blast_temperature"]),
        steam_kg=float(np.multiply(flows.steam_kg_per_h, per_tonne)),
        coal_kg=float(np.multiply(flows.coal_kg_per_h, per_tonne)),
        top_gas_m3=float(closed.top_gas_m3_per_h) * per_tonne,
        top_steam_m3=float(closed.steam_m3_per_h) * per_tonne,
        top_celsius=_mean(window.family("top_temperature_{top_sector}").mean(axis=0)),
        monoxide_percent=float(np.asarray(flows.monoxide_percent)),
        dioxide_percent=float(np.asarray(flows.dioxide_percent)),
        iron_share=analyses.metal_iron,
        silicon_share=_mean(window["hot_metal_si"]) / 100,
        ore_oxygen_per_iron=analyses.ore_oxygen_per_iron,
        slag_kg=1000 * amount_of_counter(window["slag_total"]) / (window.days * 24) * per_tonne,
        metal_celsius=_mean(window["hot_metal_temperature"]),
        cooling_mj=_mean(cooling_kw) * 3.6 * per_tonne,
    )
    return _heat_figures(heat_balance(tonne), off_by=abs(float(closed.carbon)))


def _heat_figures(heat: Heat, *, off_by: float) -> Iterable[Figure]:
    values = (
        heat.given,
        heat.blast,
        heat.reduction,
        heat.metal,
        heat.slag,
        heat.top_gas,
        heat.cooling,
        heat.rest,
    )
    return [_figure(name, value, off_by=off_by) for name, value in zip(_HEAT, values, strict=True)]


def _figure(name: str, value: float, *, off_by: float = 0.0) -> Figure:
    if np.isnan(value):
        return Figure.declined(name, Why.MISSING_INPUT)
    return Figure(name=name, value=float(value), validity="doubtful" if off_by > _DOUBTFUL_PERCENT else "valid")


def _mean(values: FloatArray) -> float:
    return mean_of(values, at_least_share=0.5)

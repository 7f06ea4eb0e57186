"""What tells of a blast furnace's condition, as series that a healthy furnace holds level, and how far they stray from there.

Each sign is a balance, a ratio or a difference that takes out load and set points, so that its level is the furnace's own and is
learned as a plain mean, with the spread of the means of stretches.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from analytics.baselines.load_baseline import robust_deviation, stretch_means
from analytics.baselines.steady import rolling_mean, runs_since
from analytics.blast_furnace.gas import dry_blast_m3_per_h, utilisation_percent
from analytics.blast_furnace.stock import stock_line_m
from analytics.blast_furnace.stoichiometry import reduction
from analytics.blast_furnace.walls import remaining_lining_mm, stave_heat_kw
from analytics.spec import Input, label
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Label, load_kind

SETTLING_SECONDS = 7200.0
"""After a cut of the blast gas and top temperatures take about so long; the burden in the shaft takes longer."""
JUDGED_SECONDS = 6 * 3600.0
"""Means of so long a stretch are held against the healthy level: a burden's stay in the furnace."""
_LEAST_STRETCHES = 8
_LEAST_SHARE = 0.2

INPUTS = (
    Input("state", "1"),
    Input("blast_volume", "m³/h"),
    Input("blast_humidity", "g/m³", required=False),
    Input("oxygen_flow", "m³/h", required=False),
    Input("coal_injection_rate", "t/h", required=False),
    Input("top_gas_co", "%", required=False),
    Input("top_gas_co2", "%", required=False),
    Input("top_gas_h2", "%", required=False),
    Input("top_gas_n2", "%", required=False),
    Input("top_temperature_{top_sector}", "°C", required=False),
    Input("stockline_{probe}", "m", required=False),
    Input("pressure_drop_total", "kPa", required=False),
    Input("permeability_index", "1", required=False),
    Input("flame_temperature", "°C", required=False),
    Input("charge_coke_mass", "t", required=False),
    Input("tuyere_water_in_flow_{tuyere}", "m³/h", required=False),
    Input("tuyere_water_out_flow_{tuyere}", "m³/h", required=False),
    Input("stave_water_makeup", "m³/h", required=False),
    Input("stave_water_flow_{stave}", "m³/h", required=False),
    Input("stave_water_in_temperature", "°C", required=False),
    Input("stave_water_out_temperature_{stave}", "°C", required=False),
    Input("hearth_temperature_inner_{hearth}", "°C", required=False),
    Input("hearth_temperature_outer_{hearth}", "°C", required=False),
)


class Sign(NamedTuple):
    """One series over a window."""

    label: Label
    unit: str
    values: FloatArray
    """NaN where it tells nothing."""


class Level(NamedTuple):
    """Where a sign stands on the healthy furnace."""

    centre: float
    spread: float
    """Standard deviation of the means of stretches of `JUDGED_SECONDS`."""


def is_settled(window: Window) -> Flags:
    """Tell where the furnace has blown fully for two hours; a gap in its state is no cut of the blast."""
    blows = window.state_is("blowing")
    is_cut = ~blows & ~np.isnan(window["state"])
    settled: Flags = blows & (runs_since(~is_cut) > window.steps(SETTLING_SECONDS))
    return settled


def signs_of(window: Window, *, coal_hydrogen_percent: float) -> dict[str, Sign]:
    """Work out every sign; those whose signals are missing are NaN throughout.

    Parameters
    ----------
    coal_hydrogen_percent : float
        Of the injected coal, by mass.
    """
    return {
        **_water_signs(window),
        **_wall_signs(window),
        **_top_signs(window),
        **_gas_signs(window, coal_hydrogen_percent),
    }


def learn(signs: Mapping[str, Sign], *, stretch_steps: int) -> dict[str, Any]:
    """Give centre and spread of every sign that is known over enough stretches."""
    found = {}
    for name, sign in signs.items():
        means = stretch_means(sign.values, stretch_steps, at_least_share=_LEAST_SHARE)
        means = means[~np.isnan(means)]
        if len(means) < _LEAST_STRETCHES:
            continue
        centre = float(np.median(means))
        found[name] = [centre, float(max(robust_deviation(means - centre), means.std()))]
    return found


def levels_of(model: Mapping[str, Any]) -> dict[str, Level]:
    """Read what `learn` has given."""
    return {name: Level(centre, spread) for name, (centre, spread) in model.items()}


def mean_of(values: FloatArray, *, at_least_share: float = _LEAST_SHARE) -> float:
    """Mean of what is known; NaN where that is less than a share of it."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) > at_least_share * len(values) else float("nan")


def strayed_since_us(window: Window, values: FloatArray, *, centre: float, by: float) -> int:
    """Give the instant from which the hourly means have stayed beyond ``centre + by``, on the side of ``by``."""
    means = rolling_mean(values, window.steps(3600))
    with np.errstate(invalid="ignore"):
        inside = (means - centre) * np.sign(by) < abs(by)
    last = np.flatnonzero(inside)
    step = 0 if not len(last) else min(int(last[-1]) + 1, len(window) - 1)
    return int(window.times_us[step])


def parts_of(window: Window, family: str) -> Iterable[tuple[str, str]]:
    """Give part and signal of each member of a family of one part."""
    return [(next(iter(part.values())), name) for name, part in load_kind(window.kind).members[family].items()]


def _water_signs(window: Window) -> dict[str, Sign]:
    signs = {
        "makeup": Sign(label("软水补水量", "Make-up of the closed loop"), "m³/h", window["stave_water_makeup"]),
    }
    outs = dict(parts_of(window, "tuyere_water_out_flow_{tuyere}"))
    for part, name in parts_of(window, "tuyere_water_in_flow_{tuyere}"):
        into = window[name]
        loss = 100 * (1 - window[outs[part]] / np.where(into > 0, into, np.nan))
        signs[f"tuyere_loss_{part}"] = Sign(label(f"第 {part} 组风口进出水差", f"Water lost at tuyere group {part}"), "%", loss)
    return signs


def _wall_signs(window: Window) -> dict[str, Sign]:
    signs = {}
    outers = dict(parts_of(window, "hearth_temperature_outer_{hearth}"))
    for part, name in parts_of(window, "hearth_temperature_inner_{hearth}"):
        lining = remaining_lining_mm(inner_celsius=window[name], outer_celsius=window[outers[part]])
        signs[f"lining_{part}"] = Sign(
            label(f"炉缸测点 {part} 残余厚度", f"Remaining lining at hearth point {part}"), "mm", lining
        )
    is_blowing = is_settled(window)
    waters = dict(parts_of(window, "stave_water_flow_{stave}"))
    for part, name in parts_of(window, "stave_water_out_temperature_{stave}"):
        heat = stave_heat_kw(
            water_m3_per_h=window[waters[part]], in_celsius=window["stave_water_in_temperature"], out_celsius=window[name]
        )
        signs[f"stave_heat_{part}"] = Sign(
            label(f"第 {part} 层冷却壁热负荷", f"Heat into stave level {part}"), "kW", np.where(is_blowing, heat, np.nan)
        )
    return signs


def _top_signs(window: Window) -> dict[str, Sign]:
    settled = is_settled(window)
    signs = {}
    sectors = parts_of(window, "top_temperature_{top_sector}")
    top = np.array([window[name] for _, name in sectors])
    for number, (part, _) in enumerate(sectors):
        others = np.median(np.delete(top, number, axis=0), axis=0)
        signs[f"sector_{part}"] = Sign(
            label(f"炉顶方位 {part} 高出其余", f"Top sector {part} above the others"),
            "K",
            np.where(settled, top[number] - others, np.nan),
        )
    signs["top"] = Sign(label("炉顶平均温度", "Mean top temperature"), "°C", np.where(settled, np.median(top, axis=0), np.nan))
    line = stock_line_m(np.array([window[name] for _, name in parts_of(window, "stockline_{probe}")]))
    signs["line"] = Sign(label("料线", "Stock line"), "m", np.where(settled, line, np.nan))
    return signs


def _gas_signs(window: Window, coal_hydrogen_percent: float) -> dict[str, Sign]:
    settled = is_settled(window)
    blast, humidity = window["blast_volume"], window["blast_humidity"]
    coal, oxygen = window["coal_injection_rate"], window["oxygen_flow"]
    monoxide, dioxide, hydrogen, nitrogen = (window[f"top_gas_{name}"] for name in ("co", "co2", "h2", "n2"))
    split = reduction(
        blast_dry_m3_per_h=dry_blast_m3_per_h(blast_m3_per_h=blast, humidity_g_per_m3=humidity),
        steam_kg_per_h=blast * humidity / 1000,
        oxygen_m3_per_h=oxygen,
        coal_hydrogen_kg_per_h=coal * 10 * coal_hydrogen_percent,
        monoxide_percent=monoxide,
        dioxide_percent=dioxide,
        hydrogen_percent=hydrogen,
        nitrogen_percent=nitrogen,
    )
    found = {
        "analysis_sum": (label("煤气成分之和", "Sum of the gas analysis"), "%", monoxide + dioxide + hydrogen + nitrogen),
        "direct": (label("直接还原度", "Direct reduction"), "%", split.direct_percent),
        "hydrogen": (label("氢利用率", "Hydrogen used"), "%", split.hydrogen_used_percent),
        "utilisation": (
            label("煤气利用率", "CO utilisation"),
            "%",
            utilisation_percent(monoxide_percent=monoxide, dioxide_percent=dioxide),
        ),
        "coal": (label("单位风量喷煤", "Coal per blast"), "g/m³", 1e6 * coal / np.where(blast > 0, blast, np.nan)),
        "coke": (label("焦批", "Coke of a charge"), "t", window["charge_coke_mass"]),
        "permeability": (label("透气性指数", "Permeability index"), "1", window["permeability_index"]),
        "flame": (label("理论燃烧温度", "Flame temperature"), "°C", window["flame_temperature"]),
    }
    return {name: Sign(text, unit, np.where(settled, values, np.nan)) for name, (text, unit, values) in found.items()}

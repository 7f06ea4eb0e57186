"""A day's yields, performance ratios and lost energy by cause."""

from datetime import timedelta

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.pv_inverter import losses
from analytics.pv_inverter.inverter import EUROPEAN, efficiency_at_loads, weighted_efficiency
from analytics.pv_inverter.operation import (
    GROUP_PLATE,
    STRINGS,
    module_celsius,
    positive_rating,
    rows_of,
    temperature_coefficient,
)
from analytics.pv_inverter.performance import Yields, yields
from analytics.result import Figure, NotEvaluated, Result, Validity, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import Window
from telemetry.settings import Settings


class PerformanceParameters(Settings):
    """How good the meters are."""

    light_meter_percent: float = Field(default=3.0, gt=0, le=20)
    """Half width of the irradiance meter's band, 95 %, of a day's sum."""
    power_meter_percent: float = Field(default=1.0, gt=0, le=10)
    usual_array_percent: float = Field(default=88.0, gt=30, le=110)
    """Direct-current power of the array, of what it should give by its rating, where a day of outage does not show it."""


_LOSSES = (
    ("warmth", label("温度损失", "Lost by warm modules")),
    ("outage", label("停机损失", "Lost in outages")),
    ("curtailment", label("限电损失", "Lost by orders (curtailment)")),
    ("clipping", label("削顶损失", "Lost above the rating (clipping)")),
    ("derating", label("降额损失", "Lost by the inverter's own limits")),
    ("dirt", label("积灰损失", "Lost by dirt")),
    ("strings", label("低效组串损失", "Lost by weak strings")),
    ("other", label("其他阵列损失", "Lost in the array otherwise")),
    ("conversion", label("逆变损失", "Lost in the inverter")),
)
"""In the order of the waterfall; each is a field of `Losses` and an output."""

SPEC = Spec(
    name="pv_performance",
    label=label("光伏系统效率与损失", "Performance ratio and losses"),
    kinds=("pv_inverter",),
    inputs=(
        Input("poa_irradiance", "W/m²"),
        Input("active_power", "kW"),
        Input("dc_power", "kW", required=False),
        Input("module_temperature", "°C", required=False),
        Input("ambient_temperature", "°C", required=False),
        Input("wind_speed", "m/s", required=False),
        Input("derate_mode", "1", required=False),
        Input("power_setpoint", "%", required=False),
        Input("soiling_ratio", "1", required=False),
        Input(STRINGS, "A", required=False),
    ),
    rated=(("dc_power_stc", "kW"), ("rated_power", "kW"), ("temperature_coefficient", "%/K"), *GROUP_PLATE),
    cadence=timedelta(days=1),
    outputs=(
        Output("performance_ratio", "%", label("系统效率 PR", "Performance ratio")),
        Output("performance_ratio_at_25", "%", label("温度修正系统效率（25 °C）", "Performance ratio at 25 °C")),
        Output("reference_yield", "h", label("参考等效小时（辐照）", "Reference yield")),
        Output("array_yield", "h", label("阵列等效小时", "Array yield")),
        Output("final_yield", "h", label("发电等效小时", "Final yield")),
        Output("capture_loss", "h", label("阵列损失（等效小时）", "Array capture loss")),
        Output("system_loss", "h", label("系统损失（等效小时）", "System loss")),
        Output("conversion_efficiency", "%", label("逆变器日效率", "Inverter efficiency of the day")),
        Output("european_efficiency", "%", label("逆变器欧洲效率", "European efficiency of the inverter")),
        *(Output(f"lost_{name}", "kWh", text) for name, text in _LOSSES),
    ),
    parameters=PerformanceParameters,
    source="IEC 61724-1:2021 clauses 13-14; GB/T 20513.1; EN 50530 (European efficiency); losses after IEC TS 63019 categories",
    validity=label(
        "辐照大于 20 W/m²，缺数不超过 10 %；损失按直流侧计，限电等损失以当日自由发电时的阵列表现为准",
        "Light above 20 W/m², at most 10 % missing; losses on the direct-current side, those of limits by what the array gave "
        "on the same day when free",
    ),
)


def evaluate(window: Window, parameters: PerformanceParameters) -> Result:
    """Reckon a day.

    Raises
    ------
    NotEvaluated
        If the array's rating is not filled in, the sun did not shine, or more than 10 % of the values are missing.
    """
    array_kwp = positive_rating(window, "dc_power_stc")
    percent_per_k = window.rated.get("temperature_coefficient", np.nan)
    found = yields(
        light_w_m2=window["poa_irradiance"],
        dc_kw=window["dc_power"],
        ac_kw=window["active_power"],
        module_celsius=module_celsius(window),
        array_kwp=array_kwp,
        percent_per_k=percent_per_k,
        step_seconds=window.step_seconds,
    )
    band = float(np.hypot(parameters.light_meter_percent, parameters.power_meter_percent)) / 100
    light_band, power_band = parameters.light_meter_percent / 100, parameters.power_meter_percent / 100
    figures = [
        _figure("performance_ratio", 100 * found.ratio, band, ""),
        _figure("performance_ratio_at_25", 100 * found.ratio_at_25, band, "module_temperature, temperature_coefficient"),
        _figure("reference_yield", found.reference_h, light_band, ""),
        _figure("array_yield", found.array_h, power_band, "dc_power"),
        _figure("final_yield", found.final_h, power_band, ""),
        _figure("capture_loss", found.capture_loss_h, None, "dc_power"),
        _figure("system_loss", found.system_loss_h, None, "dc_power"),
        _conversion(found),
        _european(window),
    ]
    try:
        split = losses_of(window, usual_ratio=parameters.usual_array_percent / 100)
    except NotEvaluated as declined:
        return Result([*figures, *(Figure(name=f"lost_{name}", value=None, reason=str(declined)) for name, _ in _LOSSES)])
    return Result([*figures, *_lost(split)], pictures=[_waterfall(split)])


def losses_of(window: Window, *, usual_ratio: float) -> losses.Losses:
    """Split a window's energy by causes.

    Raises
    ------
    NotEvaluated
        If a rating is not filled in, or light and powers are not known together.
    """
    return losses.split(
        rows_of(window),
        array_kwp=positive_rating(window, "dc_power_stc"),
        rated_kw=positive_rating(window, "rated_power"),
        percent_per_k=temperature_coefficient(window),
        usual_ratio=usual_ratio,
        step_seconds=window.step_seconds,
    )


def _figure(name: str, value: float, band: float | None, lacking: str) -> Figure:
    if np.isnan(value):
        return Figure.declined(name, Why.MISSING_INPUT, lacking)
    return Figure(name=name, value=value, uncertainty=None if band is None else abs(value) * band)


def _conversion(found: Yields) -> Figure:
    if found.array_h == 0:
        return Figure.declined("conversion_efficiency", Why.NOT_RUNNING, "no power")
    return _figure("conversion_efficiency", 100 * found.final_h / found.array_h, None, "dc_power")


def _european(window: Window) -> Figure:
    name = "european_efficiency"
    if "rated_power" not in window.rated:
        return Figure.declined(name, Why.NO_NAMEPLATE, "rated_power")
    dc, ac = window["dc_power"], window["active_power"]
    known = ~(np.isnan(dc) | np.isnan(ac))
    at_load = efficiency_at_loads(dc_kw=dc[known], ac_kw=ac[known], rated_kw=positive_rating(window, "rated_power"))
    missing = [f"{load} %" for load in EUROPEAN if load not in at_load]
    if missing:
        return Figure.declined(name, Why.OUTSIDE_VALIDITY, f"no power near {', '.join(missing)} of the rating")
    return Figure(name=name, value=100 * weighted_efficiency(at_load, EUROPEAN))


def _lost(split: losses.Losses) -> list[Figure]:
    """Losses by limits are doubtful on a day that never showed the array free."""
    lacking = {"dirt": "soiling_ratio", "strings": "string_current"}
    figures = []
    for name, _ in _LOSSES:
        value = float(getattr(split, name))
        validity: Validity = "valid"
        if name in {"outage", "curtailment", "clipping", "derating"} and value > 0 and not split.is_free_known:
            validity = "doubtful"
        figures.append(
            Figure.declined(f"lost_{name}", Why.MISSING_INPUT, lacking.get(name, ""))
            if np.isnan(value)
            else Figure(name=f"lost_{name}", value=value, validity=validity)
        )
    return figures


def _waterfall(split: losses.Losses) -> dict[str, object]:
    steps = [(text, 0.0 - float(getattr(split, name))) for name, text in _LOSSES]
    return evidence.waterfall(
        label("从可发到实发", "From possible to delivered energy"),
        "kWh",
        (label("额定阵列可发（25 °C）", "Array as rated at 25 °C"), split.possible),
        [(text, value) for text, value in steps if not np.isnan(value)],
    )

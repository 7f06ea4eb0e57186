"""A turbine's power curve of the last weeks beside the one that it learned while healthy."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.detection.control_charts import ewma
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, Training, label
from analytics.wind_turbine.air import disc_area_m2, power_coefficient
from analytics.wind_turbine.energy_yield import annual_energy_mwh, annual_energy_uncertainty_mwh
from analytics.wind_turbine.operating_curve import OperatingCurve, Records, ten_minute_records
from analytics.wind_turbine.power_curve import BinnedCurve, completeness, method_of_bins
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_LEAST_HOURS = 12.0
_SLOPE = (0.1, 0.85)
"""Of rated power: where a curve's place along the wind shows."""
_EWMA_WEIGHT, _EWMA_LIMIT = 0.2, 3.0
_LEAST_CHART_DAYS = 5


class Parameters(Settings):
    """What the site and the turbine are like."""

    mean_speed_mps: float = Field(default=7.0, ge=4, le=11)
    """Mean wind of a year at hub height, for the annual energy."""
    cut_out_mps: float = Field(default=25.0, gt=10, le=40)
    cut_in_mps: float = Field(default=3.0, gt=0, le=6)
    humidity_percent: float | None = Field(default=None, ge=0, le=100)
    """Relative humidity where the turbine measures none."""


SPEC = Spec(
    name="wind_power_curve",
    label=label("功率曲线", "Power curve"),
    kinds=("wind_turbine",),
    inputs=(
        Input("state", "1"),
        Input("wind_speed", "m/s"),
        Input("active_power", "kW"),
        Input("ambient_temperature", "°C"),
        Input("ambient_pressure", "kPa"),
        Input("ambient_humidity", "%", required=False),
        Input("yaw_error", "deg", required=False),
        Input("availability_category", "1", required=False),
        Input("curtailment_active", "1", required=False),
        Input("ice_detected", "1", required=False),
    ),
    rated=(("rated_power", "kW"), ("rotor_diameter", "m")),
    step_seconds=600.0,
    window=timedelta(days=30),
    cadence=timedelta(days=1),
    outputs=(
        Output("curve_energy_ratio", "%", label("实发与健康曲线应发之比", "Energy over that of the healthy curve")),
        Output("curve_chart", "1", label("日发电比 EWMA（σ）", "EWMA of the daily energy ratio (σ)")),
        Output("curve_speed_shift", "m/s", label("功率曲线沿风速的偏移", "Shift of the curve along the wind speed")),
        Output("annual_energy", "MWh", label("按现曲线的年发电量", "Annual energy by the present curve")),
        Output("annual_energy_change", "%", label("年发电量较健康曲线变化", "Annual energy against the healthy curve")),
        Output("highest_power_coefficient", "1", label("最大风能利用系数", "Highest power coefficient")),
        Output("curve_hours", "h", label("曲线所用小时数", "Hours of the curve")),
        Output("curve_missing_bins", "1", label("缺少数据的风速区间数", "Bins of wind speed without enough records")),
    ),
    parameters=Parameters,
    training=Training(days=30, at_least_share=0.5),
    source="IEC 61400-12-1:2017 (density, method of bins, annual energy); EWMA after Roberts 1959; learned curve: median of bins",
    validity=label(
        "机舱风速计未经传递函数修正，仅用于与本机健康期比较，不作质保依据；只取全性能运行记录",
        "The nacelle's anemometer has no transfer function: for comparison with the turbine's own healthy days, not for a "
        "warranty; records of full performance only",
    ),
)


def train(history: Window, parameters: Parameters) -> dict[str, Any]:
    """Learn the healthy curve."""
    return OperatingCurve.fit(ten_minute_records(history, humidity_percent=parameters.humidity_percent)).to_model()


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Compare a window's curve with the learned one.

    Raises
    ------
    NotEvaluated
        If there are less than 12 h of full performance within the range that was learned, or no nameplate.
    """
    rated_kw = window.rating("rated_power")
    if not rated_kw > 0:
        raise NotEvaluated(Why.BAD_INPUT, f"rated_power {rated_kw:g}")
    curve = OperatingCurve.from_model(model)
    records = ten_minute_records(window, humidity_percent=parameters.humidity_percent)
    speed, power = records.speed_mps[records.is_full], records.power_kw[records.is_full]
    expected = np.interp(speed, curve.speed_mps, curve.power_kw, left=np.nan, right=np.nan)
    inside = ~np.isnan(expected)
    hours = float(inside.sum()) / 6
    possible = float(expected[inside].sum())
    if hours < _LEAST_HOURS or possible <= 0:
        raise NotEvaluated(Why.NOT_RUNNING, f"{hours:.1f} h of full performance")
    bins = method_of_bins(speed_mps=speed, power_kw=power)
    ratio = Figure(
        name="curve_energy_ratio",
        value=100 * float(power[inside].sum()) / possible,
        uncertainty=196 * curve.deviation_over(possible / 6 / curve.rated_kw),
    )
    chart, daily = _chart(curve, records)
    # The standard begins 1 m/s below cut-in, where a turbine stands: records of performance begin at cut-in.
    complete = completeness(bins, rated_kw=rated_kw, cut_in_mps=parameters.cut_in_mps + 1)
    figures = [
        ratio,
        chart,
        _shift(curve, speed, power, rated_kw),
        *_annual_energy(curve, bins, parameters, rated_kw),
        _coefficient(window, bins),
        Figure(name="curve_hours", value=complete.hours),
        Figure(name="curve_missing_bins", value=float(len(complete.missing_mps)))
        if np.isfinite(complete.to_mps)
        else Figure.declined("curve_missing_bins", Why.OUTSIDE_VALIDITY, "no wind near rated power"),
    ]
    return Result(figures, pictures=[_picture(curve, bins, speed, power), daily])


def _chart(curve: OperatingCurve, records: Records) -> tuple[Figure, dict[str, Any]]:
    """Chart the days' ratios in the deviations of healthy days with as much wind."""
    ratios, load_hours = curve.daily_ratios(records)
    scores = (ratios - 1) * np.sqrt(load_hours) / max(curve.deviation, 1e-6)
    known = ~np.isnan(scores)
    smoothed = np.full(len(scores), np.nan)
    smoothed[known] = ewma(scores[known], weight=_EWMA_WEIGHT)
    picture = evidence.series(
        label("日发电比偏离健康期（带为 ±3σ）", "Days' energy ratio against healthy days (band: ±3σ)"),
        "σ",
        records.times_us[0] + 86_400_000_000 * np.arange(len(ratios), dtype=np.int64),
        {"日值 day": scores, "EWMA": smoothed},
        band=(-_EWMA_LIMIT, _EWMA_LIMIT),
    )
    if known.sum() < _LEAST_CHART_DAYS:
        return Figure.declined("curve_chart", Why.NOT_RUNNING, f"{int(known.sum())} days of full performance"), picture
    return Figure(name="curve_chart", value=float(smoothed[known][-1])), picture


def _shift(curve: OperatingCurve, speed: FloatArray, power: FloatArray, rated_kw: float) -> Figure:
    """How far the wind's reading lies above that at which the healthy turbine gave as much: shortfall over the curve's slope."""
    name = "curve_speed_shift"
    rising = np.concatenate([[True], np.diff(curve.power_kw) > 0])
    on_slope = (power > _SLOPE[0] * rated_kw) & (power < min(_SLOPE[1] * rated_kw, curve.rated_kw))
    if on_slope.sum() < 36:
        return Figure.declined(name, Why.NOT_RUNNING, f"{int(on_slope.sum())} records on the slope")
    expected = np.interp(speed[on_slope], curve.speed_mps, curve.power_kw)
    slope = np.gradient(curve.power_kw[rising], curve.speed_mps[rising])
    at = np.interp(speed[on_slope], curve.speed_mps[rising], slope)
    usable = at > 0.02 * rated_kw
    if usable.sum() < 36:
        return Figure.declined(name, Why.NOT_RUNNING, f"{int(usable.sum())} records on the slope")
    shifts = (expected - power[on_slope])[usable] / at[usable]
    days = max(len(shifts) / 144, 1.0)
    return Figure(name=name, value=float(np.median(shifts)), uncertainty=float(1.96 * 1.2533 * shifts.std() / np.sqrt(days)))


def _annual_energy(curve: OperatingCurve, bins: BinnedCurve, parameters: Parameters, rated_kw: float) -> list[Figure]:
    """Annual energy of the window's bins; what they do not reach is taken from the learned curve."""
    names = "annual_energy", "annual_energy_change"
    if len(bins.speed_mps) < 2:
        return [Figure.declined(name, Why.NOT_RUNNING, f"{len(bins.speed_mps)} bins") for name in names]
    above = curve.speed_mps > bins.speed_mps[-1] + 0.25
    speed = np.concatenate([bins.speed_mps, curve.speed_mps[above]])
    power = np.concatenate([bins.power_kw, curve.power_kw[above]])
    if power.max() < 0.95 * rated_kw:
        return [Figure.declined(name, Why.OUTSIDE_VALIDITY, "no wind near rated power yet") for name in names]
    error = np.concatenate([np.nan_to_num(bins.deviation_kw / np.sqrt(bins.records)), curve.error_kw[above]])
    wind = {"mean_mps": parameters.mean_speed_mps, "to_mps": parameters.cut_out_mps}
    now = annual_energy_mwh(speed_mps=speed, power_kw=power, **wind)
    healthy_kw = np.interp(speed, curve.speed_mps, curve.power_kw, left=0.0)
    healthy = annual_energy_mwh(speed_mps=speed, power_kw=healthy_kw, **wind)
    random = annual_energy_uncertainty_mwh(speed_mps=speed, random_kw=error, systematic_kw=np.zeros(len(speed)), **wind)
    figures = [Figure(name=names[0], value=now, uncertainty=1.96 * random)]
    if healthy > 0:
        figures.append(Figure(name=names[1], value=100 * (now / healthy - 1), uncertainty=196 * random / healthy))
    else:
        figures.append(Figure.declined(names[1], Why.OUTSIDE_VALIDITY, "the learned curve lies elsewhere"))
    return figures


def _coefficient(window: Window, bins: BinnedCurve) -> Figure:
    """Doubtful, since the anemometer stands behind the rotor."""
    name = "highest_power_coefficient"
    diameter = window.rated.get("rotor_diameter")
    if diameter is None:
        return Figure.declined(name, Why.NO_NAMEPLATE, "rotor_diameter")
    if not diameter > 0:
        return Figure.declined(name, Why.BAD_INPUT, f"rotor_diameter {diameter:g}")
    driven = bins.speed_mps > 4
    if not driven.any():
        return Figure.declined(name, Why.NOT_RUNNING, "no wind above 4 m/s")
    found = power_coefficient(power_kw=bins.power_kw[driven], speed_mps=bins.speed_mps[driven], area_m2=disc_area_m2(diameter))
    return Figure(name=name, value=float(found.max()), validity="doubtful")


def _picture(curve: OperatingCurve, bins: BinnedCurve, speed: FloatArray, power: FloatArray) -> dict[str, Any]:
    return evidence.curve(
        label("功率曲线（折算到标准空气密度）", "Power curve at the standard density"),
        x=(label("风速", "Wind speed"), "m/s"),
        y=(label("有功功率", "Active power"), "kW"),
        lines={
            "健康 healthy": (curve.speed_mps, curve.power_kw),
            "现在 now": (bins.speed_mps, bins.power_kw),
        },
        points=(speed, power),
    )

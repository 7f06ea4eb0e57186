"""How much a motor is loaded, how efficient it is there, which efficiency class it has, and whether it is too large."""

import contextlib
from datetime import timedelta

import numpy as np

from analytics import evidence
from analytics.motor.efficiency_class import class_of, grade_of, limit_percent
from analytics.motor.load import (
    LoadEstimate,
    best_load,
    load_by_current,
    load_by_input_power,
    load_by_slip,
    pole_pairs_of,
    synchronous_rpm,
)
from analytics.motor.losses import LEAST_STAYING_SHARE, MOST_STAYING_SHARE, efficiency_curve
from analytics.motor.nameplate import is_fed_by_drive, nameplate
from analytics.result import Figure, Found, NotEvaluated, Result, Validity, Why
from analytics.spec import Fault, Input, NoParameters, Output, Spec, label
from analytics.window import Flags, FloatArray, Window

OVERSIZED_LOAD = 0.4
"""A motor whose busiest hours stay below it is too large: a common limit, below which efficiency and power factor fall."""
_LEAST_HOURS, _LEAST_WEEK_HOURS = 1.0, 48.0
_RATED_HZ = 50.0
_FREQUENCY_TOLERANCE_HZ = 1.0

SPEC = Spec(
    name="motor_efficiency",
    label=label("负载率与能效", "Load and efficiency"),
    kinds=("motor",),
    inputs=(
        Input("state", "1"),
        *(
            Input(signal, unit, required=False)
            for signal, unit in (
                ("motor_power", "kW"),
                ("speed", "rpm"),
                ("motor_current", "A"),
                ("frequency", "Hz"),
                ("output_frequency", "Hz"),
                ("output_voltage", "V"),
                ("voltage_{line}", "V"),
                ("has_drive", "1"),
                ("rated_power", "kW"),
                ("rated_efficiency", "%"),
                ("rated_speed", "rpm"),
                ("rated_current", "A"),
            )
        ),
    ),
    rated=(
        ("rated_power", "kW"),
        ("rated_efficiency", "%"),
        ("rated_speed", "rpm"),
        ("rated_current", "A"),
        ("rated_voltage", "V"),
    ),
    window=timedelta(days=7),
    cadence=timedelta(days=1),
    outputs=(
        Output("load", "%", label("平均负载率", "Mean load")),
        Output("busiest_load", "%", label("繁忙时负载率（95 % 分位）", "Busiest load (95 % quantile)")),
        Output("efficiency", "%", label("运行效率", "Efficiency at work")),
        Output("losses", "kW", label("平均损耗", "Mean losses")),
        Output("best_load", "%", label("效率最高的负载率", "Load of the best efficiency")),
        Output("ie_class", "1", label("能效等级 IE（4 = IE4 及以上）", "Efficiency class IE (4 = IE4 or better)")),
        Output("gb_grade", "1", label("GB 18613 能效等级（2 = 2 级及以上）", "Grade of GB 18613 (2 = grade 2 or better)")),
        Output("over_ie3", "%", label("额定效率高出 IE3 限值", "Rated efficiency over the limit of IE3")),
    ),
    faults=(
        Fault(
            "oversized",
            label("电机容量偏大", "Motor too large"),
            label(
                "换用小一级的高效电机，或检查工艺是否已经变化。",
                "Fit a smaller efficient motor when it is next changed, or check whether the process has changed.",
            ),
            "low",
            "P95(β) < 40 %",
        ),
    ),
    source="U.S. DOE Motor Challenge, load and efficiency; IEC 60034-30-1:2014, 5.4.4; GB 18613-2020; IEC 60034-2-1:2014",
    validity=label(
        "负载率取精度最高的方法：输入功率、转差（±10 %）或电流（50 % 以上）；效率曲线按工频，变频时仅供参考。",
        "The load is by the most accurate of input power, slip (±10 %) and current (above 50 %); the curve of efficiency is for "
        "mains frequency and doubtful of a drive that turns slower.",
    ),
)


def evaluate(window: Window, parameters: NoParameters) -> Result:
    """Judge a week at work.

    Raises
    ------
    NotEvaluated
        If the motor was not at work for an hour, if its power or efficiency is not on the nameplate, or no method gives a load.
    """
    del parameters
    is_running = window.state_is("running")
    if is_running.sum() * window.step_seconds < 3600 * _LEAST_HOURS:
        raise NotEvaluated(Why.NOT_RUNNING)
    rated_kw, rated_percent = nameplate(window, "rated_power"), nameplate(window, "rated_efficiency")
    if rated_percent >= 100:
        raise NotEvaluated(Why.BAD_INPUT, f"rated_efficiency {rated_percent:g}")
    hertz = window["output_frequency"] if is_fed_by_drive(window) else window["frequency"]
    estimate = _load(window, is_running, rated_kw, rated_percent, hertz)
    known = ~np.isnan(estimate.load)
    load, half_width = estimate.load[known], float(np.median(estimate.half_width[known]))
    # Off its rated frequency a motor has other iron and friction losses than its curve.
    off_rated = np.abs(hertz[known] - _RATED_HZ) > _FREQUENCY_TOLERANCE_HZ
    validity: Validity = "doubtful" if off_rated.mean() > 0.05 else "valid"
    curves = [
        efficiency_curve(rated_kw=rated_kw, rated_efficiency_percent=rated_percent, staying_share=share)
        for share in (LEAST_STAYING_SHARE, MOST_STAYING_SHARE)
    ]
    curve = efficiency_curve(rated_kw=rated_kw, rated_efficiency_percent=rated_percent)
    positive = np.clip(load, 0, None)
    output_kw, losses_kw = rated_kw * float(positive.mean()), float(curve.losses_kw(positive).mean())
    edges = [float(one.losses_kw(positive).mean()) for one in curves]
    efficiency = 100 * output_kw / (output_kw + losses_kw)
    spread_kw = abs(edges[1] - edges[0]) / 2
    busiest = float(np.quantile(load, 0.95))
    figures = [
        Figure(name="load", value=100 * float(load.mean()), uncertainty=100 * half_width, validity=validity),
        Figure(name="busiest_load", value=100 * busiest, uncertainty=100 * half_width, validity=validity),
        Figure(
            name="efficiency",
            value=efficiency,
            uncertainty=efficiency * spread_kw / (output_kw + losses_kw),
            validity=validity,
        ),
        Figure(name="losses", value=losses_kw, uncertainty=spread_kw, validity=validity),
        Figure(name="best_load", value=100 * curve.best_load, uncertainty=50 * (curves[1].best_load - curves[0].best_load)),
        *_class_figures(window, rated_kw, rated_percent),
    ]
    return Result(figures, _oversized(window, estimate, busiest))


def _load(window: Window, is_running: Flags, rated_kw: float, rated_percent: float, hertz: FloatArray) -> LoadEstimate:
    """Try the methods for which there are signals and nameplate values."""

    def at_work(signal: str) -> FloatArray:
        return np.where(is_running, window[signal], np.nan)

    estimates = {
        "input_power": load_by_input_power(
            input_kw=at_work("motor_power"), rated_kw=rated_kw, rated_efficiency_percent=rated_percent
        )
    }
    lines = [window[f"voltage_{line}"] for line in ("ab", "bc", "ca")]
    volt = window["output_voltage"] if is_fed_by_drive(window) else np.mean(lines, axis=0)
    with contextlib.suppress(NotEvaluated):  # without the nameplate there is one method less
        share = volt / nameplate(window, "rated_voltage")
        estimates["current"] = load_by_current(
            current_a=at_work("motor_current"), rated_current_a=nameplate(window, "rated_current"), voltage_ratio=share
        )
        estimates["slip"] = _by_slip(at_work("speed"), hertz, share, nameplate(window, "rated_speed"))
    try:
        return best_load(estimates)
    except ValueError as error:
        raise NotEvaluated(Why.MISSING_INPUT, "motor_power, or rated_voltage with speed or motor_current") from error


def _by_slip(rpm: FloatArray, hertz: FloatArray, voltage_share: FloatArray, rated_rpm: float) -> LoadEstimate:
    try:
        pole_pairs = pole_pairs_of(rated_rpm=rated_rpm)
    except ValueError as error:
        raise NotEvaluated(Why.BAD_INPUT, str(error)) from error
    # The flux counts: a drive lowers voltage and frequency together, and the slip in rpm stays.
    flux = np.where(hertz > 0, voltage_share, np.nan) / np.where(hertz > 0, hertz / _RATED_HZ, np.nan)
    return load_by_slip(
        rpm=rpm,
        synchronous_rpm=synchronous_rpm(frequency_hz=hertz, pole_pairs=pole_pairs),
        rated_rpm=rated_rpm,
        rated_synchronous_rpm=60 * _RATED_HZ / pole_pairs,
        voltage_ratio=1 / np.where(flux > 0, flux, np.nan),
        pole_pairs=pole_pairs,
    )


def _class_figures(window: Window, rated_kw: float, rated_percent: float) -> list[Figure]:
    names = ("ie_class", "over_ie3", "gb_grade")
    try:
        poles = 2 * pole_pairs_of(rated_rpm=nameplate(window, "rated_speed"))
        ie_class = class_of(rated_kw=rated_kw, poles=poles, rated_efficiency_percent=rated_percent)
        limit = limit_percent(rated_kw=rated_kw, poles=poles, ie="IE3")
    except NotEvaluated as declined:
        return [Figure.declined(name, declined.why, declined.detail) for name in names]
    except ValueError as error:
        return [Figure.declined(name, Why.OUTSIDE_VALIDITY, str(error)) for name in names]
    grade = grade_of(ie_class)
    return [
        Figure(name="ie_class", value=float(ie_class)),
        Figure(name="over_ie3", value=rated_percent - round(limit, 1)),
        Figure.declined("gb_grade", Why.OUTSIDE_VALIDITY, "below grade 3")
        if grade is None
        else Figure(name="gb_grade", value=float(grade)),
    ]


def _oversized(window: Window, estimate: LoadEstimate, busiest: float) -> list[Found]:
    known = ~np.isnan(estimate.load)
    half_width = float(np.median(estimate.half_width[known]))
    if known.sum() * window.step_seconds < 3600 * _LEAST_WEEK_HOURS or busiest + half_width >= OVERSIZED_LOAD:
        return []
    rows = [
        ("P95(β)", 100 * busiest, "%"),
        ("±", 100 * half_width, "%"),
        (f"界限 / limit ({estimate.method})", 100 * OVERSIZED_LOAD, "%"),
    ]
    return [
        Found(
            code="oversized",
            since_us=int(window.times_us[np.argmax(known)]),
            # The week may not be a busy one.
            confidence=float(min(0.9, 0.6 + (OVERSIZED_LOAD - half_width - busiest))),
            evidence=[
                evidence.inputs(rows),
                evidence.series(
                    label("负载率", "Load"), "%", window.times_us, {"load": 100 * estimate.load}, band=(100 * OVERSIZED_LOAD, 100)
                ),
            ],
        )
    ]

"""When the next service by the hour meter is due, and how many days that is."""

from datetime import timedelta

import numpy as np

from analytics import evidence
from analytics.construction_machine.counters import Mark, growth
from analytics.construction_machine.healthy import is_running
from analytics.construction_machine.service import (
    MOST_SHORTENED,
    Due,
    Pace,
    hard_share,
    next_service,
    pace,
    shortening,
)
from analytics.construction_machine.utilisation import RESOLUTION_HOURS, by_day
from analytics.result import Figure, NotEvaluated, Result, Validity, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import FloatArray, Window

_LEAST_OF_A_DAY = 0.5
_SHOWN_DAYS = 90
_US_A_DAY = 86_400_000_000

SPEC = Spec(
    name="construction_service",
    label=label("保养到期预测", "Service forecast"),
    kinds=("construction_machine",),
    inputs=(
        Input("engine_hours", "h"),
        Input("load_percent", "%", required=False),
        Input("hydraulic_oil_temperature", "°C", required=False),
        Input("engine_speed", "rpm", required=False),
        Input("engine_running", "1", required=False),
    ),
    rated=(("last_service", "h"),),
    step_seconds=3600.0,
    window=timedelta(days=42),
    cadence=timedelta(days=1),
    outputs=(
        Output("service_hours_left", "h", label("距保养小时（负为超期）", "Hours to service (negative: overdue)")),
        Output("service_due_at", "h", label("保养到期小时数", "Hour meter at which it is due")),
        Output("service_interval", "h", label("到期保养级别", "Interval of the service that is due")),
        Output("service_days_early", "d", label("距保养天数（P10，最早）", "Days to service, P10 (early)")),
        Output("service_days", "d", label("距保养天数（P50）", "Days to service, P50")),
        Output("service_days_late", "d", label("距保养天数（P90，最晚）", "Days to service, P90 (late)")),
        Output("hours_a_day", "h", label("日均运转小时（加权）", "Hours a day, newer days counting more")),
        Output("interval_shortened", "%", label("重载缩短保养间隔", "Interval shortened by hard use")),
    ),
    source="Makers' service tables by hours (250, 500, 1000, 2000 h); EWMA of hours a day; first passage of a Wiener process "
    "with unknown drift (Folks and Chhikara 1978, Si et al. 2012); shortening by hard use of at most "
    f"{100 * MOST_SHORTENED:.0f} % is a convention of this project",
    validity=label(
        "至少 10 天的日运转小时；铭牌未填上次保养小时（last_service）时按 250 h 整倍数推算，标为存疑",
        "From ten days of hours; without the nameplate's last_service it is taken to be at multiples of 250 h, and doubtful",
    ),
)


def evaluate(window: Window, _parameters: NoParameters) -> Result:
    """Forecast the next service.

    Raises
    ------
    NotEvaluated
        If the hour meter shows nothing, or less than the last service is said to have been at.
    """
    meter = window["engine_hours"]
    known = meter[~np.isnan(meter)]
    if not len(known):
        raise NotEvaluated(Why.MISSING_INPUT, "engine_hours")
    now_hours, last = float(known[-1]), window.rated.get("last_service")
    running = is_running(window)
    hard = hard_share(load_percent=window["load_percent"], hydraulic_celsius=window["hydraulic_oil_temperature"], at_work=running)
    shortened = 0.0 if np.isnan(hard) else shortening(hard)
    try:
        # Multiples of the interval are the unshortened table's: from them on nothing is shortened.
        due = next_service(now_hours, last_service_hours=last, shortened=0.0 if last is None else shortened)
    except ValueError as error:
        raise NotEvaluated(Why.BAD_INPUT, f"last_service: {error}") from None
    grown = growth(meter, step_seconds=window.step_seconds, most_per_hour=1.0)
    by_days = _hours_by_day(window, grown.amount)
    validity: Validity = "doubtful" if last is None or grown.has(Mark.RESET) or grown.has(Mark.JUMP) else "valid"
    left = due.at_hours - now_hours
    run = pace(by_days)
    figures = [
        Figure(name="service_hours_left", value=left, uncertainty=RESOLUTION_HOURS, validity=validity),
        Figure(name="service_due_at", value=due.at_hours, validity=validity),
        Figure(name="service_interval", value=float(due.interval_hours), validity=validity),
        *_days(left, run, validity),
        Figure.declined("interval_shortened", Why.MISSING_INPUT, "load_percent, hydraulic_oil_temperature")
        if np.isnan(hard)
        else Figure(name="interval_shortened", value=100 * shortened),
    ]
    return Result(figures, (), _pictures(window, by_days, due, left, run))


def _hours_by_day(window: Window, amount: FloatArray) -> FloatArray:
    """Add up whole days that end with the window; NaN of a day that is mostly unknown."""
    number = (window.times_us - window.end_us) // _US_A_DAY
    _, hours, share = by_day(amount, number)
    return np.where(share >= _LEAST_OF_A_DAY, hours / np.maximum(share, _LEAST_OF_A_DAY), np.nan)


def _days(left: float, run: Pace | None, validity: Validity) -> list[Figure]:
    names = ("service_days_early", "service_days", "service_days_late")
    if run is None:
        return [Figure.declined(name, Why.MISSING_INPUT, "10 d of engine_hours") for name in (*names, "hours_a_day")]
    half_width = 1.96 * run.deviation / np.sqrt(run.effective_days)
    hours = Figure(name="hours_a_day", value=run.hours_a_day, uncertainty=float(half_width))
    until = run.until(left)
    if until is None:
        return [*(Figure.declined(name, Why.NOT_RUNNING, f"{run.hours_a_day:.1f} h/d") for name in names), hours]
    days = [
        Figure(name=name, value=of, validity=validity)
        if np.isfinite(of)
        else Figure.declined(name, Why.NOT_RUNNING, f"{run.hours_a_day:.1f} h/d")
        for name, of in zip(names, until, strict=True)
    ]
    return [*days, hours]


def _pictures(window: Window, by_days: FloatArray, due: Due, left: float, run: Pace | None) -> list[dict[str, object]]:
    ages = [f"−{len(by_days) - at} d" for at in range(len(by_days))]
    pieces = [evidence.bars(label("每日运转小时", "Operating hours by day"), "h", ages, {"h": by_days})]
    if run is None or left <= 0 or run.until(left) is None:
        return pieces
    days = np.arange(0.0, _SHOWN_DAYS + 1)
    # Sums of days: their own straying, and that of the mean, which all of them share.
    spread = run.deviation * np.sqrt(days + days**2 / run.effective_days)
    middle = left - run.hours_a_day * days
    times_us = window.end_us + (days * _US_A_DAY).astype(np.int64)
    text = label(f"距 {due.interval_hours} h 保养的小时", f"Hours to the service of {due.interval_hours} h")
    shown = middle + 1.2816 * spread >= -0.5 * left
    band = {80: ((middle - 1.2816 * spread)[shown], (middle + 1.2816 * spread)[shown])}
    return [*pieces, evidence.fan(text, "h", times_us[shown], middle[shown], band)]

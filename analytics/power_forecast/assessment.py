"""Forecasts judged by the rules of the grid: accuracy, pass rate and reporting rate, by day and by month."""

from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from analytics.power_forecast.frame import local_days
from analytics.power_forecast.grid_rules import Rule, RuleSet
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray

_EPOCH = date(1970, 1, 1)
_ROUNDING = 1e-9
"""A point that is off by exactly what is allowed passes, whatever its last binary digit."""


class Assessed(NamedTuple):
    """One measure over one day or month."""

    rule: Rule
    span: str
    """Local: ``2026-03`` or ``2026-03-05``."""
    value_percent: float | None
    """None where no point counts."""
    holds: bool | None
    """Of a month, whether the limit is met; a day is for looking at."""
    points: int
    """Instants that count."""
    exempt: int
    """Instants that the rule set leaves out."""


class _Points(NamedTuple):
    off: FloatArray
    """Share of the capacity by which each forecast was off; NaN where it is not known or does not count."""
    issued: Flags
    exempt: Flags


def assess(
    rule_set: RuleSet,
    times_us: npt.NDArray[np.int64],
    actual_kw: FloatArray,
    forecast_kw: FloatArray,
    capacity_kw: float | FloatArray,
    *,
    zone: ZoneInfo,
    curtailed: Flags | None = None,
    daylight: Flags | None = None,
) -> list[Assessed]:
    """Judge forecasts.

    With e = (P_M − P_P)/C of each point: accuracy r1 = (1 − √(1/n·Σe²))·100 %, or with the mean of the absolute e where a rule
    says so; pass rate r2 = share of points with 1 − abs(e) ≥ 75 %; reporting rate r3 = share of instants with a forecast. A
    missing forecast lowers the reporting rate alone.

    Parameters
    ----------
    times_us : ndarray, shape (n,)
        Every instant for which a forecast was due, ascending.
    actual_kw : ndarray, shape (n,)
        NaN where it is not known.
    forecast_kw : ndarray, shape (n,)
        As issued; NaN where none was.
    capacity_kw : float or ndarray of shape (n,)
        In operation.
    curtailed : ndarray of bool, shape (n,), optional
        Where the grid held the plant down; left out: nowhere.
    daylight : ndarray of bool, shape (n,), optional
        Where the sun is up; rule sets that count daylight only need it.

    Returns
    -------
    list of Assessed
        Rules in the order of the set; of each the days by time, after those of a month the month itself.

    Raises
    ------
    NotEvaluated
        If the rule set counts daylight only and nobody said when that is.
    ValueError
        If columns differ in length, times do not ascend or a capacity is not positive.

    References
    ----------
    ``grid_rules.toml`` names the source of each rule set.
    """
    columns = [actual_kw, forecast_kw, *(column for column in (curtailed, daylight) if column is not None)]
    if any(column.shape != times_us.shape for column in columns):
        raise ValueError("all columns must be as long as the times")
    if (np.diff(times_us) <= 0).any():
        raise ValueError("times do not ascend")
    capacity = np.broadcast_to(np.asarray(capacity_kw, float), times_us.shape)
    if not (capacity > 0).all():
        raise ValueError("a capacity that is not positive")
    if rule_set.daylight_only and daylight is None:
        raise NotEvaluated(Why.MISSING_INPUT, f"daylight, by which {rule_set.id} counts")
    exempt = np.zeros(times_us.shape, np.bool_)
    if rule_set.exempts_curtailed and curtailed is not None:
        exempt |= curtailed
    if rule_set.exempts_below_percent is not None:
        exempt |= actual_kw < rule_set.exempts_below_percent / 100 * capacity
    if rule_set.daylight_only and daylight is not None:
        exempt |= ~daylight
    points = _Points(np.where(exempt, np.nan, np.abs(actual_kw - forecast_kw) / capacity), ~np.isnan(forecast_kw), exempt)
    days, _ = local_days(times_us, zone)
    return [one for rule in rule_set.rules for one in _by_rule(rule, rule_set, points, days)]


def _by_rule(rule: Rule, rule_set: RuleSet, points: _Points, days: npt.NDArray[np.int64]) -> list[Assessed]:
    found: list[Assessed] = []
    distinct = np.unique(days)
    months = np.array([f"{_EPOCH + timedelta(days=day):%Y-%m}" for day in distinct.tolist()])
    for month in dict.fromkeys(months.tolist()):
        of_month = [
            _over(rule, points, days == day, f"{_EPOCH + timedelta(days=day)}") for day in distinct[months == month].tolist()
        ]
        whole = _over(rule, points, np.isin(days, distinct[months == month]), month)
        if rule_set.month_of == "days":
            known = [one.value_percent for one in of_month if one.value_percent is not None]
            whole = whole._replace(value_percent=sum(known) / len(known) if known else None)
        if whole.value_percent is not None:
            whole = whole._replace(holds=whole.value_percent >= rule.at_least_percent - _ROUNDING)
        found += [*of_month, whole]
    return found


def _over(rule: Rule, points: _Points, of: Flags, span: str) -> Assessed:
    """Apply a formula to some points; reporting is due whether or not the power counts."""
    if rule.formula == "share_issued":
        issued = points.issued[of]
        return Assessed(rule, span, 100 * float(issued.mean()), None, len(issued), 0)
    off = points.off[of]
    off = off[~np.isnan(off)]
    exempt = int(points.exempt[of].sum())
    return Assessed(rule, span, _percent(rule, off) if len(off) else None, None, len(off), exempt)


def _percent(rule: Rule, off: FloatArray) -> float:
    match rule.formula:
        case "root_mean_square":
            return 100 * (1 - float(np.sqrt(np.mean(off**2))))
        case "mean_absolute":
            return 100 * (1 - float(np.mean(off)))
        case _:
            assert rule.within_percent is not None
            return 100 * float(np.mean(off <= rule.within_percent / 100 + _ROUNDING))

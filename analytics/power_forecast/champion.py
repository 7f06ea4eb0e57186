"""Whether a newly trained forecast may go live: it must beat the floor, and clearly the one that is live."""

from typing import NamedTuple

import numpy as np

from analytics.models.challenge import Comparison, compare
from analytics.power_forecast.frame import STEPS_A_DAY
from analytics.window import FloatArray
from device_profiles.kind import Label

MOST_DECLINED = 0.01
"""So many rows that another answers may a challenger leave open: whoever declines what is hard looks good on the rest."""


class Verdict(NamedTuple):
    """Whether the challenger may go live, and why."""

    may_go_live: bool
    reason: Label
    against_floor: Comparison
    against_champion: Comparison | None


def may_go_live(
    actual_kw: FloatArray,
    challenger_kw: FloatArray,
    *,
    floor_kw: FloatArray,
    champion_kw: FloatArray | None = None,
    stretch_rows: int = STEPS_A_DAY,
) -> Verdict:
    """Compare forecasts of the same frozen rows, none of which any of them was trained on.

    Errors are squared, as the grid's accuracy counts them. The gain over the floor need not be large, but all of its 95 %
    interval must lie above zero; that over the champion must be worth a change as well (`analytics.models.challenge`).

    Parameters
    ----------
    actual_kw, challenger_kw : ndarray, shape (n,)
        By time; NaN where it is not known.
    floor_kw : ndarray, shape (n,)
        The weather forecast through the binned curve, or persistence: the better of both.
    champion_kw : ndarray, shape (n,), optional
        What is live; left out where nothing is.
    stretch_rows : int
        Errors hang together for about a day.

    Raises
    ------
    NotEvaluated
        If fewer than ten stretches are known.
    ValueError
        If columns differ in length.
    """
    lengths = {len(column) for column in (actual_kw, challenger_kw, floor_kw, champion_kw) if column is not None}
    if len(lengths) > 1:
        raise ValueError(f"columns of {sorted(lengths)} rows")
    square = (actual_kw - challenger_kw) ** 2
    floor = compare((actual_kw - floor_kw) ** 2, square, stretch_rows=stretch_rows)
    champion = None if champion_kw is None else compare((actual_kw - champion_kw) ** 2, square, stretch_rows=stretch_rows)
    others = [other for other in (floor_kw, champion_kw) if other is not None]
    declined = max(_declined(actual_kw, challenger_kw, other) for other in others)
    is_better, reason = _judge(declined, floor, champion)
    return Verdict(is_better, reason, floor, champion)


def _judge(declined: float, floor: Comparison, champion: Comparison | None) -> tuple[bool, Label]:
    if declined > MOST_DECLINED:
        percent = 100 * declined
        return False, Label(zh=f"有 {percent:.0f} % 的时刻不给预测", en=f"declines {percent:.0f} % of the instants")
    if not floor.lowest_gain > 0:
        zh, en = _said(floor)
        return False, Label(zh=f"不比基准明显更好（{zh}）", en=f"is not clearly better than the floor ({en})")
    if champion is None:
        zh, en = _said(floor)
        return True, Label(zh=f"优于基准（{zh}）", en=f"beats the floor ({en})")
    zh, en = _said(champion)
    if not champion.is_recommended:
        return False, Label(zh=f"不比现用模型明显更好（{zh}）", en=f"is not clearly better than the live one ({en})")
    return True, Label(zh=f"优于现用模型（{zh}）", en=f"beats the live one ({en})")


def _declined(actual: FloatArray, challenger: FloatArray, other: FloatArray) -> float:
    """Share of the rows that the other answers and the challenger does not."""
    answered = ~np.isnan(actual) & ~np.isnan(other)
    return float(np.isnan(challenger[answered]).mean()) if answered.any() else 0.0


def _said(found: Comparison) -> tuple[str, str]:
    change, low, high = (f"{-100 * share:+.0f}" for share in (found.gain, found.highest_gain, found.lowest_gain))
    return (
        f"均方误差 {change} %，95 % 区间 {low} 到 {high} %",
        f"mean square error {change} %, 95 % interval {low} to {high} %",
    )

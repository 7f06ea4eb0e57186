"""The effect of a cut-over: a figure by day before and after, of equally many days, with the uncertainty of drawing days anew.

Pure functions. A figure is a ratio of sums, so that days count by how much was made: energy per product, hours down per hour
known; or a mean by day, where the days' denominator is 1.
"""

from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from telemetry.settings import Settings, load

FloatArray = npt.NDArray[np.float64]
Why = Literal["no_data_before", "no_data_after", "too_few_days_before", "too_few_days_after", "nothing_before"]
_SEED = 20200816  # any: the same days always give the same interval


class EffectRules(Settings):
    """The parameters of ``effect.toml``."""

    version: str
    document: str
    clause: str
    settling_days: int
    window_days: int
    fewest_days: int
    fewest_days_for_weeks: int
    resamples: int
    enough_of_a_day: float
    down_states: dict[str, tuple[str, ...]]


@cache
def effect_rules() -> EffectRules:
    return load(Path(__file__).with_name("effect.toml"), EffectRules)


class Days(NamedTuple):
    """One figure by day on one side of the cut-over, in the order of the days; NaN where a day is not known.

    Parameters
    ----------
    amount : ndarray, shape (days,)
        What is counted: energy, hours down.
    per : ndarray, shape (days,)
        What it is taken of: product, hours known; ones for a mean by day.
    """

    amount: FloatArray
    per: FloatArray

    def known(self) -> "Days":
        is_known = ~np.isnan(self.amount) & ~np.isnan(self.per)
        return Days(self.amount[is_known], self.per[is_known])


class Change(NamedTuple):
    """A figure before and after, and its relative change with the 95 % interval; ``why`` where nothing can be said."""

    before: float = float("nan")
    after: float = float("nan")
    share: float = float("nan")
    """(after - before) / before."""
    low: float = float("nan")
    high: float = float("nan")
    days: int = 0
    """Days on either side."""
    drawn_by: Literal["", "day", "week"] = ""
    why: Why | None = None

    @property
    def is_certain(self) -> bool:
        """Whether the interval is on one side of zero."""
        return self.why is None and (self.low > 0 or self.high < 0)


def change(before: Days, after: Days, rules: EffectRules | None = None) -> Change:
    """Compare two sides; the last days before and the first days after are taken, equally many.

    Returns
    -------
    Change
        Bounds are percentiles (2.5 and 97.5) of the change over resamples of days, or of runs of seven days where there are
        enough, because days of a week are alike (moving blocks, Künsch 1989).
    """
    rules = rules or effect_rules()
    before, after = before.known(), after.known()
    for days, none, few in (
        (before, "no_data_before", "too_few_days_before"),
        (after, "no_data_after", "too_few_days_after"),
    ):
        if len(days.amount) < rules.fewest_days:
            return Change(days=len(days.amount), why=none if not len(days.amount) else few)  # type: ignore[arg-type]
    count = min(len(before.amount), len(after.amount))
    first, last = Days(before.amount[-count:], before.per[-count:]), Days(after.amount[:count], after.per[:count])
    ratio_before, ratio_after = _ratio(first), _ratio(last)
    if not np.isfinite(ratio_before) or ratio_before <= 0 or not np.isfinite(ratio_after):
        return Change(before=ratio_before, after=ratio_after, days=count, why="nothing_before")
    block = 7 if count >= rules.fewest_days_for_weeks else 1
    random = np.random.default_rng(_SEED)
    drawn_before = _resampled(first, block, rules.resamples, random)
    drawn_after = _resampled(last, block, rules.resamples, random)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = drawn_after / drawn_before - 1
    low, high = np.nanpercentile(np.where(np.isfinite(shares), shares, np.nan), (2.5, 97.5))
    return Change(
        before=ratio_before,
        after=ratio_after,
        share=ratio_after / ratio_before - 1,
        low=float(low),
        high=float(high),
        days=count,
        drawn_by="week" if block == 7 else "day",
    )


def _ratio(days: Days) -> float:
    per = float(days.per.sum())
    return float(days.amount.sum()) / per if per > 0 else float("nan")


def _resampled(days: Days, block: int, resamples: int, random: np.random.Generator) -> FloatArray:
    """Draw runs of ``block`` days, which go around the end, until there are as many days as before."""
    count = len(days.amount)
    runs = -(-count // block)
    starts = random.integers(0, count, size=(resamples, runs))
    places = ((starts[:, :, None] + np.arange(block)) % count).reshape(resamples, -1)[:, :count]
    with np.errstate(divide="ignore", invalid="ignore"):
        found: FloatArray = days.amount[places].sum(axis=1) / days.per[places].sum(axis=1)
    return found

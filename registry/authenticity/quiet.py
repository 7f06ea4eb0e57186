"""How much a signal holds beside white noise: movement of minutes, of hours, or nothing."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import Flags, FloatArray, Window
from registry.authenticity.measured import Measured, block_means, spread_of_bends
from registry.authenticity.thresholds import Thresholds

_LEAST_CHANGES = 100
_SPELL_SECONDS = 1800.0


class Quiet(NamedTuple):
    """Verdict on each measured signal, shape (signals,)."""

    is_judged: Flags
    """It has noise, and was at work for long enough."""
    is_quiet: Flags
    """Noise around one value, and nothing else."""
    is_plain: Flags
    """No movement of minutes beside noise: also what rides on a slow curve."""
    is_narrow: Flags
    """Values that spread by a small share of their size."""
    is_even: Flags
    """Values drawn evenly from a range, without memory."""
    spread: FloatArray
    """Deviation of all values, in deviations of the noise."""

    @property
    def judged(self) -> int:
        return int(self.is_judged.sum())


def quiet_signals(window: Window, measured: Measured, thresholds: Thresholds) -> Quiet:
    """Compare the deviation of means of ten minutes and of half an hour with that of white noise."""
    # Long spells are taken as if there were no rests between: the steps there are few, and medians do not see them. A machine
    # that works for minutes at a time has no movement of minutes to look for.
    work = measured.values[:, measured.spells(window.steps(_SPELL_SECONDS))]
    noise = spread_of_bends(work)
    ratios = []
    for minutes in (10, 30):
        rows = window.steps(60 * minutes)
        ratios.append(spread_of_bends(block_means(work, rows)) / np.where(noise > 0, noise, np.nan) * np.sqrt(rows))
    known = ~np.isnan(work)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, work, 0.0).sum(axis=1) / count
    off = np.where(known, work - mean[:, None], 0.0)
    variance = np.square(off).sum(axis=1) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        kurtosis = np.square(np.square(off)).sum(axis=1) / count / np.square(variance)
        spread = np.sqrt(variance) / noise
    judged = (noise > 0) & np.isfinite(ratios[0]) & np.isfinite(ratios[1]) & (_changes(work) >= _LEAST_CHANGES)
    plain = judged & (ratios[0] < thresholds.white_ratio)
    quiet = plain & (ratios[1] < thresholds.white_ratio) & (spread < thresholds.quiet_spread)
    narrow = np.sqrt(variance) < thresholds.flat_spread * np.maximum(np.abs(mean), np.finfo(float).tiny)
    return Quiet(judged, quiet, plain, narrow, quiet & (kurtosis < thresholds.even_kurtosis), spread)


def limit(usual: float, thresholds: Thresholds) -> float:
    """Give the share from which signals like these are too many, of a kind of which so many are usual."""
    return min(usual + (1 - usual) * thresholds.beyond_usual, thresholds.whole_share)


def _changes(work: FloatArray) -> npt.NDArray[np.int64]:
    steps = np.diff(work, axis=1)
    counted: npt.NDArray[np.int64] = ((steps != 0) & ~np.isnan(steps)).sum(axis=1)
    return counted

"""Growth of cumulative counters, as ISO/TS 15143-3 sends them: resets, roll-over and gaps are told and not smoothed over."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

_ROLLS_FROM = 0.95
"""A counter that falls from beyond this share of its largest value to below the rest of it has rolled over."""


class Mark(IntEnum):
    """What a step's growth is worth."""

    UNKNOWN = 0
    """Before the first value or behind the last one."""
    COUNTED = 1
    GAP = 2
    """An even share of the growth over a gap."""
    ROLLED_OVER = 3
    RESET = 4
    """The counter fell: what it shows has grown since, what it had counted before that is lost."""
    JUMP = 5
    """More than is possible; the step's growth is unknown."""


class Growth(NamedTuple):
    """Growth from the step before to each step."""

    amount: FloatArray
    """Shape (n,), in the counter's unit; NaN where nothing is known."""
    marks: npt.NDArray[np.int8]
    """Shape (n,), of `Mark`."""

    def total(self) -> float:
        """Give the growth over all that is known; NaN where nothing is."""
        known = self.amount[~np.isnan(self.amount)]
        return float(known.sum()) if len(known) else float("nan")

    def has(self, mark: Mark) -> bool:
        return bool((self.marks == mark).any())

    def known_share(self) -> float:
        """Share of the steps whose growth is known."""
        return float((~np.isnan(self.amount)).mean()) if len(self.amount) else 0.0


def growth(counter: FloatArray, *, step_seconds: float, most_per_hour: float = np.inf, largest: float | None = None) -> Growth:
    """Take first differences of a counter.

    Parameters
    ----------
    counter : ndarray, shape (n,)
        Readings on an even grid; NaN where there is none.
    step_seconds : float
        Of the grid. [s]
    most_per_hour : float
        What it can grow at most: 1 for an hour meter. A tenth more is let pass, and one unit of slack for its resolution.
        [unit of the counter / h]
    largest : float, optional
        Where the counter begins again from 0; it never rolls over where this is left out. [unit of the counter]

    Notes
    -----
    ISO/TS 15143-3 asks for cumulative counters, so that a lost message loses nothing: the growth over a gap is known as a sum,
    and shared evenly among its steps. After a reset the growth is what the counter shows: the least that it can have been.

    Raises
    ------
    ValueError
        If the grid's step or the bounds are not positive.
    """
    if not (step_seconds > 0 and most_per_hour > 0 and (largest is None or largest > 0)):
        raise ValueError("step_seconds, most_per_hour and largest are positive")
    values = np.asarray(counter, np.float64)
    amount, marks = np.full(len(values), np.nan), np.full(len(values), Mark.UNKNOWN, np.int8)
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < 2:
        return Growth(amount, marks)
    before, after = values[known[:-1]], values[known[1:]]
    steps = np.diff(known)
    change, kind = after - before, np.where(steps > 1, Mark.GAP, Mark.COUNTED)
    fell = change < 0
    if largest is not None:
        rolled = fell & (before > _ROLLS_FROM * largest) & (after < (1 - _ROLLS_FROM) * largest)
        change, kind = np.where(rolled, change + largest, change), np.where(rolled, Mark.ROLLED_OVER, kind)
        fell &= ~rolled
    change, kind = np.where(fell, after, change), np.where(fell, Mark.RESET, kind)
    hours = steps * step_seconds / 3600
    impossible = change > 1.1 * most_per_hour * hours + 1.0 if np.isfinite(most_per_hour) else np.zeros(len(change), bool)
    # A counter that is set to another value than 0 has not grown by it.
    change, kind = np.where(impossible, np.nan, change), np.where(impossible & ~fell, Mark.JUMP, kind)
    within = slice(int(known[0]) + 1, int(known[-1]) + 1)
    amount[within], marks[within] = np.repeat(change / steps, steps), np.repeat(kind, steps)
    return Growth(amount, marks)

"""How the burden comes down: its speed, where it stands still, and where it drops at once."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter

from analytics.baselines.steady import runs_since
from analytics.window import Flags, FloatArray

_SPEED_SECONDS = 300.0
_DROP_SECONDS = 120.0
_DROPS_APART_SECONDS = 300.0


class Spells(NamedTuple):
    """Stretches of time, by first step and length in steps."""

    first: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]

    def at_least(self, steps: int) -> "Spells":
        """Give those that last so long."""
        long = self.steps >= steps
        return Spells(self.first[long], self.steps[long])

    def __len__(self) -> int:
        return len(self.first)


def stock_line_m(probes: FloatArray) -> FloatArray:
    """Mean of the probes that tell something; NaN where none does.

    Parameters
    ----------
    probes : ndarray, shape (probes, n)
        Depth of the burden below the zero of the stock line. [m]
    """
    known = ~np.isnan(probes)
    count = known.sum(axis=0)
    total = np.where(known, probes, 0.0).sum(axis=0)
    line: FloatArray = np.divide(total, count, out=np.full(probes.shape[1], np.nan), where=count > 0)
    return line


def descent_m_per_h(line_m: FloatArray, *, step_seconds: float) -> FloatArray:
    """Speed of the burden between charges, from the stock line.

    Parameters
    ----------
    line_m : ndarray, shape (n,)
        Stock line, growing as the burden comes down; each charge makes it jump back.

    Returns
    -------
    ndarray, shape (n,)
        Median of the differences of five minutes about each step, which charges and drops do not move as they are rare among
        them; NaN where differences are unknown. [m/h]
    """
    difference = np.diff(line_m, prepend=np.nan) * 3600 / step_seconds
    # What is unknown is taken as fast: it never makes the burden stand.
    filled = np.where(np.isnan(difference), np.inf, difference)
    size = max(3, round(_SPEED_SECONDS / step_seconds))
    speed: FloatArray = median_filter(filled, size=size, mode="nearest")
    return np.where(np.isinf(speed), np.nan, speed)


def spells_of(flags: Flags) -> Spells:
    """Give the stretches over which a flag is true."""
    run = runs_since(flags)
    last = np.flatnonzero(flags & ~np.append(flags[1:], False))
    steps = run[last]
    return Spells(last - steps + 1, steps)


def drops_m(line_m: FloatArray, *, step_seconds: float, least_m: float) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Find where the burden drops at once, as after it has hung.

    Parameters
    ----------
    least_m : float
        Smallest drop within two minutes that counts. [m]

    Returns
    -------
    steps, depths : ndarray, shape (drops,)
        First step of each, and its depth. [m]
    """
    lag = max(1, round(_DROP_SECONDS / step_seconds))
    fall = np.full(len(line_m), np.nan)
    fall[:-lag] = line_m[lag:] - line_m[:-lag]
    with np.errstate(invalid="ignore"):
        is_drop = fall >= least_m
    at = np.flatnonzero(is_drop)
    apart = np.diff(at, prepend=-(10**9)) > max(1, round(_DROPS_APART_SECONDS / step_seconds))
    first = at[apart]
    group = np.cumsum(apart) - 1
    depth = np.zeros(len(first))
    np.maximum.at(depth, group, fall[at])
    return first, depth

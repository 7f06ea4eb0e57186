"""When an inverter gave all that it can, and the modules could have given more."""

import numpy as np

from analytics.baselines.steady import runs_since
from analytics.window import Flags, FloatArray

_FULL_SHARE = 0.99
_LEAST_STEPS = 3


def is_clipped(power_kw: FloatArray, *, rated_kw: float) -> Flags:
    """Tell where delivered power stays at 99 % of the rating and above for three steps or more.

    Parameters
    ----------
    power_kw : ndarray, shape (n,)
        [kW]

    References
    ----------
    The rule of the reference, P.2 (c).
    """
    with np.errstate(invalid="ignore"):
        full: Flags = power_kw >= _FULL_SHARE * rated_kw
    return _in_long_runs(full)


def _in_long_runs(flags: Flags) -> Flags:
    length = runs_since(flags)
    # A row belongs to a long run if the count comes to three within it, now or at its end.
    backwards = runs_since(flags[::-1])[::-1]
    long: Flags = flags & (length + backwards - 1 >= _LEAST_STEPS)
    return long

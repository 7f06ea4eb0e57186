"""When an inverter gave nothing although the sun shone."""

import numpy as np
from scipy.ndimage import label

from analytics.pv_inverter.performance import is_sunny
from analytics.window import Flags, FloatArray

SUN_W_M2 = 200.0
_NOTHING_SHARE = 0.005


def is_out(*, light_w_m2: FloatArray, power_kw: FloatArray, rated_kw: float) -> Flags:
    """Tell where the inverter gives less than half a per cent of its rating, in stretches in which light exceeds 200 W/m².

    Such a stretch counts from its first light to its last: an inverter that is out at noon did not start in the morning.

    Parameters
    ----------
    light_w_m2, power_kw : ndarray, shape (n,)
        NaN is no outage: it is a missing value. [W/m², kW]

    References
    ----------
    IEC TS 63019:2019, unavailable states; the threshold is the reference's.
    """
    with np.errstate(invalid="ignore"):
        dead = is_sunny(light_w_m2) & (power_kw < _NOTHING_SHARE * rated_kw)
        bright = light_w_m2 > SUN_W_M2
    stretch, _ = label(dead)
    out: Flags = dead & np.isin(stretch, np.unique(stretch[dead & bright]))
    return out

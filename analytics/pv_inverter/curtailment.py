"""When an order held an inverter below what the sun offered."""

import numpy as np

from analytics.baselines.steady import is_steady
from analytics.window import Flags, FloatArray

_NEAR_ORDER_SHARE = 0.02
_PLATEAU_SECONDS = 1800.0
_FLAT_SHARE = 0.005
_ABOVE_SHARE = 0.08


def is_held_by_order(*, power_kw: FloatArray, setpoint_percent: FloatArray, rated_kw: float) -> Flags:
    """Tell where the limit is below 100 % and the power stands at it, within 2 % of the rating.

    Parameters
    ----------
    power_kw, setpoint_percent : ndarray, shape (n,)
        [kW, % of the rating]
    """
    with np.errstate(invalid="ignore"):
        held: Flags = (setpoint_percent < 99.5) & (power_kw >= (setpoint_percent / 100 - _NEAR_ORDER_SHARE) * rated_kw)
    return held


def is_plateau(*, power_kw: FloatArray, possible_kw: FloatArray, rated_kw: float, step_seconds: float) -> Flags:
    """Tell where power stands still below the rating for half an hour and more, while the sun would have let it be 8 % higher.

    A sign of an order that is not told: healthy power never stands still, for the sun moves. Steps of more than ten minutes do
    not show it.

    Parameters
    ----------
    power_kw, possible_kw : ndarray, shape (n,)
        Delivered, and expected in this light and warmth. [kW]
    """
    span = max(3, round(_PLATEAU_SECONDS / step_seconds))
    still = is_steady(power_kw, span_steps=span, tolerance=_FLAT_SHARE * rated_kw)
    from_its_beginning = np.lib.stride_tricks.sliding_window_view(np.pad(still, (0, span - 1)), span)
    still = np.asarray(from_its_beginning.any(axis=1), bool)
    with np.errstate(invalid="ignore"):
        flat: Flags = still & (power_kw > 0.1 * rated_kw) & (power_kw < 0.98 * rated_kw)
        return flat & (possible_kw > (1 + _ABOVE_SHARE) * power_kw)

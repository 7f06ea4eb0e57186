"""Strings held against their peers: those of the same orientation and length under the same sky."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_closing, binary_erosion

from analytics.baselines.load_baseline import robust_deviation
from analytics.pv_inverter.performance import is_sunny
from analytics.window import Flags, FloatArray

BRIGHT_W_M2, BRIGHT_A = 200.0, 1.0
LEAST_PEERS = 3
_LEAST_DEVIATION = 0.001
"""What current sensors cannot tell apart."""
_CLOUD_SECONDS, _EDGE_SECONDS = 7200.0, 3600.0


def is_comparable(*, light_w_m2: FloatArray, currents_a: FloatArray, step_seconds: float) -> Flags:
    """Tell when strings can be held against each other: bright, and not in the first or last hour of the day.

    Parameters
    ----------
    light_w_m2 : ndarray, shape (n,)
        NaN throughout where it is not measured. [W/m²]
    currents_a : ndarray, shape (strings, n)
        [A]
    """
    middle = _median(currents_a)
    with np.errstate(invalid="ignore"):
        by_light, by_current = light_w_m2 > BRIGHT_W_M2, middle > BRIGHT_A
        up = np.where(np.isnan(light_w_m2), middle > 0.02 * BRIGHT_A, is_sunny(light_w_m2))
    if not up.any():
        return np.zeros(len(middle), bool)
    cloud, edge = (max(1, round(seconds / step_seconds)) for seconds in (_CLOUD_SECONDS, _EDGE_SECONDS))
    # A dark cloud does not end the day. Rows beyond the window count as day while closing, so that its edges stay as they are.
    day = binary_closing(np.pad(up, cloud, mode="edge"), np.ones(cloud + 1 - cloud % 2, bool))[cloud:-cloud]
    inner: Flags = binary_erosion(day | up, np.ones(2 * edge + 1, bool), border_value=1)
    return inner & (by_light | by_current) & (middle > 0.1 * BRIGHT_A)


def peer_currents(currents_a: FloatArray, groups: npt.NDArray[np.int64]) -> FloatArray:
    """Give for each string the median current of its group, itself included; NaN where fewer than three are known.

    Parameters
    ----------
    currents_a : ndarray, shape (strings, n)
        [A]
    groups : ndarray of int, shape (strings,)
        Strings of one number share orientation, number of modules and kind of tracker.

    Returns
    -------
    ndarray, shape (strings, n)
    """
    peers = np.full(currents_a.shape, np.nan)
    for group in np.unique(groups).tolist():
        members = groups == group
        of_group = currents_a[members]
        middle = _median(of_group)
        peers[members] = np.where((~np.isnan(of_group)).sum(axis=0) >= LEAST_PEERS, middle, np.nan)
    return peers


def peer_ratio(currents_a: FloatArray, peers_a: FloatArray) -> FloatArray:
    """Give each string's charge over that of its peers, shape (strings,), over the steps at which both are known; else NaN."""
    both = ~(np.isnan(currents_a) | np.isnan(peers_a))
    own = np.where(both, currents_a, 0.0).sum(axis=1)
    peers = np.where(both, peers_a, 0.0).sum(axis=1)
    ratio: FloatArray = np.divide(own, peers, out=np.full(len(own), np.nan), where=peers > 0)
    return ratio


def dispersion_percent(currents_a: FloatArray) -> FloatArray:
    """Give the dispersion 离散率 of all strings at each step: standard deviation over mean. [%]

    Parameters
    ----------
    currents_a : ndarray, shape (strings, n)

    Notes
    -----
    A convention of the Chinese trade, without a primary standard: 0 to 5 % stable, to 10 good, to 20 to be improved, above to be
    mended. It does not know mixed orientations; hold it beside the ratio to the peers.
    """
    count = (~np.isnan(currents_a)).sum(axis=0)
    filled = np.nan_to_num(currents_a)
    mean = np.divide(filled.sum(axis=0), count, out=np.full(len(count), np.nan), where=count >= LEAST_PEERS)
    square = np.where(np.isnan(currents_a), 0.0, np.square(currents_a - mean)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        some = (count >= LEAST_PEERS) & (mean > 0)
    share: FloatArray = np.full(len(count), np.nan)
    share[some] = 100 * np.sqrt(square[some] / count[some]) / mean[some]
    return share


def lost_share(currents_a: FloatArray, peers_a: FloatArray, *, below: float) -> FloatArray:
    """Give what strings whose ratio is below a limit would add to the sum of all, if they gave what their peers give; shape (n,).

    Parameters
    ----------
    below : float
        Ratio over the whole stretch, such as 0.97: what lies above is scatter of sound modules.
    """
    with np.errstate(invalid="ignore"):
        weak = peer_ratio(currents_a, peers_a) < below
    lack = np.maximum(np.nan_to_num(peers_a[weak] - currents_a[weak]), 0.0).sum(axis=0)
    total = np.nan_to_num(currents_a).sum(axis=0)
    share: FloatArray = np.divide(lack, total, out=np.full(len(total), np.nan), where=total > 0)
    return share


def robust_z(daily_ratios: FloatArray) -> FloatArray:
    """Give how far each string's newest daily ratio lies from the median of its days before, in deviations.

    Parameters
    ----------
    daily_ratios : ndarray, shape (strings, days)
        The newest day last; a week is usual.

    Returns
    -------
    ndarray, shape (strings,)
        NaN where fewer than three earlier days are known. The deviation is the median absolute one of all strings and days,
        since a week of one string is too short for its own.
    """
    earlier = daily_ratios[:, :-1]
    enough = (~np.isnan(earlier)).sum(axis=1) >= 3
    middle = np.full(len(daily_ratios), np.nan)
    middle[enough] = np.nanmedian(earlier[enough], axis=1)
    deviation = robust_deviation(earlier - middle[:, None])
    if np.isnan(deviation):
        return np.full(len(daily_ratios), np.nan)
    z: FloatArray = (daily_ratios[:, -1] - middle) / max(deviation, _LEAST_DEVIATION)
    return z


def _median(currents_a: FloatArray) -> FloatArray:
    if not np.isnan(currents_a).any():  # several times faster
        return np.asarray(np.median(currents_a, axis=0))
    some = ~np.isnan(currents_a).all(axis=0)
    middle = np.full(currents_a.shape[1], np.nan)
    middle[some] = np.nanmedian(currents_a[:, some], axis=0)
    return middle

"""Where the level of a signal changed for good."""

import numpy as np

from analytics.window import FloatArray

_TO_DEVIATION = 1.4826


def change_points(values: FloatArray, *, least_rows: int = 5, penalty_logs: float = 3.0) -> list[int]:
    """Cut a signal into stretches of one level each, by binary segmentation.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Independent noise about levels; rows with NaN are skipped.
    least_rows : int
        Shortest stretch.
    penalty_logs : float
        A cut must lower the squared error by this times ``ln n`` noise variances: 2 is the plain BIC, for a level and a place;
        3 the modified one, which finds none in noise alone.

    Returns
    -------
    list of int
        Rows at which a new level begins, in order.

    References
    ----------
    Scott and Knott 1974, Biometrics 30; Zhang and Siegmund 2007, Biometrics 63 (modified BIC).
    """
    rows = np.flatnonzero(~np.isnan(values))
    known = values[rows]
    if len(known) < 2 * least_rows:
        return []
    # From differences, in which levels hardly show.
    noise = _TO_DEVIATION * float(np.median(np.abs(np.diff(known)))) / np.sqrt(2)
    noise = max(noise, 1e-9 * float(np.abs(known).max()), np.finfo(float).tiny)
    least_gain = penalty_logs * np.log(len(known))
    found: list[int] = []
    open_stretches = [(0, len(known))]
    while open_stretches:
        first, last = open_stretches.pop()
        cut, gain = _best_cut(known[first:last] / noise, least_rows)
        if gain > least_gain:
            found.append(first + cut)
            open_stretches += [(first, first + cut), (first + cut, last)]
    return [int(rows[cut]) for cut in sorted(found)]


def _best_cut(values: FloatArray, least_rows: int) -> tuple[int, float]:
    """Give the cut that lowers the squared error most, and by how much."""
    n = len(values)
    if n < 2 * least_rows:
        return 0, 0.0
    cuts = np.arange(least_rows, n - least_rows + 1)
    sums = np.cumsum(values - values.mean())[cuts - 1]
    gains = np.square(sums) * n / (cuts * (n - cuts))
    best = int(gains.argmax())
    return int(cuts[best]), float(gains[best])

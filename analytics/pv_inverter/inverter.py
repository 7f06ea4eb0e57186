"""What an inverter's efficiency is over a year of part loads."""

from collections.abc import Mapping

import numpy as np

from analytics.window import FloatArray

EUROPEAN = {5: 0.03, 10: 0.06, 20: 0.13, 30: 0.10, 50: 0.48, 100: 0.20}
CALIFORNIAN = {10: 0.04, 20: 0.05, 30: 0.12, 50: 0.21, 75: 0.53, 100: 0.05}
"""Weights of loads in per cent of the rating: EN 50530:2010, and the protocol of the California Energy Commission, 2004."""


def weighted_efficiency(at_load: Mapping[int, float], weights: Mapping[int, float]) -> float:
    """Mean of efficiencies at loads, weighted.

    Raises
    ------
    ValueError
        If one of the loads is missing.
    """
    missing = sorted(set(weights) - set(at_load))
    if missing:
        raise ValueError(f"no efficiency at {', '.join(map(str, missing))} % load")
    return sum(weight * at_load[load] for load, weight in weights.items())


def efficiency_at_loads(
    *, dc_kw: FloatArray, ac_kw: FloatArray, rated_kw: float, half_width_percent: float = 2.5
) -> dict[int, float]:
    """Take the efficiency near each load that a weighting asks for, as energy over energy; loads that were not seen are left out.

    Parameters
    ----------
    dc_kw, ac_kw : ndarray, shape (n,)
        While the inverter works. [kW]
    rated_kw : float
        Of the alternating side. [kW]
    """
    load = 100 * ac_kw / rated_kw
    found: dict[int, float] = {}
    for wanted in sorted({*EUROPEAN, *CALIFORNIAN}):
        near = (np.abs(load - wanted) <= min(half_width_percent, wanted / 2)) & (dc_kw > 0)
        if np.count_nonzero(near) >= 3:
            found[wanted] = float(ac_kw[near].sum() / dc_kw[near].sum())
    return found

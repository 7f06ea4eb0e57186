"""Energy that a power curve gives in a year of Rayleigh winds (IEC 61400-12-1)."""

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

HOURS_A_YEAR = 8760.0


def rayleigh_share(speed_mps: npt.ArrayLike, *, mean_mps: float) -> FloatArray:
    """Share of time below a speed.

    Raises
    ------
    ValueError
        If the mean is not positive.

    References
    ----------
    IEC 61400-12-1:2017, 9.3: ``F(V) = 1 - exp(-pi/4 (V / V_ave)²)``.
    """
    if not mean_mps > 0:
        raise ValueError(f"a mean wind speed of {mean_mps} m/s")
    share: FloatArray = -np.expm1(-np.pi / 4 * (np.asarray(speed_mps, float) / mean_mps) ** 2)
    return share


def annual_energy_mwh(
    *,
    speed_mps: npt.ArrayLike,
    power_kw: npt.ArrayLike,
    mean_mps: float,
    first_step_mps: float = 0.5,
    to_mps: float | None = None,
) -> float:
    """Energy of a year at full availability. [MWh]

    Parameters
    ----------
    speed_mps, power_kw : array_like, shape (bins,)
        The curve, in the order of speed; nothing is fed in ``first_step_mps`` below its first bin.
    to_mps : float, optional
        The extrapolated form: the last bin's power is held up to here, the cut-out speed. Otherwise the curve ends where it was
        measured.

    Raises
    ------
    ValueError
        If the curve is empty or not in the order of speed.

    References
    ----------
    IEC 61400-12-1:2017, 9.3: ``N_h Σ (F(V_i) - F(V_{i-1})) (P_{i-1} + P_i) / 2``.
    """
    return float(_weights_hours(speed_mps, mean_mps, first_step_mps, to_mps) @ np.asarray(power_kw, float)) / 1000


def annual_energy_uncertainty_mwh(
    *,
    speed_mps: npt.ArrayLike,
    random_kw: npt.ArrayLike,
    systematic_kw: npt.ArrayLike,
    mean_mps: float,
    first_step_mps: float = 0.5,
    to_mps: float | None = None,
) -> float:
    """Standard uncertainty of that energy: random parts are independent from bin to bin, systematic ones go together. [MWh]

    References
    ----------
    IEC 61400-12-1, annexes on the uncertainty of annual energy production.
    """
    hours = _weights_hours(speed_mps, mean_mps, first_step_mps, to_mps)
    by_chance = np.sqrt(np.sum((hours * np.asarray(random_kw, float)) ** 2))
    together = hours @ np.asarray(systematic_kw, float)
    return float(np.hypot(by_chance, together)) / 1000


def _weights_hours(speed_mps: npt.ArrayLike, mean_mps: float, first_step_mps: float, to_mps: float | None) -> FloatArray:
    """Hours of the year for which each bin's power counts."""
    speed = np.asarray(speed_mps, float)
    if not len(speed) or not (np.diff(speed) > 0).all():
        raise ValueError("a power curve needs bins in the order of speed")
    edges = rayleigh_share(np.concatenate([[speed[0] - first_step_mps], speed]), mean_mps=mean_mps)
    shares = np.diff(edges)
    weights: FloatArray = shares / 2
    weights[:-1] += shares[1:] / 2
    if to_mps is not None and to_mps > speed[-1]:
        weights[-1] += float(rayleigh_share(to_mps, mean_mps=mean_mps)) - edges[-1]
    return HOURS_A_YEAR * weights

"""Lines that an uneven air gap leaves in a motor's current."""

import numpy as np
from numpy.typing import NDArray

from analytics.current_signature.line_spectrum import LineSpectrum

FloatArray = NDArray[np.float64]


def slot_lines_hz(
    *,
    supply_hz: float,
    slip: float,
    pole_pairs: int,
    rotor_bars: int,
    turning_order: int,
    supply_orders: tuple[int, ...] = (1, 3),
) -> FloatArray:
    """Principal slot harmonics of an eccentric rotor: ``f [(R ± n_d)(1 - s) / p ± ν]``.

    Parameters
    ----------
    supply_hz, slip : float
        Supply frequency [Hz] and slip [1].
    rotor_bars : int
        R, from the maker.
    turning_order : int
        ``n_d``: 0 for a static eccentricity, where the narrowest gap stands; 1 for a dynamic one, where it turns.
    supply_orders : tuple of int
        ``ν``: odd harmonics of the supply.

    Returns
    -------
    ndarray, shape (lines,)
        Positive frequencies, rising. [Hz]

    Raises
    ------
    ValueError
        If there are no bars or poles.

    References
    ----------
    S. Nandi, H. A. Toliyat and X. Li, "Condition monitoring and fault diagnosis of electrical motors - a review", IEEE Trans.
    Energy Convers. 20 (2005), doi:10.1109/TEC.2005.847955, equation (5).
    """
    if rotor_bars < 1 or pole_pairs < 1 or turning_order < 0:
        raise ValueError(f"no slot lines of {rotor_bars} bars, {pole_pairs} pole pairs and order {turning_order}")
    lines = {
        round(supply_hz * ((rotor_bars + turn * turning_order) * (1 - slip) / pole_pairs + side * order), 9)
        for turn in (-1, 1)
        for side in (-1, 1)
        for order in supply_orders
    }
    return np.array(sorted(line for line in lines if line > 0))


def turning_lines_hz(*, supply_hz: float, slip: float, pole_pairs: int, orders: int = 2) -> FloatArray:
    """Lines of a mixed eccentricity, which need no number of bars: ``f ± k f_r`` with the shaft's ``f_r = f (1 - s) / p``. [Hz]

    References
    ----------
    The same review, equation (6).
    """
    turns_hz = supply_hz * (1 - slip) / pole_pairs
    lines = np.array([supply_hz + side * k * turns_hz for k in range(1, orders + 1) for side in (-1, 1)])
    return np.sort(np.abs(lines))


def line_levels_db(spectrum: LineSpectrum, lines_hz: FloatArray, *, supply_a: float) -> FloatArray:
    """How far lines stand below the supply's, each the highest within two lines of its place; NaN beyond the spectrum. [dB]"""
    reach_hz = 2 * spectrum.resolution_hz
    top_hz = spectrum.step_hz * (len(spectrum.amplitudes) - 1)
    return np.array(
        [
            -20 * np.log10(spectrum.highest(line - reach_hz, line + reach_hz)[1] / supply_a)
            if line + reach_hz < top_hz
            else np.nan
            for line in lines_hz.tolist()
        ]
    )

"""Heat in the winding of a motor: how it follows the losses, what it costs of the life of the insulation, and how good that is.

Clauses of IEC 60255-149 and IEEE 43 are named from memory.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm
from scipy.signal import lfilter

from analytics.window import FloatArray

InsulationClass = Literal["B", "F", "H"]
CLASS_CELSIUS = {"B": 130.0, "F": 155.0, "H": 180.0}
"""Temperature at which a class has its rated life (IEC 60085:2007, table 1)."""
HALVING_KELVIN = 10.0
LEAST_POLARISATION_INDEX = 2.0
"""Of classes B, F and H (IEEE 43-2013, table 4)."""


def two_node_celsius(
    losses_kw: npt.ArrayLike,
    *,
    air_celsius: float,
    winding_kj_per_k: float,
    frame_kj_per_k: float,
    winding_to_frame_kw_per_k: float,
    frame_to_air_kw_per_k: float,
    step_seconds: float,
) -> tuple[FloatArray, FloatArray]:
    """Temperatures of winding and frame at the end of each step of constant losses in the winding, from cold.

    Parameters
    ----------
    losses_kw : array_like, shape (n,)
    air_celsius : float
        The same throughout; both nodes begin with it.

    Returns
    -------
    winding, frame : ndarray, shape (n,)
        [°C]

    Raises
    ------
    ValueError
        If a capacity or conductance is not positive.

    References
    ----------
    Two thermal capacities in series, solved exactly for each step (matrix exponential).
    """
    if min(winding_kj_per_k, frame_kj_per_k, winding_to_frame_kw_per_k, frame_to_air_kw_per_k) <= 0:
        raise ValueError("capacities and conductances are positive")
    inner, outer = winding_to_frame_kw_per_k, frame_to_air_kw_per_k
    matrix = np.array(
        [
            [-inner / winding_kj_per_k, inner / winding_kj_per_k],
            [inner / frame_kj_per_k, -(inner + outer) / frame_kj_per_k],
        ]
    )
    # Both own values are real and differ, so that each mode is a first-order filter.
    values, vectors = np.linalg.eig(expm(matrix * step_seconds))
    gains = np.linalg.solve(matrix @ vectors, np.array([1 / winding_kj_per_k, 0.0])) * (values - 1)
    losses = np.asarray(losses_kw, float)
    modes = np.array([lfilter([gain], [1, -value], losses) for gain, value in zip(gains, values, strict=True)])
    winding, frame = vectors @ modes + air_celsius
    return winding, frame


def ageing_rate(winding_celsius: npt.ArrayLike, insulation_class: InsulationClass) -> FloatArray:
    """How many hours of rated life an hour takes: 1 at the class's temperature, doubled by each 10 K more.

    References
    ----------
    V. M. Montsinger, Trans. AIEE 49 (1930); the halving interval is 8 to 12 K by material.
    """
    rate: FloatArray = 2 ** ((np.asarray(winding_celsius, float) - CLASS_CELSIUS[insulation_class]) / HALVING_KELVIN)
    return rate


def thermal_state(current_share: npt.ArrayLike, *, time_constant_seconds: float, step_seconds: float) -> FloatArray:
    """Thermal state by I²t: the share of the heat that the rated current leads to for good; NaN where no current is known.

    Parameters
    ----------
    current_share : array_like, shape (n,)
        Current over the rated one. It is taken to have been for long what it is at first.

    References
    ----------
    IEC 60255-149:2013, 4.4: ``θ' = ((I / I_N)² - θ) / τ``.
    """
    squares = np.asarray(current_share, float) ** 2
    known = ~np.isnan(squares)
    if not known.any():
        return np.full(len(squares), np.nan)
    # In a gap the newest known current goes on.
    newest = np.maximum.accumulate(np.where(known, np.arange(len(squares)), np.argmax(known)))
    filled = squares[newest]
    kept = np.exp(-step_seconds / time_constant_seconds)
    state: FloatArray = lfilter([1 - kept], [1, -kept], filled, zi=[filled[0] * kept])[0]
    return np.where(known, state, np.nan)


def seconds_to_trip(*, current_share: float, state: float, time_constant_seconds: float, trip_state: float = 1.0) -> float:
    """Time until the thermal state reaches the trip at a constant current; infinite where it never does. [s]

    References
    ----------
    IEC 60255-149:2013, 4.4: ``t = τ ln[((I / I_N)² - θ) / ((I / I_N)² - θ_trip)]``.
    """
    square = current_share**2
    if state >= trip_state:
        return 0.0
    if square <= trip_state:
        return float("inf")
    return float(time_constant_seconds * np.log((square - state) / (square - trip_state)))


def least_insulation_megaohm(*, rated_kv: float, winding: Literal["random", "form", "before_1970"]) -> float:
    """Least insulation resistance at 40 °C after one minute. [MΩ]

    References
    ----------
    IEEE 43-2013, table 3: 5 MΩ random-wound and below 1 kV, 100 MΩ form-wound since 1970, ``kV + 1`` before.
    """
    if winding == "before_1970":
        return rated_kv + 1
    return 5.0 if winding == "random" else 100.0


def insulation_at_40_celsius(megaohm: npt.ArrayLike, winding_celsius: npt.ArrayLike) -> FloatArray:
    """Insulation resistance as it would be at 40 °C: it halves with each 10 K. [MΩ]

    References
    ----------
    IEEE 43-2013, 6.3: ``R40 = 0.5^((40 - T) / 10) · R``.
    """
    corrected: FloatArray = np.asarray(megaohm, float) * 0.5 ** ((40 - np.asarray(winding_celsius, float)) / 10)
    return corrected


def is_insulation_dry(*, megaohm_after_1_minute: float, megaohm_after_10_minutes: float) -> bool | None:
    """Judge by the polarisation index; None above 5 GΩ after a minute, where it means nothing.

    References
    ----------
    IEEE 43-2013, 12.2.
    """
    if megaohm_after_1_minute > 5000:
        return None
    return megaohm_after_10_minutes / megaohm_after_1_minute >= LEAST_POLARISATION_INDEX

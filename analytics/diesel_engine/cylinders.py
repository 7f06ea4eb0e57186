"""Cylinders beside each other: the others tell what one of them should read, at any load and in any weather."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray


class Band(IntEnum):
    """How far a reading is from what it should be at this load (trial curves; bands as in performance reports of ships)."""

    UNKNOWN = -1
    GREEN = 0
    """Within 5 %."""
    YELLOW = 1
    """Within 10 %."""
    RED = 2


def band_of(measured: npt.ArrayLike, expected: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Give the `Band` of each reading."""
    reading, curve = np.broadcast_arrays(np.asarray(measured, float), np.asarray(expected, float))
    known = ~(np.isnan(reading) | np.isnan(curve)) & (curve != 0)
    away = np.abs(np.divide(reading - curve, curve, out=np.full(reading.shape, np.nan), where=known))
    with np.errstate(invalid="ignore"):
        bands = np.select([~known, away <= 0.05, away <= 0.10], [Band.UNKNOWN, Band.GREEN, Band.YELLOW], Band.RED)
    return np.asarray(bands, np.int64)


def learned_shares(values: FloatArray) -> FloatArray:
    """Learn what each cylinder reads over the middle one, while healthy.

    Parameters
    ----------
    values : ndarray, shape (cylinders, n)
        At steady load; what is unknown is left out.

    Returns
    -------
    ndarray, shape (cylinders,)
        NaN of a cylinder that is never known together with most of the others.

    Notes
    -----
    Cylinders read differently for ever (their pipes, the places of their sensors), nearly by the same share at every load. The
    middle of all of them is not moved by the one that fails.
    """
    return middle_of_known(values / _middle(values), axis=1)


def deviations(values: FloatArray, shares: FloatArray) -> FloatArray:
    """Give what each cylinder reads less what the others and its learned share let expect.

    Parameters
    ----------
    values : ndarray, shape (cylinders, n)
    shares : ndarray, shape (cylinders,)
        Of `learned_shares`.

    Returns
    -------
    ndarray, shape (cylinders, n)
        In the values' unit.
    """
    corrected = values / shares[:, None]
    return np.asarray(corrected - _middle(corrected), np.float64)


class Separation(NamedTuple):
    """Combustion and compression apart, for each cylinder in percent of the others."""

    compression_percent: FloatArray
    """What rings and valves hold."""
    rise_percent: FloatArray
    """What burning adds: ``p_max - p_comp``. A bad injector lowers it alone; a leak lowers both."""


def separate(
    *, maximum_bar: FloatArray, compression_bar: FloatArray, compression_shares: FloatArray, rise_shares: FloatArray
) -> Separation:
    """Tell faults of compression from faults of combustion.

    Parameters
    ----------
    maximum_bar, compression_bar : ndarray, shape (cylinders, n)
    compression_shares, rise_shares : ndarray, shape (cylinders,)
        Of `learned_shares`, of ``p_comp`` and of ``p_max - p_comp``.
    """
    rise = maximum_bar - compression_bar
    return Separation(
        100 * deviations(compression_bar, compression_shares) / _middle(compression_bar),
        100 * deviations(rise, rise_shares) / _middle(rise),
    )


def half_order_ripple(angular_speed: npt.ArrayLike, *, cycles: int) -> tuple[float, float]:
    """Amplitude and phase of a four-stroke engine's speed at half its rotation: what one odd cylinder does.

    Parameters
    ----------
    angular_speed : array_like, shape (n,)
        Evenly over crank angle, through whole working cycles of two revolutions each.
    cycles : int
        How many working cycles the record holds.

    Returns
    -------
    amplitude, degrees
        In the record's unit, and where in the working cycle of 720 degrees the speed is highest.

    Raises
    ------
    ValueError
        If the record is too short for its cycles.
    """
    record = np.asarray(angular_speed, float)
    if cycles < 1 or len(record) < 8 * cycles:
        raise ValueError(f"{len(record)} samples for {cycles} cycles")
    line = np.fft.rfft(record)[cycles] * 2 / len(record)
    return float(np.abs(line)), float(np.degrees(-np.angle(line)) % 360 * 2)


def middle_of_known(values: FloatArray, *, axis: int) -> FloatArray:
    """Median of what is known; NaN where nothing is (and no warning, unlike numpy's)."""
    ordered = np.sort(values, axis=axis)  # NaN come last
    count = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, values.shape[axis] - 1)
    both = (np.take_along_axis(ordered, low, axis) + np.take_along_axis(ordered, high, axis)) / 2
    return np.asarray(np.squeeze(both, axis), np.float64)


def _middle(values: FloatArray) -> FloatArray:
    """Median over cylinders, where at least three are known; NaN where it is not positive, of which nothing is a share."""
    middle = middle_of_known(values, axis=0)
    enough = (~np.isnan(values)).sum(axis=0) >= min(3, len(values))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(enough & (middle > 0), middle, np.nan), np.float64)

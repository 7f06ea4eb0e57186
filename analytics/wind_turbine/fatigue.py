"""Load cycles and what they wear: rainflow counting, damage-equivalent ranges and Miner's sum.

Made of an acceleration or of an operating signal they are proxies: compare turbines and years, take no life from them.
"""

from math import gamma
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray


class Cycles(NamedTuple):
    """Counted cycles; arrays of shape (cycles,)."""

    ranges: FloatArray
    """From valley to peak, in the signal's unit."""
    means: FloatArray
    counts: FloatArray
    """1 of a whole cycle, 0.5 of a half one."""


def turning_points(values: npt.ArrayLike) -> FloatArray:
    """Peaks and valleys with both ends, of what is known."""
    known: FloatArray = np.asarray(values, float)
    known = known[~np.isnan(known)]
    known = known[np.flatnonzero(np.concatenate([[True], np.diff(known) != 0]))] if len(known) else known
    if len(known) < 3:
        return known
    turns = np.diff(np.sign(np.diff(known))) != 0
    points: FloatArray = known[np.concatenate([[True], turns, [True]])]
    return points


def rainflow(values: npt.ArrayLike) -> Cycles:
    """Count the cycles of a signal, shape (n,); NaN are passed over.

    References
    ----------
    ASTM E1049-85 (2017), 5.4.4. A range no larger than both its neighbours is a whole cycle and is taken out, in whichever order;
    what is left in the end counts as half cycles. All ranges of a pass that are no neighbours go at once.
    """
    points = turning_points(values)
    found: list[tuple[FloatArray, FloatArray]] = []
    while len(points) > 3:
        ranges = np.abs(np.diff(points))
        is_inner = np.zeros(len(ranges), bool)
        is_inner[1:-1] = (ranges[1:-1] <= ranges[:-2]) & (ranges[1:-1] <= ranges[2:])
        # Of neighbours, which are equal ranges, every other one can go.
        place = np.arange(len(ranges))
        run = place - np.maximum.accumulate(np.where(is_inner, -1, place))
        taken = np.flatnonzero(is_inner & (run % 2 == 1))
        if not len(taken):
            break
        found.append((ranges[taken], (points[taken] + points[taken + 1]) / 2))
        points = np.delete(points, np.concatenate([taken, taken + 1]))
    halves = (np.abs(np.diff(points)), (points[:-1] + points[1:]) / 2)
    whole = sum(len(ranges) for ranges, _ in found)
    return Cycles(
        ranges=np.concatenate([*(ranges for ranges, _ in found), halves[0]]),
        means=np.concatenate([*(means for _, means in found), halves[1]]),
        counts=np.concatenate([np.ones(whole), np.full(len(halves[0]), 0.5)]),
    )


def damage_equivalent_range(cycles: Cycles, *, exponent: float, equivalent_cycles: float) -> float:
    """Range that does the same damage in ``equivalent_cycles`` cycles, in the signal's unit.

    Parameters
    ----------
    exponent : float
        Slope of the S-N line: 3 to 4 for welded steel, 10 for glass fibre.

    Raises
    ------
    ValueError
        If the exponent or the number of cycles is not positive.

    References
    ----------
    ``(Σ n_k S_k^m / N_eq)^(1/m)``; IEC TS 61400-13.
    """
    if not (exponent > 0 and equivalent_cycles > 0):
        raise ValueError(f"an exponent of {exponent} over {equivalent_cycles} cycles")
    return float((cycles.counts @ cycles.ranges**exponent / equivalent_cycles) ** (1 / exponent))


def miner_sum(cycles: Cycles, *, exponent: float, range_at_a_million: float) -> float:
    """Share of life used: 1 is the end of it.

    Parameters
    ----------
    range_at_a_million : float
        Range that the part bears a million times, in the signal's unit.

    Raises
    ------
    ValueError
        If the exponent or the range is not positive.

    References
    ----------
    Palmgren and Miner, ``Σ n_k / N_k`` with ``N_k = 10^6 (S_ref / S_k)^m``.
    """
    if not (exponent > 0 and range_at_a_million > 0):
        raise ValueError(f"a slope of {exponent} at {range_at_a_million}")
    return float(cycles.counts @ (cycles.ranges / range_at_a_million) ** exponent) / 1e6


def narrow_band_equivalent_range(rms: npt.ArrayLike, *, exponent: float) -> float:
    """Damage-equivalent range of a structure that swings at its own frequency, from rms values over time; NaN of none.

    Each rms value stands for as many cycles as any other, whose amplitudes are distributed as Rayleigh's; the range is that of
    equal cycles in the same number.

    Parameters
    ----------
    rms : array_like, shape (n,)
        NaN are passed over.

    References
    ----------
    Bendat 1964, NASA CR-33: ``E[S^m] = (2 sqrt(2) sigma)^m Gamma(1 + m/2)`` of a narrow-band normal process.
    """
    if not exponent > 0:
        raise ValueError(f"an exponent of {exponent}")
    known = np.asarray(rms, float)
    known = known[~np.isnan(known)]
    if not len(known):
        return float("nan")
    return float((np.mean((2 * np.sqrt(2) * known) ** exponent) * gamma(1 + exponent / 2)) ** (1 / exponent))

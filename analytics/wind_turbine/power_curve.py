"""A power curve by the method of bins, with its uncertainty, and whether there is enough of it (IEC 61400-12-1).

A curve over the nacelle's own anemometer, without a transfer function to the free wind, serves for comparison with the same
turbine at other times; it is no proof of a warranty.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.window import FloatArray

BIN_MPS = 0.5
LEAST_RECORDS = 3
"""Of ten minutes, in each bin."""
LEAST_HOURS = 180.0


class BinnedCurve(NamedTuple):
    """Bins with enough records, in the order of speed; arrays of shape (bins,)."""

    centre_mps: FloatArray
    speed_mps: FloatArray
    """Mean of the bin's records, at the standard density."""
    power_kw: FloatArray
    records: npt.NDArray[np.int64]
    deviation_kw: FloatArray
    """Standard deviation of the power of the bin's records; NaN of a single one."""


class Accuracy(NamedTuple):
    """Standard uncertainties of what is measured, those of kind B."""

    power_kw: float
    speed_mps: float
    temperature_celsius: float
    pressure_kpa: float


class Completeness(NamedTuple):
    """What a curve lacks of the standard's data base."""

    is_complete: bool
    hours: float
    from_mps: float
    to_mps: float
    """The range that must be filled: cut-in less 1 m/s to 1.5 times the speed at 85 % of rated power."""
    missing_mps: tuple[float, ...]
    """Centres of bins of that range without enough records."""


def method_of_bins(
    *, speed_mps: npt.ArrayLike, power_kw: npt.ArrayLike, bin_mps: float = BIN_MPS, least_records: int = LEAST_RECORDS
) -> BinnedCurve:
    """Average records over bins of speed that are centred on multiples of their width.

    Parameters
    ----------
    speed_mps, power_kw : array_like, shape (n,)
        Ten-minute means at the standard density, of normal operation; records with a NaN are left out.

    Raises
    ------
    ValueError
        If the bins have no width, or need no record.

    References
    ----------
    IEC 61400-12-1:2017, 9.2.
    """
    if not bin_mps > 0 or least_records < 1:
        raise ValueError(f"bins of {bin_mps} m/s with {least_records} records")
    speed, power = np.asarray(speed_mps, float), np.asarray(power_kw, float)
    known = ~(np.isnan(speed) | np.isnan(power))
    speed, power = speed[known], power[known]
    # A speed between two bins belongs to the upper one.
    numbers, place = np.unique(np.floor(speed / bin_mps + 0.5).astype(np.int64), return_inverse=True)
    records = np.bincount(place, minlength=len(numbers))
    mean_speed = np.bincount(place, weights=speed, minlength=len(numbers)) / np.maximum(records, 1)
    mean_power = np.bincount(place, weights=power, minlength=len(numbers)) / np.maximum(records, 1)
    squares = np.bincount(place, weights=(power - mean_power[place]) ** 2, minlength=len(numbers))
    spread = np.sqrt(np.divide(squares, records - 1, out=np.full(len(numbers), np.nan), where=records > 1))
    kept = records >= least_records
    return BinnedCurve(numbers[kept] * bin_mps, mean_speed[kept], mean_power[kept], records[kept].astype(np.int64), spread[kept])


def power_uncertainty_kw(curve: BinnedCurve, accuracy: Accuracy) -> FloatArray:
    """Standard uncertainty of each bin's power, kinds A and B together, shape (bins,); NaN of a bin with one record. [kW]

    References
    ----------
    IEC 61400-12-1, annexes on the uncertainty of power performance: ``u² = s² + u_P² + (c_V u_V)² + (c_T u_T)² + (c_B u_B)²``,
    ``s = sigma / sqrt(N)``, sensitivities ``c_V = |dP/dV|``, ``c_T = P / 288.15 K``, ``c_B = P / 101.325 kPa``.
    """
    of_mean = curve.deviation_kw / np.sqrt(curve.records)
    slope = np.abs(np.gradient(curve.power_kw, curve.speed_mps)) if len(curve.power_kw) > 1 else np.full(len(of_mean), np.nan)
    by_temperature = curve.power_kw / 288.15 * accuracy.temperature_celsius
    by_pressure = curve.power_kw / 101.325 * accuracy.pressure_kpa
    squared = of_mean**2 + accuracy.power_kw**2 + (slope * accuracy.speed_mps) ** 2 + by_temperature**2 + by_pressure**2
    together: FloatArray = np.sqrt(squared)
    return together


def completeness(
    curve: BinnedCurve, *, rated_kw: float, cut_in_mps: float, bin_mps: float = BIN_MPS, record_seconds: float = 600.0
) -> Completeness:
    """Hold a curve against the data base that the standard asks for: `LEAST_HOURS`, and no bin missing in its range.

    References
    ----------
    IEC 61400-12-1:2017, 8.6: from 1 m/s below cut-in to 1.5 times the speed at 85 % of rated power.
    """
    hours = float(curve.records.sum()) * record_seconds / 3600
    reaches = np.flatnonzero(curve.power_kw >= 0.85 * rated_kw)
    if not len(reaches):
        return Completeness(False, hours, cut_in_mps - 1, float("nan"), ())
    at = int(reaches[0])
    near = slice(max(at - 1, 0), at + 1)
    to_mps = 1.5 * float(np.interp(0.85 * rated_kw, curve.power_kw[near], curve.speed_mps[near]))
    wanted = np.arange(np.ceil((cut_in_mps - 1) / bin_mps), np.floor(to_mps / bin_mps) + 1) * bin_mps
    missing = tuple(float(centre) for centre in wanted if not np.isclose(curve.centre_mps, centre).any())
    return Completeness(hours >= LEAST_HOURS and not missing, hours, cut_in_mps - 1, to_mps, missing)

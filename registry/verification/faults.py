"""Names what happened to values on their way, from the rows of one point on both sides. Pure functions.

A fault is named only where it explains every difference: all times are off by the same whole number of quarter hours, all values
by the same factor, all missing rows fill clock hours. What nothing explains is ``different_rows`` or ``different_values``.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
_QUARTER_US, _HOUR_US = 900_000_000, 3_600_000_000
MOST_SHIFT_QUARTERS = 56
"""Fourteen hours: the farthest that a zone is from UTC."""
_EXPLAINED = 0.95
"""Share of rows that a shift must bring into place: those at the edge of what was read may be missing."""


class Rows(NamedTuple):
    """Rows of one point, in the order of time; NaN where there is no value."""

    times_us: Times
    values: Values

    def between(self, start_us: int, end_us: int) -> "Rows":
        inside = (self.times_us >= start_us) & (self.times_us < end_us)
        return Rows(self.times_us[inside], self.values[inside])


class Fault(NamedTuple):
    """What is wrong: a name, and its figures."""

    name: str
    """``duplicates``, ``time_zone_shift``, ``missing_hour``, ``late_rows``, ``extra_rows``, ``unit_scaling``, ``values_missing``,
    ``swapped_columns``, ``within_tolerance``, ``different_values`` or ``different_rows``."""
    figures: Mapping[str, float | str]


class Difference(NamedTuple):
    """One row that differs; None where a side has none, NaN where it has a row without a value."""

    time_us: int
    source: float | None
    target: float | None


def recognise(source: Rows, target: Rows, *, start_us: int, end_us: int, tolerance: float = 0.0) -> Fault:
    """Tell what makes the rows of ``[start_us, end_us)`` differ.

    Parameters
    ----------
    target : Rows
        Of the window and, on either side, of the longest shift that is looked for.
    tolerance : float
        Relative difference up to which values are the same; 0 asks for the same bits.
    """
    here = target.between(start_us, end_us)
    times, counts = np.unique(here.times_us, return_counts=True)
    if (extra := int(counts.sum() - len(times))) and extra > len(source.times_us) - len(np.unique(source.times_us)):
        return Fault("duplicates", {"rows": extra})
    if len(here.times_us) == len(source.times_us) and np.array_equal(here.times_us, source.times_us):
        return _value_fault(source.values, here.values, tolerance)
    shift = _shift(source, target, here)
    if shift is not None:
        return Fault("time_zone_shift", {"hours": shift / _HOUR_US})
    return _row_fault(source, here, tolerance)


def swapped(source: Mapping[str, str], target: Mapping[str, str]) -> list[tuple[str, str]]:
    """Find pairs of points whose digests have changed places.

    Parameters
    ----------
    source, target : mapping
        Of one machine and day, the digest of each point.
    """
    unequal = sorted(name for name in source.keys() & target.keys() if source[name] != target[name])
    return [
        (one, other)
        for place, one in enumerate(unequal)
        for other in unequal[place + 1 :]
        if source[one] == target[other] and source[other] == target[one]
    ]


def differences(source: Rows, target: Rows, *, tolerance: float, most: int) -> list[Difference]:
    """Give the first rows that differ; of several rows of one time each is compared with the one at its place."""
    found: list[Difference] = []
    at_source = at_target = 0
    while len(found) < most and (at_source < len(source.times_us) or at_target < len(target.times_us)):
        time_source = source.times_us[at_source] if at_source < len(source.times_us) else np.iinfo(np.int64).max
        time_target = target.times_us[at_target] if at_target < len(target.times_us) else np.iinfo(np.int64).max
        if time_source == time_target:
            one, other = source.values[at_source], target.values[at_target]
            if not _same(np.array([one]), np.array([other]), tolerance)[0]:
                found.append(Difference(int(time_source), float(one), float(other)))
            at_source, at_target = at_source + 1, at_target + 1
        elif time_source < time_target:
            found.append(Difference(int(time_source), float(source.values[at_source]), None))
            at_source += 1
        else:
            found.append(Difference(int(time_target), None, float(target.values[at_target])))
            at_target += 1
    return found


def _same(one: Values, other: Values, tolerance: float) -> npt.NDArray[np.bool_]:
    both_none = np.isnan(one) & np.isnan(other)
    if not tolerance:
        same: npt.NDArray[np.bool_] = (one.view(np.int64) == other.view(np.int64)) | both_none
        return same
    with np.errstate(invalid="ignore"):
        close: npt.NDArray[np.bool_] = np.abs(one - other) <= tolerance * np.maximum(np.abs(one), np.abs(other))
    return close | both_none


def _row_fault(source: Rows, here: Rows, tolerance: float) -> Fault:
    """Tell which rows are missing or too many where those of the same time are the same."""
    missing = ~np.isin(source.times_us, here.times_us)
    surplus = ~np.isin(here.times_us, source.times_us)
    common = _same(source.values[~missing], here.values[~surplus], tolerance)
    if len(common) and not common.all():
        return Fault(
            "different_rows", {"missing": int(missing.sum()), "surplus": int(surplus.sum()), "changed": int((~common).sum())}
        )
    if surplus.any():
        return Fault("extra_rows", {"rows": int(surplus.sum()), "missing": int(missing.sum())})
    hours = np.unique(source.times_us[missing] // _HOUR_US)
    in_these = np.isin(source.times_us // _HOUR_US, hours)
    if missing[in_these].all() and len(hours) and len(np.unique(source.times_us // _HOUR_US)) > len(hours):
        return Fault("missing_hour", {"hours": len(hours), "rows": int(missing.sum()), "first_us": str(int(hours[0] * _HOUR_US))})
    return Fault("late_rows", {"rows": int(missing.sum())})


def _value_fault(source: Values, target: Values, tolerance: float) -> Fault:
    """Tell what is wrong with values of the same times."""
    changed = ~_same(source, target, tolerance)
    if not changed.any():
        return Fault("within_tolerance", {"tolerance": tolerance})
    if (np.isnan(source) != np.isnan(target)).any():
        lost = int((np.isnan(target) & ~np.isnan(source)).sum())
        return Fault("values_missing", {"rows": lost, "surplus": int((np.isnan(source) & ~np.isnan(target)).sum())})
    known = ~np.isnan(source)
    one, other = source[known], target[known]
    spread = float(np.ptp(one))
    factor = float(np.ptp(other)) / spread if spread > 0 else 0.0
    if len(np.unique(one)) >= 3:
        slope, offset = np.polyfit(one - one.mean(), other, 1) if spread > 0 else (0.0, 0.0)
        offset -= slope * one.mean()
        miss = np.abs(slope * one + offset - other).max()
        # float32 keeps seven digits; whatever is off by more is no change of unit.
        if factor > 0 and miss <= 2e-6 * max(float(np.abs(other).max()), 1e-300):
            exact_offset = 0.0 if abs(offset) <= 1e-5 * float(np.abs(other).max()) else float(offset)
            return Fault("unit_scaling", {"factor": float(f"{slope:.6g}"), "offset": float(f"{exact_offset:.6g}")})
    return Fault("different_values", {"rows": int(changed.sum()), "of": len(source)})


def _shift(source: Rows, target: Rows, here: Rows) -> int | None:
    """Find by how much all times are off; values that fit where they are speak against it."""
    if len(source.times_us) < 3:
        return None
    in_place = _share_found(source, here, 0)
    if in_place >= 0.5:
        return None
    best_share, best_shift = 0.0, 0
    for quarters in range(-MOST_SHIFT_QUARTERS, MOST_SHIFT_QUARTERS + 1):
        share = _share_found(source, target, quarters * _QUARTER_US) if quarters else 0.0
        if share > best_share:
            best_share, best_shift = share, quarters * _QUARTER_US
    return best_shift if best_share >= _EXPLAINED else None


def _share_found(source: Rows, target: Rows, shift_us: int) -> float:
    """Share of the source's rows that the target has, with the same value, so much later."""
    places = np.searchsorted(target.times_us, source.times_us + shift_us)
    inside = places < len(target.times_us)
    places = np.minimum(places, max(len(target.times_us) - 1, 0))
    if not len(target.times_us):
        return 0.0
    hit = inside & (target.times_us[places] == source.times_us + shift_us) & _same(source.values, target.values[places], 0.0)
    return float(hit.mean())

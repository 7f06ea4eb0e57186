"""The clean ship's power over speed at each loading: the reference of ISO 19030, learned after docking.

ISO 19030-2 takes the curves of model tests or trials; ISO 19030-3 allows for others. Here the level is what the ship showed in
her first weeks, and how power rises with speed comes from Holtrop and Mennen, or from the third power where dimensions are not
known.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from analytics.ship.holtrop import Hull, resistance_kn
from analytics.ship.hull_performance import daily_means, independent_count
from analytics.ship.waves_and_wind import KNOT_M_PER_S
from analytics.window import Flags, FloatArray

LOADING_SHARE = 0.05
"""A curve holds for draughts within this share of its own, as in the standard for displacements."""
_SPEEDS_KN = np.arange(3.0, 26.01, 0.5)
_LEAST_DAYS = 2


class MainDimensions(NamedTuple):
    """Off the ship's papers."""

    length_m: float
    breadth_m: float
    block_coefficient: float


class Condition(NamedTuple):
    """A curve of power over speed at one loading."""

    draught_m: float
    speed_kn: FloatArray
    power_kw: FloatArray
    """Rising with the speed."""
    level_error: float
    """Standard deviation of its level, as a share of the power."""

    def holds(self, draught_m: FloatArray) -> Flags:
        with np.errstate(invalid="ignore"):
            inside: Flags = np.abs(draught_m / self.draught_m - 1) <= LOADING_SHARE
        return inside


class ReferenceCurves(NamedTuple):
    """The clean ship, at each loading that was seen."""

    conditions: tuple[Condition, ...]

    @classmethod
    def learn(
        cls,
        *,
        days: FloatArray,
        speed_kn: FloatArray,
        power_kw: FloatArray,
        draught_m: FloatArray,
        dimensions: MainDimensions | None,
    ) -> Self:
        """Learn the level of each loading; how power rises with speed is physics, not learned.

        At a constant shaft speed a ship is slow where the power is high: the slope of such points is the propeller's.

        Parameters
        ----------
        days, speed_kn, power_kw, draught_m : ndarray, shape (blocks,)
            Valid blocks in reference conditions, power without wind.
        dimensions : MainDimensions, optional
            For Holtrop and Mennen's slope; without it power goes with the third power of the speed (Admiralty).
        """
        known = (
            ~(np.isnan(speed_kn) | np.isnan(power_kw) | np.isnan(draught_m)) & (speed_kn > 0) & (power_kw > 0) & (draught_m > 0)
        )
        conditions = []
        for draught in _loadings(draught_m[known]):
            there = known.copy()
            there[known] = np.abs(draught_m[known] / draught - 1) <= LOADING_SHARE
            shape = _shape(dimensions, draught)
            if shape is None:
                continue
            speeds_kn, shape_kw = shape
            usual = np.interp(speed_kn[there], speeds_kn, np.log(shape_kw), left=np.nan, right=np.nan)
            by_loading = 2 / 3 * np.log(draught_m[there] / draught)
            _, levels = daily_means(days[there], np.log(power_kw[there]) - usual - by_loading)
            if len(levels) >= _LEAST_DAYS:
                error = float(levels.std(ddof=1) / np.sqrt(independent_count(levels)))
                conditions.append(Condition(float(draught), speeds_kn, shape_kw * np.exp(levels.mean()), error))
        return cls(tuple(conditions))

    def expected(self, *, power_kw: FloatArray, draught_m: FloatArray) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        """Speed of the clean ship at a power [kn], and the number of the loading that says so; NaN and -1 where none does."""
        speed, which = np.full(len(power_kw), np.nan), np.full(len(power_kw), -1)
        power = np.where(power_kw > 0, power_kw, np.nan)
        for number, of in enumerate(self.conditions):
            there = of.holds(draught_m) & ~np.isnan(power) & (which < 0)
            # Displacement to two thirds, as in the Admiralty coefficient, within the few percent for which the curve holds.
            alike = np.log(power[there]) - 2 / 3 * np.log(draught_m[there] / of.draught_m)
            logs = np.interp(alike, np.log(of.power_kw), np.log(of.speed_kn), left=np.nan, right=np.nan)
            speed[there], which[there] = np.exp(logs), number
        return speed, np.where(np.isnan(speed), -1, which)

    def power_kw(self, *, speed_kn: FloatArray, draught_m: FloatArray, which: npt.NDArray[np.int64]) -> FloatArray:
        """Power of the clean ship at a speed. [kW]"""
        power = np.full(len(speed_kn), np.nan)
        for number, of in enumerate(self.conditions):
            there = (which == number) & (speed_kn > 0)
            logs = np.interp(np.log(speed_kn[there]), np.log(of.speed_kn), np.log(of.power_kw), left=np.nan, right=np.nan)
            power[there] = np.exp(logs) * (draught_m[there] / of.draught_m) ** (2 / 3)
        return power

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            "conditions": [
                [of.draught_m, of.speed_kn.tolist(), [float(f"{kw:.8g}") for kw in of.power_kw], of.level_error]
                for of in self.conditions
            ]
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(
            tuple(
                Condition(draught, np.array(speed), np.array(power), error)
                for draught, speed, power, error in model["conditions"]
            )
        )


def _loadings(draught_m: FloatArray) -> Sequence[float]:
    """Find the draughts at which a ship mostly sails: the fullest span of ±5 %, then the fullest of what lies outside it."""
    left = np.sort(draught_m)
    found: list[float] = []
    while len(left) and len(found) < 4:
        counts = np.searchsorted(left, left * (1 + LOADING_SHARE), side="right") - np.searchsorted(
            left, left * (1 - LOADING_SHARE)
        )
        centre = float(left[counts.argmax()])
        inside = np.abs(left / centre - 1) <= LOADING_SHARE
        found.append(float(np.median(left[inside])))
        left = left[np.abs(left / found[-1] - 1) > LOADING_SHARE]
    return found


def _shape(dimensions: MainDimensions | None, draught_m: float) -> tuple[FloatArray, FloatArray] | None:
    """Speeds [kn] and power but for a factor, as far as it rises; None where the regression cannot be used at this draught."""
    if dimensions is None:
        return _SPEEDS_KN, _SPEEDS_KN**3
    length_m, breadth_m, block_coefficient = dimensions
    try:
        hull = Hull.of_main_dimensions(
            length_m=length_m, breadth_m=breadth_m, draught_m=draught_m, block_coefficient=block_coefficient
        )
    except ValueError:
        return None
    speed = _SPEEDS_KN * KNOT_M_PER_S
    power = resistance_kn(hull, speed).total * speed
    # Beyond the main hump, where no ship of such a form sails, the regression falls.
    falls = np.flatnonzero(np.diff(power) <= 0)
    last = int(falls[0]) + 1 if len(falls) else len(power)
    return _SPEEDS_KN[:last], power[:last]

"""A farm's order shared among its turbines, how fast its power rises, and the energy that an order leaves in the wind.

Advice only: nothing here writes to a machine.
"""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from scipy.ndimage import minimum_filter1d

from analytics.window import FloatArray
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

TABLE = Path(__file__).with_name("ramp_limits.toml")


class RampLimit(Settings):
    """One row: what a farm up to a capacity may do."""

    capacity_below_mw: float = Field(default=float("inf"), gt=0)
    one_minute_mw: float | None = Field(default=None, gt=0)
    one_minute_share: float | None = Field(default=None, gt=0, le=1)
    ten_minutes_mw: float | None = Field(default=None, gt=0)
    ten_minutes_share: float | None = Field(default=None, gt=0, le=1)
    source: str
    clause: str
    verified: bool

    @model_validator(mode="after")
    def _each_once(self) -> "RampLimit":
        for span in ("one_minute", "ten_minutes"):
            if (getattr(self, f"{span}_mw") is None) == (getattr(self, f"{span}_share") is None):
                raise ValueError(f"{span}_mw or {span}_share, one of them")
        return self

    def limits_kw(self, capacity_kw: float) -> tuple[float, float]:
        """Give the limits of one minute and of ten for a farm of this capacity."""
        one = 1000 * self.one_minute_mw if self.one_minute_mw is not None else (self.one_minute_share or 0) * capacity_kw
        ten = 1000 * self.ten_minutes_mw if self.ten_minutes_mw is not None else (self.ten_minutes_share or 0) * capacity_kw
        return one, ten


class RampTable(Settings):
    """The whole file, rows in the order of capacity."""

    limits: tuple[RampLimit, ...]


@cache
def read_ramp_limits(path: Path = TABLE) -> tuple[RampLimit, ...]:
    """Read the table.

    Raises
    ------
    ConfigError
        If the file has mistakes.
    """
    return fit(TomlFile(path), RampTable).limits


def ramp_limits_kw(capacity_kw: float, limits: tuple[RampLimit, ...] | None = None) -> tuple[float, float]:
    """Give the limits of one minute and of ten minutes for a farm. [kW]

    Raises
    ------
    ValueError
        If the capacity is not positive.
    """
    if not capacity_kw > 0:
        raise ValueError(f"a farm of {capacity_kw} kW")
    rows = read_ramp_limits() if limits is None else limits
    return next(row for row in rows if capacity_kw < 1000 * row.capacity_below_mw).limits_kw(capacity_kw)


def rises_kw(power_kw: npt.ArrayLike, *, span_seconds: float, step_seconds: float) -> FloatArray:
    """How far a farm's power lies above its lowest within the last ``span_seconds``, shape (n,); NaN where not all is known. [kW]

    Raises
    ------
    ValueError
        If a step is longer than the span.
    """
    if step_seconds > span_seconds:
        raise ValueError(f"steps of {step_seconds} s show no change within {span_seconds} s")
    power = np.asarray(power_kw, float)
    size = round(span_seconds / step_seconds) + 1
    if len(power) < size:
        return np.full(len(power), np.nan)
    known = ~np.isnan(power)
    origin = (size - 1) // 2
    low = minimum_filter1d(np.where(known, power, np.inf), size, origin=origin, mode="constant", cval=np.inf)
    holes = minimum_filter1d(known.astype(np.int8), size, origin=origin, mode="constant", cval=0) == 0
    rises: FloatArray = np.where(holes, np.nan, power - np.where(holes, 0.0, low))
    return rises


def shared_order_kw(
    order_kw: float,
    *,
    available_kw: npt.ArrayLike,
    minimum_kw: npt.ArrayLike = 0.0,
    present_kw: npt.ArrayLike | None = None,
    dead_band_kw: float = 0.0,
) -> FloatArray:
    """Share an order in proportion to what each turbine could feed in, shape (turbines,). [kW]

    The shares add up to the order, or to all that is available where that is less; each lies between 0 and what is available, and
    one that runs gets no less than its minimum. Where not all can, those with the least available stop; minima give way only
    where the order cannot be met otherwise.

    Parameters
    ----------
    available_kw, minimum_kw : array_like, shape (turbines,)
        A turbine with less available than its minimum runs with all it has.
    present_kw : array_like, shape (turbines,), optional
        Set-points of now: those that would move by no more than the dead band stay, as long as the others can make up for it.

    Raises
    ------
    ValueError
        If an order or a power is negative or unknown.
    """
    available = np.asarray(available_kw, float)
    minimum = np.minimum(np.broadcast_to(np.asarray(minimum_kw, float), available.shape), available)
    if not (order_kw >= 0 and (available >= 0).all() and (minimum >= 0).all()):
        raise ValueError("orders and powers are known and not negative")
    order = min(order_kw, float(available.sum()))
    runs = available > 0
    for index in np.argsort(available, kind="stable"):
        if minimum[runs].sum() <= order:
            break
        runs[index] = False
    low, high = np.where(runs, minimum, 0.0), np.where(runs, available, 0.0)
    if high.sum() < order:
        low, high = np.zeros(len(available)), available
    shared = _proportional(order, available, low, high)
    if present_kw is None or dead_band_kw <= 0:
        return shared
    present = np.asarray(present_kw, float)
    with np.errstate(invalid="ignore"):
        stays = (np.abs(shared - present) <= dead_band_kw) & (present >= low) & (present <= high)
    rest = order - float(present[stays].sum())
    moved = ~stays
    if not low[moved].sum() <= rest <= high[moved].sum():
        return shared
    shared[stays] = present[stays]
    shared[moved] = _proportional(rest, available[moved], low[moved], high[moved])
    return shared


def left_in_the_wind_kw(*, available_kw: npt.ArrayLike, power_kw: npt.ArrayLike, set_point_kw: npt.ArrayLike) -> FloatArray:
    """Power that a set-point below the available power leaves in the wind, else 0; NaN where not known. [kW]"""
    available, power, limit = (np.asarray(one, float) for one in (available_kw, power_kw, set_point_kw))
    known = ~(np.isnan(available) | np.isnan(power) | np.isnan(limit))
    with np.errstate(invalid="ignore"):
        left: FloatArray = np.where(limit < available, np.maximum(available - np.maximum(power, 0.0), 0.0), 0.0)
    return np.where(known, left, np.nan)


def _proportional(order_kw: float, weight: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Solve ``Σ clip(k weight, low, high) = order`` for k: the sum is piecewise linear between the bounds' own k."""
    if not len(weight) or order_kw <= low.sum():
        return low.copy()
    if order_kw >= high.sum():
        return high.copy()
    scale = np.where(weight > 0, weight, 1.0)
    knots = np.unique(np.concatenate([low / scale, high / scale]))
    sums = np.clip(knots[:, None] * weight, low, high).sum(axis=1)
    factor = float(np.interp(order_kw, sums, knots))
    shared = np.clip(factor * weight, low, high)
    # Rounding is put where there is room for it.
    room = np.where(order_kw > shared.sum(), high - shared, shared - low)
    shared[room.argmax()] += order_kw - shared.sum()
    return shared

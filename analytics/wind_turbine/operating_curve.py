"""What a turbine should feed in at its own anemometer's wind, learned from its own healthy days.

Medians over bins of speed, so that records of a hidden fault or a frozen cup weigh little, made to rise with the wind. It serves
for comparison with the same turbine alone: the nacelle's anemometer stands behind the rotor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from analytics.baselines.load_baseline import stretch_means
from analytics.result import NotEvaluated, Why
from analytics.wind_turbine.air import air_density_kg_per_m3, normalised_speed_mps
from analytics.wind_turbine.availability import FULL
from analytics.wind_turbine.power_curve import BIN_MPS, LEAST_RECORDS
from analytics.window import Flags, FloatArray, Window

RECORD_SECONDS = 600.0
_LEAST_BINS = 8
_PLATEAU = 0.95
"""A curve whose last bin reaches so much of its rated power is held on up to cut-out."""
_LEAST_DAYS = 5
_LEAST_STEPS = 5
LEAST_LOAD_HOURS = 1.0
"""Of expected energy over rated power: a day with less has no ratio."""


class DailyRatios(NamedTuple):
    """Of each day of records; arrays of shape (days,)."""

    ratio: FloatArray
    """Energy over expected energy; NaN of a day with less than an hour of full load."""
    load_hours: FloatArray
    """Expected energy over rated power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Ten-minute records; arrays of shape (n,), NaN where not known."""

    times_us: npt.NDArray[np.int64]
    speed_mps: FloatArray
    """At the standard density."""
    power_kw: FloatArray
    yaw_error_degrees: FloatArray
    vane_error_degrees: float
    """Standard error of such a mean by what the vane swings from step to step; 0 where steps are too long to tell."""
    is_full: Flags
    """Full performance throughout, all of it known: no limit, no ice, no start or stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingCurve:
    """A learned curve, and how a healthy turbine strays from it."""

    speed_mps: FloatArray
    power_kw: FloatArray
    """Shape (bins,), both rising."""
    error_kw: FloatArray
    """Standard error of each bin's power."""
    deviation: float
    """Standard deviation of a healthy turbine's energy ratio over an hour of full load; it falls with the root of these hours."""
    alignment: float
    """Mean of the cosine's cube of the yaw error while healthy; NaN where it is not measured."""

    @classmethod
    def fit(cls, records: Records) -> Self:
        """Learn from records of healthy days.

        Raises
        ------
        NotEvaluated
            If they fill too few bins or days.
        """
        speed, power = records.speed_mps[records.is_full], records.power_kw[records.is_full]
        numbers, place = np.unique(np.floor(speed / BIN_MPS + 0.5), return_inverse=True)
        bins = [np.flatnonzero(place == index) for index in range(len(numbers))]
        bins = [rows for rows in bins if len(rows) >= LEAST_RECORDS]
        if len(bins) < _LEAST_BINS:
            raise NotEvaluated(Why.NOT_TRAINED, f"{len(bins)} bins of wind speed")
        middle = np.array([np.median(power[rows]) for rows in bins])
        weights = np.array([float(len(rows)) for rows in bins])
        rising: FloatArray = isotonic_regression(middle, weights=weights).x
        # The median of a normal sample strays 1.25 times as far as its mean.
        error = np.array([1.2533 * power[rows].std(ddof=1) / np.sqrt(len(rows)) for rows in bins])
        yaw = records.yaw_error_degrees[records.is_full]
        yaw = yaw[~np.isnan(yaw)]
        curve = cls(
            speed_mps=np.array([speed[rows].mean() for rows in bins]),
            power_kw=rising,
            error_kw=error,
            deviation=float("nan"),
            alignment=float(np.mean(_along(yaw))) if len(yaw) else float("nan"),
        )
        ratios, load_hours = curve.daily_ratios(records)
        known = ~np.isnan(ratios)
        if known.sum() < _LEAST_DAYS:
            raise NotEvaluated(Why.NOT_TRAINED, f"{int(known.sum())} days of full performance")
        strayed = (ratios[known] - 1) * np.sqrt(load_hours[known])
        return replace(curve, deviation=float(np.sqrt(np.mean(strayed**2))))

    @property
    def rated_kw(self) -> float:
        return float(self.power_kw[-1])

    def expected_kw(self, speed_mps: npt.ArrayLike, *, rated_kw: float, cut_out_mps: float) -> FloatArray:
        """Power to expect at speeds at the standard density; NaN above what was learned, unless that reached rated power.

        Parameters
        ----------
        rated_kw : float
            Tells whether the learned curve has reached its end.
        cut_out_mps : float
            Nothing is expected above it.
        """
        speed = np.asarray(speed_mps, float)
        beyond = self.rated_kw if self.rated_kw >= _PLATEAU * rated_kw else np.nan
        expected = np.interp(speed, self.speed_mps, self.power_kw, left=0.0, right=beyond)
        with np.errstate(invalid="ignore"):
            expected = np.where(speed > cut_out_mps, 0.0, expected)
        known: FloatArray = np.where(np.isnan(speed), np.nan, expected)
        return known

    def deviation_over(self, load_hours: float) -> float:
        """Standard deviation of a healthy turbine's energy ratio over so many hours of full load."""
        return self.deviation / float(np.sqrt(max(load_hours, LEAST_LOAD_HOURS)))

    def daily_ratios(self, records: Records) -> DailyRatios:
        """Compare the days' records of full performance with what was to be expected."""
        expected = np.interp(records.speed_mps, self.speed_mps, self.power_kw, left=np.nan, right=np.nan)
        counts = records.is_full & ~np.isnan(expected)
        days = (records.times_us - records.times_us[:1]) // 86_400_000_000
        size = int(days[-1]) + 1 if len(days) else 0
        energy, possible = (
            np.bincount(days[counts], weights=of, minlength=size) for of in (records.power_kw[counts], expected[counts])
        )
        load_hours: FloatArray = possible * RECORD_SECONDS / 3600 / self.rated_kw
        enough = load_hours >= LEAST_LOAD_HOURS
        return DailyRatios(np.divide(energy, possible, out=np.full(size, np.nan), where=enough), load_hours)

    def alignment_loss_share(self, yaw_error_degrees: npt.ArrayLike) -> FloatArray:
        """Share of power that is lost by standing beside the wind, against the healthy turbine's; negative where straighter.

        References
        ----------
        ``P`` goes with ``cos³`` of the yaw error.
        """
        share: FloatArray = 1 - _along(np.asarray(yaw_error_degrees, float)) / self.alignment
        return share

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            **{name: getattr(self, name).tolist() for name in ("speed_mps", "power_kw", "error_kw")},
            "deviation": self.deviation,
            "alignment": None if np.isnan(self.alignment) else self.alignment,
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        alignment = model["alignment"]
        return cls(
            speed_mps=np.array(model["speed_mps"]),
            power_kw=np.array(model["power_kw"]),
            error_kw=np.array(model["error_kw"]),
            deviation=float(model["deviation"]),
            alignment=float("nan") if alignment is None else float(alignment),
        )


def ten_minute_records(window: Window, *, humidity_percent: float | None = None) -> Records:
    """Average a window over ten minutes and bring its wind to the standard density.

    Parameters
    ----------
    humidity_percent : float, optional
        Taken where the turbine measures none.

    Raises
    ------
    NotEvaluated
        If its steps are longer than ten minutes, or humidity is neither measured nor chosen.
    """
    if window.step_seconds > RECORD_SECONDS:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"steps of {window.step_seconds:g} s")
    humidity = window["ambient_humidity"]
    if np.isnan(humidity).all():
        if humidity_percent is None:
            raise NotEvaluated(Why.MISSING_INPUT, "ambient_humidity")
        humidity = np.full(len(window), humidity_percent)
    span = window.steps(RECORD_SECONDS)

    def mean(values: FloatArray) -> FloatArray:
        return stretch_means(values, span, at_least_share=0.5)

    density = air_density_kg_per_m3(
        temperature_celsius=mean(window["ambient_temperature"]),
        pressure_kpa=mean(window["ambient_pressure"]),
        humidity_percent=mean(humidity),
    )
    speed = normalised_speed_mps(speed_mps=mean(window["wind_speed"]), density_kg_per_m3=density)
    power = mean(window["active_power"])
    is_free = _is_free(window)
    count = len(power)
    is_full = is_free[: count * span].reshape(count, span).all(axis=1) & ~np.isnan(speed) & ~np.isnan(power)
    return Records(
        times_us=window.times_us[: count * span : span],
        speed_mps=speed,
        power_kw=power,
        yaw_error_degrees=mean(window["yaw_error"]),
        vane_error_degrees=_vane_error(window["yaw_error"], is_free, span),
        is_full=is_full,
    )


def _is_free(window: Window) -> Flags:
    """Tell where it runs at full performance; a flag that changed within a step is not known there, and does not count."""
    is_free = window.state_is("running")
    for signal, normal in (("availability_category", FULL), ("curtailment_active", 0), ("ice_detected", 0)):
        told = window[signal]
        if not np.isnan(told).all():
            is_free = is_free & (told == normal)
    return is_free


def _vane_error(yaw_error_degrees: FloatArray, is_free: Flags, span: int) -> float:
    """Of a mean over ``span`` steps whose errors are independent; the median lets turns of the nacelle pass."""
    if span < _LEAST_STEPS:
        return 0.0
    moved = np.diff(yaw_error_degrees)[is_free[1:] & is_free[:-1]]
    moved = moved[~np.isnan(moved)]
    return float(1.4826 * np.median(np.abs(moved)) / np.sqrt(2 * span)) if len(moved) else 0.0


def _along(yaw_error_degrees: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(np.cos(np.radians(yaw_error_degrees)), 0.0) ** 3, np.float64)

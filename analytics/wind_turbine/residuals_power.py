"""Power and rotor speed over the wind, against the turbine's own healthy days: what a rotor, a vane or an anemometer has lost.

Blocks of five minutes follow the nacelle's swings; the wind's mean over ten minutes evens out what the anemometer sees and the
rotor does not. A rotor that stands beside the wind has its best power at a vane angle that is not zero (cos³); one that is
eroded has not. An anemometer that reads wrong moves speed and power together along the wind; ice takes power alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from analytics.baselines.load_baseline import stretch_means
from analytics.result import NotEvaluated, Why
from analytics.wind_turbine.air import air_density_kg_per_m3, normalised_speed_mps
from analytics.window import Flags, FloatArray, Window

BLOCK_SECONDS = 300.0
_WIND_SECONDS = 600.0
_BIN_MPS = 0.5
_LEAST_IN_BIN = 3
_LEAST_BINS = 8
_SLOWEST_MPS = 4.5
_HIGHEST_SHARE = 0.8
"""Of the highest power learned: above it pitch decides, not the wind."""
_WIDEST_DEGREES = 25.0
_CLUSTER_SECONDS = 6 * 3600.0
"""Blocks of a quarter of a day are not independent of each other."""
_HUBER = 1.5


class Blocks(NamedTuple):
    """Means over blocks, shape (n,); NaN unless the turbine ran without limit throughout."""

    times_us: npt.NDArray[np.int64]
    wind_mps: FloatArray
    """At standard density."""
    power_kw: FloatArray
    speed_rpm: FloatArray
    yaw_degrees: FloatArray
    vane_error_degrees: float
    """Standard error of a block's mean of the vane."""

    def kept(self, where: Flags) -> "Blocks":
        wind, power, speed, yaw = (
            np.where(where, column, np.nan) for column in (self.wind_mps, self.power_kw, self.speed_rpm, self.yaw_degrees)
        )
        return self._replace(wind_mps=wind, power_kw=power, speed_rpm=speed, yaw_degrees=yaw)


class Fit(NamedTuple):
    """How power stands to the curve, and along which vane angle it is greatest."""

    ratio: float
    ratio_error: float
    offset_degrees: float
    """Positive: power is greatest while the vane shows a positive angle."""
    offset_error: float
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Power and rotor speed over wind, by the method of bins (IEC 61400-12-1, 9.2); comparable with this turbine alone."""

    wind_mps: FloatArray
    power_kw: FloatArray
    speed_rpm: FloatArray

    @classmethod
    def fit(cls, blocks: Blocks) -> Self:
        """Learn from healthy blocks.

        Raises
        ------
        NotEvaluated
            If they fill too few bins.
        """
        known = ~np.isnan(blocks.wind_mps + blocks.power_kw + blocks.speed_rpm)
        columns = np.array([blocks.wind_mps[known], blocks.power_kw[known], blocks.speed_rpm[known]])
        numbers = np.floor(columns[0] / _BIN_MPS + 0.5).astype(np.int64)
        counts = np.bincount(numbers)
        full = counts >= _LEAST_IN_BIN
        if full.sum() < _LEAST_BINS:
            raise NotEvaluated(Why.NOT_TRAINED, f"{int(full.sum())} bins of wind speed")
        wind, power, speed = (np.bincount(numbers, weights=column)[full] / counts[full] for column in columns)
        return cls(wind_mps=wind, power_kw=power, speed_rpm=speed)

    def expected(self, wind_mps: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give power and rotor speed; NaN outside the winds that were seen."""
        power, speed = (
            np.interp(wind_mps, self.wind_mps, column, left=np.nan, right=np.nan) for column in (self.power_kw, self.speed_rpm)
        )
        return np.asarray(power, np.float64), np.asarray(speed, np.float64)

    def follows(self, wind_mps: FloatArray) -> Flags:
        """Tell where power follows the wind."""
        power, _ = self.expected(wind_mps)
        with np.errstate(invalid="ignore"):
            found: Flags = (wind_mps > _SLOWEST_MPS) & (power > 0) & (power < _HIGHEST_SHARE * self.power_kw.max())
        return found

    def speed_sensitivity(self, wind_mps: FloatArray) -> FloatArray:
        """Give ``d ln n / d ln v``: 1 where the rotor keeps its tip speed ratio, 0 where its speed is held."""
        slope = np.gradient(np.log(self.speed_rpm), np.log(self.wind_mps))
        return np.asarray(np.interp(wind_mps, self.wind_mps, slope, left=np.nan, right=np.nan), np.float64)

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {name: getattr(self, name).tolist() for name in ("wind_mps", "power_kw", "speed_rpm")}

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(**{name: np.array(model[name], np.float64) for name in ("wind_mps", "power_kw", "speed_rpm")})


def blocks_of(window: Window, *, usual_setpoint_kw: float) -> Blocks:
    """Average a window over blocks; a block counts where the turbine ran throughout at its usual set-point."""
    steps = window.steps(BLOCK_SECONDS)
    density = air_density_kg_per_m3(
        temperature_celsius=window["ambient_temperature"],
        pressure_kpa=window["ambient_pressure"],
        humidity_percent=window["ambient_humidity"],
    )
    wind = normalised_speed_mps(speed_mps=window["wind_speed"], density_kg_per_m3=density)
    with np.errstate(invalid="ignore"):
        free = window.state_is("running") & (window["power_setpoint"] >= 0.99 * usual_setpoint_kw) & ~np.isnan(wind)
        free &= (np.abs(window["yaw_error"]) < _WIDEST_DEGREES) | np.isnan(window["yaw_error"])
    # An odd span stays centred.
    span = window.steps(_WIND_SECONDS) // 2 * 2 + 1
    smooth = uniform_filter1d(np.where(free, wind, 0.0), span, mode="nearest") if len(wind) else wind
    free &= uniform_filter1d(free.astype(float), span, mode="nearest") > 1 - 0.5 / span if len(wind) else free

    def mean(values: FloatArray) -> FloatArray:
        return stretch_means(np.where(free, values, np.nan), steps, at_least_share=1.0)

    count = len(window) // steps
    return Blocks(
        window.times_us[: count * steps : steps],
        mean(smooth),
        mean(window["active_power"]),
        mean(window["rotor_speed"]),
        mean(window["yaw_error"]),
        _vane_error(window["yaw_error"], free, steps),
    )


def fitted(blocks: Blocks, curve: Curve) -> Fit:
    """Fit ``P / P_0(v) = r (1 + 3 theta_0 theta - 1.5 theta²)``, the cosine's cube about an offset, robustly.

    Raises
    ------
    NotEvaluated
        If no two blocks can be compared.

    References
    ----------
    Huber, "Robust Statistics" (1981), weights; errors by clusters of six hours (Liang and Zeger, Biometrika 73 (1986) 13-22).
    The spread that the vane's own swings add to the angle is taken out (Fuller, "Measurement Error Models", 1987).
    """
    expected, _ = curve.expected(blocks.wind_mps)
    rows = np.flatnonzero(curve.follows(blocks.wind_mps) & ~np.isnan(blocks.power_kw + blocks.yaw_degrees))
    if len(rows) < 3:
        raise NotEvaluated(Why.NOT_RUNNING, f"{len(rows)} blocks that can be compared")
    angle = np.radians(blocks.yaw_degrees[rows])
    ratio = blocks.power_kw[rows] / expected[rows] + 1.5 * angle**2
    design = np.column_stack([np.ones(len(rows)), angle])
    # The anemometer's error is a smaller share of a stronger wind.
    certain = np.sqrt(expected[rows] / expected[rows].mean())
    weights = certain
    for _ in range(5):
        inverse = np.linalg.pinv(design.T @ (design * weights[:, None]))
        found = inverse @ (design.T @ (weights * ratio))
        left = ratio - design @ found
        size = 1.4826 * float(np.median(np.abs(left)))
        weights = certain * np.minimum(1.0, _HUBER * size / np.maximum(np.abs(left), 1e-9))
    _, clusters = np.unique((blocks.times_us[rows] - blocks.times_us[0]) // round(_CLUSTER_SECONDS * 1e6), return_inverse=True)
    alone = design * (weights * left)[:, None]
    pulls = np.stack([np.bincount(clusters, weights=column) for column in alone.T])
    # Few clusters may by chance agree better than their blocks do.
    errors = np.sqrt(np.maximum(*(np.diag(inverse @ square @ inverse) for square in (pulls @ pulls.T, alone.T @ alone))))
    spread = float(blocks.yaw_degrees[rows].std())
    reliable = max(1 - (blocks.vane_error_degrees / max(spread, 1e-6)) ** 2, 0.3)
    scale = float(np.degrees(1 / 3) / max(found[0], 0.1) / reliable)
    return Fit(float(found[0]), float(errors[0]), float(found[1]) * scale, float(errors[1]) * scale, len(rows))


def _vane_error(yaw_degrees: FloatArray, free: Flags, steps: int) -> float:
    """Give the standard error of a mean over a block by how the vane swings from step to step; 0 of a block of one step."""
    moved = np.diff(yaw_degrees)[free[1:] & free[:-1]]
    moved = moved[~np.isnan(moved)]
    if steps == 1 or not len(moved):
        return 0.0
    return float(1.4826 * np.median(np.abs(moved)) / np.sqrt(2 * steps))

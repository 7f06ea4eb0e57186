"""What an inverter and its strings do in ten minutes, as ratios to peers and to conditions that need no plant data.

Strings of one inverter see one sky: the median string is what each should give, and clouds cancel. Parallel strings of a tracker
share its voltage, so that a string's current, its partner's and the voltage together tell in what way a string is weak.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.baselines.load_baseline import robust_deviation
from analytics.detection.sensor_checks import standstill
from analytics.window import Flags, FloatArray, Window

BLOCK_SECONDS = 600.0
LEAST_CURRENT_A = 1.0
"""Of the median string; below it ratios are of noise and offsets (reference P.2)."""
LEAST_IRRADIANCE_W_M2 = 150.0
_STALE_STEPS = 4
"""Five equal values in a row, not zero, are no measurement (reference P.2)."""
_LEAST_KNOWN = 0.5
_OUTLIER = 4.0
_CURRENT_PER_K = 0.0004
"""Of crystalline silicon, short circuit (IEC 61215 data sheets: 0.03 to 0.06 %/K)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Means over ten minutes; NaN where too little is known."""

    times_us: npt.NDArray[np.int64]
    currents_a: FloatArray
    """Of each string, shape (strings, n)."""
    voltages_v: FloatArray
    """Of each tracker, shape (trackers, n)."""
    peer_current_a: FloatArray
    """Of the median string, shape (n,)."""
    peer_voltage_v: FloatArray
    """Of the median tracker."""
    means: dict[str, FloatArray]
    """Of single signals by name, each of shape (n,)."""
    runs: Flags
    """At the maximum power point for the whole block."""
    on_grid: Flags
    """The same, or throttled."""
    free: Flags
    """Nothing but darkness would keep it from making power: not tripped, not throttled, not held back."""

    @property
    def hours(self) -> npt.NDArray[np.int64]:
        """Hour of the day in UTC, which stands for the sun's place in the sky within a season."""
        return self.times_us // 3_600_000_000 % 24

    @property
    def is_bright(self) -> Flags:
        """Where strings can be compared."""
        bright: Flags = self.runs & (np.nan_to_num(self.peer_current_a) >= LEAST_CURRENT_A)
        return bright

    @property
    def current_per_light(self) -> FloatArray:
        """Current of the median string over irradiance and cleanness, at 25 °C, in A at 1000 W/m²; NaN in too little light.

        A plant without a soiling sensor is taken as it is.
        """
        light = self.means["poa_irradiance"]
        clean = self.means["soiling_ratio"]
        clean = np.where(np.isnan(clean), 1.0, clean) if np.isnan(clean).all() else clean
        enough = np.nan_to_num(light) > LEAST_IRRADIANCE_W_M2
        warm = 1 + _CURRENT_PER_K * (self.means["module_temperature"] - 25)
        per_light: FloatArray = np.divide(
            1000 * self.peer_current_a, light * warm * clean, out=np.full(len(light), np.nan), where=enough & (clean > 0)
        )
        return per_light


SINGLES = (
    "active_power",
    "dc_power",
    "poa_irradiance",
    "module_temperature",
    "ambient_temperature",
    "heatsink_temperature",
    "combiner_temperature",
    "soiling_ratio",
)


def blocks_of(window: Window) -> Blocks:
    """Average a window; rows of stale data and a string's current that stands still are left out."""
    size = window.steps(BLOCK_SECONDS)
    count = len(window) // size
    strings = window.family("string_current_{string}")
    if np.isnan(strings).all():
        strings = window.family("combiner_current_{string}")
    strings = np.where((standstill(strings) >= _STALE_STEPS) & (strings > 0.001), np.nan, strings)
    power = window["dc_power"]
    is_stale = (standstill(power) >= _STALE_STEPS) & (power > 0.001)
    singles = np.array([window[name] for name in SINGLES])
    singles[: SINGLES.index("dc_power") + 1, is_stale] = np.nan
    running, throttled = window.state_is("running") & ~is_stale, window.state_is("throttled")
    waiting = window.state_is("sleeping", "starting", "shutting_down")
    means = block_means(singles, size)
    currents = block_means(np.where(is_stale, np.nan, strings), size)
    voltages = block_means(window.family("mppt_voltage_{mppt}"), size)
    return Blocks(
        times_us=window.times_us[: count * size : size],
        currents_a=currents,
        voltages_v=voltages,
        peer_current_a=middle(currents),
        peer_voltage_v=middle(np.where(voltages > 0, voltages, np.nan)),
        means=dict(zip(SINGLES, means, strict=True)),
        runs=_throughout(running, size),
        on_grid=_throughout(running | throttled, size),
        free=_throughout(running | waiting, size),
    )


def block_means(values: FloatArray, size: int) -> FloatArray:
    """Give means over stretches of ``size`` steps, shape (..., n // size); NaN where less than half is known."""
    count = values.shape[-1] // size
    blocks = values[..., : count * size].reshape(*values.shape[:-1], count, size)
    known = ~np.isnan(blocks)
    number = known.sum(axis=-1)
    total = np.where(known, blocks, 0.0).sum(axis=-1)
    means: FloatArray = np.divide(total, number, out=np.full(total.shape, np.nan), where=number >= _LEAST_KNOWN * size)
    return means


def middle(rows: FloatArray) -> FloatArray:
    """Median over the first axis of what is known; NaN where nothing is."""
    found = np.full(rows.shape[1:], np.nan)
    known = ~np.isnan(rows).all(axis=0)
    if known.any():
        found[known] = np.nanmedian(rows[:, known], axis=0)
    return found


def fitted(target: FloatArray, terms: FloatArray, rows: Flags) -> FloatArray | None:
    """Least squares, once more without outliers; None of too few rows.

    Parameters
    ----------
    target : ndarray, shape (n,)
    terms : ndarray, shape (k, n)
        Columns of the design.
    rows : ndarray of bool, shape (n,)
        Which to learn from.

    Returns
    -------
    ndarray, shape (k,), or None
    """
    rows = rows & ~np.isnan(target) & ~np.isnan(terms).any(axis=0)
    for _ in range(2):
        if rows.sum() < 10 * len(terms):
            return None
        coefficients = np.asarray(np.linalg.lstsq(terms[:, rows].T, target[rows], rcond=None)[0], np.float64)
        away = target - coefficients @ terms
        limit = _OUTLIER * robust_deviation(away[rows]) + 1e-12
        with np.errstate(invalid="ignore"):
            rows = rows & (np.abs(away) <= limit)
    return coefficients


def _throughout(flags: Flags, size: int) -> Flags:
    count = len(flags) // size
    return np.asarray(flags[: count * size].reshape(count, size).all(axis=1), bool)

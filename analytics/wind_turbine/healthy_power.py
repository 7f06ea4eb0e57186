"""How a turbine's power stands to its own healthy curve, over a window and over its last comparable hours."""

from typing import NamedTuple

import numpy as np

from analytics.baselines.load_baseline import LoadBaseline, stretch_means
from analytics.baselines.steady import rolling_mean
from analytics.result import NotEvaluated
from analytics.wind_turbine.residuals import groups
from analytics.wind_turbine.residuals_power import BLOCK_SECONDS, Blocks, Curve, Fit, blocks_of, fitted
from analytics.window import Flags, FloatArray, Window

_RECENT_BLOCKS, _LEAST_RECENT_BLOCKS = 144, 24
_LEAST_SENSITIVITY = 0.3
_WEATHER = ("ambient_temperature", "ice_detected")
_FROST_CELSIUS = 2.0
_ALIGNED_DEGREES = 1.0
_ICY_SHAKING = 0.25
"""Share above its usual from which a tower that shakes in frost is taken for one under an iced rotor."""


class PowerState(NamedTuple):
    """Power and rotor speed over the wind in a window."""

    blocks: Blocks
    ratios: FloatArray
    """Power over that of the curve in each block, where it follows the wind; shape (blocks,)."""
    loss_percent: float
    """Over the window without ice, against the healthy days; NaN where too little can be compared."""
    loss_error: float
    """Standard error."""
    offset_degrees: float
    """Vane angle of most power over the same blocks, less what the healthy days say of it."""
    offset_error: float
    rows: int
    recent_percent: float
    """Change of the energy of the last comparable half day; NaN as above."""
    shift_percent: float
    """By how much stronger a wind than the anemometer's explains the rotor's speed over the same hours."""
    shift_error: float
    is_cold: bool
    """Frost in those hours."""
    ice_share: float
    """Of those hours with the ice detector on; NaN without one."""


def learned_power(history: Window, *, usual_setpoint_kw: float, tower: LoadBaseline | None) -> tuple[Curve | None, Fit | None]:
    """Learn the curve, and how the same days stand to it; None of both where there are too few."""
    blocks = blocks_of(history, usual_setpoint_kw=usual_setpoint_kw)
    clear = blocks.kept(~_icy(history, tower, len(blocks.wind_mps)))
    try:
        curve = Curve.fit(clear)
        return curve, fitted(clear, curve)
    except NotEvaluated:
        return None, None


def power_state(
    window: Window, curve: Curve, *, learned: Fit, usual_setpoint_kw: float, tower: LoadBaseline | None
) -> PowerState:
    """Compare a window with the curve; ``tower`` tells how the tower usually shakes."""
    blocks = blocks_of(window, usual_setpoint_kw=usual_setpoint_kw)
    unknown = float("nan")
    loss, loss_error, offset, offset_error, rows = unknown, unknown, unknown, unknown, 0
    try:
        fit = fitted(blocks.kept(~_icy(window, tower, len(blocks.wind_mps))), curve)
    except NotEvaluated:
        pass
    else:
        loss = 100 * (1 - fit.ratio / learned.ratio)
        loss_error = 100 * float(np.hypot(fit.ratio_error, learned.ratio_error))
        offset, offset_error, rows = *_turned(fit, learned), fit.rows
    expected, _ = curve.expected(blocks.wind_mps)
    follows = curve.follows(blocks.wind_mps) & ~np.isnan(blocks.power_kw)
    ratios = np.divide(blocks.power_kw, expected, out=np.full(len(expected), np.nan), where=follows)
    recent = np.flatnonzero(follows)[-_RECENT_BLOCKS:]
    enough = len(recent) >= _LEAST_RECENT_BLOCKS
    change = 100 * (float(blocks.power_kw[recent].sum() / expected[recent].sum()) - 1) if enough else unknown
    shift, shift_error = _wind_shift(blocks, curve)
    cold, ice = (_mean(stretch_means(window[of], window.steps(BLOCK_SECONDS))[recent]) for of in _WEATHER)
    return PowerState(
        blocks, ratios, loss, loss_error, offset, offset_error, rows, change, shift, shift_error, cold < _FROST_CELSIUS, ice
    )


def _turned(fit: Fit, learned: Fit) -> tuple[float, float]:
    """Give how far the vane has turned, and its standard error.

    A week tells the healthy angle no better than five days tell the present one: it is drawn towards zero by what is known of
    vanes that were aligned (the mean of a normal prior of `_ALIGNED_DEGREES`).
    """
    share = _ALIGNED_DEGREES**2 / (_ALIGNED_DEGREES**2 + learned.offset_error**2)
    error = float(np.hypot(fit.offset_error, np.sqrt(share) * learned.offset_error))
    return fit.offset_degrees - share * learned.offset_degrees, error


def _icy(window: Window, tower: LoadBaseline | None, blocks: int) -> Flags:
    """Tell which blocks may stand under ice: the tower shakes in frost, or the detector says so."""
    iced = np.nan_to_num(window["ice_detected"]) > 0
    shaking = np.full(len(window), np.nan)
    if tower is not None:
        group = groups(window)["tower"]
        expected = tower.expected(group.features)["tower"]
        shaking = rolling_mean(group.targets["tower"] / np.where(expected > 0, expected, np.nan) - 1, window.steps(3600.0))
    with np.errstate(invalid="ignore"):
        icy = iced | ((shaking > _ICY_SHAKING) & (window["ambient_temperature"] < _FROST_CELSIUS))
    steps = window.steps(BLOCK_SECONDS)
    found: Flags = np.asarray(icy[: blocks * steps].reshape(blocks, steps).any(axis=1), bool)
    return found


def _wind_shift(blocks: Blocks, curve: Curve) -> tuple[float, float]:
    """Give the shift that explains the rotor's speed where it follows the wind, and its error."""
    sensitivity = curve.speed_sensitivity(blocks.wind_mps)
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((sensitivity > _LEAST_SENSITIVITY) & ~np.isnan(blocks.speed_rpm))[-_RECENT_BLOCKS:]
    if len(rows) < _LEAST_RECENT_BLOCKS:
        return float("nan"), float("nan")
    _, usual = curve.expected(blocks.wind_mps[rows])
    weight = sensitivity[rows]
    away = np.log(np.maximum(blocks.speed_rpm[rows], 1e-3) / usual)
    shift = float(weight @ away / (weight @ weight))
    # Neighbouring blocks err together: as many as four count as one.
    error = 2 * float(np.std(away - weight * shift)) / float(np.sqrt(weight @ weight))
    return 100 * float(np.expm1(shift)), 100 * error


def _mean(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")

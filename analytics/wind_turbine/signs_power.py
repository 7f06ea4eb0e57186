"""What power, rotor speed and the vane's angle say together: which of anemometer, ice, vane and blades has changed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics import evidence
from analytics.spec import label
from analytics.wind_turbine.healthy_power import PowerState
from analytics.wind_turbine.residuals import Reading
from analytics.wind_turbine.signs import Row, Verdict, score, since_us
from analytics.window import FloatArray, Window

BIASED_PERCENT, BIASED_POWER_PERCENT = 3.2, 10.0
"""An anemometer's error, and the power that goes with about its cube, from which on it is named."""
ICED_CUP_PERCENT, ICED_CUP_POWER_PERCENT = 14.0, 50.0
"""Reads so much too low: more than any calibration is off by."""
ICED_BLADES_PERCENT = 14.0
"""Below the curve: 15 % is what the trade takes for ice (typ.), less the noise of half a day."""
_ICE_SHARE = 0.5
YAW_ERRORS, YAW_EVIDENCE = 2.9, 3.65
"""So many standard errors from zero; and with the loss that must go with it, as the root of the sum of squares."""
_LEAST_YAW_DEGREES = 4.0
_LEAST_YAW_ROWS, _LEAST_LOSS_ROWS = 240, 144
"""Blocks of five minutes."""
LOSS_PERCENT, LOSS_ERRORS = 2.4, 2.8
_LEAST_LOSS_ERROR_PERCENT = 0.7
_SMOOTH_BLOCKS = 24


def of_power(window: Window, state: PowerState, readings: Mapping[str, Reading]) -> Verdict | None:
    """Name the one change that explains power best; ice and anemometer hide vane and erosion."""
    return _ice(window, state, readings) or _anemometer(window, state) or _vane(window, state) or _erosion(window, state)


def _anemometer(window: Window, state: PowerState) -> Verdict | None:
    """Rotor and power behave as if the wind were another than is told."""
    change, shift = state.recent_percent, state.shift_percent
    reads_high = change <= -BIASED_POWER_PERCENT and shift <= -BIASED_PERCENT
    reads_low = change >= BIASED_POWER_PERCENT and shift >= BIASED_PERCENT
    if change >= ICED_CUP_POWER_PERCENT or (reads_low and shift >= ICED_CUP_PERCENT):
        # No rotor gives half as much again: the wind must be stronger than the anemometer tells.
        seen = shift / ICED_CUP_PERCENT if shift >= ICED_CUP_PERCENT else change / ICED_CUP_POWER_PERCENT
        return _recent(window, state, "anemometer_icing", seen + 0.5 * state.is_cold)
    if reads_high or reads_low:
        return _recent(window, state, "anemometer_bias", abs(shift) / BIASED_PERCENT)
    return None


def _ice(window: Window, state: PowerState, readings: Mapping[str, Reading]) -> Verdict | None:
    """Power is lost, and the rotor is out of balance or the ice detector says so.

    Its speed tells nothing here: a rotor whose torque goes with the square of its speed turns slower with ice, as it would in
    less wind, and one that is held at its tip speed ratio does not.
    """
    tower = score(readings, "tower")
    if not state.recent_percent <= -ICED_BLADES_PERCENT:
        return None
    if not (tower >= 1 or state.ice_share >= _ICE_SHARE):
        return None
    both = tower >= 1 and state.ice_share >= _ICE_SHARE
    strength = -state.recent_percent / ICED_BLADES_PERCENT + both + 0.5 * state.is_cold
    extra: list[Row] = [("冰探测器动作时间 / ice detector on", 100 * state.ice_share, "%")] if state.ice_share >= 0 else []
    if "tower" in readings and tower == tower:  # noqa: PLR0124 - not NaN
        extra.append(("塔架振动较健康 / shaking of the tower over healthy", 100 * readings["tower"].value, "%"))
    return _recent(window, state, "blade_icing", strength, extra)


def _vane(window: Window, state: PowerState) -> Verdict | None:
    """Power is greatest while the vane does not show zero, and some is lost."""
    if not (state.rows >= _LEAST_YAW_ROWS and abs(state.offset_degrees) >= _LEAST_YAW_DEGREES):
        return None
    turned = abs(state.offset_degrees) / state.offset_error
    lost = max(state.loss_percent, 0.0) / max(state.loss_error, _LEAST_LOSS_ERROR_PERCENT)
    together = float(np.hypot(turned, lost))
    if turned < YAW_ERRORS or together < YAW_EVIDENCE:
        return None
    expected = 100 * (1 - np.cos(np.radians(state.offset_degrees)) ** 3)
    rows: tuple[Row, ...] = (
        ("功率最大时的风向标角 / vane angle of most power", state.offset_degrees, "deg"),
        ("    95 % ±", 1.96 * state.offset_error, "deg"),
        ("功率损失 / loss of power", state.loss_percent, "%"),
        ("1 − cos³θ", float(expected), "%"),
        ("5 分钟样本数 / five-minute records", float(state.rows), "1"),
    )
    return Verdict("yaw_offset", "", together / YAW_EVIDENCE, window.start_us, rows, by_angle(state))


def _erosion(window: Window, state: PowerState) -> Verdict | None:
    """Power is lost at all vane angles, slowly."""
    error = max(state.loss_error, _LEAST_LOSS_ERROR_PERCENT)
    if not (state.rows >= _LEAST_LOSS_ROWS and state.loss_percent >= LOSS_PERCENT and state.loss_percent >= LOSS_ERRORS * error):
        return None
    rows: tuple[Row, ...] = (
        ("功率损失 / loss of power", state.loss_percent, "%"),
        ("    95 % ±", 1.96 * error, "%"),
        ("风轮转速对应的风速偏移 / shift of the wind by the rotor's speed", state.shift_percent, "%"),
        ("功率最大时的风向标角 / vane angle of most power", state.offset_degrees, "deg"),
    )
    known = tuple(row for row in rows if not np.isnan(row[1]))
    strength = state.loss_percent / LOSS_PERCENT
    return Verdict("power_curve_degradation", "", strength, window.start_us, known, ratio_course(state))


def _recent(window: Window, state: PowerState, code: str, strength: float, extra: list[Row] | None = None) -> Verdict:
    rows: list[Row] = [
        ("近半日电量与健康曲线之比 / energy against the healthy curve, half a day", 100 + state.recent_percent, "%"),
        ("风轮转速对应的风速偏移 / shift of the wind by the rotor's speed", state.shift_percent, "%"),
        ("    ±", 1.96 * state.shift_error, "%"),
    ]
    known = tuple(row for row in (*rows, *(extra or ())) if not np.isnan(row[1]))
    smooth = smooth_ratio_percent(state) - 100
    since = since_us(state.blocks.times_us, smooth, state.recent_percent) if (~np.isnan(smooth)).any() else window.start_us
    return Verdict(code, "", strength, since, known, ratio_course(state))


def smooth_ratio_percent(state: PowerState) -> FloatArray:
    """Power over that of the healthy curve, running mean of two comparable hours; NaN between."""
    known = np.flatnonzero(~np.isnan(state.ratios))
    smooth: FloatArray = np.full(len(state.ratios), np.nan)
    if len(known):
        total = np.cumsum(np.concatenate(([0.0], state.ratios[known])))
        first = np.maximum(np.arange(1, len(known) + 1) - _SMOOTH_BLOCKS, 0)
        last = np.arange(1, len(known) + 1)
        smooth[known] = 100 * (total[last] - total[first]) / (last - first)
    return smooth


def ratio_course(state: PowerState) -> Mapping[str, Any]:
    """Power against the healthy curve over time."""
    return evidence.series(
        label("功率与健康曲线之比（2 小时均值）", "Power over the healthy curve, mean of two hours"),
        "%",
        state.blocks.times_us,
        {"power_ratio": smooth_ratio_percent(state)},
        band=(100 - LOSS_PERCENT, 100 + LOSS_PERCENT),
    )


def by_angle(state: PowerState) -> Mapping[str, Any]:
    """Power against the healthy curve over the vane's angle, means of 2°, with the cosine's cube that fits."""
    known = ~np.isnan(state.ratios) & ~np.isnan(state.blocks.yaw_degrees)
    angle, ratio = state.blocks.yaw_degrees[known], state.ratios[known]
    number = np.floor(angle / 2 + 0.5).astype(np.int64)
    bins = np.array([one for one in np.unique(number) if np.count_nonzero(number == one) >= _SMOOTH_BLOCKS // 2], np.int64)
    mean: FloatArray = np.array([100 * ratio[number == one].mean() for one in bins])
    across: FloatArray = np.linspace(2.0 * bins.min(), 2.0 * bins.max(), 40) if len(bins) else np.zeros(0)
    top = 100 - (0.0 if np.isnan(state.loss_percent) else state.loss_percent)
    fit = top * np.cos(np.radians(across - state.offset_degrees)) ** 3 / np.cos(np.radians(state.offset_degrees)) ** 3
    return evidence.curve(
        label("功率与健康曲线之比随风向标角", "Power over the healthy curve by vane angle"),
        x=(label("对风偏差（风向标）", "Yaw error by the vane"), "deg"),
        y=(label("功率比", "Power ratio"), "%"),
        lines={"mean": (2.0 * bins.astype(np.float64), mean), "cos³": (across, fit)},
    )

"""What stands still, cycles or runs out of water: faults of a boiler that show in motion, not in means.

Each gives a size on the scale of residuals, so that one table of signatures names all: from `MOVED` on it is there.
"""

import numpy as np

from analytics.baselines.load_baseline import robust_deviation, stretch_means
from analytics.boiler.residuals import MOVED, ROW_SECONDS, at_work
from analytics.window import Flags, FloatArray, Window

_SPANS_HOURS = (12, 24)
_STANDS_STILL = 0.2
"""Of what it should follow; a working meter or damper follows by 0.8 and more."""
_LEAST_OXYGEN_PERCENT = 0.12
_LEAST_LOAD = 0.08
"""Smaller movements of what should be followed tell nothing."""
_LEAST_ROWS = 24
_LARGEST = 10 * MOVED
_CYCLE_HOURS = 12
_LONGEST_PERIOD_MINUTES = 90
_DEPTH = 0.5
_RETURN = 0.15
"""Of the autocorrelation: that of a controlled level under changing load falls to -0.25 and fades, a limit cycle's swings on."""
_WIDER = 1.5
_LOW_MINUTES = 15.0
_LOW_HOURS = 12


def oxygen_standing(window: Window) -> float:
    """Tell how still the oxygen meter stands while the oxygen at the stack moves; NaN where it does not move.

    A stuck cell still shows its amplifier's noise, therefore means of ten minutes are compared, not repeated values.
    """
    return _standing(window, "flue_gas_oxygen", ("flue_gas_oxygen_stack",), least=_LEAST_OXYGEN_PERCENT, is_relative=False)


def air_standing(window: Window) -> float:
    """Tell how still the air flow stands while burner load or steam change; NaN where they do not."""
    return _standing(window, "combustion_air_flow", ("burner_load", "steam_flow"), least=_LEAST_LOAD, is_relative=True)


def _standing(window: Window, signal: str, leaders: tuple[str, ...], *, least: float, is_relative: bool) -> float:
    working = at_work(window)
    found = float("nan")
    for hours in _SPANS_HOURS:
        moved = _movement(window, signal, working, hours, is_relative=is_relative)
        leading = max((_movement(window, name, working, hours, is_relative=is_relative) for name in leaders), key=_known_first)
        if moved == moved and leading >= least:  # noqa: PLR0124 - not NaN
            size = MOVED * _STANDS_STILL * leading / max(moved, 1e-9)
            found = min(max(size, found if found == found else 0.0), _LARGEST)  # noqa: PLR0124 - not NaN
    return found


def _known_first(value: float) -> float:
    return value if value == value else -1.0  # noqa: PLR0124 - not NaN


def _movement(window: Window, signal: str, working: Flags, hours: float, *, is_relative: bool) -> float:
    """Standard deviation of means of ten minutes over the last hours, or its ratio to their mean."""
    steps = window.steps(ROW_SECONDS)
    last = window.steps(hours * 3600)
    values = np.where(working, window[signal], np.nan)[-last:]
    means = stretch_means(values[len(values) % steps :], steps, at_least_share=0.5)
    means = means[~np.isnan(means)]
    if len(means) < _LEAST_ROWS:
        return float("nan")
    middle = float(means.mean())
    if not is_relative:
        return float(means.std())
    return float(means.std() / middle) if middle > 0 else float("nan")


def level_deviation_mm(window: Window) -> float:
    """Give how far the drum level strays from its mean, at work and robustly; NaN where it is unknown."""
    level = _level_by_minute(window)
    return robust_deviation(level - np.nanmedian(level)) if (~np.isnan(level)).sum() > _LEAST_ROWS else float("nan")


def level_cycle(window: Window, *, healthy_deviation_mm: float) -> float:
    """Tell how plainly the drum level swings in a limit cycle, wider than while healthy; NaN of too little.

    References
    ----------
    T. Miao and D. E. Seborg, "Automatic detection of excessively oscillatory feedback control loops", IEEE CCA 1999: the second
    swing of the autocorrelation is nearly as large as the first where a loop cycles.
    """
    level = _level_by_minute(window)[-_CYCLE_HOURS * 60 :]
    known = ~np.isnan(level)
    if known.sum() < 4 * _LONGEST_PERIOD_MINUTES or not healthy_deviation_mm > 0:
        return float("nan")
    deviation = robust_deviation(level - np.nanmedian(level))
    # One start of the burner swells the drum by more than any cycle does.
    swings = np.clip(level - np.nanmedian(level), -3 * deviation, 3 * deviation)
    correlation = _autocorrelation(swings)
    below = np.flatnonzero(correlation < 0)
    if not len(below):
        return 0.0
    above = np.flatnonzero(correlation[below[0] :] > 0)
    if not len(above):
        return 0.0
    back = below[0] + above[0]
    half = below[0] + int(np.argmin(correlation[below[0] : back]))
    again = float(correlation[back : 3 * half].max()) if back < 3 * half else 0.0
    shares = (-float(correlation[half]) / _DEPTH, again / _RETURN, deviation / (_WIDER * healthy_deviation_mm))
    return float(min(MOVED * max(min(shares), 0.0), _LARGEST))


def _level_by_minute(window: Window) -> FloatArray:
    steps = window.steps(60)
    level = np.where(at_work(window), window["drum_level"], np.nan)
    return stretch_means(level[len(level) % steps :], steps)


def _autocorrelation(values: FloatArray) -> FloatArray:
    known = ~np.isnan(values)
    centred = np.where(known, values - np.nanmean(values), 0.0)
    size = 2 * len(values)
    power, pairs = (np.fft.irfft(np.abs(np.fft.rfft(one, size)) ** 2, size)[:_LONGEST_PERIOD_MINUTES] for one in (centred, known))
    found: FloatArray = power / np.maximum(pairs, 1.0)
    return found / max(float(found[0]), 1e-12)


def low_water(window: Window, *, low_level_mm: float) -> float:
    """Tell for how long the drum was short of water although it was fed; NaN where the level is unknown.

    A low level is loss of feedwater only where less was fed than steam left: in front of a leak the valve opens wide.
    """
    last = window.steps(_LOW_HOURS * 3600)
    level, feedwater, steam = (window[name][-last:] for name in ("drum_level", "feedwater_flow", "steam_flow"))
    if np.isnan(level).all() or np.isnan(feedwater).all():
        return float("nan")
    with np.errstate(invalid="ignore"):
        is_low = (level < low_level_mm) | (np.nan_to_num(window["low_water_interlock"][-last:]) > 0)
        falling = window.state_is("running")[-last:] & (level < 0.5 * low_level_mm)
    balance = (feedwater - steam)[falling]
    balance = balance[~np.isnan(balance)]
    if not is_low.any():
        return 0.0
    if len(balance) and balance.mean() >= 0:
        return 0.0
    return float(min(MOVED * is_low.sum() * window.step_seconds / (60 * _LOW_MINUTES), _LARGEST))


def low_since_us(window: Window, *, low_level_mm: float) -> int:
    """Give when the level first was low within the window."""
    with np.errstate(invalid="ignore"):
        is_low = (window["drum_level"] < low_level_mm) | (np.nan_to_num(window["low_water_interlock"]) > 0)
    return int(window.times_us[int(np.argmax(is_low))])

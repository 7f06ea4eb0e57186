"""How far a turbine's parts stray from its own healthy days: heat and vibration over the load, as shares of what is expected.

What a part warms over its surroundings follows the load of the last quarter of an hour to hour, never its own past: a slow
drift would be learned away. Residuals are averaged with weights that forget, and that grow with the square of what is expected:
an hour at rated power tells more than one in a breeze.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

from analytics.baselines.load_baseline import LoadBaseline
from analytics.baselines.steady import runs_since
from analytics.window import Flags, FloatArray, Window

MEMORY_SECONDS = 12 * 3600.0
"""Of the exponential weights, counted in hours at work."""
LEAST_SECONDS = 2 * 3600.0
_LEAST_LOAD = 0.05
"""Of the highest power learned: below it what warms a part is mostly not its load."""
_LEAST_SQUARE = 0.02
"""The same of its square, for what copper alone does."""
_WARM_SECONDS = 1800.0
_SETTLE_SECONDS = 3 * 3600.0
"""So long a window's begin does not know the load before it."""


class Reading(NamedTuple):
    """One indicator over a window."""

    value: float
    """Where it stands now; NaN where it cannot be told."""
    limit: float
    """Beyond it, up or down, it has moved."""
    course: FloatArray
    """Shape (n,), at `times_us` of its window or of its blocks; NaN where not assessable."""

    @property
    def score(self) -> float:
        return self.value / self.limit


class Group(NamedTuple):
    """Targets that the same features explain; rows without verdict are NaN in the targets."""

    features: Mapping[str, FloatArray]
    targets: Mapping[str, FloatArray]


def forgetting_mean(values: FloatArray, *, weights: FloatArray, memory_steps: float) -> FloatArray:
    """Weighted mean of what came before, with weights that also fall with age; unknown rows neither count nor age it.

    Parameters
    ----------
    values, weights : ndarray, shape (n,)
        ``sum(weights values) / sum(weights)`` is what is averaged; NaN in either leaves the row out.
    memory_steps : float
        After so many known rows a row's weight has fallen to 1/e.

    References
    ----------
    S. W. Roberts, "Control chart tests based on geometric moving averages", Technometrics 1 (1959) 239-250; here weighted.
    """
    mean: FloatArray = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values) & ~np.isnan(weights))
    if len(known):
        keeps = float(np.exp(-1 / memory_steps))
        total = lfilter([1.0], [1.0, -keeps], weights[known] * values[known])
        weight = lfilter([1.0], [1.0, -keeps], weights[known])
        mean[known] = np.divide(total, weight, out=np.full(len(known), np.nan), where=weight > 0)
    return mean


def shares(baseline: LoadBaseline, group: Group, *, memory_steps: float) -> dict[str, FloatArray]:
    """Give by what share each target lies above what is expected (0.3: 30 % more), averaged by `forgetting_mean`."""
    expected = baseline.expected(group.features)
    loaded = _is_loaded(baseline, group, "power", _LEAST_LOAD)
    found = {}
    for name in baseline.targets:
        usual = np.where(loaded & (np.nan_to_num(expected[name]) > 0), expected[name], np.nan)
        found[name] = forgetting_mean((group.targets[name] - usual) / usual, weights=usual**2, memory_steps=memory_steps)
    return found


def winding_kelvin(baseline: LoadBaseline, group: Group, *, memory_steps: float) -> dict[str, FloatArray]:
    """Give the kelvin by which each winding lies above the others, at the highest power learned; copper heats with its square."""
    residuals = baseline.residuals(group.features, group.targets)
    square = group.features["power_squared"] / float(baseline.highest[baseline.features.index("power_squared")])
    load = np.where(_is_loaded(baseline, group, "power_squared", _LEAST_SQUARE), square, np.nan)
    windings = [name for name in baseline.targets if name.startswith("winding_")]
    mean = np.mean([residuals[name] for name in windings], axis=0)
    beside = len(windings) / (len(windings) - 1) if len(windings) > 1 else np.nan
    return {
        name: forgetting_mean(beside * (residuals[name] - mean) / load, weights=load**2, memory_steps=memory_steps)
        for name in windings
    }


def _is_loaded(baseline: LoadBaseline, group: Group, feature: str, share: float) -> Flags:
    if feature not in baseline.features:
        return np.ones(len(next(iter(group.features.values()))), bool)
    with np.errstate(invalid="ignore"):
        loaded: Flags = group.features[feature] >= share * baseline.highest[baseline.features.index(feature)]
    return loaded


def lagged(values: FloatArray, *, seconds: float, step_seconds: float) -> FloatArray:
    """Let values go through a lag of first order, as heat does; gaps keep the last value, rows before the first are NaN."""
    known = np.flatnonzero(~np.isnan(values))
    found: FloatArray = np.full(len(values), np.nan)
    if len(known):
        last = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))[known[0] :]
        gain = -np.expm1(-step_seconds / seconds)
        held = values[last]
        found[known[0] :] = lfilter([gain], [1.0, gain - 1.0], held, zi=[(1 - gain) * held[0]])[0]
    return found


def groups(window: Window) -> dict[str, Group]:
    """Give the groups that a window can show: heat of gearbox and generator, vibration, shaking of the tower.

    References
    ----------
    Zaher, McArthur, Infield, Patel, "Online wind turbine fault detection through automated SCADA data analysis", Wind Energy 12
    (2009) 574-593: temperatures over power and nacelle temperature. First-order lags of 15 to 60 min are typical of the trade.
    """
    step = window.step_seconds
    running = window.state_is("running")
    warm = _warm(window, running)
    power, speed = np.maximum(window["active_power"], 0.0), window["rotor_speed"]
    quarter, hour = (lagged(power, seconds=seconds, step_seconds=step) for seconds in (900.0, 3600.0))
    turning = lagged(speed, seconds=1200.0, step_seconds=step)
    nacelle = lagged(window["nacelle_temperature"], seconds=900.0, step_seconds=step)

    def over(signal: str, place: FloatArray) -> FloatArray:
        return np.where(warm, window[signal] - place, np.nan)

    def at_work(signal: str) -> FloatArray:
        return np.where(running, window[signal], np.nan)

    return {
        "gearbox": Group(
            {"power": quarter, "power_of_hour": hour, "speed": turning},
            {"gearbox_bearing": over("gearbox_bearing_temperature_drive", window["gearbox_oil_temperature"])},
        ),
        "generator": Group(
            {"power": quarter, "power_of_hour": hour, "power_squared": quarter**2, "speed": turning},
            {
                "generator_bearing": over("generator_bearing_temperature_drive", nacelle),
                **{f"winding_{one}": over(f"generator_winding_temperature_{one}", nacelle) for one in "uvw"},
            },
        ),
        "vibration": Group(
            {"power": power, "speed": speed},
            {f"{part}_vibration": at_work(f"vibration_velocity_{part}") for part in ("gearbox", "generator")},
        ),
        "tower": Group({"wind": window["wind_speed"], "speed": speed}, {"tower": at_work("tower_acceleration_x")}),
    }


def _warm(window: Window, running: Flags) -> Flags:
    warm = runs_since(running) > window.steps(_WARM_SECONDS)
    warm[: window.steps(_SETTLE_SECONDS)] = False
    return warm

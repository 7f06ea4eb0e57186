"""How the sump empties after unloading, and what it settles at: what the inlet valve and the minimum pressure valve do."""

from typing import NamedTuple

import numpy as np

from analytics.baselines.steady import runs_since
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray, Window

_LEAST_LEARNED = 10
_SHORTEST_SECONDS, _LONGEST_SECONDS = 3.0, 400.0
"""Range of time constants that are looked for; sumps blow down in 30 to 60 s."""
_CONSTANTS = np.geomspace(_SHORTEST_SECONDS, _LONGEST_SECONDS, 120)


class BlowDown(NamedTuple):
    """Sump pressure since unloading: ``floor + (start - floor) exp(-(age + offset) / constant)``."""

    floor_mpa: float
    """What the leak of the closed inlet valve sustains."""
    start_mpa: float
    """Sump pressure while loaded."""
    constant_seconds: float
    offset_seconds: float
    """By how much the valve opens before the age begins to count."""
    error_mpa: float
    """Root mean square of what the curve leaves."""

    def at(self, age_seconds: FloatArray) -> FloatArray:
        decay = np.exp(-(age_seconds + self.offset_seconds) / self.constant_seconds)
        pressure: FloatArray = self.floor_mpa + (self.start_mpa - self.floor_mpa) * decay
        return pressure


def unloaded_age_seconds(window: Window, run_on_seconds: float | None = None) -> FloatArray:
    """Time since the machine unloaded; NaN where it does not idle. [s]

    Parameters
    ----------
    run_on_seconds : float, optional
        What the controller's run-on timer starts from; where the machine tells what is left of it, its age is exact. Without it
        the steps since the state changed are counted, which serves where the machine idles for several steps at a time.
    """
    idle = window.state_is("idle")
    if run_on_seconds is not None:
        return np.where(idle, run_on_seconds - window["run_on_time_left"], np.nan)
    return np.where(idle, (runs_since(idle) - 0.5) * window.step_seconds, np.nan)


def run_on_seconds(window: Window) -> float | None:
    """Give what the run-on timer starts from, by the largest value seen; None where the machine does not tell it."""
    left = window["run_on_time_left"][window.state_is("idle")]
    left = left[left > 0]
    return float(left.max()) if len(left) else None


def loaded_sump_mpa(window: Window) -> float:
    """Median of the sump's pressure while the machine delivers; NaN where it never does. [MPa]"""
    pressure = window["sump_pressure"][window.state_is("loaded")]
    pressure = pressure[~np.isnan(pressure)]
    return float(np.median(pressure)) if len(pressure) else float("nan")


def fit_blow_down(age_seconds: FloatArray, sump_mpa: FloatArray, *, start_mpa: float) -> BlowDown:
    """Fit the curve by least squares: two lines' unknowns for each time constant of a grid, and the best of them.

    Parameters
    ----------
    age_seconds, sump_mpa : ndarray, shape (n,)
        Samples while unloaded, NaN elsewhere. [s], [MPa]
    start_mpa : float
        Pressure of the loaded sump. [MPa]

    Raises
    ------
    NotEvaluated
        If there are too few samples, or the pressure does not fall.
    """
    known = ~np.isnan(age_seconds) & ~np.isnan(sump_mpa)
    age, pressure = age_seconds[known], sump_mpa[known]
    if len(age) < _LEAST_LEARNED:
        raise NotEvaluated(Why.NOT_RUNNING, f"{len(age)} steps unloaded")
    decay = np.exp(-age / _CONSTANTS[:, None])
    centred = decay - decay.mean(axis=1, keepdims=True)
    height = centred @ (pressure - pressure.mean()) / np.maximum((centred**2).sum(axis=1), 1e-12)
    floor = pressure.mean() - height * decay.mean(axis=1)
    errors = _error(pressure - floor[:, None] - height[:, None] * decay)
    best = int(errors.argmin())
    if not (height[best] > 0 and start_mpa > floor[best] > 0 and 0 < best < len(_CONSTANTS) - 1):
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, "the sump does not blow down")
    constant = float(_CONSTANTS[best])
    offset = constant * float(np.log((start_mpa - floor[best]) / height[best]))
    return BlowDown(float(floor[best]), start_mpa, constant, offset, float(errors[best]))


class Compared(NamedTuple):
    """How samples differ from a healthy curve, by one change at a time."""

    floor_ratio: float
    """If only the settled pressure changed. [1]"""
    constant_ratio: float
    """If only the time constant changed. [1]"""
    error_healthy_mpa: float
    error_floor_mpa: float
    error_constant_mpa: float
    """What each explanation leaves, root mean square."""


def compare(healthy: BlowDown, age_seconds: FloatArray, sump_mpa: FloatArray) -> Compared:
    """Explain samples by a changed floor, and by a changed time constant; a few samples will do."""
    known = ~np.isnan(age_seconds) & ~np.isnan(sump_mpa)
    age, pressure = age_seconds[known] + healthy.offset_seconds, sump_mpa[known]
    decay = np.exp(-age / healthy.constant_seconds)
    weight = 1 - decay
    floor = float(weight @ (pressure - healthy.start_mpa * decay) / max(float(weight @ weight), 1e-12))
    decays = np.exp(-age / _CONSTANTS[:, None])
    errors = _error(pressure - healthy.floor_mpa - (healthy.start_mpa - healthy.floor_mpa) * decays)
    best = int(errors.argmin())
    return Compared(
        floor_ratio=floor / healthy.floor_mpa,
        constant_ratio=float(_CONSTANTS[best] / healthy.constant_seconds),
        error_healthy_mpa=float(_error(pressure - healthy.at(age_seconds[known]))),
        error_floor_mpa=float(_error(pressure - floor * weight - healthy.start_mpa * decay)),
        error_constant_mpa=float(errors[best]),
    )


def _error(residuals: FloatArray) -> FloatArray:
    error: FloatArray = np.sqrt((residuals**2).mean(axis=-1))
    return error

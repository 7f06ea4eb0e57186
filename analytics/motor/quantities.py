"""What a motor's diagnosis looks at, as means over blocks of ten minutes of steady work.

Vibrations enter as squares: rms values of independent sources add up as squares, so that the square of a reading less the square
of what is usual is the square of what has come to it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from analytics.baselines.load_baseline import stretch_means
from analytics.baselines.steady import runs_since
from analytics.motor.load import pole_pairs_of
from analytics.motor.nameplate import is_fed_by_drive, nameplate
from analytics.motor.supply import negative_sequence_ratio
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray, Window

BLOCK_SECONDS = 600.0
ENDS = ("drive", "non_drive")
RADIAL = ("h", "v")
_PHASES, _LINES = ("a", "b", "c"), ("ab", "bc", "ca")
_RUN_IN_SECONDS, _WARM_UP_SECONDS = 1800.0, 3 * 3600.0
"""After a start: until speed and load are steady, and until the temperatures follow the load alone."""
_RATED_HZ = 50.0
_LAGS_SECONDS = (1200.0, 5400.0)
"""Heat follows the load by the winding's time constant, of some ten minutes, and the frame's, of an hour or two."""


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Means over blocks; NaN where the motor was not steadily at work for most of one."""

    times_us: npt.NDArray[np.int64]
    is_fed_by_drive: bool
    load: FloatArray
    """Share of the rated torque."""
    speed: FloatArray
    """Of the field, share of that at the rated frequency: unlike the rotor's it holds no slip, which is judged itself."""
    features: dict[str, dict[str, FloatArray]]
    """``work`` for what follows the load at once, ``heat`` for temperatures."""
    targets: dict[str, FloatArray]
    voltage_unbalance: FloatArray
    """Negative over positive sequence. [%]"""


def features_of(target: str) -> str:
    """Name the features over which a target is learned."""
    return "heat" if target.startswith(("winding_rise", "air_rise", "bearing_rise")) else "work"


def blocks_of(window: Window) -> Blocks:
    """Reduce a window.

    Raises
    ------
    NotEvaluated
        If the motor was not at work, or there is no rated speed.
    """
    rated_rpm = nameplate(window, "rated_speed")
    try:
        pole_pairs = pole_pairs_of(rated_rpm=rated_rpm)
    except ValueError as error:
        raise NotEvaluated(Why.BAD_INPUT, str(error)) from error
    is_running = window.state_is("running")
    run = runs_since(is_running)
    steady = run > window.steps(_RUN_IN_SECONDS)
    if not steady.any():
        raise NotEvaluated(Why.NOT_RUNNING)
    # A window that begins at full work says nothing of when the motor was started; what came before it is taken as such.
    since_first = np.minimum.accumulate(is_running)
    warm = (run > window.steps(_WARM_UP_SECONDS)) | (steady & since_first)
    size = window.steps(BLOCK_SECONDS)
    load, fed_by_drive = window["torque_percent"] / 100, is_fed_by_drive(window)
    hertz = window["output_frequency"] if fed_by_drive else window["frequency"]
    speed = hertz / _RATED_HZ

    def block(values: FloatArray, where: Flags = steady) -> FloatArray:
        return stretch_means(np.where(where, values, np.nan), size, at_least_share=0.7)

    targets = {
        "slip": block(60 * hertz / pole_pairs - window["speed"]),
        "current": block(window["motor_current"]),
        "insulation": block(np.log(np.where(window["insulation_resistance"] > 0, window["insulation_resistance"], np.nan))),
        "current_swing": _unsteadiness(window["motor_current"], steady, window),
    }
    if not fed_by_drive:
        # What a meter sees upstream of a drive is the rectifier's doing, not the motor's.
        currents = [window[f"current_{phase}"] for phase in _PHASES]
        targets["current_negative"] = block(negative_sequence_ratio(*currents) * np.mean(currents, axis=0))
        targets["distortion"] = block(np.mean([window[f"thd_current_{phase}"] for phase in _PHASES], axis=0))
    for end in ENDS:
        for direction in (*RADIAL, "a"):
            velocity = window[f"vibration_velocity_{end}_{direction}"]
            targets[f"velocity_{end}_{direction}"] = block(velocity**2)
            targets[f"swing_{end}_{direction}"] = _unsteadiness(velocity, steady, window)
        targets[f"acceleration_{end}"] = block(window[f"vibration_acceleration_{end}"])
        targets[f"shock_{end}"] = block(window[f"shock_value_{end}"])
        targets[f"bearing_rise_{end}"] = block(window[f"bearing_temperature_{end}"] - window["ambient_temperature"], warm)
    windings = window.family("winding_temperature_{winding}")
    middle, hottest = _mean_and_highest(windings)
    air_in = window["cooling_air_in_temperature"]
    targets["winding_rise"] = block(middle - air_in, warm)
    targets["winding_spread"] = block(hottest - middle)
    targets["air_rise"] = block(window["cooling_air_out_temperature"] - air_in, warm)
    work = {"load": block(load)}
    losses = np.where(is_running, load**2, 0.0)
    heat = {f"losses_{lag:g}": block(_lagged(losses, window.steps(lag)), warm) for lag in _LAGS_SECONDS}
    if fed_by_drive:
        # Together with the squares of the baseline: residual imbalance grows with the fourth power of the speed.
        work |= {"speed": block(speed), "speed_squared": block(speed**2)}
        heat["speed"] = block(_lagged(np.where(is_running, speed, 0.0), window.steps(_LAGS_SECONDS[0])), warm)
    voltages = [window[f"voltage_{line}"] for line in _LINES]
    count = len(window) // size
    return Blocks(
        times_us=window.times_us[: count * size : size],
        is_fed_by_drive=fed_by_drive,
        load=work["load"],
        speed=block(speed),
        features={"work": work, "heat": heat},
        targets={name: values for name, values in targets.items() if not np.isnan(values).all()},
        voltage_unbalance=block(100 * negative_sequence_ratio(*voltages)),
    )


def _lagged(values: FloatArray, steps: int) -> FloatArray:
    """First-order lag that begins at the first value; what is unknown counts as what came before it."""
    known = np.where(np.isnan(values), 0, np.arange(len(values)))
    filled = np.nan_to_num(values[np.maximum.accumulate(known)])
    share = -np.expm1(-1 / steps)
    lagged: FloatArray = lfilter([share], [1, share - 1], filled, zi=[filled[0] * (1 - share)])[0]
    return lagged


def _unsteadiness(values: FloatArray, steady: Flags, window: Window) -> FloatArray:
    """Standard deviation of minute means about their block's mean; NaN where the step is too long to tell."""
    size = window.steps(BLOCK_SECONDS)
    minute = window.steps(60)
    if size // minute < 5:
        return np.full(len(values) // size, np.nan)
    kept = np.where(steady, values, np.nan)[: len(values) // size * size]
    minutes = stretch_means(kept, minute, at_least_share=0.5)
    each = size // minute
    means = stretch_means(minutes, each, at_least_share=0.7)
    squares = stretch_means((minutes[: len(means) * each] - np.repeat(means, each)) ** 2, each, at_least_share=0.7)
    return np.sqrt(squares)


def _mean_and_highest(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Over the sensors that are known at each instant; a sensor that never says anything is left out."""
    known = ~np.isnan(columns)
    count = known.sum(axis=0)
    total = np.where(known, columns, 0.0).sum(axis=0)
    highest = np.where(known, columns, -np.inf).max(axis=0)
    some = count > 0
    mean: FloatArray = np.divide(total, count, out=np.full(len(total), np.nan), where=some)
    return mean, np.where(some, highest, np.nan)

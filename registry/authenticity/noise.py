"""The noise of a machine's sensors: what no model, no interpolation and no copy can give a second time.

Each signal is bent (`analytics.detection.sensor_checks.bends`), which takes all slow changes away, and brought to unit deviation
by the hour. What is left of two honest stretches has nothing in common; what is left of a stretch and its copy is alike, whatever
was added, multiplied or rounded, as long as the noise that was added is not far above the sensor's own.
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from scipy import fft

from analytics.detection.sensor_checks import bends
from analytics.general.at_work import measured_signals
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Role, load_kind

_SCALE_SECONDS = 3600.0
"""Noise of many sensors grows with their reading: it is measured anew for each hour."""
_CLIP = 4.0
"""What is further off, in deviations, is a step of the machine: starts and stops repeat on honest machines too."""
_LEAST_SCALE = 0.4
"""Against the median of all hours: where a reading goes to nothing its noise does too, and what is left is the curve itself."""
_STIRRED_SHARE = 0.1
_STIRRED_ROWS = 3
_LEAST_SHARE = 0.2
"""A signal that is seldom heard is of no use."""
_RIDGE = 0.05
"""Share of the mean power that is added to each direction: sums of signals would otherwise be all rounding."""
_ECHO_ROWS = 120
_SECOND = (-0.35, 0.45)
"""Correlation of bends with the one after the next: 0.17 for white noise, 0 for a random walk; a load that goes up and down every
two to four rows is beyond these."""
_MOST_ECHO = 0.5
"""Sum of squared autocorrelations over that many rows; white noise of a week has 0.01, a compressor's load cycles 10 and more."""
_CYCLE_BLOCK_SECONDS, _CYCLE_ROWS, _CYCLE = 10_800.0, 45, 0.35
"""In a stretch whose noise comes again within so many rows by this correlation the machine runs in cycles."""
_TO_DEVIATION = 1.4826


class Noise(NamedTuple):
    """Noise of a machine's signals: ``values`` of shape (signals, n), in deviations, 0 where nothing is known."""

    signals: tuple[str, ...]
    values: FloatArray


def noise_of(window: Window, *, most_signals: int, leave_out: Collection[Role] = ()) -> Noise:
    """Take the noise of the signals that least repeat themselves, at most ``most_signals``.

    Parameters
    ----------
    leave_out : collection of Role
        Signals of these roles are left out: what surrounds several machines, such as the grid, is the same for all of them.
    """
    kind = load_kind(window.kind)
    names = [name for name in measured_signals(window.kind) if name in window and kind.signals[name].role not in leave_out]
    hour = window.steps(_SCALE_SECONDS)
    rows = len(window) // hour * hour
    if not names or rows < 3 * hour:
        return Noise((), np.empty((0, len(window)), np.float64))
    bent = bends(np.array([window[name] for name in names]))[:, :rows]
    blocks = np.nan_to_num(bent).reshape(len(names), -1, hour)
    scale = _TO_DEVIATION * np.median(np.abs(blocks), axis=2, keepdims=True)
    heard_hours = np.where(scale > 0, scale, np.nan)
    usual = np.nan_to_num(np.nanmedian(np.where(np.isnan(heard_hours).all(axis=1, keepdims=True), 0, heard_hours), axis=1))
    scale = np.maximum(scale, _LEAST_SCALE * usual[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(scale > 0, blocks / scale, 0.0).reshape(len(names), rows)
    far = np.abs(scaled) > _CLIP
    scaled[far] = 0.0
    # Where many signals are far off together the machine starts, stops or changes its load, perhaps the same way each time.
    stirred = far.mean(axis=0) > _STIRRED_SHARE
    scaled[:, np.convolve(stirred, np.ones(2 * _STIRRED_ROWS + 1), "same") > 0] = 0.0
    heard = (scaled != 0).mean(axis=1)
    scaled[_in_cycles(scaled, window.steps(_CYCLE_BLOCK_SECONDS))] = 0.0
    echo = np.where(heard >= _LEAST_SHARE, _echo(scaled), np.inf)
    echo[echo > _MOST_ECHO] = np.inf
    best = np.argsort(echo, kind="stable")[:most_signals]
    best = np.sort(best[np.isfinite(echo[best])])
    values = np.zeros((len(best), len(window)))
    values[:, :rows] = _apart(scaled[best])
    return Noise(tuple(names[index] for index in best), values)


def _apart(values: FloatArray) -> FloatArray:
    """Take from each signal what it has in common with the others, so that each sensor's own noise is left.

    A cloud or a change of load is seen by forty sensors at once and would pass for forty agreements; it is one. The symmetric
    square root keeps each signal's place, so that two machines of a kind can still be compared signal by signal.
    """
    heard = (values != 0).any(axis=0)
    if len(values) < 2 or heard.sum() < 2 * len(values):
        return values
    covariance = values[:, heard] @ values[:, heard].T / heard.sum()
    powers, directions = np.linalg.eigh(covariance)
    powers = np.maximum(powers, 0) + _RIDGE * powers.mean()
    freed: FloatArray = (directions / np.sqrt(powers)) @ directions.T @ values
    np.clip(freed, -_CLIP, _CLIP, out=freed)
    freed[:, ~heard] = 0.0
    return freed


def _in_cycles(scaled: FloatArray, block: int) -> Flags:
    """Tell where a signal runs in cycles of minutes, block by block; shape of ``scaled``."""
    signals, rows = scaled.shape
    flags = np.zeros(scaled.shape, bool)
    whole = rows // block * block
    if not whole:
        return flags
    blocks = scaled[:, :whole].reshape(signals, -1, block)
    size = fft.next_fast_len(block + _CYCLE_ROWS, real=True)
    spectrum = fft.rfft(blocks, size)
    power = fft.irfft(spectrum * spectrum.conj(), size)[..., :_CYCLE_ROWS]
    with np.errstate(divide="ignore", invalid="ignore"):
        again = np.nanmax(np.nan_to_num(power[..., 3:] / power[..., :1]), axis=2)
        second = np.nan_to_num(power[..., 2] / power[..., 0])
    in_cycles = (again > _CYCLE) | (second < _SECOND[0]) | (second > _SECOND[1])
    flags[:, :whole] = np.repeat(in_cycles, block, axis=1)
    return flags


def _echo(scaled: FloatArray) -> FloatArray:
    """Tell how much of a signal's noise comes again within two hours, as that of a machine with cycles does; 0 for none."""
    rows = scaled.shape[1]
    size = fft.next_fast_len(rows + _ECHO_ROWS, real=True)
    spectrum = fft.rfft(scaled, size)
    power = fft.irfft(spectrum * spectrum.conj(), size)[:, : min(_ECHO_ROWS, rows)]
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = power / power[:, :1]
    echo: FloatArray = np.nan_to_num(np.square(correlation[:, 3:]).sum(axis=1), nan=np.inf)
    return echo

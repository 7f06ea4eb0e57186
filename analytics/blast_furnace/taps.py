"""Taps of a blast furnace: the laboratory's values stand until the next cast, and what the furnace did before each."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.baselines.steady import rolling_mean
from analytics.window import FloatArray, Window

TAP_SIGNALS = ("hot_metal_si", "hot_metal_temperature", "hot_metal_s", "hot_metal_mass")


class Taps(NamedTuple):
    """Casts whose analysis arrived within a window, oldest first."""

    steps: npt.NDArray[np.int64]
    """Steps of the window at which the values first stood."""
    silicon_percent: FloatArray
    celsius: FloatArray


def taps_of(window: Window) -> Taps:
    """Find the casts: wherever one of their values changes, the values of a new one have arrived.

    The values that stand at the window's first step belong to a cast of unknown time, and are left out.
    """
    silicon, celsius = window["hot_metal_si"], window["hot_metal_temperature"]
    known = np.flatnonzero(~np.isnan(silicon))
    values = np.stack([window[name][known] for name in TAP_SIGNALS])
    has_changed = (np.diff(values, axis=1) != 0) & ~np.isnan(np.diff(values, axis=1))
    steps = known[1:][has_changed.any(axis=0)]
    # A value that arrives a few steps after another is still of the same cast: the last of them has all.
    apart = np.diff(steps, append=np.iinfo(np.int64).max) > window.steps(_ONE_CAST_SECONDS)
    steps = steps[apart]
    return Taps(steps, silicon[steps], celsius[steps])


_ONE_CAST_SECONDS = 600.0


def before(values: FloatArray, taps: Taps, *, span_steps: int) -> FloatArray:
    """Give the mean over the ``span_steps`` steps up to each cast's analysis; NaN where nothing is known."""
    return rolling_mean(values, span_steps)[taps.steps]

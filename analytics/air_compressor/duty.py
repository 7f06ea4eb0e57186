"""How a compressor spends its time: loaded, idling, stopped; how often it changes, and what idling costs."""

from typing import NamedTuple

import numpy as np

from analytics.window import Flags, FloatArray, Window

_HOUR_SECONDS = 3600


class Shares(NamedTuple):
    """Shares of the known time, adding up to one."""

    loaded: float
    unloaded: float
    stopped: float

    @property
    def load_factor(self) -> float:
        """Loaded time over all time: ``t_load / (t_load + t_unload + t_stop)``."""
        return self.loaded


def time_shares(window: Window) -> Shares:
    """Share of each state of the machine in the time in which its state is known; NaN where it never is."""
    state = window["state"]
    known = int(np.count_nonzero(~np.isnan(state)))
    loaded, unloaded = (int(np.count_nonzero(window.state_is(*names))) for names in (("loaded",), ("idle", "starting")))
    if not known:
        return Shares(float("nan"), float("nan"), float("nan"))
    return Shares(loaded / known, unloaded / known, (known - loaded - unloaded) / known)


def counted(counter: FloatArray) -> float:
    """Growth of a counter over a window; a fall is a reset, and what came after it counts. NaN of fewer than two values."""
    known = counter[~np.isnan(counter)]
    if len(known) < 2:
        return float("nan")
    steps = np.diff(known)
    return float(np.where(steps >= 0, steps, np.maximum(known[1:], 0.0)).sum())


def per_hour(counter: FloatArray, step_seconds: float) -> float:
    """Growth of a counter for an hour, between its first and last known values."""
    known = np.flatnonzero(~np.isnan(counter))
    if len(known) < 2:
        return float("nan")
    return counted(counter) * _HOUR_SECONDS / (float(known[-1] - known[0]) * step_seconds)


def unloaded_power_share(power_kw: FloatArray, *, loaded: Flags, unloaded: Flags) -> float:
    """Mean power while idling over that at full load, 0.25 to 0.4 of machines in order and never 0; NaN without either."""
    full, idle = (power_kw[flags & ~np.isnan(power_kw)] for flags in (loaded, unloaded))
    if not len(full) or not len(idle) or full.mean() <= 0:
        return float("nan")
    return float(idle.mean() / full.mean())


def pressure_saving_percent(fall_mpa: float) -> float:
    """Power that a lower discharge pressure saves, 6.5 % for each bar; holds for a bar or two around 0.7 MPa. [%]

    References
    ----------
    US Department of Energy, Compressed Air Tip Sheet 8: half a percent for each psi.
    """
    return 65.0 * fall_mpa

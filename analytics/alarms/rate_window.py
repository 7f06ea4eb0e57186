"""How fast a signal changes over a sliding window, for many machines at once."""

import numpy as np

from analytics.alarms.program import Floats, Rows, Times
from telemetry.bundle import MICROSECONDS

STEPS = 8
"""A window keeps a sample each eighth of its length: what is called its length is exact to that."""


class RateWindow:
    """The kept samples of one signal, newest first.

    A sample is compared with the newest kept one that is at least the window old, and the difference is scaled to the window.
    There is no rate until the signal was seen for that long.
    """

    def __init__(self, per_seconds: float) -> None:
        self.window_us = round(per_seconds * MICROSECONDS)
        self.step_us = self.window_us // STEPS
        self.time_us: Times = np.empty((0, STEPS + 2), dtype=np.int64)
        self.value: Floats = np.empty((0, STEPS + 2))
        """NaN where no sample was kept yet."""

    def add(self, machines: int) -> None:
        self.time_us = np.concatenate([self.time_us, np.zeros((machines, STEPS + 2), dtype=np.int64)])
        self.value = np.concatenate([self.value, np.full((machines, STEPS + 2), np.nan)])

    def take(self, rows: Rows, times_us: Times, values: Floats) -> Floats:
        """Keep samples of machines and give the change per window up to each; NaN values are passed over."""
        kept_us, kept = self.time_us[rows], self.value[rows]
        age_us = times_us[:, None] - kept_us
        old_enough = (age_us >= self.window_us) & ~np.isnan(kept)
        newest = old_enough.argmax(axis=1)
        cells = np.arange(len(rows))
        span_us = np.where(old_enough[cells, newest], age_us[cells, newest], 1)
        change = np.where(old_enough[cells, newest], values - kept[cells, newest], np.nan)
        due = ~np.isnan(values) & (np.isnan(kept[:, 0]) | (age_us[:, 0] >= self.step_us))
        kept_us[due, 1:], kept[due, 1:] = kept_us[due, :-1], kept[due, :-1]
        kept_us[due, 0], kept[due, 0] = times_us[due], values[due]
        self.time_us[rows], self.value[rows] = kept_us, kept
        return change * (self.window_us / span_us)

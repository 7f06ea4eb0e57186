"""How a generator set is used: a shift on six or seven days, standby for the mains besides, and loads of cycle D2 of ISO 8178-4.

Off shift the mains fails every two and a half days in the mean, for half an hour or more. Users come and go every few minutes;
the cycle's weights are the chances of its loads. Limits: no correlation between loads; one set carries all.
"""

from datetime import datetime

import numpy as np

from simulators.dice import Array, Dice, Flags

_D2_LOADS = np.array([1.0, 0.75, 0.5, 0.25, 0.1])
_D2_CUMULATIVE = np.cumsum([0.05, 0.25, 0.30, 0.30])
_CALLED_EVERY_SECONDS, _LOAD_CHANGES_EVERY_SECONDS = 2.5 * 86_400, 540.0


class GeneratorDuty:
    """The duty of n sets; ``load_level`` is how heavily each is loaded, around 1."""

    def __init__(self, dice: Dice, *, load_level: Array) -> None:
        self._dice, self._load_level = dice, load_level
        self._begins_hour, self._ends_hour = dice.uniform(6.2, 7.6), dice.uniform(17.5, 22.5)
        self._rests_on_sunday = dice.uniform() < 0.7
        self._call_seconds = np.zeros(dice.n)
        self.load_share = np.zeros(dice.n)

    def begin(self, now: datetime) -> Flags:
        """Draw the first load, and tell which sets are at work."""
        self.load_share = self._draw_load()
        return self._is_on_shift(now)

    def is_wanted(self, now: datetime, seconds: float) -> Flags:
        """Tell which sets are to run: on shift, and off shift when the mains fails."""
        is_called = self._dice.happens(seconds, mean_seconds=_CALLED_EVERY_SECONDS)
        lasts = self._dice.uniform(1200, 5400)
        on_shift = self._is_on_shift(now)
        self._call_seconds = np.where(is_called & ~on_shift, lasts, np.maximum(self._call_seconds - seconds, 0))
        return np.asarray(on_shift | (self._call_seconds > 0))

    def change_load(self, seconds: float) -> None:
        comes = self._dice.happens(seconds, mean_seconds=_LOAD_CHANGES_EVERY_SECONDS)
        drawn = self._draw_load() * self._load_level + self._dice.uniform(-0.08, 0.08)
        self.load_share = np.where(comes, np.clip(drawn, 0.0, 1.0), self.load_share)

    def _draw_load(self) -> Array:
        return _D2_LOADS[np.searchsorted(_D2_CUMULATIVE, self._dice.uniform())]

    def _is_on_shift(self, now: datetime) -> Flags:
        hour = now.hour + now.minute / 60 + now.second / 3600
        rests = self._rests_on_sunday & (now.weekday() == 6)
        return np.asarray((hour >= self._begins_hour) & (hour < self._ends_hour) & ~rests)

"""The working days of building sites: when each begins, pauses and ends, who also works at night, and how hard the ground is.

Each site's day is drawn anew at midnight: it begins from half past seven, with a break at noon, and ends in the evening; one in
five machines also works in the night shift, half of them rest on Sundays, and now and then one has nothing to do.

Limits: rain stops nobody; no holidays.
"""

from datetime import datetime

import numpy as np

from simulators.dice import Array, Dice, Flags

_NIGHT_FROM = 19


class SiteDays:
    """Today on n sites."""

    def __init__(self, dice: Dice, now: datetime) -> None:
        self._dice = dice
        self._plan(now)

    def look(self, now: datetime) -> None:
        if now.date() != self._date:
            self._plan(now)

    def is_pause(self, hour: float) -> Flags:
        return np.asarray((hour >= self._pauses) & (hour < self._resumes))

    def is_shift(self, hour: float, *, works_through: Flags) -> Flags:
        """Tell whose shift it is; who ``works_through`` makes no break."""
        day = (hour >= self._begins) & (hour < self._ends) & (works_through | ~self.is_pause(hour))
        night = self._has_night_shift & (hour >= _NIGHT_FROM) & (hour < self._night_ends)
        return np.asarray((day | night) & ~self._rests)

    def _plan(self, now: datetime) -> None:
        self._date = now.date()
        self._begins = 7.3 + 0.5 * self._dice.uniform()
        self._pauses = self._begins + 4.2 + 0.6 * self._dice.uniform()
        self._resumes = self._pauses + 0.8 + 0.5 * self._dice.uniform()
        self._ends = self._resumes + 4.2 + 1.2 * self._dice.uniform()
        self._night_ends = 21.5 + 1.5 * self._dice.uniform()
        self._has_night_shift: Flags = self._dice.uniform() < 0.2
        self._rests: Flags = self._dice.uniform() < (0.5 if now.weekday() == 6 else 0.03)
        self.ground: Array = 1 + 0.08 * np.clip(self._dice.normal(), -2, 2)
        """How hard the ground is against the usual."""

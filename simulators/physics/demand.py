"""How much is wanted from machines: shifts, weekends, and batches that come and go."""

from datetime import datetime

import numpy as np

from simulators.dice import Array, Dice
from simulators.machine import lag


class Demand:
    """Share of the machine's rating that its users want, 0 to about 1; each plant has its own level and its own batches."""

    def __init__(
        self,
        dice: Dice,
        start: datetime,
        *,
        day: float = 0.85,
        evening: float = 0.65,
        night: float = 0.38,
        weekend: float = 0.8,
        spread: float = 0.13,
        batch_seconds: float = 500.0,
        settle_seconds: float = 60.0,
    ) -> None:
        self._dice, self._day, self._evening, self._night, self._weekend = dice, day, evening, night, weekend
        self._spread, self._batch_seconds, self._settle_seconds = spread, batch_seconds, settle_seconds
        self._level = 1 + 0.08 * dice.normal()
        self._shift_offset_hours = dice.uniform(-0.4, 0.4)
        self._batch = dice.uniform(-spread, spread)
        self.share: Array = self._wanted(start)

    def step(self, now: datetime, seconds: float) -> Array:
        comes = self._dice.happens(seconds, mean_seconds=self._batch_seconds)
        self._batch = np.where(comes, self._dice.uniform(-self._spread, self._spread), self._batch)
        self.share = lag(self.share, self._wanted(now), seconds, self._settle_seconds)
        return self.share

    def _wanted(self, now: datetime) -> Array:
        hour = (now.hour + now.minute / 60 + self._shift_offset_hours) % 24
        shift = np.where((hour >= 8) & (hour < 17), self._day, np.where((hour >= 6) & (hour < 22), self._evening, self._night))
        rest = self._weekend if now.weekday() >= 5 else 1.0
        return np.maximum(shift * self._level * rest + self._batch, 0.0)

"""What hangs between the sun and the modules: clouds, haze, rain and wind over n places.

Clouds are a Markov chain of three skies whose next one does not depend on the present one, so that a step of any length is exact;
under each sky the clearness wanders about its mean (first order). How likely each sky is follows a slow "gloom" of fronts that
pass. Rain falls from overcast skies, in summer more than in winter (Jinan has some 700 mm a year). Haze multiplies the Linke
turbidity of Jinan's months (J. Remund et al., 2003, the SoDa maps).
Limits: no cloud field that moves from one plant to the next, no snowfall, no sky that is bimodal at the edge of single clouds.
"""

import math
from datetime import datetime
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from simulators.dice import Array, Dice

CLEAR, BROKEN, OVERCAST = 0, 1, 2
LINKE_TURBIDITY = (2.59, 2.67, 3.19, 3.60, 4.39, 4.30, 4.74, 4.75, 4.10, 3.41, 2.85, 2.21)
"""Middle of each month at 36.65° N, 117.0° E; read from the maps with pvlib 0.16.1."""
_SKY_SECONDS, _CLEARNESS_SECONDS, _GUST_SECONDS = 1200.0, 40.0, 600.0
_FRONT_SECONDS, _HAZE_SECONDS = 1.2 * 86_400, 2 * 86_400
_RAIN_SECONDS = 2 * 3600.0
_DRY_SECONDS = 20 * 3600.0
"""Of overcast sky, between the rains, in spring and autumn."""


class Sky:
    """The skies of n places; each has its own."""

    MEAN: ClassVar = np.array([0.98, 0.68, 0.24])
    SPREAD: ClassVar = np.array([0.008, 0.17, 0.05])
    """Of the clearness under a clear, a broken and an overcast sky."""

    def __init__(self, dice: Dice, start: datetime) -> None:
        self._dice, self._day = dice, start.date()
        self._gloom, self._haze, self._gust = dice.normal(), dice.normal(), dice.normal()
        self._sky = self._drawn_sky()
        self._rain_mm_h = np.zeros(dice.n)
        self.clearness: Array = self.MEAN[self._sky]
        """The light that arrives as a share of that of a cloudless sky."""
        self.rain_day_mm = np.zeros(dice.n)
        self.linke_turbidity: Array
        self.wind_m_s: Array
        self._look(start)

    @property
    def is_raining(self) -> npt.NDArray[np.bool_]:
        return self._rain_mm_h > 0

    def step(self, now: datetime, seconds: float) -> None:
        self._gloom = self._wander(self._gloom, seconds, _FRONT_SECONDS)
        self._haze = self._wander(self._haze, seconds, _HAZE_SECONDS)
        self._gust = self._wander(self._gust, seconds, _GUST_SECONDS)
        changes = self._dice.happens(seconds, mean_seconds=_SKY_SECONDS)
        self._sky = np.where(self.is_raining, OVERCAST, np.where(changes, self._drawn_sky(), self._sky))
        self._rain(now, seconds)
        spread = self.SPREAD[self._sky]
        deviation = self._wander((self.clearness - self.MEAN[self._sky]) / spread, seconds, _CLEARNESS_SECONDS)
        self.clearness = np.clip(self.MEAN[self._sky] + spread * deviation, 0.06, 1.1)
        self._look(now)

    def _wander(self, value: Array, seconds: float, time_constant_seconds: float) -> Array:
        """Let a standard normal number walk; exact for any step."""
        keep = math.exp(-seconds / time_constant_seconds)
        return keep * value + math.sqrt(1 - keep * keep) * self._dice.normal()

    def _drawn_sky(self) -> Array:
        drawn = self._dice.uniform()
        clear = 1 / (1 + np.exp(1.0 + 1.7 * self._gloom))
        overcast = 1 / (1 + np.exp(0.9 - 1.7 * self._gloom))
        return np.where(drawn < overcast, OVERCAST, np.where(drawn > 1 - clear * (1 - overcast), CLEAR, BROKEN))

    def _rain(self, now: datetime, seconds: float) -> None:
        if now.date() != self._day:
            self._day = now.date()
            self.rain_day_mm = np.zeros_like(self.rain_day_mm)
        summer = -math.cos(2 * math.pi * (now.timetuple().tm_yday - 20) / 365)
        begins = self._dice.happens(seconds, mean_seconds=_DRY_SECONDS * math.exp(-1.1 * summer))
        ends = self._dice.happens(seconds, mean_seconds=_RAIN_SECONDS)
        drawn_mm_h = np.exp(0.2 + 0.5 * summer + 0.9 * self._dice.normal())
        begins &= (self._sky == OVERCAST) & ~self.is_raining
        self._rain_mm_h = np.where(begins, drawn_mm_h, np.where(ends, 0.0, self._rain_mm_h))
        self.rain_day_mm = self.rain_day_mm + self._rain_mm_h * seconds / 3600

    def _look(self, now: datetime) -> None:
        months = (now.timetuple().tm_yday - 15) / 30.44
        before = math.floor(months)
        share = months - before
        monthly = LINKE_TURBIDITY[before % 12] * (1 - share) + LINKE_TURBIDITY[(before + 1) % 12] * share
        self.linke_turbidity = monthly * np.exp(0.12 * self._haze)
        self.wind_m_s = np.exp(0.75 + 0.5 * self._gust)

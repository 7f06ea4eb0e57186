"""Soot on the gas side of a boiler, and the soot-blower that comes every few hours.

A blow takes all that has gathered since the last one. Of a heavy deposit that has baked on about half comes off, and is back
after some hours. Limits: one resistance for all surfaces; the blower's steam is not counted.
"""

import math

import numpy as np
import numpy.typing as npt

from simulators.dice import Array

_GATHERING_SECONDS, _BACK_SECONDS, _BLOW_SECONDS = 8 * 3600.0, 3 * 3600.0, 180.0


class Soot:
    """The soot of n boilers."""

    def __init__(self, *, soot: Array, every_seconds: Array, since_share: Array) -> None:
        self._soot, self._blown_share = soot, np.zeros_like(soot)
        self._every_seconds, self._since_seconds = every_seconds, since_share * every_seconds
        self.is_blowing = np.zeros(len(soot), dtype=bool)

    def collect(self, seconds: float, firing: Array, *, may_blow: npt.NDArray[np.bool_]) -> None:
        """Gather soot in proportion to the fire, and blow it off when the time has come."""
        self._since_seconds = self._since_seconds + seconds
        self.is_blowing = (self._since_seconds > self._every_seconds) & may_blow
        self._soot = np.where(self.is_blowing, 0.0, self._soot + 0.03 * firing * seconds / _GATHERING_SECONDS)
        self._blown_share = np.where(self.is_blowing, 1.0, self._blown_share * math.exp(-seconds / _BACK_SECONDS))
        is_done = self.is_blowing & (self._since_seconds > self._every_seconds + _BLOW_SECONDS)
        self._since_seconds = np.where(is_done, 0.0, self._since_seconds)

    def resistance(self, baked_on: Array) -> Array:
        """Resistance to heat that soot adds, as a share of the clean one; ``baked_on`` is that of a heavy deposit."""
        return self._soot + baked_on * (1 - 0.5 * self._blown_share)

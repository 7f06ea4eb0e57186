"""What turns a wind turbine's nacelle into the wind, and back when its cable is twisted.

The controller follows the minute's mean of its vane once that has left a dead band, until it is straight again, at a constant
speed. The angles of nacelle and cable are not folded at 360°, so that the way back is known.

Limits: no slip, no brake, no motors; rates and limits are those of turbines of some megawatts.
"""

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, lag

DEG_PER_S, DEAD_BAND_DEG = 0.3, 8.0
UNTWIST_AT_DEG, UNTWIST_IN_CALM_AT_DEG = 680.0, 400.0
_STRAIGHT_DEG, _UNTWISTED_DEG = 1.0, 10.0


class YawDrive:
    """n nacelles."""

    def __init__(self, nacelle_deg: Array, twist_deg: Array) -> None:
        self.nacelle_deg, self.twist_deg = nacelle_deg, twist_deg
        self.vane_deg = self._mean_deg = np.zeros_like(nacelle_deg)
        """Of the wind against the nacelle, as the vane shows it."""
        self.is_following = np.zeros(len(nacelle_deg), dtype=bool)

    def needs_untwisting(self, *, is_untwisting: Flags, is_calm: Flags) -> Flags:
        """Tell whose cable is twisted too far, or far enough while there is no wind, or not yet straight."""
        twist = np.abs(self.twist_deg)
        begins = (twist > UNTWIST_AT_DEG) | (is_calm & (twist > UNTWIST_IN_CALM_AT_DEG))
        return np.where(is_untwisting, twist > _UNTWISTED_DEG, begins)

    def step(self, seconds: float, *, seen_deg: Array, may_follow: Flags, untwists: Flags) -> None:
        """Turn the nacelle into the wind that the vane shows, or back until the cable hangs straight."""
        self.vane_deg = (seen_deg - self.nacelle_deg + 180) % 360 - 180
        self._mean_deg = lag(self._mean_deg, self.vane_deg, seconds, 60)
        self.is_following = may_follow & (np.abs(self._mean_deg) > np.where(self.is_following, _STRAIGHT_DEG, DEAD_BAND_DEG))
        furthest = DEG_PER_S * seconds
        to_wind = self.is_following * np.clip(self._mean_deg, -furthest, furthest)
        move = np.where(untwists, -np.clip(self.twist_deg, -furthest, furthest), to_wind)
        self.nacelle_deg = self.nacelle_deg + move
        self._mean_deg = self._mean_deg - move
        self.twist_deg = self.twist_deg + move

"""The water of a steam boiler: condensate comes back, softened water makes up for what is lost, and blowdown holds the salt.

Salt is balanced as conductivity: it comes with condensate and make-up, stays when water boils, and leaves with blowdown and
leaks. The bottom blowdown opens and closes between two limits. A softener lets hardness through as it tires, until it is washed.

Limits: conductivity stands for all salts; no carbon dioxide, no dosing; the deaerator has no model of its own.
"""

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.machine import lag
from simulators.physics.steam_drum import WATER_KG

_CONDENSATE_US_PER_CM = 12.0
_FRESH_US_PER_CM, _SALTY_US_PER_CM = 2700.0, 3000.0
_SEEPING_T_PER_H, _BLOWING_T_PER_H = 0.02, 0.45


class BoilerWater:
    """The water of n boilers outside and inside; flows in t/h."""

    def __init__(
        self,
        *,
        steam: Array,
        returned_share: Array,
        softened_us_per_cm: Array,
        softener_seconds: Array,
        softener_share: Array,
        conductivity_us_per_cm: Array,
    ) -> None:
        self._returned_share, self._softened_us_per_cm = returned_share, softened_us_per_cm
        self._softener_seconds, self._softener_share = softener_seconds, softener_share
        self.conductivity_us_per_cm = conductivity_us_per_cm
        self.feedwater_us_per_cm = np.zeros_like(steam)
        self.condensate = steam * returned_share
        self.makeup = steam - self.condensate
        self.blowdown = np.full_like(steam, _SEEPING_T_PER_H)
        self.drain_c = np.full_like(steam, 40.0)

    @property
    def hardness_mmol_per_l(self) -> Array:
        return np.asarray(0.006 + 0.014 * self._softener_share**4)

    def mix(self, seconds: float, *, steam: Array, feedwater: Array, lost: Array, may_blow: npt.NDArray[np.bool_]) -> None:
        """Move on; ``lost`` leaves the boiler besides the blowdown, which opens only where it may."""
        self._softener_share = (self._softener_share + seconds / self._softener_seconds) % 1.0
        self.condensate = lag(self.condensate, self._returned_share * steam, seconds, 600)
        self.makeup = lag(self.makeup, np.maximum(feedwater - self.condensate, 0.0), seconds, 180)
        salt = self.makeup * self._softened_us_per_cm + self.condensate * _CONDENSATE_US_PER_CM
        self.feedwater_us_per_cm = salt / np.maximum(self.makeup + self.condensate, 0.1)

        gained = feedwater * self.feedwater_us_per_cm - (self.blowdown + lost) * self.conductivity_us_per_cm
        self.conductivity_us_per_cm = self.conductivity_us_per_cm + gained / (WATER_KG / 1000) * seconds / 3600
        is_salty = self.conductivity_us_per_cm > _SALTY_US_PER_CM
        is_fresh = self.conductivity_us_per_cm < _FRESH_US_PER_CM
        opening = np.where(is_salty, _BLOWING_T_PER_H, np.where(is_fresh, _SEEPING_T_PER_H, self.blowdown))
        self.blowdown = np.where(may_blow, opening, 0.0)

    def warm_drain(self, seconds: float, *, air_c: Array, passing: Array) -> None:
        """Warm the pipe behind the blowdown valve: what passes there flashes, and makes it no hotter than 100 °C."""
        cold_c = air_c + 5
        hot_c = (100 - cold_c) * -np.expm1(-4 * passing)
        self.drain_c = lag(self.drain_c, cold_c + hot_c, seconds, 300)

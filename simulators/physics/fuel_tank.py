"""The tank of a generator set, and the deliveries that fill it: diesel of a heating value that differs a little each time.

Who looks at it has it filled when it is below 45 %; below 28 % nobody needs to look. Limits: the new fuel does not mix with the
rest; nothing settles or leaks.
"""

import numpy as np
import numpy.typing as npt

from simulators.dice import Array

TANK_LITRES = 2000.0
_LOWER_HEATING_VALUE_KJ_PER_KG, _KG_PER_LITRE = 42_700.0, 0.84
_REFILL_LITRES_PER_SECOND = 1.5


class FuelTank:
    """The tanks of n sets; a delivery's quality is a standard normal number."""

    def __init__(self, *, litres: Array, quality: Array) -> None:
        self._litres = litres
        self.heating_kj_per_kg = _heating_kj_per_kg(quality)
        self._is_refilling = np.zeros(len(litres), dtype=bool)

    @property
    def percent(self) -> Array:
        return np.asarray(100 * self._litres / TANK_LITRES)

    def take(self, kg: Array) -> None:
        self._litres = np.maximum(self._litres - kg / _KG_PER_LITRE, 0.0)

    def refill(self, seconds: float, *, is_seen: npt.NDArray[np.bool_], quality: Array) -> None:
        share = self._litres / TANK_LITRES
        begins = (share < 0.45) & is_seen | (share < 0.28)
        is_new = begins & ~self._is_refilling
        self.heating_kj_per_kg = np.where(is_new, _heating_kj_per_kg(quality), self.heating_kj_per_kg)
        self._is_refilling = (self._is_refilling | begins) & (share < 0.95)
        filled = self._litres + _REFILL_LITRES_PER_SECOND * seconds * self._is_refilling
        self._litres = np.minimum(filled, TANK_LITRES)


def _heating_kj_per_kg(quality: Array) -> Array:
    return _LOWER_HEATING_VALUE_KJ_PER_KG * (1 + 0.003 * quality)

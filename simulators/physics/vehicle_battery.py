"""A vehicle's battery of 150 Ah and 24 V beside its alternator: what the alternator does not give, it gives.

Limits: the open-circuit voltage is a straight line in the charge, the inner resistance a constant drop; no ageing, no cold.
"""

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, lag

NEEDED_KW = 1.2
_KWH, _LEAST_CHARGE, _CHARGING_SECONDS = 3.6, 0.05, 3600.0


class VehicleBattery:
    """n batteries; ``charging_v`` is what each alternator holds, ``alternator`` below how much of it is in order."""

    def __init__(self, charging_v: Array) -> None:
        self._charging_v = charging_v
        self._charge = np.ones_like(charging_v)

    def step(self, seconds: float, *, is_on: Flags, alternator: Array) -> None:
        missing_kw = np.where(is_on, NEEDED_KW * (1 - alternator), 0.0)
        lost = self._charge - missing_kw * seconds / 3600 / _KWH
        gained = lag(self._charge, 1.0, seconds, _CHARGING_SECONDS)
        self._charge = np.maximum(np.where(is_on & (alternator > 0.5), gained, lost), _LEAST_CHARGE)

    def volts(self, *, is_on: Flags, alternator: Array) -> Array:
        alone_v = 22.4 + 3.0 * self._charge - np.where(is_on, 0.6, 0.0)
        charged_v = self._charging_v - 0.8 * (1 - self._charge)
        return np.where(is_on, alone_v + (charged_v - alone_v) * alternator, alone_v)

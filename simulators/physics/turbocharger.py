"""A turbocharger's inertia: its pressure ratio follows what the turbine could give, within some seconds.

A long step would burn new fuel in old air. So the ratio is first led with the power that is asked, and then corrected by the gas
path that results. The settled ratio falls as the ratio rises (more air, cooler exhaust), so that the balance lies about half way
to it. Limits: no map, no surge, no wastegate.
"""

import numpy as np

from simulators.dice import Array
from simulators.machine import lag
from simulators.physics.diesel_gas_path import AIR_EXPONENT, KELVIN

_SECONDS = 4.0
_ASKED_EXPONENT, _RATIO_PER_ASKED, _HALF_WAY = 1.35, 2.0, 0.55
_KRPM = 175.0


class Turbocharger:
    """The turbochargers of n engines."""

    def __init__(self, *, ratio: Array, asked: Array) -> None:
        self.ratio, self._asked = ratio, asked
        """Pressure behind the compressor over that before it."""

    def lead(self, seconds: float, power_share: Array) -> None:
        """Move on by the change of the indicated power that is asked, a share of the rated one."""
        asked = power_share**_ASKED_EXPONENT
        led = np.maximum(self.ratio + _RATIO_PER_ASKED * (asked - self._asked), 1.0)
        self.ratio, self._asked = lag(self.ratio, led, seconds, _SECONDS), asked

    def follow(self, seconds: float, settled_ratio: Array) -> None:
        """Correct the ratio by that to which the gas path tends."""
        target = self.ratio + _HALF_WAY * (settled_ratio - self.ratio)
        self.ratio = lag(self.ratio, target, seconds, _SECONDS / 2)

    def krpm(self, ambient_c: Array) -> Array:
        """Speed in thousands of rpm: the compressor's head goes with the square of it."""
        head = np.maximum(self.ratio**AIR_EXPONENT - 1, 0.0)
        return np.asarray(_KRPM * np.sqrt(head * (ambient_c + KELVIN) / 298))

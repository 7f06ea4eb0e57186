"""The motor of a machine package as its feeder sees it: losses and reactive power by load, with a drive or on the grid.

Two fifths of the rated losses stay whatever the load, the rest goes with its square. On the grid an induction motor draws most of
its reactive power for its field, whatever it carries; behind a drive the power factor stays. Limits: no harmonics, no start.
See `simulators.physics.induction_motor` for a motor of which more is asked.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.dice import Array

_RATED_SHAFT_KW, _RATED_KW = 110.0, 115.0


class PackageMotor(NamedTuple):
    """The motors of n packages of 110 kW."""

    efficiency: Array
    power_factor: Array
    """Both at full load."""
    has_drive: npt.NDArray[np.bool_]

    def drawn_kw(self, shaft_kw: Array) -> Array:
        """Electric power of a motor that turns."""
        rated_loss_kw = _RATED_SHAFT_KW * (1 / self.efficiency - 1)
        return shaft_kw + rated_loss_kw * (0.4 + 0.6 * np.square(shaft_kw / _RATED_SHAFT_KW))

    def reactive_kvar(self, motor_kw: Array, *, is_on: npt.NDArray[np.bool_]) -> Array:
        tangent = np.sqrt(1 / np.square(self.power_factor) - 1)
        magnetising = np.where(is_on, tangent * (0.57 * _RATED_KW + 0.43 * np.square(motor_kw) / _RATED_KW), 0.0)
        return np.where(self.has_drive, tangent * motor_kw, magnetising)

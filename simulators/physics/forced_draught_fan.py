"""The fan that presses combustion air through burner, furnace and economiser, turned by a motor with a drive.

The pressure is that of burner and gas path and grows with the square of the flow; the power is pressure times volume over the
efficiency, beside what the drive takes at rest; the current is that of a motor of 380 V, whose field takes 11 A.
Limits: one characteristic; furnace pressure is all that the boiler's resistance leaves, as no fan draws.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array

RATED_AIR_M3_PER_H = 8500.0
_BURNER_PA, _GAS_PATH_PA = 2200.0, 430.0


class FanPoint(NamedTuple):
    """How a fan runs."""

    speed_hz: Array
    current_a: Array
    power_kw: Array
    furnace_pa: Array


def forced_draught_fan(*, air_share: Array, air_c: Array, resistance: Array, efficiency: Array) -> FanPoint:
    """Find the point for a share of the rated air; ``resistance`` is the gas path's, as a share of the clean one."""
    volume_share = air_share * (273 + air_c) / 293
    rated_pa = _BURNER_PA + _GAS_PATH_PA * resistance
    power_kw = 0.8 + rated_pa * volume_share**2 * volume_share * RATED_AIR_M3_PER_H / 3600 / efficiency / 1000
    return FanPoint(
        speed_hz=(9 + 36 * volume_share) * np.sqrt(rated_pa / (_BURNER_PA + _GAS_PATH_PA)),
        current_a=np.hypot(11.0, power_kw / 0.566),  # the load's power factor is 0.86
        power_kw=power_kw,
        furnace_pa=_GAS_PATH_PA * air_share**2 * resistance,
    )

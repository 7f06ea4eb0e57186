"""The hydraulic unit that holds a wind turbine's brakes: its pressure leaks away, and its pump restores it.

Limits: pressure falls evenly, the pump needs no time; pressures and leaks are engineering defaults.
"""

import numpy as np

from simulators.dice import Array

_PUMP_STARTS_MPA, _PUMP_STOPS_MPA, _WITHOUT_PRESSURE_MPA = 16.0, 20.0, 9.0


class HydraulicUnit:
    """n units; ``leak_mpa_per_s`` is what a sound one loses."""

    def __init__(self, *, pressure_mpa: Array, leak_mpa_per_s: Array) -> None:
        self.pressure_mpa, self._leak_mpa_per_s = pressure_mpa, leak_mpa_per_s

    def step(self, seconds: float, *, leak: Array) -> None:
        """Lose pressure, with a severe ``leak`` 40 times as fast, and pump; such a leak keeps it below 11 MPa."""
        held = self.pressure_mpa - self._leak_mpa_per_s * (1 + 39 * leak) * seconds
        pumped = np.minimum(_PUMP_STOPS_MPA - 9.0 * leak, np.maximum(held, _WITHOUT_PRESSURE_MPA) + 4.0)
        self.pressure_mpa = np.where(held < _PUMP_STARTS_MPA, pumped, held)

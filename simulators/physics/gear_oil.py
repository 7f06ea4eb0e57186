"""The oil of a large gearbox: what warms it, its thermostat with cooler and heater, its pressure and its filter.

Heat goes with the square of speed, which churns, and with load; the thermostat opens the cooler from 45 to 57 °C, and a heater
keeps a standing gearbox from getting stiff. Thin oil has less pressure and passes the filter more easily.

Limits: one mass; viscosity is an exponential around 50 °C; sizes are engineering defaults of turbines of some megawatts.
"""

import numpy as np

from simulators.dice import Array
from simulators.machine import lag

HIGHEST_C = 80.0
_HEATED_TO_C = 15.0


class GearOil:
    """The oil of n gearboxes; ``heat_share`` is how much each warms it, as a share of the usual."""

    def __init__(self, *, heat_share: Array, clean_filter_kpa: Array) -> None:
        self._heat_share, self._clean_filter_kpa = heat_share, clean_filter_kpa
        self.temperature_c = np.full(len(heat_share), 50.0)

    def step(self, seconds: float, *, around_c: Array, speed: Array, load: Array, fouling: Array) -> None:
        """Warm and cool at shares of rated speed and load; ``fouling`` adds its share to the cooler's resistance."""
        opened = np.clip((self.temperature_c - 45) / 12, 0, 1)
        conductance = 1 + 2.2 * opened / (1 + fouling)
        heat_k = self._heat_share * (12 * speed**2 + 50 * load)
        target_c = np.maximum(around_c + heat_k / conductance, _HEATED_TO_C)
        self.temperature_c = lag(self.temperature_c, target_c, seconds, 4800 / conductance)

    @property
    def is_heated(self) -> Array:
        """1 where the heater is on, else 0."""
        return np.where(self.temperature_c < _HEATED_TO_C + 1, 1.0, 0.0)

    def pressure_kpa(self, speed: Array) -> Array:
        pressure_kpa: Array = 150 + 200 * np.minimum(speed, 1.2) - 1.2 * (self.temperature_c - 50)
        return pressure_kpa

    def filter_drop_kpa(self, speed: Array) -> Array:
        drop_kpa: Array = self._clean_filter_kpa * (0.3 + 0.7 * speed) * np.exp(0.012 * (50 - self.temperature_c))
        return drop_kpa

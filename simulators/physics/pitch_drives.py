"""The drives that turn a wind turbine's three blades: angle, speed, motors and the batteries that feather them without grid.

Limits: a blade turns at a constant largest speed and overshoots nothing; motors warm with how much they turn, batteries know no
charge, only what their voltage is at this temperature.
"""

import numpy as np
import numpy.typing as npt

from simulators.dice import Array
from simulators.machine import lag

BLADES = 3
DEG_PER_S, FEATHER_DEG = 8.0, 86.0
BATTERY_V = 300.0


class PitchDrives:
    """The blades of n turbines, shape ``(n, 3)``; ``zero_deg`` is how far each stands beside what its encoder was set to."""

    def __init__(self, *, zero_deg: Array, battery_share: Array, ambient_c: Array) -> None:
        self._zero_deg, self._battery_share = zero_deg, battery_share
        self.angle_deg, self._deg_per_s = np.zeros_like(zero_deg), np.zeros_like(zero_deg)
        self.deviation_deg = np.zeros(len(zero_deg))
        """How far the blade that is furthest off stands from the mean of the three."""
        self._motor_c = np.repeat(ambient_c[:, None] + 8, BLADES, axis=1)

    def step(
        self, seconds: float, *, wanted_deg: Array, beside_deg: Array, is_stuck: npt.NDArray[np.bool_], ambient_c: Array
    ) -> None:
        """Turn all blades of a turbine to an angle; ``beside_deg`` is by how much each misses it."""
        target = wanted_deg[:, None] + self._zero_deg + beside_deg
        move = np.where(is_stuck, 0.0, np.clip(target - self.angle_deg, -DEG_PER_S * seconds, DEG_PER_S * seconds))
        self.angle_deg = self.angle_deg + move
        self.deviation_deg = np.abs(self.angle_deg - self.angle_deg.mean(axis=1, keepdims=True)).max(axis=1)
        self._deg_per_s = np.abs(move) / seconds
        self._motor_c = lag(self._motor_c, ambient_c[:, None] + 7 + 14 * np.minimum(self._deg_per_s, 1.0), seconds, 1800)

    def readings(self, *, load: Array, ambient_c: Array, battery_health: Array) -> dict[str, Array]:
        """Tell each drive's angle, current, temperature and battery at this share of rated power."""
        cold = 0.0006 * (ambient_c[:, None] - 20)
        families = {
            "pitch_angle": self.angle_deg,
            "pitch_motor_current": 3 + 6 * load[:, None] + 14 * np.minimum(self._deg_per_s, 2.0),
            "pitch_motor_temperature": self._motor_c,
            "pitch_battery_voltage": BATTERY_V * self._battery_share * (1 + cold) * battery_health,
        }
        return {f"{family}_{blade + 1}": of[:, blade] for family, of in families.items() for blade in range(BLADES)}

"""How often the parts of a rolling bearing meet, from its geometry (kinematics without slip: Harris and Kotzalas, chapter 10)."""

from typing import NamedTuple

import numpy as np


class RollingBearing(NamedTuple):
    """A bearing whose inner ring turns; the figures a turn are multiples of the shaft's speed."""

    balls: int
    ball_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_degrees: float = 0.0

    @property
    def cage(self) -> float:
        """Turns of the cage."""
        return 0.5 * (1 - self._gamma)

    @property
    def outer(self) -> float:
        """Balls that pass a spot of the outer ring."""
        return self.balls * self.cage

    @property
    def inner(self) -> float:
        """Balls that pass a spot of the inner ring."""
        return 0.5 * self.balls * (1 + self._gamma)

    @property
    def ball(self) -> float:
        """Times that a spot of a ball meets a ring: both once each time that the ball spins."""
        spins: float = 0.5 * self.pitch_diameter_mm / self.ball_diameter_mm * (1 - self._gamma**2)
        return 2 * spins

    @property
    def _gamma(self) -> float:
        return float(self.ball_diameter_mm * np.cos(np.radians(self.contact_angle_degrees)) / self.pitch_diameter_mm)

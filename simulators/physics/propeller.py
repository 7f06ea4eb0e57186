"""A fixed-pitch propeller behind a ship: thrust and torque from the open-water curves, the wake and the thrust deduction.

The curves are quadratics in the advance ratio fitted to the Wageningen B series (Oosterveld and van Oossanen 1975, polynomials
of Bernitsas, Ray and Kinley 1981) with four blades, an area ratio of 0.55 and a pitch ratio of 0.70. How hull and propeller act
upon each other follows MAN, Basic Principles of Ship Propulsion, chapter 2.

Limits: ahead only, no cavitation, no load-dependent wake; beyond an advance ratio of 0.9 it stays at that.
"""

import numpy as np

from simulators.dice import Array
from simulators.physics.hull import SEA_WATER_KG_PER_M3

PITCH_RATIO = 0.70
_TONNES_PER_M3 = SEA_WATER_KG_PER_M3 / 1000
_SLOWEST_PER_S, _FARTHEST_ADVANCE = 0.1, 0.9
# Thrust and ten times the torque coefficient against the advance ratio, from the highest power down.
_THRUST_COEFFICIENTS = (-0.1555, -0.2626, 0.2941)
_TORQUE_COEFFICIENTS = (-0.1784, -0.2091, 0.3146)
_TYPICAL_THRUST_SLOPE = 0.38  # of the thrust coefficient, about the service point


def thrust_coefficient(advance: Array) -> Array:
    square, slope, constant = _THRUST_COEFFICIENTS
    return (square * advance + slope) * advance + constant


def torque_coefficient(advance: Array) -> Array:
    square, slope, constant = _TORQUE_COEFFICIENTS
    return ((square * advance + slope) * advance + constant) / 10


class Propeller:
    """The propellers of n ships; ``wake`` is by what share the water comes slower than the ship sails."""

    def __init__(self, *, diameter_m: float, wake: Array, thrust_deduction: float, rotative_efficiency: float) -> None:
        self._diameter_m, self._keep = diameter_m, 1 - wake
        self._thrust_deduction, self._rotative_efficiency = thrust_deduction, rotative_efficiency

    def pull_kn(self, turns_per_s: Array, speed_m_per_s: Array) -> Array:
        """Give the thrust less what its suction adds to the hull's resistance."""
        turns, advance = self._working_point(turns_per_s, speed_m_per_s)
        thrust = _TONNES_PER_M3 * self._diameter_m**4 * turns**2 * thrust_coefficient(advance)
        return np.asarray(thrust * (1 - self._thrust_deduction) * (turns_per_s > _SLOWEST_PER_S))

    def torque_knm(self, turns_per_s: Array, speed_m_per_s: Array) -> Array:
        """Give the torque that it takes; one that the ship drags along gives nothing back, and the engine runs empty."""
        turns, advance = self._working_point(turns_per_s, speed_m_per_s)
        torque = _TONNES_PER_M3 * turns**2 * self._diameter_m**5 * torque_coefficient(advance)
        return np.asarray(np.maximum(torque, 0.0) / self._rotative_efficiency * (turns_per_s > _SLOWEST_PER_S))

    def pull_slope(self, turns_per_s: Array) -> Array:
        """Give by how many kN about the thrust falls for each m/s more."""
        turns = np.maximum(turns_per_s, _SLOWEST_PER_S)
        return _TONNES_PER_M3 * self._diameter_m**3 * turns * self._keep * _TYPICAL_THRUST_SLOPE

    def _working_point(self, turns_per_s: Array, speed_m_per_s: Array) -> tuple[Array, Array]:
        turns = np.maximum(turns_per_s, _SLOWEST_PER_S)
        return turns, np.minimum(speed_m_per_s * self._keep / (turns * self._diameter_m), _FARTHEST_ADVANCE)

"""Engine, propeller and ship on one shaft: thrust against resistance over the mass, and the governor that holds the speed.

The shaft turns as ordered, rises slowly as a load program has it, and never beyond the engine's torque limit. The engine gives
the shaft's power, and that of a shaft generator which is driven while the shaft turns fast enough.

Limits: the shaft's own inertia is in the governor's time constants; ahead only.
"""

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, lag
from simulators.physics.propeller import Propeller
from simulators.physics.two_stroke_engine import RATED_KW, RATED_RPM

_SHAFT_EFFICIENCY, _GENERATOR_EFFICIENCY, _GENERATOR_FROM_PER_S = 0.985, 0.92, 1.4
_SERVICE_FROM_PER_S, _STOPS_BELOW_PER_S = 1.2, 0.12


class Propulsion:
    """n ships' shafts, in turns a second, and their speeds through the water."""

    def __init__(self, propeller: Propeller, *, turns_per_s: Array, speed_m_per_s: Array, generator_kw: Array) -> None:
        self._propeller, self._generator_kw = propeller, generator_kw
        self.turns_per_s, self.speed_m_per_s = turns_per_s, speed_m_per_s
        self.torque_knm, self.generated_kw = np.zeros_like(turns_per_s), np.zeros_like(turns_per_s)

    @property
    def runs(self) -> Flags:
        return self.turns_per_s > 0.1

    @property
    def speed_share(self) -> Array:
        """Of the engine's rated speed, up to 1."""
        return np.asarray(np.minimum(self.turns_per_s * 60 / RATED_RPM, 1.0))

    @property
    def brake_kw(self) -> Array:
        return np.asarray(2 * np.pi * self.turns_per_s * self.torque_knm + self.generated_kw / _GENERATOR_EFFICIENCY)

    @property
    def load(self) -> Array:
        """The engine's, as a share of its rating."""
        return self.brake_kw / RATED_KW

    def move(self, seconds: float, *, resistance_kn: Array, mass_t: Array, damage: Array, is_under_way: Flags) -> None:
        """Let thrust and resistance act on the mass, in an implicit step, for a minute is long beside the propeller's answer."""
        speed, turns = self.speed_m_per_s, self.turns_per_s
        pull_kn = self._propeller.pull_kn(turns, speed) * (1 - damage)
        slope = self._propeller.pull_slope(turns) + 2.4 * resistance_kn / np.maximum(speed, 1.0)
        moved = speed + (pull_kn - resistance_kn) * seconds / (mass_t + np.maximum(slope, 0) * seconds)
        self.speed_m_per_s = np.where(is_under_way, np.maximum(moved, 0.0), 0.0)
        self.torque_knm = self._propeller.torque_knm(turns, speed) * (1 + damage) / _SHAFT_EFFICIENCY

    def drive(self, seconds: float, *, order_per_s: Array, may_generate: Flags) -> None:
        """Turn as ordered, but never beyond the torque limit."""
        self._generate(may_generate)
        allowed_kw = RATED_KW * self.speed_share**2
        held = self.turns_per_s * np.cbrt(allowed_kw / np.maximum(self.brake_kw, 1.0))
        wanted = np.where(self.turns_per_s > _SERVICE_FROM_PER_S, np.minimum(order_per_s, held), order_per_s)
        turns = lag(self.turns_per_s, wanted, seconds, np.where(wanted > self.turns_per_s, 500.0, 60.0))
        self.turns_per_s = np.where((wanted <= 0) & (turns < _STOPS_BELOW_PER_S), 0.0, turns)
        self._generate(may_generate)

    def _generate(self, may_generate: Flags) -> None:
        self.generated_kw = self._generator_kw * (may_generate & (self.turns_per_s > _GENERATOR_FROM_PER_S))

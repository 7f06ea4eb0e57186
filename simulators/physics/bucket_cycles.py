"""An excavator's bucket: how long a cycle takes, what each lifts, and how levers, pumps and moment move within it.

A cycle digs in its first third, lifts and swings in the second, and swings back in the last. Worn pumps make it longer; only
what is loaded onto trucks is counted and weighed.

Limits: within a cycle all is a sine; the payload is that of the last bucket loaded.
"""

import numpy as np

from simulators.dice import Array, Dice
from simulators.physics.excavator_work import DIG, LOAD, SWING, Operators

_LENGTH = {DIG: 0.95, SWING: 1.15}
_LENGTHS = np.array([_LENGTH.get(code, 1.0) for code in range(SWING + 1)])
_LIFTED_FROM, _LIFTED_TO = 0.25, 0.7
_KG_M_PER_PERCENT = 270
"""Of the load moment, which is told as a share of the tipping load's."""


class BucketCycles:
    """n machines; ``usual_seconds`` is how long a cycle of each takes, ``usual_kg`` what it lifts, ``phase`` where it is."""

    def __init__(self, dice: Dice, *, usual_seconds: Array, usual_kg: Array, phase: Array) -> None:
        self._dice, self._usual_seconds, self._usual_kg = dice, usual_seconds, usual_kg
        self._phase = phase
        self._loaded = np.zeros(dice.n)
        self.seconds, self.payload_kg = usual_seconds, usual_kg

    def step(self, seconds: float, work: Operators, *, pace: Array, effort: Array) -> Array:
        """Dig on, and give how many buckets were loaded; ``pace`` is that of operator and pumps."""
        lasts = self._usual_seconds * _LENGTHS[work.state] / pace * (1 - 0.03 * effort)
        self.seconds = np.where(work.is_digging, lasts, self.seconds)
        cycles = np.where(work.is_digging, seconds / self.seconds, 0.0)
        self._phase = (self._phase + cycles) % 1.0
        before = np.floor(self._loaded)
        self._loaded = self._loaded + np.where(work.state == LOAD, cycles, 0.0)
        done: Array = np.floor(self._loaded) - before
        weighed_kg = self._usual_kg * (1 + 0.09 * np.clip(self._dice.normal(), -2.5, 2.5))
        self.payload_kg = np.where(done > 0, weighed_kg, self.payload_kg)
        return done

    def pump_split(self, work: Operators) -> Array:
        """Give by what share the first pump has more pressure than the mean of both."""
        return np.where(work.is_digging, 0.25 * np.sin(2 * np.pi * self._phase), 0.0)

    def pilot_mpa(self, work: Operators) -> tuple[Array, Array, Array]:
        """Give the pilot pressures of swing, boom and arm."""
        angle = 2 * np.pi * self._phase
        swings, digs = 0.5 - 0.5 * np.cos(2 * angle), 0.5 + 0.5 * np.cos(angle)
        moves = work.is_digging
        return (
            np.where(moves, 2.8 * swings, 0.0),
            np.where(moves, 0.6 + 2.2 * (1 - digs), 0.0),
            np.where(moves, 0.4 + 2.8 * digs, 0.0),
        )

    def moment_percent(self, work: Operators) -> Array:
        is_lifted = (work.state >= LOAD) & (self._phase > _LIFTED_FROM) & (self._phase < _LIFTED_TO)
        reach_m = 6.5 + 1.2 * np.sin(2 * np.pi * self._phase)
        return np.where(is_lifted, self.payload_kg * reach_m / _KG_M_PER_PERCENT, 0.0)

"""The grid as a generating plant meets it: dispatch limits its power now and then, and voltage and frequency wander.

A limit comes every 42 hours in the mean and lasts one to four hours. Voltage wanders with 20 minutes, frequency with one minute.

Limits: no dips or ride-through; plants beside each other are limited apart. All numbers are engineering defaults.
"""

import numpy as np

from simulators.dice import Array, Dice
from simulators.physics.wander import wander

NOMINAL_HZ = 50.0
_LIMIT_EVERY_SECONDS = 150_000
_WANDER_SECONDS = np.array([[3000.0], [1200.0], [60.0]])


class Grid:
    """The grid at n plants."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._walks = dice.normals(3).T
        """Reactive power that is wanted, voltage, frequency; standard normal."""
        self._limited_seconds, self._limited_share = np.zeros(dice.n), np.ones(dice.n)

    def step(self, seconds: float) -> None:
        comes, hours, share = self._dice.uniforms(3).T
        is_new = (self._limited_seconds <= 0) & (comes < seconds / _LIMIT_EVERY_SECONDS)
        self._limited_seconds = np.where(is_new, (1 + 3 * hours) * 3600, np.maximum(self._limited_seconds - seconds, 0))
        self._limited_share = np.where(is_new, 0.35 + 0.55 * share, self._limited_share)
        self._walks = wander(self._walks, self._dice.normals(3).T, seconds, _WANDER_SECONDS)

    @property
    def granted_share(self) -> Array:
        """How much of its rated power a plant may feed in."""
        return np.where(self._limited_seconds > 0, self._limited_share, 1.0)

    @property
    def reactive_share(self) -> Array:
        """Wanted reactive power, as a share of the active power."""
        share: Array = 0.06 * self._walks[0]
        return share

    def phases_v(self, nominal_v: float, *, unbalance: Array) -> Array:
        """Give the voltages between phases, shape ``(n, 3)``; ``unbalance`` is by which share each is off."""
        share = 1.005 + 0.012 * np.clip(self._walks[1], -3, 3)
        volts: Array = nominal_v * share[:, None] * (1 + unbalance)
        return volts

    @property
    def frequency_hz(self) -> Array:
        frequency_hz: Array = NOMINAL_HZ + 0.02 * self._walks[2]
        return frequency_hz


def three_phase_readings(*, kw: Array, kvar: Array, volts: Array, amperes_share: Array) -> dict[str, Array]:
    """Tell what a meter shows at three-phase terminals; ``amperes_share`` is each phase's current as a share of the even one."""
    apparent_kva = np.hypot(kw, kvar)
    amperes = 1000 * apparent_kva[:, None] / (np.sqrt(3) * volts) * amperes_share
    return {
        "power_factor": np.where(apparent_kva > 1e-6, np.abs(kw) / np.maximum(apparent_kva, 1e-9), 1.0),
        **{f"voltage_{phase}": volts[:, place] for place, phase in enumerate("abc")},
        **{f"current_{phase}": amperes[:, place] for place, phase in enumerate("abc")},
    }

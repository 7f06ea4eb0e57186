"""Vibration of a motor on two bearings: the root of the squares of what causes it, by bearing and direction.

Imbalance grows with the square of the speed, misalignment is axial and strongest at the drive end, looseness vertical and
unsteady, the magnetic pull comes with eccentricity and negative sequence (levels after ISO 20816-3). Damage of a rolling bearing
is first a shock, then high-frequency acceleration, and velocity last.

Limits: levels, not waveforms: lines of bars, slots and bearings show only through these figures, and in `vibration_record`.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from simulators.dice import Array


class BearingDamage(NamedTuple):
    """What severity 1 of a damage adds."""

    shock_g: float
    acceleration_m_s2: float
    velocity_mm_s: float


BEARING_DAMAGE: Mapping[str, BearingDamage] = {
    "bearing_outer": BearingDamage(12.0, 9.0, 1.8),
    "bearing_inner": BearingDamage(9.0, 7.0, 1.5),
    "bearing_ball": BearingDamage(7.0, 6.0, 1.2),
    "bearing_cage": BearingDamage(5.0, 4.0, 1.0),
}
# By bearing (drive, non-drive) and direction (horizontal, vertical, axial).
_ONCE_A_TURN = np.array([[1.0, 0.8, 0.25], [0.9, 0.7, 0.25]])
_MISALIGNED = np.array([[0.6, 0.5, 1.0], [0.3, 0.25, 0.7]])
_LOOSE = np.array([[0.5, 1.0, 0.2], [0.5, 1.0, 0.2]])
_MAGNETIC = np.array([[0.9, 1.0, 0.15], [0.9, 1.0, 0.15]])
_DAMAGED = np.array([1.0, 0.9, 0.6])
_STANDING_MM_S = 0.04


class Causes(NamedTuple):
    """What shakes n motors, in mm/s."""

    once_a_turn: Array
    misaligned: Array
    loose: Array
    magnetic: Array


def velocity_mm_s(base_mm_s: Array, causes: Causes, damages: Mapping[str, Array], *, speed: Array) -> Array:
    """Velocities, shape ``(n, 2, 3)``; ``damages`` are severities by bearing, ``speed`` is a share of the rated one."""
    squares = sound_mm_s(base_mm_s, speed) ** 2
    for by_place in by_bearing(causes):
        squares = squares + by_place**2
    for name, severity in damages.items():
        squares = squares + (BEARING_DAMAGE[name].velocity_mm_s * severity[:, :, None] * _DAMAGED) ** 2
    return np.where((speed > 0.05)[:, None, None], np.sqrt(squares), _STANDING_MM_S)


def sound_mm_s(base_mm_s: Array, speed: Array) -> Array:
    """Give what shakes a healthy machine, shape ``(n, 2, 3)``."""
    return base_mm_s * (0.5 + 0.5 * speed[:, None, None])


def by_bearing(causes: Causes) -> Causes:
    """Give what each cause does at each bearing in each direction, shape ``(n, 2, 3)``."""
    patterns = (_ONCE_A_TURN, _MISALIGNED, _LOOSE, _MAGNETIC)
    return Causes(*(of[:, None, None] * pattern for of, pattern in zip(causes, patterns, strict=True)))


def bearing_signs(base_m_s2: Array, damages: Mapping[str, Array], *, poor_grease: Array, speed: Array) -> tuple[Array, Array]:
    """High-frequency acceleration in m/s² and shock value in g of each bearing."""
    acceleration, shock = base_m_s2 + 8 * poor_grease, 0.6 * base_m_s2 + 2 * poor_grease
    for name, severity in damages.items():
        acceleration = acceleration + BEARING_DAMAGE[name].acceleration_m_s2 * severity
        shock = shock + BEARING_DAMAGE[name].shock_g * np.sqrt(severity)
    return acceleration * speed[:, None] ** 1.5, shock * speed[:, None]

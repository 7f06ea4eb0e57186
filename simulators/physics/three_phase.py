"""Three phases: their symmetrical components, and what a meter tells of them.

An unbalanced system is the sum of one that turns with the grid and one that turns against it (Fortescue 1918; zero sequence left
out, as motors have no neutral). Unbalance is the largest deviation from the mean in percent of it (NEMA MG 1, 14.36).
Limits: fundamental frequency only.
"""

import numpy as np
import numpy.typing as npt

from simulators.dice import Array

Phasors = npt.NDArray[np.complex128]
_TURN = np.exp(2j * np.pi / 3 * np.arange(3))


def phases(positive: Array | Phasors, negative: Array | Phasors) -> Phasors:
    """Compose phases a, b and c of what phase a has in each sequence, shape ``(n, 3)``."""
    return np.asarray(positive[:, None] * _TURN.conj() + negative[:, None] * _TURN)


def line_volts(phase_volts: Phasors) -> Array:
    """Voltages a-b, b-c and c-a."""
    return np.asarray(np.abs(phase_volts - np.roll(phase_volts, -1, axis=1)))


def line_volts_at_120_degrees(phase_volts: Array) -> Array:
    """Voltages a-b, b-c and c-a of phases that differ in size alone."""
    next_volts = np.roll(phase_volts, -1, axis=1)
    return np.asarray(np.sqrt(phase_volts**2 + next_volts**2 + phase_volts * next_volts))


def unbalance_percent(sizes: Array) -> Array:
    mean = sizes.mean(axis=1)
    return np.asarray(100 * np.abs(sizes - mean[:, None]).max(axis=1) / np.maximum(mean, 1e-3))


def power_factor(kw: Array, kva: Array) -> Array:
    """Active over apparent power; 1 where nothing flows, as meters show it."""
    return np.where(kva > 1e-6, np.minimum(kw / np.maximum(kva, 1e-6), 1.0), 1.0)


def phase_factors(deviations: Array) -> Array:
    """Make factors of three phases, with a mean of 1, of the deviations of two: shape ``(n, 2)`` to ``(n, 3)``."""
    a, b = np.clip(deviations, -0.02, 0.02).T
    return np.stack([1 + a, 1 + b, 1 - a - b], axis=1)
